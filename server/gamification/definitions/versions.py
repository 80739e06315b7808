"""Every version that was ever published: read once in this process, for it never changes."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, bindparam, select

from server.core.errors import Refusal
from server.gamification.definitions.models import DEFINITION, DEFINITION_VERSION

T = TypeVar("T")
_KEPT_MAX = 2000
_V = DEFINITION_VERSION.c
_VERSION = (
    select(DEFINITION.c.id, DEFINITION.c.key, _V.version, _V.settings)
    .join(DEFINITION, DEFINITION.c.id == _V.definition_id)
    .where(_V.definition_id == bindparam("definition_id"), _V.version == bindparam("version"))
)


class Versions(Generic[T]):
    """The versions of one kind. `read` makes a value of a row with `id`, `key`, `version` and
    `settings`; `unknown` is the refusal of what was never published.
    """

    def __init__(self, read: Callable[[Any], T], unknown: Callable[[], Refusal]) -> None:
        self._read = read
        self._unknown = unknown
        self._values: dict[tuple[str, int], T] = {}

    def at(self, tx: Connection, definition_id: str, version: int) -> T:
        """Return what was published in a version. Raise the refusal of `unknown`."""
        known = self._values.get((definition_id, version))
        if known is not None:
            return known
        asked = {"definition_id": definition_id, "version": version}
        row = tx.execute(_VERSION, asked).first()
        if row is None:
            raise self._unknown()
        if len(self._values) >= _KEPT_MAX:
            self._values.clear()
        value = self._read(row)
        self._values[definition_id, version] = value
        return value
