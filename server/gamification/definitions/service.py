"""The verbs of everything configured: draft, change, publish, pause, resume, archive, duplicate.

Each change is audited; each that may change what is in force is a new revision of the programme.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from server.core.audit import Change, write_audit
from server.core.ids import new_id
from server.gamification.definitions.errors import (
    DefinitionKeyTaken,
    DefinitionStateWrong,
    DefinitionUnknown,
    VersionConflict,
)
from server.gamification.definitions.models import DEFINITION, DEFINITION_VERSION
from server.gamification.definitions.queries import definition_of
from server.gamification.definitions.types import Definition, Kind, Settings, State
from server.gamification.programme.service import begin_revision

_D = DEFINITION.c
_LAST = select(_D.position).order_by(_D.position.desc()).limit(1)


def create_draft(
    tx: Connection, kind: Kind[Any], key: str, settings: Settings, actor: str, now: datetime
) -> Definition:
    """Store a new definition as a draft. Raise `DefinitionInvalid`, `DefinitionKeyTaken`."""
    begin_revision(tx, now)
    new = new_id(kind.prefix, now)
    kind.read(new, key, settings)
    if tx.execute(select(_D.id).where(_D.kind == kind.name, _D.key == key)).first():
        raise DefinitionKeyTaken(key=key)
    last = tx.execute(_LAST.where(_D.kind == kind.name)).scalar_one_or_none() or 0
    row: dict[str, Any] = {
        "id": new,
        "kind": kind.name,
        "key": key,
        "state": str(State.DRAFT),
        "version": 0,
        "edit": 1,
        "position": last + 1,
        "settings": {},
        "draft": dict(settings),
    }
    tx.execute(insert(DEFINITION), row | {"created_at": now, "updated_at": now})
    made = definition_of(row)
    _audit(tx, "created", None, made, actor, now)
    return made


def change_draft(
    tx: Connection,
    kind: Kind[Any],
    of: tuple[str, int],
    settings: Settings,
    actor: str,
    now: datetime,
) -> Definition:
    """Replace what waits to be published. `of` is the id and the `edit` that was read.

    Raise `DefinitionInvalid`, `DefinitionUnknown`, `VersionConflict`, `DefinitionStateWrong`.
    """
    before = _locked(tx, kind, of[0], now)
    if before.edit != of[1]:
        raise VersionConflict(edit=before.edit)
    _check_state(before, State.DRAFT, State.PUBLISHED, State.PAUSED)
    kind.read(before.id, before.key, settings)
    return _write(tx, "changed", before, {"draft": dict(settings)}, actor, now)


def publish(
    tx: Connection, kind: Kind[Any], definition_id: str, actor: str, now: datetime
) -> Definition:
    """Put the draft in force as a new version; a paused one goes on without a draft.

    Raise `DefinitionInvalid`, `DefinitionUnknown`, `DefinitionStateWrong`.
    """
    before = _locked(tx, kind, definition_id, now)
    _check_state(before, State.DRAFT, State.PUBLISHED, State.PAUSED)
    state = {"state": str(State.PUBLISHED)}
    if before.draft is None:
        return _write(tx, "published", before, state, actor, now)
    kind.read(before.id, before.key, before.draft)
    version = before.version + 1
    row = {"definition_id": before.id, "version": version, "settings": dict(before.draft)}
    tx.execute(insert(DEFINITION_VERSION), row | {"actor": actor, "published_at": now})
    new = {"settings": dict(before.draft), "draft": None, "version": version}
    after = _write(tx, "published", before, state | new, actor, now)
    if kind.begin is not None:
        kind.begin(tx, after, now)
    return after


def pause(
    tx: Connection, kind: Kind[Any], definition_id: str, actor: str, now: datetime
) -> Definition:
    """Take it out of force; members keep what they have. Raise as `publish`."""
    before = _locked(tx, kind, definition_id, now)
    _check_state(before, State.PUBLISHED)
    return _write(tx, "paused", before, {"state": str(State.PAUSED)}, actor, now)


def archive(
    tx: Connection, kind: Kind[Any], definition_id: str, actor: str, now: datetime
) -> Definition:
    """Put it away for good; a draft that was never published cannot be archived, only changed.

    Raise as `publish`.
    """
    before = _locked(tx, kind, definition_id, now)
    _check_state(before, State.PUBLISHED, State.PAUSED)
    return _write(tx, "archived", before, {"state": str(State.ARCHIVED)}, actor, now)


def duplicate(
    tx: Connection, kind: Kind[Any], definition_id: str, key: str, actor: str, now: datetime
) -> Definition:
    """Make a new draft from what is in force (or waits) of another. Raise as `create_draft`."""
    of = _locked(tx, kind, definition_id, now)
    return create_draft(tx, kind, key, of.draft or of.settings, actor, now)


def install(
    tx: Connection, kind: Kind[Any], key: str, settings: Settings, actor: str, now: datetime
) -> Definition:
    """Create and publish at once, as presets do."""
    return publish(tx, kind, create_draft(tx, kind, key, settings, actor, now).id, actor, now)


def _locked(tx: Connection, kind: Kind[Any], definition_id: str, now: datetime) -> Definition:
    """Lock the programme, whose row stands for all configuration, and read the definition."""
    begin_revision(tx, now)
    columns = [_D[name] for name in Definition.__dataclass_fields__]
    asked = select(*columns).where(_D.id == definition_id, _D.kind == kind.name)
    row = tx.execute(asked.with_for_update()).mappings().first()
    if row is None:
        raise DefinitionUnknown(kind=kind.name, key=definition_id)
    return definition_of(row)


def _check_state(definition: Definition, *states: State) -> None:
    if definition.state not in states:
        raise DefinitionStateWrong(state=str(definition.state))


def _write(
    tx: Connection,
    verb: str,
    before: Definition,
    changes: Mapping[str, Any],
    actor: str,
    now: datetime,
) -> Definition:
    values = {**changes, "edit": before.edit + 1, "updated_at": now}
    columns = [_D[name] for name in Definition.__dataclass_fields__]
    changed = update(DEFINITION).where(_D.id == before.id).values(values).returning(*columns)
    after = definition_of(tx.execute(changed).mappings().one())
    _audit(tx, verb, before, after, actor, now)
    return after


def _audit(
    tx: Connection,
    verb: str,
    before: Definition | None,
    after: Definition,
    actor: str,
    now: datetime,
) -> None:
    change = Change(f"{after.kind}.{verb}", after.kind, after.id, _told(before), _told(after))
    write_audit(tx, change, actor=actor, now=now)


def _told(definition: Definition | None) -> dict[str, Any] | None:
    if definition is None:
        return None
    names = ("key", "version", "settings", "draft")
    return {"state": str(definition.state)} | {n: getattr(definition, n) for n in names}
