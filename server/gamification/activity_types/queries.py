"""Reading activity types."""

from sqlalchemy import Connection

from server.gamification.activity_types.errors import ActivityTypeUnknown
from server.gamification.activity_types.settings import ACTIVITY_TYPES
from server.gamification.activity_types.types import ActivityType
from server.gamification.definitions.queries import Published

_PUBLISHED = Published(ACTIVITY_TYPES)


def get_activity_types(tx: Connection, revision: str) -> tuple[ActivityType, ...]:
    """Return the types in force at a programme revision, in the owner's order."""
    return _PUBLISHED.live(tx, revision)


def known_activity_types(tx: Connection, revision: str) -> tuple[ActivityType, ...]:
    """Return the types in force and the paused ones, for reading what was reported."""
    return _PUBLISHED.known(tx, revision)


def get_activity_type(tx: Connection, revision: str, key: str) -> ActivityType:
    """Return a type in force. Raise `ActivityTypeUnknown`."""
    for found in get_activity_types(tx, revision):
        if found.key == key:
            return found
    raise ActivityTypeUnknown(kind=key)
