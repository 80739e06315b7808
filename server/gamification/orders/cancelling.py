"""Calling an order off by the shop's people: what it cost goes back, the piece to the shelf."""

from datetime import datetime

from sqlalchemy import Connection

from server.core.audit import Change, write_audit
from server.gamification.orders.types import STANDING
from server.gamification.vouchers.ending import end_unused
from server.gamification.vouchers.errors import (
    FulfilmentStepWrong,
    VoucherEnded,
    VoucherNotCancellable,
)
from server.gamification.vouchers.types import Fulfilment, Voucher, VoucherState
from server.gamification.vouchers.using import end_used, lock_with_wallets


def cancel_order(
    tx: Connection, voucher_id: str, reason: str, actor: str, now: datetime
) -> Voucher:
    """Call off a gift that is not received yet, however far it is. Again it stays as it is.

    Raise `NotFound`, `FulfilmentStepWrong` (no gift to be handed over, or received already),
    `VoucherEnded`, `VoucherNotCancellable` (a code of somebody else's was shown).
    """
    voucher, books = lock_with_wallets(tx, voucher_id, now)
    if voucher.state is VoucherState.CANCELLED:
        return voucher
    _check(voucher)
    if voucher.state is VoucherState.USED:
        ended = end_used(tx, voucher, books, actor, now)
    else:
        ended = end_unused(tx, voucher, VoucherState.CANCELLED, actor, now)
    before = {"state": str(voucher.state), "fulfilment": str(voucher.fulfilment)}
    after = {"state": str(ended.state), "reason": reason}
    change = Change("voucher.cancelled", "voucher", voucher.id, before, after)
    write_audit(tx, change, actor=actor, now=now)
    return ended


def _check(voucher: Voucher) -> None:
    if voucher.fulfilment in (None, Fulfilment.RECEIVED):
        raise FulfilmentStepWrong(**{"from": str(voucher.fulfilment), "to": "cancelled"})
    if voucher.state not in STANDING:
        raise VoucherEnded(state=str(voucher.state))
    if voucher.is_settled:
        raise VoucherNotCancellable(reason="final")
