"""The console command `fairstar`: subcommands are imported when they are used."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

import click

from server.config import ConfigurationError, with_env_file
from server.core.crypto import SealBroken
from server.core.errors import Refusal

if TYPE_CHECKING:
    from flask import Flask

COMMANDS = {
    "check": ("server.cli.check", "Check every invariant of the data."),
    "clock": ("server.cli.clock", "Show or move the test clock."),
    "contract": ("server.cli.contract", "Write the published API documents."),
    "db": ("server.cli.db", "Migrate the database."),
    "badges": ("server.cli.badges", "Give badges to all who have earned them."),
    "definitions": ("server.cli.definitions", "Badges, star cards and all that is configured."),
    "demo": ("server.cli.demo", "Run a lively demo shop."),
    "devices": ("server.cli.devices", "Add, pair, list and revoke tills."),
    "games": ("server.cli.games", "Instant-win games: stock, simulation, seeds."),
    "import": ("server.cli.importing", "Import purchases from a file."),
    "jobs": ("server.cli.jobs", "Show background jobs and run them now."),
    "keys": ("server.cli.keys", "Add, list and revoke API keys of partners."),
    "ledger": ("server.cli.ledger", "Verify the ledger."),
    "locations": ("server.cli.locations", "Add and list places of business."),
    "members": ("server.cli.members", "Add, show, block and unblock members."),
    "messages": ("server.cli.messages", "What members are told, in which words, how often."),
    "outbox": ("server.cli.outbox", "Show what waits to leave or was kept here."),
    "partners": ("server.cli.partners", "Add and list partners."),
    "programme": ("server.cli.programme", "Show the programme or apply a preset."),
    "raffles": ("server.cli.raffle_draws", "Show, publish and cancel raffles; odds."),
    "rewards": ("server.cli.rewards", "Show the stock of rewards, fill and export their codes."),
    "serve": ("server.cli.serve", "Serve the web application."),
    "tiers": ("server.cli.tiers", "Show, change and review how tiers are kept."),
    "vendor": ("server.cli.vendor", "Bring a browser library into the tree (for developers)."),
    "vouchers": ("server.cli.vouchers", "Hand physical gifts over, or call orders off."),
    "worker": ("server.cli.worker", "Run the background jobs."),
}
"""Name of a command: the module that defines it under that name, and its line in the help.

The attribute is the name of the command, or `command` where the name is a word of Python.
"""


PRIVATE = 0o077
_BROKEN_SEAL = (
    "a sealed value does not open: FAIRSTAR_SECRET_KEY is not the secret of this database, or the"
    " value was changed. After a change of it FAIRSTAR_SECRET_KEY_PREVIOUS is the one before."
)


class LazyGroup(click.Group):
    """A group that imports a command's module only when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(COMMANDS[cmd_name][0])
        command = getattr(module, cmd_name, None) or module.command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in sorted(COMMANDS.items())])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="fairstar", message="%(prog)s %(version)s")
def cli() -> None:
    """Fairstar, a self-hosted loyalty backend that can prove that it is fair.

    Settings come from FAIRSTAR_... environment variables and the file .env of the current folder;
    see docs/operations/configuration.md.
    """


def main() -> None:
    """Run the command line.

    A wrong setting ends it with its sentence and status 2, a refusal with its own and 1. Files it
    makes are for their owner only: databases, secrets and lists of customers are among them.
    """
    os.umask(PRIVATE)
    try:
        os.environ.update(with_env_file(os.environ))
        cli()
    except ConfigurationError as error:
        print(f"fairstar: {error}", file=sys.stderr)
        sys.exit(2)
    except Refusal as refusal:
        print(f"fairstar: {refusal}", file=sys.stderr)
        sys.exit(1)
    except SealBroken:
        print(f"fairstar: {_BROKEN_SEAL}", file=sys.stderr)
        sys.exit(2)


@contextmanager
def application(*, any_secret: bool = False) -> Iterator["Flask"]:
    """Yield the application with its context pushed, for commands that need the database.

    Raises SecretDiffers, unless `any_secret` says that nothing sealed is touched.
    """
    from server.app import create_app

    app = create_app()
    with app.app_context():
        if not any_secret:
            _refuse_other_secret()
        yield app


def _refuse_other_secret() -> None:
    from server.core.db import reading
    from server.core.installation import installation
    from server.gamification.invariants.seals import refuse_other_secret

    with reading() as tx:
        refuse_other_secret(tx, installation().vault)
