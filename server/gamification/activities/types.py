"""The words of activities."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from server.gamification.earning.types import EarnRule
from server.gamification.facts.types import PURCHASE, Facts
from server.gamification.ledger.types import Wallet
from server.gamification.programme.types import Programme
from server.gamification.star_cards.types import StarCard
from server.gamification.tiers.types import Ladder, Standing


class State(StrEnum):
    """The life of a purchase; `pending` is one that awaits confirmation."""

    PENDING = "pending"
    SETTLED = "settled"
    PARTLY_RETURNED = "partly_returned"
    RETURNED = "returned"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class PurchaseLine:
    """One line of a receipt as the till reports it; money in minor units, tax included."""

    amount_minor: int
    quantity: int = 1
    tax_minor: int = 0
    sku: str | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Purchase:
    """A purchase as reported. `amount_minor` is the money the customer pays, after discounts and
    points; lines may cover it in part. `redemption_ids` are holds of points to spend with it.
    `awaits_confirmation` None: as the programme says.

    Other activities are reported the same way: `kind` is a declared type, no money is paid, and
    `data` is what the type declares; `is_visitable` says that it may open a visit.
    """

    member_id: str
    source: str
    external_id: str
    occurred_at: datetime
    amount_minor: int
    currency_code: str
    tax_minor: int = 0
    lines: tuple[PurchaseLine, ...] = ()
    location_id: str | None = None
    redemption_ids: tuple[str, ...] = ()
    awaits_confirmation: bool | None = None
    kind: str = PURCHASE
    data: Mapping[str, Any] = field(default_factory=dict)
    is_visitable: bool = True


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """What comes back of one line, by its position from 0; no amount means the pieces' share."""

    position: int
    quantity: int
    amount_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Return:
    """A return of `lines`, of `amount_minor` of money, or (neither) of all that is left.

    A cancellation is a return of all that also closes the purchase.
    """

    external_id: str
    lines: tuple[ReturnLine, ...] = ()
    amount_minor: int | None = None
    is_cancellation: bool = False


@dataclass(frozen=True, slots=True)
class BasketLine:
    """A line as it was reckoned with: what was paid for it and what of that earns."""

    paid_minor: int
    basis_minor: int
    quantity: int
    sku: str | None = None
    category: str | None = None


@dataclass(slots=True)
class Returned:
    """What has come back of a purchase so far: money and pieces per line."""

    amounts: list[int]
    quantities: list[int]

    @property
    def amount_minor(self) -> int:
        """All money returned."""
        return sum(self.amounts)


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything configured that a purchase needs, at one revision.

    `rules` give points; `unit_rules` give other units, by unit.
    """

    programme: Programme
    rules: tuple[EarnRule, ...]
    ladder: Ladder
    unit_rules: Mapping[str, tuple[EarnRule, ...]] = field(default_factory=dict)
    star_cards: tuple[StarCard, ...] = ()


@dataclass(frozen=True, slots=True)
class Recording:
    """Under which configuration, by whom and when; `any_age` lets purchases of old times in."""

    configuration: Configuration
    actor: str
    now: datetime
    any_age: bool = False


@dataclass(slots=True)
class Shopper:
    """A member as the pipeline sees them; `facts`, `used`, `days` are counted on within a batch.

    `days` are scores towards tiers by day, read only where a window is switched on.
    """

    member_id: str
    status: str
    merged_into_id: str | None
    facts: Facts
    standing: Standing
    joined_at: datetime
    used: dict[str, int] = field(default_factory=dict)
    days: list[tuple[date, int]] = field(default_factory=list)


@dataclass(slots=True)
class Outcome:
    """What became of a purchase: the stored trace, and the wallet as it is now.

    `trace` is what was given and why, as stored with the activity (see `trace.py`). `others` are
    the wallets of other units that it moved.
    """

    activity_id: str
    member_id: str
    state: State
    occurred_at: datetime
    amount_minor: int
    currency_code: str
    trace: dict[str, Any]
    wallet: Wallet
    shopper: Shopper | None = None
    is_duplicate: bool = False
    others: tuple[Wallet, ...] = ()


@dataclass(slots=True)
class ReturnOutcome:
    """What became of a return; `cash_value_minor` is for the till to deduct from the refund."""

    return_id: str
    activity_id: str
    state: State
    amount_minor: int
    points_taken: int
    points_restored: int
    shortfall: int
    policy: str
    cash_value_minor: int
    wallet: Wallet
    points_claimed: int = 0
    is_duplicate: bool = False
    others: tuple[Wallet, ...] = ()
