"""The words of the ledger: what a wallet, a lot, a hold and an entry are to the rules."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

AMOUNT_MAX = 2**53 - 1
INACTIVITY = "system:inactivity"
"""Who lets the points of a wallet expire for want of a purchase."""


class Kind(StrEnum):
    """Why a transfer happened."""

    ACCRUAL = "accrual"
    MATURITY = "maturity"
    REDEMPTION = "redemption"
    HOLD = "hold"
    CAPTURE = "capture"
    RELEASE = "release"
    LAPSE = "lapse"
    EXPIRY = "expiry"
    ADJUSTMENT = "adjustment"
    REVERSAL = "reversal"
    SETTLEMENT = "settlement"
    DONATION = "donation"
    TRANSFER = "transfer"
    ENTRY = "entry"


class Bucket(StrEnum):
    """The four accounts of a wallet. `debt` carries what the member owes, as a negative balance."""

    AVAILABLE = "available"
    PENDING = "pending"
    HELD = "held"
    DEBT = "debt"


class Account(StrEnum):
    """The programme's own accounts, one set per unit; they are sums, never rows to lock."""

    ISSUANCE = "issuance"
    REDEMPTION = "redemption"
    BREAKAGE = "breakage"
    ADJUSTMENT = "adjustment"
    DONATION = "donation"
    TRANSFER = "transfer"
    RAFFLE = "raffle"


class HoldState(StrEnum):
    """The life of a hold; every state but `held` is final."""

    HELD = "held"
    CAPTURED = "captured"
    RELEASED = "released"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True)
class Cause:
    """What brought a movement about: the thing referred to, who acted, and when it happened.

    `reverses_id` names the transfer that is taken back; `note` is a free text that can be erased.
    """

    ref_kind: str
    ref_id: str
    actor: str
    occurred_at: datetime
    recorded_at: datetime
    reverses_id: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """When points can be used: from `available_at` (None: once confirmed) until `expires_at`.

    `idle_at` is when all points of the wallet expire for want of a purchase after this one;
    `earned_at` is the date that points keep which somebody else earned before, and `replaces_id`
    says that theirs were in a grace lot (its id), so that there is no second grace.
    """

    available_at: datetime | None
    expires_at: datetime | None
    idle_at: datetime | None = None
    earned_at: datetime | None = None
    replaces_id: str | None = None

    @property
    def ends_at(self) -> datetime | None:
        """When these points expire if nothing else happens."""
        ends = [end for end in (self.expires_at, self.idle_at) if end is not None]
        return min(ends) if ends else None


@dataclass(slots=True)
class Wallet:
    """A member's balance in one unit, as stored or as changed so far in a book.

    At `idle_at` all points expire for want of a purchase; None when nothing counts down. At
    `idled_at` that happened last.
    """

    id: str
    member_id: str
    unit: str
    available: int = 0
    pending: int = 0
    held: int = 0
    debt: int = 0
    lifetime_earned: int = 0
    version: int = 0
    head_hash: str = ""
    idle_at: datetime | None = None
    idled_at: datetime | None = None


@dataclass(slots=True)
class Lot:
    """Points earned together. `remaining` is free to spend (or still pending), not held.

    A grace lot names in `replaces_id` the lot that had expired before its points came back.
    """

    id: str
    amount: int
    remaining: int
    is_pending: bool
    earned_at: datetime
    available_at: datetime | None
    expires_at: datetime | None
    source_transfer_id: str
    replaces_id: str | None = None


class Turn(IntEnum):
    """What happens to points by itself, in the order in which it does at one instant."""

    MATURITY = 0
    EXPIRY = 1
    INACTIVITY = 2


@dataclass(frozen=True, slots=True)
class Due:
    """Lots to which the same happens together, at the instant `at`."""

    at: datetime
    turn: Turn
    lots: list[Lot]


@dataclass(slots=True)
class Hold:
    """Points set aside until captured, released or lapsed."""

    id: str
    wallet_id: str
    amount: int
    captured: int
    state: HoldState
    lapses_at: datetime


@dataclass(frozen=True, slots=True)
class LotDraw:
    """How much one transfer took from one lot (negative: gave back)."""

    lot_id: str
    amount: int


@dataclass(frozen=True, slots=True)
class Clawback:
    """What a clawback took from where; `shortfall` could not be taken from any lot."""

    taken: int
    debt: int
    shortfall: int
