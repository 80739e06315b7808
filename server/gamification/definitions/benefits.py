"""Benefits: what a challenge, a badge or a star card gives, as the owner writes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from server.gamification.definitions.reading import Reader
from server.gamification.programme.types import POINTS, STARS

PRESENT_MAX = 1_000_000
_KEYED = {"badge", "reward", "tier", "plays", "tickets"}


class BenefitKind(StrEnum):
    """What may be given. `reward` gives one of the catalogue for nothing, as a voucher; `plays` are
    tries at a game, `tickets` are of a raffle.
    """

    POINTS = "points"
    STARS = "stars"
    BADGE = "badge"
    REWARD = "reward"
    TIER = "tier"
    PLAYS = "plays"
    TICKETS = "tickets"


@dataclass(frozen=True, slots=True)
class Benefit:
    """One benefit: an `amount` of points or stars (of the unit `key`), of plays (of the game `key`)
    or of tickets (of the raffle `key`), or the thing named by `key`.
    """

    kind: BenefitKind
    amount: int = 0
    key: str = ""


def read_benefits(reader: Reader, name: str = "benefits") -> tuple[Benefit, ...]:
    """Read a list of benefits, such as `[{"kind": "points", "amount": 50}]`."""
    return reader.each(name, _read_benefit, most=10)


def _read_benefit(reader: Reader) -> Benefit:
    reader.required("kind")
    kind = reader.choice("kind", BenefitKind, BenefitKind.POINTS)
    amount = reader.integer("amount", 0, least=1, most=PRESENT_MAX)
    key = reader.text("key", "", most=40)
    if kind in _KEYED and not key:
        reader.blame("key", "required", "Say which one.")
    if kind not in _KEYED and not amount:
        reader.blame("amount", "required", "Say how many.")
    default = {BenefitKind.POINTS: POINTS, BenefitKind.STARS: STARS}.get(kind, "")
    return Benefit(kind, amount or 1, key or default)


def dump_benefit(benefit: Benefit) -> dict[str, Any]:
    """Return a benefit as JSON."""
    return {"kind": str(benefit.kind), "amount": benefit.amount, "key": benefit.key}


def load_benefit(stored: Mapping[str, Any]) -> Benefit:
    """Return a benefit from its JSON."""
    return Benefit(BenefitKind(stored["kind"]), stored["amount"], stored["key"])
