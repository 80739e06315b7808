"""Several processes under one command: a dead one is restarted, all are drained at the end."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Event

import click

POLL_SECONDS = 0.2
DRAIN_SECONDS = 25
BACK_OFF_SECONDS = 0.5
BACK_OFF_SECONDS_MAX = 30.0
STEADY_SECONDS = 30
MISCONFIGURED = 2
_PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class Child:
    """One command, and its process when it runs. `deaths` counts those in a row."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    deaths: int = 0
    restart_at: float = 0.0


class Supervisor:
    """Keeps commands running until SIGTERM or SIGINT, then lets them finish what they do."""

    def __init__(
        self, commands: Mapping[str, Sequence[str]], environment: Mapping[str, str]
    ) -> None:
        self._children = [Child(name, command) for name, command in commands.items()]
        self._environment = dict(environment)
        self._stop = Event()

    def run(self) -> int:
        """Run everything; return the status to end with: 0 when told to stop.

        A child that ends with the status of a wrong setting is not restarted: all stop with it.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())
        status = 0
        while not self._stop.is_set():
            for child in self._children:
                if self._watch(child) == MISCONFIGURED:
                    status = MISCONFIGURED
                    self._stop.set()
            self._stop.wait(POLL_SECONDS)
        self._drain()
        return status

    def _watch(self, child: Child) -> int | None:
        """Start a child whose time has come; return the status of one that has just died."""
        now = time.monotonic()
        if child.process is None:
            if now >= child.restart_at:
                self._start(child)
            return None
        status = child.process.poll()
        if status is None:
            return None
        child.deaths = 1 if now - child.started_at > STEADY_SECONDS else child.deaths + 1
        pause = back_off(child.deaths)
        child.restart_at = now + pause
        _signal_group(child, signal.SIGKILL)
        child.process = None
        _say(f"{child.name} ended with status {status}; it starts again in {pause:g} s")
        return status

    def _start(self, child: Child) -> None:
        child.started_at = time.monotonic()
        child.process = subprocess.Popen(  # noqa: S603 - commands are ours
            child.command,
            env=self._environment,
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - one thread, and nothing but a call
        )
        _say(f"{child.name} runs as process {child.process.pid}")

    def _drain(self) -> None:
        """Ask all children to finish, wait for them, and end those that do not listen."""
        running = [child for child in self._children if child.process is not None]
        for child in running:
            if child.process is not None:
                child.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + DRAIN_SECONDS
        for child in running:
            if child.process is not None:
                with suppress(subprocess.TimeoutExpired):
                    child.process.wait(max(0.1, deadline - time.monotonic()))
                _signal_group(child, signal.SIGKILL)
                _say(f"{child.name} stopped")


def back_off(deaths: int) -> float:
    """Return the seconds to wait after so many deaths in a row: half a second, then doubled."""
    return float(min(BACK_OFF_SECONDS * 2 ** min(deaths - 1, 16), BACK_OFF_SECONDS_MAX))


def _signal_group(child: Child, number: signal.Signals) -> None:
    """Signal what is left of a child's process group, such as the workers of a dead server."""
    if child.process is not None:
        with suppress(ProcessLookupError):
            os.killpg(child.process.pid, number)


def _end_with_parent() -> None:
    """Ask the kernel to end this process when the supervisor is killed; runs in the child."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _say(text: str) -> None:
    click.echo(text, err=True)
