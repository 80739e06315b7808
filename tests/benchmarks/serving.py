"""The two programs under load: Fairstar as `fairstar serve` starts it, and the floor beside it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import sleep

import requests

from server.config import Settings
from server.core.crypto import vault_for
from tests.benchmarks.database import plain

WORKERS, THREADS = 4, 4
SECRET = "a secret that only the benchmark knows, 0123456789"
_STOP_SECONDS = 30


@contextmanager
def product(database_url: str, log: Path) -> Iterator[str]:
    """Serve Fairstar on a free port and yield its address."""
    port = _free_port()
    command = [sys.executable, "-m", "server", "serve", "--bind", f"127.0.0.1:{port}"]
    environment = {f"FAIRSTAR_{name}": value for name, value in _variables(database_url).items()}
    with _running(command, environment, log):
        yield _ready(port, "/readyz")


@contextmanager
def floor(database_url: str, template: Path, log: Path) -> Iterator[str]:
    """Serve the floor under the same server with the same settings and yield its address."""
    port = _free_port()
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi"),
        *("--host", "127.0.0.1", "--port", str(port), "--no-ws"),
        *("--workers", str(WORKERS), "--blocking-threads", str(THREADS)),
        "tests.benchmarks.floor:app",
    ]
    environment = {
        "FLOOR_DATABASE": plain(database_url),
        "FLOOR_TEMPLATE": str(template),
        "FLOOR_TOKEN_KEY": vault_for(SECRET).key("access-token").hex(),
    }
    with _running(command, environment, log):
        yield _ready(port, "/trivial")


def settings_of(database_url: str) -> Settings:
    """Return the settings under which Fairstar is measured: those of a real installation."""
    variables = _variables(database_url)
    return Settings.from_environment({f"FAIRSTAR_{name}": v for name, v in variables.items()})


def _variables(database_url: str) -> dict[str, str]:
    without_limit = "9000000/second"
    return {
        "MODE": "production",
        "ENV_FILE": "",
        "DATABASE_URL": database_url,
        "SECRET_KEY": SECRET,
        "BASE_URL": "https://loyalty.example",
        "WORKERS": str(WORKERS),
        "THREADS": str(THREADS),
        "LOG_FORMAT": "json",
        "RATE_LIMIT_MEMBER": without_limit,
        "RATE_LIMIT_PARTNER": without_limit,
        "RATE_LIMIT_PUBLIC": without_limit,
    }


@contextmanager
def _running(command: list[str], environment: Mapping[str, str], log: Path) -> Iterator[None]:
    inherited = {name: v for name, v in os.environ.items() if not name.startswith("FAIRSTAR_")}
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, env={**inherited, **environment}, stdout=file, stderr=file
        )
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=_STOP_SECONDS)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _ready(port: int, path: str) -> str:
    """Wait until the program answers and return its address."""
    address = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            if requests.get(address + path, timeout=5).ok:
                return address
        except requests.ConnectionError:
            sleep(0.1)
    raise TimeoutError(f"nothing answers at {address}{path}")
