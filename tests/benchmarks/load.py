"""Load: wrk with a script for each path, a fixed number of connections, no pauses."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SCRIPTS = Path(__file__).parent / "load"
CONNECTIONS = 16
_INSTALLER = Path(__file__).parents[1] / "fixtures" / "install_package.sh"


class LoadFailed(Exception):  # noqa: N818 - reads as what happened
    """Answers were errors, or connections broke: such a run measures nothing."""


@dataclass(frozen=True, slots=True)
class Shot:
    """What to send: a script, the address of a program, and the script's own arguments."""

    script: str
    address: str
    arguments: tuple[str, ...] = ()
    connections: int = CONNECTIONS


@dataclass(frozen=True, slots=True)
class Hits:
    """What came back: answers per second, and how long half and 99 % of them took at most."""

    per_second: float
    p50_ms: float
    p99_ms: float


def install() -> None:
    """Bring wrk when it is missing."""
    if shutil.which("wrk") is None:
        subprocess.run([_INSTALLER, "wrk", "load in benchmarks"], check=True)


def fire(shot: Shot, seconds: int) -> Hits:
    """Send requests for some seconds, each connection one at a time. Raises LoadFailed."""
    command = [
        *("wrk", "--threads", "1", "--connections", str(shot.connections)),
        *("--duration", f"{seconds}s", "--timeout", "10s"),
        *("--script", str(SCRIPTS / f"{shot.script}.lua"), shot.address, "--"),
        *shot.arguments,
    ]
    finished = subprocess.run(command, check=True, capture_output=True, text=True)
    told = json.loads(finished.stdout.rsplit("RESULT ", 1)[1])
    if told["errors"] or not told["requests"]:
        raise LoadFailed(f"{shot.script} at {shot.address}: {told}")
    rate = told["requests"] / (told["microseconds"] / 1e6)
    return Hits(rate, told["p50"] / 1000, told["p99"] / 1000)
