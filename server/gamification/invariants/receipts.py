"""I3 and I4: what was acknowledged is there, and a receipt has one effect for ever."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

import orjson
from sqlalchemy import Connection, and_, func, or_, select

from server.core.idempotency import RECORD
from server.core.walking import walk
from server.gamification.activities.models import ACTIVITY, ACTIVITY_RETURN
from server.gamification.activities.queries import list_activities
from server.gamification.activities.types import State
from server.gamification.invariants.declaring import Invariant, in_sql
from server.gamification.invariants.types import Setting
from server.gamification.ledger.models import LOT, TRANSFER
from server.gamification.ledger.types import Kind
from server.gamification.programme.types import POINTS

_A, _T = ACTIVITY.c, TRANSFER.c
_PAGE = 1000
_KEYS = [RECORD.c.principal, RECORD.c.operation, RECORD.c.key]
_ANSWERS = select(*_KEYS, RECORD.c.body).where(
    RECORD.c.status.between(200, 299),
    RECORD.c.body.startswith("{"),  # answers about people are sealed; those of purchases are not
)

_reported_twice = (
    select(_A.external_id).group_by(_A.source, _A.external_id, _A.kind).having(func.count() > 1)
)
_returned_twice = (
    select(ACTIVITY_RETURN.c.external_id)
    .group_by(ACTIVITY_RETURN.c.activity_id, ACTIVITY_RETURN.c.external_id)
    .having(func.count() > 1)
)
_awards = (
    select(
        _T.ref_id,
        func.count().label("count"),
        func.sum(_T.amount).label("amount"),
        func.max(_T.id).label("id"),
    )
    .where(_T.kind == str(Kind.ACCRUAL), _T.ref_kind == "activity", _T.unit == POINTS)
    .group_by(_T.ref_id)
    .subquery()
)
_wrongly_awarded = (
    select(_A.id)
    .join(_awards, _awards.c.ref_id == _A.id, isouter=True)
    .where(
        or_(
            func.coalesce(_awards.c.amount, 0) != _A.points,
            _awards.c.count > 1,
            and_(_A.points > 0, _A.trace["transfer_id"].as_string() != _awards.c.id),
        )
    )
)

_waiting = (
    select(LOT.c.id)
    .join(TRANSFER, _T.id == LOT.c.source_transfer_id)
    .join(ACTIVITY, _A.id == _T.ref_id, isouter=True)
    .where(
        LOT.c.is_pending,
        LOT.c.remaining > 0,
        LOT.c.available_at.is_(None),
        or_(
            _A.confirm_by_at.is_(None),
            _A.confirmed_at.is_not(None),
            _A.state.in_([str(State.RETURNED), str(State.CANCELLED)]),
        ),
    )
)
_unclear = select(_A.id).where(
    or_(
        and_(_A.confirmed_at.is_not(None), _A.confirm_by_at.is_(None)),
        _A.confirmed_at >= _A.confirm_by_at,
        and_(_A.state == str(State.PENDING), _A.confirmed_at.is_not(None)),
        and_(_A.state == str(State.PENDING), _A.confirm_by_at.is_(None)),
    )
)


_STARS = select(_T.id, _T.unit, _T.amount, _T.ref_id).where(
    _T.kind == str(Kind.ACCRUAL), _T.ref_kind == "activity", _T.unit != POINTS
)


def _wrong_stars(tx: Connection, _setting: Setting) -> Iterable[str]:
    """Yield activities whose traces do not name the transfers of other units than points."""
    rows = walk(tx, _STARS, [_T.id])
    while page := list(islice(rows, _PAGE)):
        known = list_activities(tx, sorted({row.ref_id for row in page}))
        for row in page:
            trace = known[row.ref_id].trace if row.ref_id in known else {}
            part = trace.get("units", {}).get(row.unit, {})
            if (part.get("transfer_id"), part.get("points")) != (row.id, row.amount):
                yield row.ref_id


def _forgotten(tx: Connection, _setting: Setting) -> Iterable[str]:
    """Yield ids of purchases that a stored answer confirmed and that are not there."""
    batch: list[str] = []
    for row in walk(tx, _ANSWERS, _KEYS):
        batch += _confirmed(orjson.loads(row.body) if row.body else None)
        if len(batch) > 500:
            yield from _absent(tx, batch)
            batch = []
    yield from _absent(tx, batch)


def _confirmed(body: Any) -> list[str]:
    purchase = body.get("transaction") if isinstance(body, dict) else None
    return [purchase["id"]] if isinstance(purchase, dict) and "id" in purchase else []


def _absent(tx: Connection, ids: list[str]) -> list[str]:
    return sorted(set(ids) - list_activities(tx, ids).keys())


INVARIANTS = (
    in_sql("L8", "Points wait for a confirmation only while their purchase does.", _waiting),
    in_sql("L8", "A purchase awaits confirmation, was confirmed in time, or neither.", _unclear),
    Invariant("I3", "A purchase that was confirmed is there.", _forgotten),
    in_sql("I4", "A receipt is recorded once.", _reported_twice),
    in_sql("I4", "A return is recorded once.", _returned_twice),
    in_sql("I4", "A purchase gives its points in one transfer, once.", _wrongly_awarded),
    Invariant("I4", "An activity gives the stars of its trace.", _wrong_stars),
)
