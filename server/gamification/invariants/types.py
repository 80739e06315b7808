"""The words of invariants."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.core.crypto import Vault


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that does not hold: its code, its sentence, and the first ids that break it."""

    code: str
    sentence: str
    offenders: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.code}  {self.sentence} Not so for: {', '.join(self.offenders)}"


@dataclass(frozen=True, slots=True)
class Setting:
    """When a check runs, whose signature a checkpoint must bear (None: anybody's), and what opens
    sealed values (None: they are not opened).
    """

    now: datetime
    trusted: Sequence[str] | None = None
    vault: Vault | None = None
