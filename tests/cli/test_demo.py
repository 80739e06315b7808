"""The demo: right books, the same for the same seed, safe to interrupt; its commands work."""

import json
import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import time

import psutil
import pytest
import requests

from tests.fixtures.command_line import spawn

SMALL = ("--members", 12, "--days", 30)
BOOKS = """
SELECT a.external_id, a.amount_minor, a.points, a.state FROM activity a
WHERE a.external_id < strftime('%Y%m%d', 'now', '-1 day') ORDER BY a.external_id
"""


def make(folder, *words):
    """Run `fairstar demo` to its end; return what it printed."""
    process = spawn("demo", *words, environment={}, cwd=folder)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    return output


def query(folder, statement):
    with sqlite3.connect(folder / "var" / "demo.db") as connection:
        return connection.execute(statement).fetchall()


def in_demo(folder, *words):
    """Run another command on the demo's database."""
    environment = {"FAIRSTAR_DATABASE_URL": f"sqlite:///{folder / 'var' / 'demo.db'}"}
    process = spawn(*words, environment=environment, cwd=folder)
    output, _ = process.communicate(timeout=120)
    return process.returncode, output


@pytest.mark.slow
def test_the_story_is_in_the_books_and_the_books_are_right(tmp_path):
    make(tmp_path, "--no-serve", "--members", 20, "--days", 100)
    status, output = in_demo(tmp_path, "check")
    assert (status, "0 broken" in output) == (0, True)
    [(purchases, kept)] = query(tmp_path, "SELECT count(*), sum(state = 'settled') FROM activity")
    assert purchases > 200
    assert kept < purchases
    assert query(tmp_path, "SELECT count(*) FROM hold WHERE state = 'captured'") > [(0,)]
    assert query(tmp_path, "SELECT count(*) FROM member") == [(20,)]
    locales = query(tmp_path, "SELECT DISTINCT locale FROM member ORDER BY 1")
    assert locales == [("en",), ("et",), ("ru",)]
    badges = """SELECT DISTINCT d.key FROM badge_award a JOIN definition d ON d.id = a.badge_id
        JOIN badge_rarity r ON r.badge_id = a.badge_id ORDER BY 1"""
    assert {("ambassador",), ("explorer",), ("regular",)} <= set(query(tmp_path, badges))
    played = "SELECT kind, count(*) FROM definition WHERE state = 'published' GROUP BY kind"
    assert {("challenge", 4), ("streak", 1)} <= set(query(tmp_path, played))
    tiers = "SELECT count(*) FROM member_tier JOIN tier ON tier.id = tier_id WHERE key = 'platinum'"
    assert query(tmp_path, tiers) == [(4,)]
    welcomed = "SELECT count(*) FROM benefit_grant WHERE ref_kind = 'welcome'"
    assert query(tmp_path, welcomed) == [(20,)]
    for claimed in ("star_card", "challenge"):
        given = f"SELECT count(*) > 0 FROM benefit_grant WHERE ref_kind LIKE '{claimed}%'"
        assert query(tmp_path, given) == [(1,)]
    used = "SELECT count(*) > 20 FROM voucher WHERE state = 'used' AND ref_kind = 'redemption'"
    assert query(tmp_path, used) == [(1,)]


@pytest.mark.slow
def test_the_same_seed_tells_the_same_story(tmp_path):
    stories = []
    for name, seed in (("one", 7), ("two", 7), ("three", 8)):
        folder = tmp_path / name
        folder.mkdir()
        make(folder, "--no-serve", *SMALL, "--seed", seed)
        stories.append(query(folder, BOOKS))
    assert len(stories[0]) > 20
    assert stories[0] == stories[1] != stories[2]


@pytest.mark.slow
def test_an_interrupted_demo_begins_anew_and_a_finished_one_is_kept(tmp_path):
    process = spawn("demo", "--no-serve", "--days", 1000, environment={}, cwd=tmp_path)
    deadline = time.monotonic() + 60
    while not (tmp_path / "var" / "demo.unfinished.db").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.5)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (tmp_path / "var" / "demo.db").exists()
    make(tmp_path, "--no-serve", *SMALL)
    books, keys = query(tmp_path, BOOKS), (tmp_path / "var" / "demo.json").read_text()
    again = make(tmp_path, "--no-serve", *SMALL, "--seed", 99)
    assert query(tmp_path, BOOKS) == books
    assert (tmp_path / "var" / "demo.json").read_text() == keys
    assert json.loads(keys)["till"] in again
    for name, mode in (("", 0o700), ("demo.json", 0o600), ("demo.db", 0o600)):
        assert stat.S_IMODE((tmp_path / "var" / name).stat().st_mode) == mode
    assert not list((tmp_path / "var").glob("*unfinished*"))


