"""The words of grants."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from server.gamification.definitions.benefits import Benefit, BenefitKind


class PartState(StrEnum):
    """What became of one benefit of a grant: given, not given (and why), or taken back."""

    GIVEN = "given"
    REFUSED = "refused"
    TAKEN = "taken"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is given. One grant is given for ever for each `(ref_kind, ref_id)` and
    member; `names` are texts by language, for the member. `activity_id` is what brought it about.
    """

    ref_kind: str
    ref_id: str
    names: Mapping[str, str]
    activity_id: str | None = None


@dataclass(frozen=True, slots=True)
class Gift:
    """What a member is to be given without asking for it."""

    member_id: str
    benefits: tuple[Benefit, ...]
    reason: Reason


@dataclass(frozen=True, slots=True)
class Part:
    """One benefit of a grant. `ref` is the transfer, award or voucher that it became; `why` the
    code of the refusal when it could not be given.
    """

    benefit: Benefit
    state: PartState
    ref: str | None = None
    why: str | None = None

    def dump(self) -> dict[str, Any]:
        """Return the part as JSON."""
        stored = {"kind": str(self.benefit.kind), "amount": self.benefit.amount}
        stored |= {"key": self.benefit.key, "state": str(self.state)}
        return stored | {"ref": self.ref, "why": self.why}


@dataclass(frozen=True, slots=True)
class Given:
    """A grant: what a member was given, and for which reason."""

    grant_id: str
    member_id: str
    reason: Reason
    parts: tuple[Part, ...]
    is_repeated: bool = False

    @property
    def benefits(self) -> tuple[Benefit, ...]:
        """What was given and not taken back; what could not be given is left out."""
        return tuple(part.benefit for part in self.parts if part.state is PartState.GIVEN)


def load_part(stored: Mapping[str, Any]) -> Part:
    """Return a part from its JSON."""
    benefit = Benefit(BenefitKind(stored["kind"]), stored["amount"], stored["key"])
    return Part(benefit, PartState(stored["state"]), stored["ref"], stored["why"])
