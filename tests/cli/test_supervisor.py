"""The supervisor: restarts what dies, drains when told, and leaves nothing running behind."""

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from server.cli.supervisor import back_off
from tests.fixtures.command_line import ROOT

CHILD = """
import os, pathlib, signal, sys, time
folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
def drain(*_):
    time.sleep(0.3)
    (folder / f"{name}-drained").touch()
    sys.exit(0)
signal.signal(signal.SIGTERM, drain)
(folder / f"{name}-{os.getpid()}").touch()
if len(sys.argv) > 3:
    sys.exit(int(sys.argv[3]))
time.sleep(600)
"""
PARENT = """
import json, os, sys
from server.cli.supervisor import Supervisor
sys.exit(Supervisor(json.loads(sys.argv[1]), os.environ).run())
"""


@pytest.fixture
def start(tmp_path):
    """Start a supervisor of the named children; a child with a status ends with it at once."""
    started = []

    def start_one(**statuses):
        child = [sys.executable, "-c", CHILD, str(tmp_path)]
        commands = {
            name: [*child, name] + ([] if status is None else [str(status)])
            for name, status in statuses.items()
        }
        command = [sys.executable, "-c", PARENT, json.dumps(commands)]
        started.append(subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield start_one
    for process in started:
        process.kill()
        process.communicate()


def wait_for(is_so, seconds=30):
    deadline = time.monotonic() + seconds
    while not (found := is_so()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def pids(folder, name):
    ended = "drained"
    names = [path.name.partition("-")[2] for path in folder.glob(f"{name}-*")]
    return [int(text) for text in names if text != ended]


def test_a_killed_child_is_restarted_and_the_others_stay(start, tmp_path):
    start(web=None, worker=None)
    [first] = wait_for(lambda: pids(tmp_path, "web"))
    [worker] = wait_for(lambda: pids(tmp_path, "worker"))
    os.kill(first, signal.SIGKILL)
    both = wait_for(lambda: len(found := pids(tmp_path, "web")) == 2 and found)
    assert not psutil.pid_exists(first)
    assert psutil.pid_exists(next(pid for pid in both if pid != first))
    assert pids(tmp_path, "worker") == [worker]
    assert psutil.pid_exists(worker)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_all_children_finish_before_it_ends(start, tmp_path, number):
    process = start(web=None, worker=None)
    [web] = wait_for(lambda: pids(tmp_path, "web"))
    [worker] = wait_for(lambda: pids(tmp_path, "worker"))
    process.send_signal(number)
    assert process.wait(timeout=30) == 0
    assert (tmp_path / "web-drained").exists()
    assert (tmp_path / "worker-drained").exists()
    assert not psutil.pid_exists(web)
    assert not psutil.pid_exists(worker)


def test_children_of_a_killed_supervisor_finish_too(start, tmp_path):
    process = start(web=None)
    [web] = wait_for(lambda: pids(tmp_path, "web"))
    process.kill()
    wait_for((tmp_path / "web-drained").exists)
    wait_for(lambda: not psutil.pid_exists(web) or psutil.Process(web).status() == "zombie")
    assert pids(tmp_path, "web") == [web]


def test_a_wrong_setting_ends_everything_with_its_status(start, tmp_path):
    process = start(web=2, worker=None)
    assert process.wait(timeout=30) == 2
    assert len(pids(tmp_path, "web")) == 1


def test_a_child_that_keeps_dying_is_started_ever_more_rarely(start, tmp_path):
    process = start(web=1)
    wait_for(lambda: len(pids(tmp_path, "web")) == 3)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=30)
    assert "web ended with status 1; it starts again in 0.5 s" in said
    assert "web ended with status 1; it starts again in 1 s" in said
    assert [back_off(deaths) for deaths in (1, 2, 3, 6, 7, 99)] == [0.5, 1, 2, 16, 30, 30]
