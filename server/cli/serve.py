"""`fairstar serve`: the web application under a production server."""

import os
import sys
import tempfile
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import click

from server.cli import PRIVATE
from server.config import Settings

DRAIN_SECONDS = 20


@click.command()
@click.option("--bind", help="Address and port, such as 127.0.0.1:8000; FAIRSTAR_BIND otherwise.")
@click.option(
    "--workers", type=click.IntRange(1, 64), help="Processes; FAIRSTAR_WORKERS otherwise."
)
@click.option("--server", type=click.Choice(["granian", "gunicorn"]), default="granian")
def serve(bind: str | None, workers: int | None, server: str) -> None:
    """Serve the web application; SIGTERM lets running requests finish."""
    if bind:
        os.environ["FAIRSTAR_BIND"] = bind
    if workers:
        os.environ["FAIRSTAR_WORKERS"] = str(workers)
    settings = Settings.from_environment()
    if settings.workers > 1:
        folder = tempfile.mkdtemp(prefix="fairstar-metrics-")
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", folder)
    _refuse_other_secret(settings)
    click.echo(f"Serving {settings.base_url} on {settings.bind} (reference at /docs)", err=True)
    if server == "gunicorn":
        _serve_with_gunicorn(settings)
    _serve_with_granian(settings)


def _refuse_other_secret(settings: Settings) -> None:
    """End before any process is made; a database that is away or new is for /readyz to tell."""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import OperationalError
    from sqlalchemy.pool import NullPool

    from server.core.crypto import vault_for
    from server.gamification.invariants.seals import refuse_other_secret

    url = settings.database_url
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        return
    vault = vault_for(settings.secret_key, settings.secret_key_previous)
    with suppress(OperationalError), create_engine(url, poolclass=NullPool).connect() as tx:
        refuse_other_secret(tx, vault)


def _serve_with_granian(settings: Settings) -> None:
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    from server.core.logging import server_logging

    Granian(
        "server.wsgi:app",
        address=settings.bind_host,
        port=settings.bind_port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=settings.threads,
        workers_kill_timeout=DRAIN_SECONDS,
        respawn_failed_workers=True,
        log_level=LogLevels(settings.log_level),
        log_dictconfig=server_logging(settings.log_format),
        websockets=False,
    ).serve()


def _serve_with_gunicorn(settings: Settings) -> None:
    """Replace this process by gunicorn, which is an optional extra of the distribution."""
    if find_spec("gunicorn") is None:
        raise click.ClickException("gunicorn is not installed: pip install 'gunicorn>=27'")
    command = [
        "-m",
        "gunicorn",
        "--no-control-socket",
        f"--umask={PRIVATE}",
        f"--bind={settings.bind}",
        f"--workers={settings.workers}",
        f"--threads={settings.threads}",
        f"--graceful-timeout={DRAIN_SECONDS}",
        "server.wsgi:app",
    ]
    os.execv(sys.executable, [sys.executable, *command])  # noqa: S606 - fixed words
