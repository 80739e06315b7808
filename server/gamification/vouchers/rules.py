"""Until when a voucher is good, and what may become of it: pure decisions."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from server.core.clock import end_of_day, local_date, rfc3339
from server.core.errors import Refusal
from server.gamification.rewards.types import CodeSource, Reward, RewardKind, StockState, Validity
from server.gamification.vouchers.errors import (
    FulfilmentStepWrong,
    VoucherEnded,
    VoucherExpired,
    VoucherNotCancellable,
    VoucherWrongLocation,
)
from server.gamification.vouchers.types import Fulfilment, Voucher, VoucherState

UNDO_GRACE = timedelta(days=1)


def voucher_end(validity: Validity, now: datetime, zone: ZoneInfo) -> datetime:
    """Return when a voucher made at `now` expires; days are whole calendar days in `zone`."""
    if validity.minutes:
        end = now + timedelta(minutes=validity.minutes)
    else:
        end = end_of_day(local_date(now, zone) + timedelta(days=validity.days), zone)
    return min(end, validity.until_at) if validity.until_at else end


def why_not_usable(
    voucher: Voucher, reward: Reward, location_id: str | None, now: datetime
) -> Refusal | None:
    """Return why a voucher that was not used cannot be used now and here; None when it can."""
    if voucher.state is VoucherState.EXPIRED or (
        voucher.state is VoucherState.ACTIVE and voucher.expires_at <= now
    ):
        return VoucherExpired(expired_at=rfc3339(voucher.expires_at))
    if voucher.state is not VoucherState.ACTIVE:
        return VoucherEnded(state=str(voucher.state))
    if reward.location_ids and location_id not in reward.location_ids:
        return VoucherWrongLocation(locations=list(reward.location_ids))
    return None


def why_not_cancelled(voucher: Voucher, reward: Reward, now: datetime) -> Refusal | None:
    """Return why a member cannot give a voucher back; None when they can."""
    if voucher.state is not VoucherState.ACTIVE:
        return VoucherNotCancellable(reason=str(voucher.state))
    if voucher.expires_at <= now:
        return VoucherNotCancellable(reason="expired")
    if voucher.is_settled or voucher.ref_kind != "redemption" or not reward.is_cancellable:
        return VoucherNotCancellable(reason="final")
    if voucher.fulfilment not in (None, Fulfilment.ORDERED):
        return VoucherNotCancellable(reason=str(voucher.fulfilment))
    return None


def end_after_undo(voucher: Voucher, now: datetime) -> datetime:
    """Return until when a voucher is good whose use is undone: its end, or at least a day."""
    return max(voucher.expires_at, now + UNDO_GRACE)


def first_states(reward: Reward) -> tuple[VoucherState, StockState]:
    """Return the states in which a voucher of the reward begins."""
    state = VoucherState.USED if reward.is_used_at_once else VoucherState.ACTIVE
    if reward.stock is None:
        return state, StockState.NONE
    return state, StockState.SOLD if reward.is_settled_at_once else StockState.RESERVED


def first_fulfilment(reward: Reward) -> Fulfilment | None:
    """Return where the handing over begins: only physical gifts have one."""
    return Fulfilment.ORDERED if reward.kind is RewardKind.PHYSICAL else None


_STEPS: Mapping[Fulfilment, tuple[Fulfilment, ...]] = MappingProxyType(
    {
        Fulfilment.ORDERED: (Fulfilment.PREPARED, Fulfilment.READY, Fulfilment.SENT),
        Fulfilment.PREPARED: (Fulfilment.READY, Fulfilment.SENT),
        Fulfilment.READY: (Fulfilment.SENT, Fulfilment.RECEIVED),
        Fulfilment.SENT: (Fulfilment.RECEIVED,),
        Fulfilment.RECEIVED: (),
    }
)


def check_step(before: Fulfilment | None, to: Fulfilment) -> None:
    """Refuse a step of the handing over that does not follow (`FulfilmentStepWrong`)."""
    if before is None or to not in _STEPS[before]:
        raise FulfilmentStepWrong(**{"from": str(before), "to": str(to)})


def has_own_code(reward: Reward) -> bool:
    """Tell whether vouchers of the reward have a code that is made here."""
    return reward.codes is CodeSource.GENERATED and not reward.is_used_at_once
