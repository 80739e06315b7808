"""The words of rewards: what can be had, for how much, and how it stands to a member."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from server.gamification.definitions.images import Image


class RewardKind(StrEnum):
    """What a reward is."""

    PERCENT = "percent"
    AMOUNT = "amount"
    FREE_ITEM = "free_item"
    SERVICE = "service"
    GIFT_CARD = "gift_card"
    DELIVERY = "delivery"
    DONATION = "donation"
    PARTNER = "partner"
    PHYSICAL = "physical"


class CodeSource(StrEnum):
    """Where the code of a voucher comes from: made here, uploaded by the owner, or none."""

    GENERATED = "generated"
    UPLOADED = "uploaded"
    NONE = "none"


class Period(StrEnum):
    """The calendar period of a limit, in the programme's zone."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class StockState(StrEnum):
    """What a voucher has of the counted stock; `none` when the stock is endless."""

    NONE = "none"
    RESERVED = "reserved"
    SOLD = "sold"
    RETURNED = "returned"


class Shelf(StrEnum):
    """How a reward stands to one member."""

    AFFORDABLE = "affordable"
    ALMOST = "almost"
    SAVING = "saving"
    LOCKED = "locked"
    SOLD_OUT = "sold_out"
    NOT_ELIGIBLE = "not_eligible"


@dataclass(frozen=True, slots=True)
class Value:
    """What the reward takes off a bill or gives; which fields count depends on the kind.

    `percent_bp` are hundredths of a percent, `cause` is the name of a good cause, `causes` the
    same by language.
    """

    percent_bp: int = 0
    amount_minor: int = 0
    skus: tuple[str, ...] = ()
    cause: str = ""
    causes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limit:
    """How many vouchers one member may have, in all and in each calendar period; 0: any number."""

    total: int = 0
    per_period: int = 0
    period: Period = Period.MONTH


@dataclass(frozen=True, slots=True)
class Window:
    """From when until when; None is open on that side."""

    from_at: datetime | None = None
    until_at: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """Tell whether `now` lies within; the end is outside."""
        begun = self.from_at is None or self.from_at <= now
        return begun and (self.until_at is None or now < self.until_at)


@dataclass(frozen=True, slots=True)
class Validity:
    """How long a voucher is good: minutes, or whole days, and never longer than `until_at`."""

    days: int = 30
    minutes: int = 0
    until_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reward:
    """One reward of the catalogue, at one published version.

    `price` are amounts by unit, `money_minor` is what is paid at the till besides; `stock` is None
    when it is endless; `is_gift_only` ones are given and never bought.
    """

    id: str
    key: str
    names: Mapping[str, str]
    kind: RewardKind
    texts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    instructions: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    image: Image | None = None
    category: str = ""
    is_featured: bool = False
    value: Value = Value()
    price: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    money_minor: int = 0
    stock: int | None = None
    limit: Limit = Limit()
    tiers: tuple[str, ...] = ()
    visible: Window = Window()
    available: Window = Window()
    validity: Validity = Validity()
    is_cancellable: bool = True
    is_gift_only: bool = False
    location_ids: tuple[str, ...] = ()
    codes: CodeSource = CodeSource.GENERATED
    version: int = 0

    @property
    def is_settled_at_once(self) -> bool:
        """Whether the price is gone for good at once: a donation, or a code of somebody else's
        that has been seen.
        """
        return self.kind is RewardKind.DONATION or self.codes is CodeSource.UPLOADED

    @property
    def is_used_at_once(self) -> bool:
        """Whether nothing is left to be shown at a till."""
        return self.kind is RewardKind.DONATION


@dataclass(frozen=True, slots=True)
class Stock:
    """The counted stock of a reward: free is what is neither reserved nor sold."""

    total: int
    reserved: int
    sold: int
    version: int

    @property
    def free(self) -> int:
        """How many can still be had."""
        return self.total - self.reserved - self.sold


@dataclass(frozen=True, slots=True)
class Taken:
    """How many vouchers of a reward a member has had: ever, and in the present period."""

    total: int = 0
    in_period: int = 0


@dataclass(frozen=True, slots=True)
class Shopper:
    """What the catalogue needs to know of a member: tier and what can be spent by unit."""

    tier_key: str | None
    spendable: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a reward stands to a member: its shelf, what is missing by unit, and why not."""

    shelf: Shelf
    missing: Mapping[str, int]
    reason: str | None = None
