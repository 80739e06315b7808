"""The words of an import."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from server.gamification.activities.types import Purchase
from server.gamification.members.types import Identifier, IdentifierKind


class Field(StrEnum):
    """What a column of a file of purchases can mean."""

    RECEIPT = "receipt"
    CUSTOMER = "customer"
    DATE = "date"
    AMOUNT = "amount"
    ITEMS = "items"
    CURRENCY = "currency"


REQUIRED = (Field.RECEIPT, Field.CUSTOMER, Field.DATE, Field.AMOUNT)


class DateOrder(StrEnum):
    """How 03/04/2026 is meant: day first or month first."""

    DMY = "dmy"
    MDY = "mdy"


class RunState(StrEnum):
    """The life of an import run."""

    RUNNING = "running"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a file: its number from 1 (blank lines do not count), its last line, its cells."""

    number: int
    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """How the cells of one file are to be understood; `precision` is decimals of the currency."""

    source: str
    currency_code: str
    precision: int
    zone: ZoneInfo
    date_order: DateOrder | None
    customer_kind: IdentifierKind
    phone_region: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A row read as a purchase of a customer; the member is not known yet."""

    record: int
    line: int
    customer: Identifier
    customer_key: str
    purchase: Purchase


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that is not imported: the fix it needs (`code`), where, and why in a few words."""

    record: int
    line: int
    code: str
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Given:
    """What a recorded purchase brought; a receipt known already brings nothing more."""

    points: int
    is_duplicate: bool = False


@dataclass(slots=True)
class Tally:
    """How many rows ended how, members enrolled and points issued on the way."""

    posted: int = 0
    duplicate: int = 0
    refused: int = 0
    enrolled: int = 0
    points: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """One file and everything that decides how it is read: equal plans are the same import."""

    name: str
    sha256: str
    total: int
    mapping: Mapping[str, str]
