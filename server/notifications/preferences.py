"""What members choose: which categories on which channels, and their quiet hours."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from server.gamification.members.queries import lock_member
from server.notifications.models import MESSAGE_PREFERENCE
from server.notifications.recipients import preferences_of
from server.notifications.types import Preferences, Quiet


def _upsert(dialect: Any) -> Any:
    new = dialect.insert(MESSAGE_PREFERENCE)
    names = ("choices", "quiet_from_minute", "quiet_to_minute", "updated_at")
    return new.on_conflict_do_update(
        index_elements=["member_id"], set_={name: new.excluded[name] for name in names}
    )


_SAVE = {"postgresql": _upsert(postgresql), "sqlite": _upsert(sqlite)}
UNCHANGED = object()
"""Says that quiet hours stay as they are; None gives them back to the programme."""


def get_preferences(tx: Connection, member_id: str) -> Preferences:
    """Return what a member has chosen."""
    return preferences_of(tx, [member_id]).get(member_id, Preferences())


def change_preferences(
    tx: Connection,
    member_id: str,
    choices: Mapping[str, Mapping[str, bool]],
    quiet: Quiet | object | None,
    now: datetime,
) -> Preferences:
    """Change the given choices and no others; return all."""
    lock_member(tx, member_id)
    before = get_preferences(tx, member_id)
    merged = {
        name: {**before.choices.get(name, {}), **choices.get(name, {})}
        for name in {*before.choices, *choices}
    }
    own = quiet if isinstance(quiet, Quiet) else None
    after = Preferences(merged, before.quiet if quiet is UNCHANGED else own)
    row = {"member_id": member_id, "choices": merged, "updated_at": now}
    row |= {
        "quiet_from_minute": after.quiet.from_minute if after.quiet else None,
        "quiet_to_minute": after.quiet.to_minute if after.quiet else None,
    }
    tx.execute(_SAVE[tx.dialect.name], row)
    return after
