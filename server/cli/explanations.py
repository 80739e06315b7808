"""Explanations in plain text: what a purchase gave and why, and where points came from."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from server.core.clock import rfc3339
from server.gamification.activities.queries import find_activity, get_purchase
from server.gamification.earning.refusals import trace_of_row
from server.gamification.grants.queries import find_grant
from server.gamification.grants.types import Reason
from server.gamification.proofs.history import (
    get_transfer,
    list_drawn_lots,
    list_opened_lots,
    list_uses,
    origin_of,
)
from server.gamification.screens.history import list_returns


def explain_activity(tx: Connection, activity_id: str) -> Iterator[str]:
    """Yield lines about a purchase: rules that gave and did not give, its lot, its returns.

    Raises NotFound.
    """
    row = get_purchase(tx, activity_id)
    yield f"purchase {row.id}  {row.state}"
    yield f"  receipt {row.external_id} of {row.source}, {rfc3339(row.occurred_at)}"
    yield f"  paid {_money(row.amount_minor, row.currency_code)} by member {row.member_id}"
    yield from _rules_of(row, trace_of_row(tx, row))
    if row.trace["transfer_id"]:
        for lot in list_opened_lots(tx, row.trace["transfer_id"]):
            yield from _lot_and_uses(tx, lot)
    for back in list_returns(tx, row.id):
        money = _money(back.amount_minor, row.currency_code)
        yield f"  return {back.external_id}: {money}, {rfc3339(back.recorded_at)}"
        yield f"    {back.points_taken} points taken back, {back.points_restored} given back"
        if back.shortfall:
            yield f"    {back.shortfall} points were spent already ({back.policy})"


def _rules_of(row: Any, trace: dict[str, Any]) -> Iterator[str]:
    yield f"  {row.points} points, {trace['rounding']}; tier {trace['tier_id'] or 'none'}"
    for accrual in trace["accruals"]:
        factor = accrual["multiplier_bp"] / 10_000
        yield f"    rule {accrual['rule_id']} version {accrual['version']}: {_rate(accrual)}"
        limit = "" if accrual["cap"] is None else f", not more than {accrual['cap']}"
        yield f"      x {factor:g}{limit} = {accrual['points']} points"
    for refused in trace["not_applied"]:
        rule = f"rule {refused['rule_id']} version {refused['version']}"
        yield f"    {rule}: nothing ({refused['reason']})"


def _rate(accrual: dict[str, Any]) -> str:
    if accrual["kind"] == "amount":
        return f"{accrual['rule_points']} for each {accrual['per_minor']} minor units"
    return f"{accrual['rule_points']} for each {accrual['kind']}"


def _lot_and_uses(tx: Connection, lot: Any) -> Iterator[str]:
    yield f"  {_lot(lot)}"
    for use in list_uses(tx, lot.id):
        verb = "took" if use.drawn > 0 else "gave back"
        yield f"    {use.kind} {use.id} {verb} {abs(use.drawn)}, {rfc3339(use.recorded_at)}"


def explain_transfer(tx: Connection, transfer_id: str) -> Iterator[str]:
    """Yield lines about a transfer: what moved, why, and each lot with its origin.

    Raises NotFound.
    """
    row = get_transfer(tx, transfer_id)
    yield f"transfer {row.id}  {row.kind} of {row.amount} {row.unit}"
    yield f"  from {row.debit_account} to {row.credit_account}, {rfc3339(row.occurred_at)}"
    yield f"  because of {row.ref_kind} {row.ref_id}, by {row.actor}"
    if row.ref_kind == "grant" and (given := find_grant(tx, row.ref_id)) is not None:
        yield f"  given for {given.reason.ref_kind} {given.reason.ref_id}: {_name(given.reason)}"
    if row.reverses_id:
        yield f"  takes back transfer {row.reverses_id}"
    if row.note:
        yield f"  note: {row.note}"
    yield f"  movement {row.wallet_version} of wallet {row.wallet_id}, {row.balance_after} after it"
    for lot in list_opened_lots(tx, transfer_id):
        yield from (f"  {line}" for line in _traced(tx, lot, f"opened {_lot(lot)}"))
    for lot in list_drawn_lots(tx, transfer_id):
        verb = "took" if lot.drawn > 0 else "gave back"
        yield from (
            f"  {line}" for line in _traced(tx, lot, f"{verb} {abs(lot.drawn)}: {_lot(lot)}")
        )


def _traced(tx: Connection, lot: Any, title: str) -> Iterator[str]:
    """Yield a lot's line and where its points were first given."""
    yield title
    origin = origin_of(tx, lot)
    for replaced in origin.replaced:
        yield f"  in place of {_lot(replaced)}"
    source = origin.source
    yield f"  given by {source.kind} {source.id} for {source.ref_kind} {source.ref_id}"
    activity = find_activity(tx, source.ref_id) if source.ref_kind == "activity" else None
    for accrual in activity.trace["accruals"] if activity is not None else ():
        rule = f"rule {accrual['rule_id']} version {accrual['version']}"
        yield f"    {rule}: {accrual['points']} points, {_rate(accrual)}"


def _name(reason: Reason) -> str:
    return reason.names.get("en") or next(iter(reason.names.values()), "")


def _lot(lot: Any) -> str:
    state = "pending" if lot.is_pending else f"{lot.remaining} left"
    return f"lot {lot.id} of {lot.amount} ({state}), {_expiry(lot.expires_at)}"


def _expiry(instant: datetime | None) -> str:
    return f"expires {rfc3339(instant)}" if instant else "never expires"


def _money(minor: int, currency: str) -> str:
    return f"{minor // 100}.{minor % 100:02} {currency}"
