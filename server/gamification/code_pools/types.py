"""The words of code pools."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Row:
    """A code as a row of a file has it; rows are counted from 1."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row was left out: `too_long`, `not_printable`, `double` or `belongs_elsewhere`."""

    number: int
    why: str


@dataclass(frozen=True, slots=True)
class Upload:
    """What became of rows: how many were added, how many were there before, and the faults."""

    added: int
    known: int
    errors: tuple[RowError, ...]


@dataclass(frozen=True, slots=True)
class PoolCount:
    """How many codes of a reward are free and how many were given out."""

    free: int
    taken: int


@dataclass(frozen=True, slots=True)
class PoolCode:
    """One code of a pool; the last two are None while it is free."""

    code: str
    voucher_id: str | None
    taken_at: datetime | None
