"""Handing over physical gifts: ordered, prepared, ready or sent, received."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from server.core.audit import Change, write_audit
from server.core.outbox import Event, record
from server.gamification.orders.types import STANDING
from server.gamification.vouchers import rules
from server.gamification.vouchers.errors import VoucherEnded
from server.gamification.vouchers.storing import change_voucher
from server.gamification.vouchers.types import Fulfilment, Till, Voucher, VoucherState
from server.gamification.vouchers.using import lock_with_wallets, use_found


def fulfil(tx: Connection, voucher_id: str, to: Fulfilment, actor: str, now: datetime) -> Voucher:
    """Move the handing over of a gift on; its first step makes the voucher used, for good.

    The step it has reached already is no error. Raise `NotFound`, `FulfilmentStepWrong`,
    `VoucherExpired`, `VoucherEnded`.
    """
    voucher, _ = lock_with_wallets(tx, voucher_id, now)
    if voucher.state not in STANDING:
        raise VoucherEnded(state=str(voucher.state))
    if voucher.fulfilment is to:
        return voucher
    rules.check_step(voucher.fulfilment, to)
    before = str(voucher.fulfilment)
    if voucher.state is not VoucherState.USED:
        voucher = use_found(tx, voucher_id, Till(actor), now).voucher
    after = change_voucher(tx, voucher, fulfilment=to)
    change = Change(
        "voucher.fulfilled", "voucher", voucher.id, {"state": before}, {"state": str(to)}
    )
    write_audit(tx, change, actor=actor, now=now)
    told = {"voucher_id": voucher.id, "state": str(to)}
    record(tx, [Event("voucher.fulfilled", told, voucher.member_id)], now=now)
    return replace(after, fulfilment=to)
