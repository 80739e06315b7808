"""Everything configured has the same verbs, and each leaves a trace."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, select

from server.core.audit import AUDIT
from server.gamification.definitions import service
from server.gamification.definitions.errors import (
    DefinitionInvalid,
    DefinitionKeyTaken,
    DefinitionStateWrong,
    DefinitionUnknown,
    VersionConflict,
)
from server.gamification.definitions.queries import Published, get_definition, list_versions
from server.gamification.definitions.reading import Reader
from server.gamification.definitions.types import Definition, Kind, Settings, State
from server.gamification.presets.service import apply_preset
from server.gamification.programme.queries import current_revision

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
EVA = "staff:usr_eva"


def read_size(_id: str, key: str, settings: Settings) -> tuple[str, int]:
    reader = Reader(settings)
    size = reader.integer("size", 1, least=1)
    reader.close()
    return key, size


@pytest.fixture(autouse=True)
def programme(tx: Connection) -> str:
    """A programme whose revision changes."""
    return apply_preset(tx, "points_only", NOW)


TOYS = Kind("toy", "toy", read_size)


def install(tx: Connection, key: str = "ball", size: int = 3) -> Definition:
    return service.install(tx, TOYS, key, {"size": size}, EVA, NOW)


def test_a_draft_is_not_in_force_before_it_is_published(tx: Connection) -> None:
    toys = Published(TOYS)
    draft = service.create_draft(tx, TOYS, "ball", {"size": 3}, EVA, NOW)
    assert (draft.state, draft.version, draft.settings) == (State.DRAFT, 0, {})
    assert toys.live(tx, current_revision(tx)) == ()
    made = service.publish(tx, TOYS, draft.id, EVA, NOW)
    assert (made.state, made.version, made.draft) == (State.PUBLISHED, 1, None)
    assert toys.live(tx, current_revision(tx)) == (("ball", 3),)


def test_a_change_waits_until_it_is_published_and_old_versions_stay(tx: Connection) -> None:
    ball = install(tx)
    changed = service.change_draft(tx, TOYS, (ball.id, ball.edit), {"size": 5}, EVA, NOW)
    assert (changed.settings, changed.draft) == ({"size": 3}, {"size": 5})
    assert service.publish(tx, TOYS, ball.id, EVA, NOW).settings == {"size": 5}
    versions = [(row["version"], row["settings"]) for row in list_versions(tx, ball.id)]
    assert versions == [(2, {"size": 5}), (1, {"size": 3})]


def test_every_verb_is_a_new_revision_and_an_audit_entry(tx: Connection) -> None:
    seen = {current_revision(tx)}
    ball = install(tx)
    for verb in (service.pause, service.publish, service.archive):
        verb(tx, TOYS, ball.id, EVA, NOW)
        assert current_revision(tx) not in seen
        seen.add(current_revision(tx))
    told = tx.execute(select(AUDIT.c.action).where(AUDIT.c.entity_id == ball.id)).scalars()
    verbs = sorted(told)
    assert verbs == sorted(
        ["toy.created", "toy.published", "toy.paused", "toy.published", "toy.archived"]
    )


def test_a_paused_one_is_known_and_not_live(tx: Connection) -> None:
    toys = Published(TOYS)
    ball = install(tx)
    service.pause(tx, TOYS, ball.id, EVA, NOW)
    revision = current_revision(tx)
    assert (toys.live(tx, revision), toys.known(tx, revision)) == ((), (("ball", 3),))


def test_a_change_made_meanwhile_is_a_conflict(tx: Connection) -> None:
    ball = install(tx)
    service.change_draft(tx, TOYS, (ball.id, ball.edit), {"size": 5}, EVA, NOW)
    with pytest.raises(VersionConflict):
        service.change_draft(tx, TOYS, (ball.id, ball.edit), {"size": 6}, EVA, NOW)
    assert get_definition(tx, "toy", "ball").draft == {"size": 5}


def test_a_copy_is_a_new_draft(tx: Connection) -> None:
    copy = service.duplicate(tx, TOYS, install(tx).id, "ball_two", EVA, NOW)
    assert (copy.key, copy.state, copy.draft) == ("ball_two", State.DRAFT, {"size": 3})


@pytest.mark.parametrize("settings", [{"size": 0}, {"size": 1, "colour": "red"}, {"size": "3"}])
def test_bad_settings_are_refused(tx: Connection, settings: dict[str, Any]) -> None:
    with pytest.raises(DefinitionInvalid):
        service.create_draft(tx, TOYS, "ball", settings, EVA, NOW)


def test_a_key_is_used_once_in_its_kind(tx: Connection) -> None:
    install(tx)
    with pytest.raises(DefinitionKeyTaken):
        install(tx)


def test_what_is_archived_does_not_come_back(tx: Connection) -> None:
    ball = install(tx)
    service.archive(tx, TOYS, ball.id, EVA, NOW)
    for verb in (service.publish, service.pause, service.archive):
        with pytest.raises(DefinitionStateWrong):
            verb(tx, TOYS, ball.id, EVA, NOW)


def test_another_kind_does_not_find_it(tx: Connection) -> None:
    ball = install(tx)
    other = Kind("other", "oth", read_size)
    with pytest.raises(DefinitionUnknown):
        service.pause(tx, other, ball.id, EVA, NOW)
