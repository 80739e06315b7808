"""Events of rewards, as they go to the outbox: ids and amounts, no personal data."""

from collections.abc import Mapping

from server.core.outbox import Event
from server.gamification.vouchers.types import Voucher


def redeemed(voucher: Voucher, price: Mapping[str, int]) -> Event:
    """A member has taken a reward out of the catalogue."""
    return Event("reward.redeemed", _of(voucher) | {"price": dict(price)}, voucher.member_id)


def issued(voucher: Voucher) -> Event:
    """A voucher was given to a member."""
    return Event("voucher.issued", _of(voucher), voucher.member_id)


def used(voucher: Voucher, use_id: str, location_id: str | None) -> Event:
    """A voucher was used at a till."""
    told = {"redemption_id": use_id, "location_id": location_id}
    return Event("voucher.used", _of(voucher) | told, voucher.member_id)


def undone(voucher: Voucher, use_id: str) -> Event:
    """The use of a voucher was undone."""
    return Event("voucher.use_undone", _of(voucher) | {"redemption_id": use_id}, voucher.member_id)


def returned(voucher: Voucher, amounts: Mapping[str, int], reason: str) -> Event:
    """A voucher ended unused and its price went back; `reason` is the state it ended in."""
    told = {"amounts": dict(amounts), "reason": reason}
    return Event("voucher.returned", _of(voucher) | told, voucher.member_id)


def _of(voucher: Voucher) -> dict[str, object]:
    return {"voucher_id": voucher.id, "reward_id": voucher.reward_id}
