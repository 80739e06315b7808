"""`fairstar jobs`: what runs, running it now or by a worker, and what failed."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from server.core import clock, queue
from server.core.db import transaction
from server.core.queue import JOB
from server.gamification.nights.models import NIGHTLY_RUN
from server.jobs.schedule import SCHEDULE
from tests.fixtures.schema import running_app


def test_the_list_shows_every_job_its_last_run_and_its_next_turn(fairstar):
    before = fairstar("jobs", "list").output
    assert all(f"{job.name} " in before for job in SCHEDULE)
    assert before.count("never") == len(SCHEDULE)
    assert fairstar("worker", "--once").exit_code == 0
    after = fairstar("jobs", "list").output
    assert "never" not in after
    assert after.count("done") == len(SCHEDULE)
    assert after.count("next 2") == len(SCHEDULE)
    assert after.endswith("queue: empty\ndead: 0\n")


def test_the_columns_of_the_list_stand_below_each_other(fairstar):
    fairstar("worker", "--once")
    lines = fairstar("jobs", "list").output.splitlines()
    head, rows = lines[0], [line for line in lines if line.endswith(("  0", "  1"))]
    assert len(rows) == len(SCHEDULE)
    assert {line.index("done") for line in rows} == {head.index("outcome")}
    assert {line.index("20") for line in rows} == {head.index("last start")}


def test_a_job_runs_here_and_now_or_by_the_next_worker(fairstar):
    assert fairstar("jobs", "run", "nightly", "--now").output.endswith("nightly: 1\n")
    assert "is queued." in fairstar("jobs", "run", "prune").output
    assert "queue: next at" in fairstar("jobs", "list").output
    assert fairstar("worker", "--once").output.endswith(f"{len(SCHEDULE) + 1} jobs ran.\n")
    assert fairstar("jobs", "list").output.endswith("queue: empty\ndead: 0\n")


def test_an_unknown_job_is_refused(fairstar):
    with pytest.raises(Exception, match="There is no job bells"):
        fairstar("jobs", "run", "bells")


def test_nights_are_caught_up_on_request(fairstar):
    assert fairstar("jobs", "catch-up").output.endswith("1 batches of nights done.\n")
    assert fairstar("jobs", "catch-up").output == "0 batches of nights done.\n"


def test_a_shop_that_slept_for_a_season_is_told_what_to_do(fairstar, points_only):
    fairstar("jobs", "catch-up")
    with running_app(points_only) as app:
        with app.app_context(), transaction() as tx:
            tx.execute(update(NIGHTLY_RUN).values(night_on=clock.now().date() - timedelta(days=90)))
        ready = app.test_client().get("/readyz")
        assert (ready.status_code, ready.get_json()["checks"]["nights"]) == (200, "missing")
        refused = fairstar("jobs", "run", "lapse_vouchers", "--now")
        assert (refused.exit_code, "run: fairstar jobs catch-up" in refused.output) == (1, True)
        fairstar("worker", "--once")
        waiting = sum(job.by_date or job.name == "nightly" for job in SCHEDULE)
        assert fairstar("jobs", "list").output.count("run: fairstar jobs catch-up") == waiting
        fairstar("jobs", "catch-up")
        assert app.test_client().get("/readyz").get_json()["checks"]["nights"] == "ok"
    assert fairstar("jobs", "run", "lapse_vouchers", "--now").output == "lapse_vouchers: 0\n"


def test_dead_work_is_shown_and_queued_again(fairstar, points_only):
    now = clock.now()
    with running_app(points_only) as app, app.app_context(), transaction() as tx:
        job_id = queue.enqueue(tx, "run_job", {"job": "prune"}, now, now)
        tx.execute(update(JOB).values(state="dead", finished_at=now, error="ValueError: no bell"))
    assert f"{job_id}  run_job" in fairstar("jobs", "dead").output
    assert "ValueError: no bell" in fairstar("jobs", "dead").output
    assert "is queued again." in fairstar("jobs", "dead", "--retry", job_id).output
    assert fairstar("jobs", "dead").output == ""
    assert clock.now() - now < timedelta(minutes=5)
