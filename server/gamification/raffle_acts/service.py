"""Asking for an act and approving it. Whoever approves carries it out, in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from server.core.audit import Change, write_audit
from server.core.ids import new_id
from server.gamification.raffle_acts.errors import ActUnknown, DrawNeedsSecondPerson
from server.gamification.raffle_acts.models import RAFFLE_ACT

_A = RAFFLE_ACT.c
_INSERT = insert(RAFFLE_ACT)
_LOCK = select(RAFFLE_ACT).where(_A.id == bindparam("act_id")).with_for_update()
_WAITING = select(RAFFLE_ACT).where(_A.approved_at.is_(None)).order_by(_A.id)
_APPROVE = (
    update(RAFFLE_ACT)
    .where(_A.id == bindparam("act_id"), _A.approved_at.is_(None))
    .values(approved_by=bindparam("by"), approved_at=bindparam("at"))
)


@dataclass(frozen=True, slots=True)
class Act:
    """An act: what is to be done with a raffle, who asked, and who approved."""

    id: str
    raffle_id: str
    kind: str
    details: Mapping[str, Any]
    asked_by: str
    asked_at: datetime
    approved_by: str | None = None
    approved_at: datetime | None = None


def ask_act(
    tx: Connection, of: tuple[str, str], details: Mapping[str, Any], by: str, now: datetime
) -> Act:
    """Ask for an act `of` a raffle and a kind. Whoever calls has checked that it is possible."""
    act = Act(new_id("rac", now), *of, details, by, now)
    row = {name: getattr(act, name) for name in Act.__dataclass_fields__}
    tx.execute(_INSERT, row | {"details": dict(details)})
    _audit(tx, "raffle_act.asked", act, by, now)
    return act


def approve_act(tx: Connection, act_id: str, by: str, now: datetime) -> Act:
    """Approve an act that somebody else asked for, once; the caller carries it out.

    Raise `ActUnknown` (also when it was approved before), `DrawNeedsSecondPerson`.
    """
    row = tx.execute(_LOCK, {"act_id": act_id}).first()
    if row is None or row.approved_at is not None:
        raise ActUnknown
    if row.asked_by == by:
        raise DrawNeedsSecondPerson
    tx.execute(_APPROVE, {"act_id": act_id, "by": by, "at": now})
    act = Act(**{**row._asdict(), "approved_by": by, "approved_at": now})
    _audit(tx, "raffle_act.approved", act, by, now)
    return act


def list_waiting(tx: Connection) -> list[Act]:
    """Return the acts that nobody has approved yet, the oldest first."""
    return [Act(**row._asdict()) for row in tx.execute(_WAITING)]


def _audit(tx: Connection, action: str, act: Act, by: str, now: datetime) -> None:
    told = {"act_id": act.id, "kind": act.kind, "details": dict(act.details)}
    write_audit(tx, Change(action, "raffle", act.raffle_id, None, told), actor=by, now=now)
