"""The web process as an operator runs it: starts fast, answers, drains, counts in all workers."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import contextmanager
from threading import Thread

import pytest
import requests

from tests.tidy.tree import ROOT

START_SECONDS = 20


def environment(database_url: str, **variables: str) -> dict[str, str]:
    given = {"DATABASE_URL": database_url, "MODE": "test", "LOG_FORMAT": "json", "ENV_FILE": ""}
    given |= variables
    plain = {name: text for name, text in os.environ.items() if not name.startswith("FAIRSTAR_")}
    return plain | {f"FAIRSTAR_{name}": text for name, text in given.items()}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def serving(database_url: str, *options: str, **variables: str):
    """Run `fairstar serve` on a free port; yield the address and the process."""
    address = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "server", "serve", "--bind", address, *options]
    process = subprocess.Popen(command, env=environment(database_url, **variables), cwd=ROOT)
    try:
        wait_until_up(f"http://{address}/healthz", process)
        yield f"http://{address}", process
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_until_up(url: str, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            requests.get(url, timeout=1)
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the server did not start")


def test_the_server_answers_and_speaks_problems(sqlite_database):
    with serving(sqlite_database) as (url, _):
        assert requests.get(f"{url}/readyz", timeout=5).json()["status"] == "ready"
        missing = requests.get(f"{url}/v1/me", timeout=5)
        assert missing.json()["code"] == "token_missing"
        assert missing.headers["X-Request-Id"].startswith("req_")
        wrong = requests.post(f"{url}/v1/auth/sessions", data=b"{", timeout=5)
        assert wrong.json()["code"] == "unsupported_media_type"


def test_a_missing_gunicorn_is_said_in_a_sentence(sqlite_database):
    command = [sys.executable, "-m", "server", "serve", "--server", "gunicorn"]
    ended = subprocess.run(
        command,
        check=False,
        env=environment(sqlite_database),
        capture_output=True,
        cwd=ROOT,
        timeout=30,
    )
    assert ended.returncode == 1
    assert b"Error: gunicorn is not installed" in ended.stderr


def test_bodies_of_any_framing_are_read_and_bounded(sqlite_database):
    json = {"Content-Type": "application/json"}
    with serving(sqlite_database) as (url, _):
        address = f"{url}/v1/auth/otp-challenges"
        chunked = requests.post(address, data=iter([b'{"ki', b'nd": 5}']), headers=json, timeout=5)
        assert chunked.json()["code"] == "validation_failed"
        endless = requests.post(
            address, data=(b"x" * 65536 for _ in range(64)), headers=json, timeout=5
        )
        assert (endless.status_code, endless.json()["code"]) == (413, "payload_too_large")


def test_a_request_on_its_way_is_finished_before_the_server_ends(sqlite_database):
    answers = []
    with serving(sqlite_database) as (url, process):
        body = {"kind": "email", "email": "ana@example.com"}

        def send():
            answers.append(requests.post(f"{url}/v1/auth/otp-challenges", json=body, timeout=30))

        lock = sqlite3.connect(sqlite_database.removeprefix("sqlite:///"), isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        thread = Thread(target=send)
        thread.start()
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert answers == []
        lock.execute("ROLLBACK")
        thread.join()
        assert process.wait(timeout=30) == 0
    assert answers[0].json()["code"] == "programme_missing"


def test_metrics_count_what_all_workers_did(sqlite_database):
    with serving(sqlite_database, "--workers", "2") as (url, _):
        for _ in range(20):
            requests.get(f"{url}/v1/me", timeout=5)
        metrics = requests.get(f"{url}/metrics", timeout=5).text
    counted = 'fairstar_refusals_total{code="token_missing"} 20.0'
    assert counted in metrics


def test_help_comes_at_once_and_names_every_command():
    started = time.monotonic()
    command = [sys.executable, "-m", "server", "--help"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert time.monotonic() - started < 5
    for name in ("contract", "db", "serve", "members", "import", "worker"):
        assert f"\n  {name}" in said


def test_help_imports_neither_flask_nor_sqlalchemy():
    program = "import sys, server.cli; print({'flask', 'sqlalchemy', 'babel'} & set(sys.modules))"
    command = [sys.executable, "-c", program]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert said.strip() == "set()"
