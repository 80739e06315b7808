"""Reading definitions, those in force once per revision and process."""

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlalchemy import Connection, select

from server.gamification.definitions.errors import DefinitionUnknown
from server.gamification.definitions.models import DEFINITION, DEFINITION_VERSION
from server.gamification.definitions.types import Definition, Kind, State
from server.gamification.programme.queries import RevisionCache

T = TypeVar("T")
_D = DEFINITION.c
_IN_ORDER = (_D.position, _D.id)
_COLUMNS = [_D[name] for name in Definition.__dataclass_fields__]


class Published:
    """The published (and the paused) definitions of one kind, read once per revision.

    Members keep what they have of a paused one, so it must be known; `is_live` tells them apart.
    """

    def __init__(self, kind: Kind[T]) -> None:
        self._kind = kind
        self._cache: RevisionCache[tuple[tuple[bool, Any], ...]] = RevisionCache(self._load)

    def live(self, tx: Connection, revision: str) -> tuple[Any, ...]:
        """Return those in force, in the owner's order."""
        return tuple(value for is_live, value in self._cache.get(tx, revision) if is_live)

    def known(self, tx: Connection, revision: str) -> tuple[Any, ...]:
        """Return those in force and the paused ones."""
        return tuple(value for _, value in self._cache.get(tx, revision))

    def _load(self, tx: Connection, _revision: str) -> tuple[tuple[bool, Any], ...]:
        rows = list_definitions(tx, self._kind.name, (State.PUBLISHED, State.PAUSED))
        return tuple(
            (row.state is State.PUBLISHED, self._kind.read(row.id, row.key, row.settings))
            for row in rows
        )


def list_definitions(
    tx: Connection, kind: str, states: tuple[State, ...] = tuple(State)
) -> list[Definition]:
    """Return the definitions of a kind in these states, in the owner's order."""
    wanted = [str(state) for state in states]
    asked = select(*_COLUMNS).where(_D.kind == kind, _D.state.in_(wanted)).order_by(*_IN_ORDER)
    return [definition_of(row) for row in tx.execute(asked).mappings()]


def get_definition(tx: Connection, kind: str, id_or_key: str) -> Definition:
    """Return one definition of a kind. Raise `DefinitionUnknown`."""
    asked = select(*_COLUMNS).where(_D.kind == kind, (_D.id == id_or_key) | (_D.key == id_or_key))
    row = tx.execute(asked).mappings().first()
    if row is None:
        raise DefinitionUnknown(kind=kind, key=id_or_key)
    return definition_of(row)


def list_versions(tx: Connection, definition_id: str) -> list[Mapping[Any, Any]]:
    """Return the published versions of a definition, newest first."""
    v = DEFINITION_VERSION.c
    asked = select(DEFINITION_VERSION).where(v.definition_id == definition_id)
    return [*tx.execute(asked.order_by(v.version.desc())).mappings()]


def definition_of(row: Mapping[Any, Any]) -> Definition:
    """Build a definition from a row."""
    return Definition(**{**row, "state": State(row["state"])})