@pytest.fixture
def served(tmp_path):
    """A small demo that is being served: its address, its process, and what it printed."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    process = spawn("demo", "--port", port, *SMALL, environment={}, cwd=tmp_path)
    printed = []
    for line in process.stdout or ():
        printed.append(line)
        if "Worker ready" in line:
            break
    wait_until_ready(f"http://127.0.0.1:{port}")
    yield f"http://127.0.0.1:{port}", process, "".join(printed)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)


def wait_until_ready(url, seconds=60):
    deadline = time.monotonic() + seconds
    while True:
        try:
            if requests.get(f"{url}/readyz", timeout=2).status_code == 200:
                return
        except requests.ConnectionError:
            pass
        assert time.monotonic() < deadline
        time.sleep(0.1)


def run_line(line):
    answer = subprocess.run(["bash", "-c", line], capture_output=True, check=True, timeout=30)
    return json.loads(answer.stdout)


@pytest.mark.slow
def test_the_sign_in_code_is_shown_by_the_printed_command(served):
    url, _, printed = served
    person = {"kind": "email", "email": "visitor@example.com"}
    asked = requests.post(f"{url}/v1/auth/otp-challenges", json=person, timeout=5)
    assert asked.status_code == 201
    [command] = re.findall(r"^.* outbox$", printed, re.MULTILINE)
    shown = subprocess.run(["bash", "-c", command], capture_output=True, check=True, timeout=30)
    [code] = re.findall(r": (\d{6})\b", shown.stdout.decode())
    sign_in = {"kind": "otp", "challenge_id": asked.json()["id"], "code": code}
    answer = requests.post(
        f"{url}/v1/auth/sessions", json=sign_in | {"installation_id": "my-phone-1"}, timeout=5
    )
    assert (answer.status_code, answer.json()["member"]["is_new"]) == (201, True)


@pytest.mark.slow
def test_the_printed_commands_work_as_they_stand(served):
    url, _, printed = served
    home, quote, purchase = re.findall(r"^curl .*$", printed, re.MULTILINE)
    shown = run_line(home)
    before = shown["balances"][0]["amount"]
    assert run_line(quote)["points"] >= 2
    posted = run_line(purchase)["transaction"]
    assert (posted["duplicate"], posted["total"]["amount_minor"]) == (False, 2480)
    assert run_line(purchase)["transaction"]["id"] == posted["id"]
    assert posted["member_id"] == shown["member"]["id"]
    assert run_line(home)["balances"][0]["amount"] >= before + 2
    assert requests.get(f"{url}/docs", timeout=5).status_code == 200
    [another] = re.findall(r"^.* members token .*$", printed, re.MULTILINE)
    token = subprocess.run(["bash", "-c", another], capture_output=True, check=True, timeout=30)
    asked = {"Authorization": f"Bearer {token.stdout.decode().strip()}", "Accept-Language": "ru"}
    russian = requests.get(f"{url}/v1/me/home", headers=asked, timeout=5)
    assert russian.headers["Content-Language"] == "ru"


@pytest.mark.slow
def test_a_killed_web_process_comes_back_and_the_end_is_clean(served):
    url, process, _ = served
    parent = psutil.Process(process.pid)
    [web] = [one for one in parent.children() if "serve" in one.cmdline()]
    [worker] = [one for one in parent.children() if "worker" in one.cmdline()]
    os.kill(web.pid, signal.SIGKILL)
    web.wait(timeout=10)
    wait_until_ready(url)
    assert worker.is_running()
    family = parent.children(recursive=True)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0
    assert [one for one in family if one.is_running()] == []
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/healthz", timeout=2)


def test_a_port_in_use_is_said_before_anything_is_made(tmp_path):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        process = spawn("demo", "--port", port, environment={}, cwd=tmp_path)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"Port {port} is in use" in output
    assert f"make demo PORT={port + 1}" in output
    assert not (tmp_path / "var").exists()
