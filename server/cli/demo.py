"""`fairstar demo`: a café with a past, served together with its worker by one command."""

import json
import os
import socket
import sys
from datetime import datetime, timedelta
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from server.cli import application
from server.cli.demo_guide import show_guide
from server.cli.supervisor import Supervisor
from server.config import PREFIX
from server.core import clock
from server.core.clock import local_date
from server.core.db import db, transaction
from server.core.installation import installation
from server.demo.cafe import Cafe
from server.demo.keys import Keys, make_keys, welcome
from server.demo.story import chapters, tell
from server.gamification.programme.queries import get_programme
from server.gamification.sessions.tokens import Issuer

FOLDER = Path("var")
DATABASE, UNFINISHED, SECRETS = (
    FOLDER / name for name in ("demo.db", "demo.unfinished.db", "demo.json")
)
HOST = "127.0.0.1"


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True)
@click.option("--members", type=click.IntRange(6, 5000), default=300, show_default=True)
@click.option("--days", type=click.IntRange(1, 1000), default=365, show_default=True)
@click.option("--seed", type=int, default=7, show_default=True, help="Another one: other people.")
@click.option("--reset", is_flag=True, help="Throw the demo's data away and begin anew.")
@click.option("--no-serve", is_flag=True, help="Only make the data.")
def demo(*, port: int, members: int, days: int, seed: int, reset: bool, no_serve: bool) -> None:
    """Run a demo shop on SQLite: a year of data, web server and worker.

    Ctrl-C ends it; the data stays in var/demo.db and the next start goes on with it.
    """
    if not no_serve:
        _check_free(port)
    environment = _own_environment(port)
    FOLDER.mkdir(0o700, exist_ok=True)
    if reset:
        _remove(DATABASE)
    if not DATABASE.exists():
        _build(members, days, seed)
    _use(environment, DATABASE)
    _greet(environment)
    if not no_serve:
        command = [sys.executable, "-m", "server"]
        children = {"web": [*command, "serve"], "worker": [*command, "worker"]}
        raise SystemExit(Supervisor(children, environment).run())


def _check_free(port: int) -> None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError as error:
            raise click.ClickException(_taken(port)) from error


def _taken(port: int) -> str:
    other = port + 1 if port < 65535 else 8080
    return (
        f"Port {port} is in use. Choose another one, such as:"
        f" make demo PORT={other}, or: fairstar demo --port {other}"
    )


def _own_environment(port: int) -> dict[str, str]:
    """Return the environment of the demo: no setting of a real installation leaks into it.

    Nor does its `.env`, which the processes of the demo would read otherwise.
    """
    kept = {name: os.environ[name] for name in os.environ if not name.startswith(PREFIX)}
    own = {
        "MODE": "development",
        "BIND": f"{HOST}:{port}",
        "BASE_URL": f"http://{HOST}:{port}",
        "DATABASE_URL": f"sqlite:///{DATABASE.absolute()}",
        "LOG_LEVEL": "warning",
        "ENV_FILE": "",
    }
    return kept | {PREFIX + name: value for name, value in own.items()}


def _use(environment: dict[str, str], database: Path) -> None:
    """Make this process work on `database` with the demo's settings."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    os.environ.update(environment)
    os.environ[f"{PREFIX}DATABASE_URL"] = f"sqlite:///{database.absolute()}"


def _remove(database: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)


def _build(members: int, days: int, seed: int) -> None:
    """Make the data in a file of its own, which takes its name when it is whole."""
    from flask_migrate import upgrade

    SECRETS.unlink(missing_ok=True)
    _remove(UNFINISHED)
    _use(_own_environment(1), UNFINISHED)
    with application():
        upgrade()
        _tell(members, days, seed, clock.now())
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()
    UNFINISHED.rename(DATABASE)


def _tell(members: int, days: int, seed: int, now: datetime) -> None:
    """Write the story of the café, a few weeks in a transaction."""
    cafe = Cafe(installation().vault, now)
    with transaction() as tx:
        cafe.found(tx, now - timedelta(days=days + 1))
        zone = get_programme(tx).zone
    story = tell(seed, members, days, local_date(now, zone), zone)
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("A year in a café", total=days)
        for chapter in chapters(story):
            with transaction() as tx:
                for day in chapter:
                    cafe.live(tx, day)
            progress.advance(task, len(chapter))
    with transaction() as tx:
        cafe.look_back(tx)


def _greet(environment: dict[str, str]) -> None:
    """Bring the schema up to date, sign a member in, and print what a visitor needs."""
    from flask_migrate import upgrade

    with application():
        upgrade()
        now, held = clock.now(), installation()
        issuer = Issuer(held.vault, held.settings.base_url)
        with transaction() as tx:
            visitor = welcome(tx, issuer, now)
        show_guide(held.settings.base_url, _keys(now), visitor, environment)
        db.engine.dispose()


def _keys(now: datetime) -> Keys:
    """Return the demo's keys: those of the first start, or new ones when the file is gone."""
    if SECRETS.exists():
        return Keys(**json.loads(SECRETS.read_text(encoding="utf-8")))
    with transaction() as tx:
        keys = make_keys(tx, installation().vault, now)
    handle = os.open(SECRETS, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(keys.dump(), file)
    return keys
