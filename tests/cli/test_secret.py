"""A process with another secret than the database's ends with a sentence, before it does harm."""

import pytest
from sqlalchemy import text

from server.config import DEVELOPMENT_SECRET
from server.core.db import reading, transaction
from server.core.secret_mark import SecretDiffers
from tests.builders.members import enrol_ana
from tests.fixtures.command_line import spawn, variables
from tests.fixtures.schema import running_app

OTHER = "another secret of this installation, long enough"
MARK = text("SELECT fingerprint FROM secret_mark")


def mark_of(url, **given):
    with running_app(url, **given) as app, app.app_context(), reading() as tx:
        return tx.execute(MARK).scalar()


def add_ana(url):
    with running_app(url) as app, app.app_context(), transaction() as tx:
        enrol_ana(tx)


def test_the_first_start_leaves_a_mark_and_only_its_secret_starts_again(
    fairstar, points_only, monkeypatch
):
    assert fairstar("worker", "--once").exit_code == 0
    mark = mark_of(points_only)
    monkeypatch.setenv("FAIRSTAR_SECRET_KEY", OTHER)
    for words in (("worker", "--once"), ("check",), ("partners", "add", "Web")):
        with pytest.raises(SecretDiffers):
            fairstar(*words)
    assert fairstar("db", "upgrade").exit_code == 0
    assert mark_of(points_only) == mark


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_wrong_secret_ends_a_process_with_one_sentence(fairstar, points_only, command):
    fairstar("worker", "--once")
    environment = variables(points_only) | {"FAIRSTAR_SECRET_KEY": OTHER}
    process = spawn(command, environment=environment)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert said.startswith("fairstar: FAIRSTAR_SECRET_KEY is not the secret of this database")
    assert said.count("\n") == 1


def test_a_database_without_a_mark_is_judged_by_what_opens(fairstar, points_only, monkeypatch):
    add_ana(points_only)
    monkeypatch.setenv("FAIRSTAR_SECRET_KEY", OTHER)
    with pytest.raises(SecretDiffers):
        fairstar("worker", "--once")
    assert mark_of(points_only) is None
    monkeypatch.delenv("FAIRSTAR_SECRET_KEY")
    assert fairstar("worker", "--once").exit_code == 0
    assert mark_of(points_only) is not None


def test_a_changed_secret_is_adopted_with_the_previous_one(fairstar, points_only, monkeypatch):
    fairstar("worker", "--once")
    before = mark_of(points_only)
    monkeypatch.setenv("FAIRSTAR_SECRET_KEY", OTHER)
    monkeypatch.setenv("FAIRSTAR_SECRET_KEY_PREVIOUS", DEVELOPMENT_SECRET)
    assert fairstar("worker", "--once").exit_code == 0
    assert mark_of(points_only) != before
    monkeypatch.delenv("FAIRSTAR_SECRET_KEY_PREVIOUS")
    assert fairstar("worker", "--once").exit_code == 0


def test_it_is_not_ready_under_another_secret(fairstar, points_only):
    fairstar("worker", "--once")
    with running_app(points_only, SECRET_KEY=OTHER) as app:
        answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.get_json()["checks"]["secret"]) == (503, "other")
