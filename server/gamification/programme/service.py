"""Changing the programme: every change is a new revision and leaves a trace."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from server.core.audit import Change, write_audit
from server.core.ids import new_id
from server.gamification.programme.errors import ProgrammeMissing
from server.gamification.programme.models import PROGRAMME

_LOCKED = select(PROGRAMME.c.settings).with_for_update()


def begin_revision(tx: Connection, now: datetime) -> str:
    """Lock the programme and give it a new revision, which is returned: what is configured is
    about to change. Raise `ProgrammeMissing`.
    """
    revision = new_id("rev", now)
    changed = update(PROGRAMME).values(revision=revision, updated_at=now)
    if not tx.execute(changed.returning(PROGRAMME.c.id)).all():
        raise ProgrammeMissing
    return revision


def change_settings(
    tx: Connection, changes: Mapping[str, Any], actor: str, now: datetime
) -> dict[str, Any]:
    """Change settings of the programme, as a new revision; return all settings as they are now.

    `changes` replaces whole values by key. The audit trail keeps the changed values before and
    after. Raise `ProgrammeMissing`.
    """
    before = tx.execute(_LOCKED).scalar_one_or_none()
    if before is None:
        raise ProgrammeMissing
    after = {**before, **changes}
    values = {"settings": after, "revision": new_id("rev", now), "updated_at": now}
    tx.execute(update(PROGRAMME).values(values))
    changed = [name for name in changes if before.get(name) != changes[name]]
    change = Change(
        "programme.changed",
        "programme",
        "1",
        {name: before.get(name) for name in changed},
        {name: after[name] for name in changed},
    )
    write_audit(tx, change, actor=actor, now=now)
    return after
