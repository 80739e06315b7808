"""The words of vouchers."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from server.gamification.rewards.types import StockState


class VoucherState(StrEnum):
    """The life of a voucher. Only a used one comes back to life, when its use is undone."""

    ACTIVE = "active"
    USED = "used"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Fulfilment(StrEnum):
    """How far the handing over of a physical gift is; sent and ready are two ways of one step."""

    ORDERED = "ordered"
    PREPARED = "prepared"
    READY = "ready"
    SENT = "sent"
    RECEIVED = "received"


@dataclass(frozen=True, slots=True)
class Voucher:
    """One voucher as stored. `is_settled`: the price was taken at once and is not given back."""

    id: str
    member_id: str
    reward_id: str
    reward_version: int
    state: VoucherState
    stock: StockState
    is_settled: bool
    money_minor: int
    fulfilment: Fulfilment | None
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    locator: str | None
    ref_kind: str
    ref_id: str

    @property
    def is_waiting(self) -> bool:
        """Whether a gift was paid for and is still to be handed over."""
        is_open = self.fulfilment not in (None, Fulfilment.RECEIVED)
        return self.state is VoucherState.USED and is_open


@dataclass(frozen=True, slots=True)
class Paid:
    """A part of a voucher's price: held (`hold_id`), or spent by `transfer_id`."""

    unit: str
    amount: int
    hold_id: str | None
    transfer_id: str | None


@dataclass(frozen=True, slots=True)
class Till:
    """Where and by whom a voucher is used; `external_id` is the till's own name for it."""

    actor: str
    location_id: str | None = None
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a voucher, and when it was undone."""

    id: str
    voucher_id: str
    location_id: str | None
    actor: str
    external_id: str | None
    used_at: datetime
    undone_at: datetime | None
