"""Invented requests against the running server: whatever comes, the answer is as documented."""

import json
import os
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import func, select

from server.core import clock
from server.core.db import snapshot
from server.gamification.activities.models import ACTIVITY
from server.gamification.invariants.service import check_all
from tests.builders.tills import receipt
from tests.fixtures.run import once_per_run
from tests.fixtures.schema import running_app
from tests.fixtures.serving import caller, fresh_database, serving
from tests.tidy.tree import ROOT

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
BOUNDS = ("--phases=coverage,fuzzing", "--max-examples=12", "--request-timeout=20", "--seed=11")
HABITS = ("--no-color", "--warnings=off", "--continue-on-failure", "--generation-database=none")
PURCHASES = 8
RUNS = {
    "partner": ("partner", "postgresql", "as_shop", ("--max-time=30",)),
    "till": ("partner", "sqlite", "as_dan", ("--include-path-regex=/devices/", "--max-time=6")),
    "member": (
        "member",
        "sqlite",
        "as_ana",
        ("--exclude-operation-id-regex=delete.*Session", "--max-time=25"),
    ),
}


@pytest.fixture(scope="session")
def schemathesis(run_directory: Path) -> str:
    """The program, installed apart from the packages of the project."""
    script = [str(ROOT / "tests/fixtures/install_schemathesis.sh"), sys.executable]
    once_per_run(
        run_directory, "schemathesis", lambda: subprocess.run(script, check=True).returncode
    )
    return str(ROOT / ".venv-schemathesis/bin/st")


def known_things(web, cast):
    """Things that requests can speak of: Ana has purchases, points, and some of them on hold."""
    session, numbers = caller(web, cast.as_shop), count()

    def post(path, body):
        key = {"Idempotency-Key": f"known-{next(numbers)}"}
        answer = session.post(f"{web.url}/v1/partner{path}", json=body, headers=key, timeout=20)
        assert answer.status_code == 201, answer.text
        return answer.json()

    bought = [
        post("/transactions", receipt(cast.ana, 100_000 + n))["transaction"]["id"]
        for n in range(PURCHASES)
    ]
    holds = [
        post("/redemptions", {"member_id": cast.ana.id, "points": n + 1})["redemption"]["id"]
        for n in range(8)
    ]
    return {
        "member_id": [cast.ana.id, cast.ben.id],
        "transaction_id": bought,
        "activity_id": bought,
        "redemption_id": holds,
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNS)
def test_whatever_is_sent_the_answer_is_as_documented(run_directory, schemathesis, name):
    document, kind, who, selection = RUNS[name]
    with fresh_database(kind, run_directory) as url:
        with serving(url) as (web, cast):
            known = json.dumps(known_things(web, cast))
            hooks = {"SCHEMATHESIS_HOOKS": "hooks", "CONTRACT_KNOWN": known}
            command = [
                schemathesis,
                *HABITS[:1],
                "run",
                str(ROOT / f"mobile_contract/openapi/{document}.openapi.yaml"),
                f"--url={web.url}",
                f"--header=Authorization: {getattr(cast, who)['Authorization']}",
                f"--checks={','.join(CHECKS)}",
                *BOUNDS,
                *HABITS[1:],
                *selection,
            ]
            said = subprocess.run(
                command,
                env=os.environ | hooks | {"PYTHONPATH": str(ROOT / "tests/contract")},
                cwd=run_directory,
                capture_output=True,
                text=True,
                check=False,
                timeout=200,
            )
        assert said.returncode == 0, said.stdout[-8000:] + said.stderr[-2000:]
        with running_app(url) as app, app.app_context(), snapshot() as tx:
            assert check_all(tx, clock.now()) == []
            recorded = tx.execute(select(func.count()).select_from(ACTIVITY)).scalar_one()
        invented = recorded - PURCHASES
        assert invented > 0 if name == "partner" else invented == 0
