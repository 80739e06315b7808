"""What the demo prints: where to look, who to be, and three commands that work as they stand."""

import json
import secrets
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from server.core.clock import rfc3339
from server.demo.keys import Keys, Visitor


def show_guide(url: str, keys: Keys, visitor: Visitor, environment: Mapping[str, str]) -> None:
    """Print addresses, keys and commands; commands are never wrapped, so they can be copied."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_row("Reference", f"{url}/docs")
    table.add_row("Member API base", f"{url}/v1")
    table.add_row("Partner API base", f"{url}/v1/partner")
    table.add_row("Health", f"{url}/readyz")
    table.add_row("Member", f"{visitor.name}, {visitor.tier}, {visitor.points} points")
    Console().print("\n[bold]Kohvik Täht, a café that does not exist[/bold]", table, sep="\n")
    for name, secret in (
        ("Member token", visitor.token),
        ("Partner key", keys.partner),
        ("Till key", keys.till),
        ("Owner's set-up token", keys.owner_setup),
    ):
        click.echo(f"\n{name}\n{secret}")
    click.echo(
        "\nThere is no admin site yet. Its first page will ask for the owner's set-up token."
        f"\nThe member token works until {rfc3339(visitor.until)}; for another one:"
        f"\n{_in_demo(environment, f'members token {visitor.member_id}')}"
        "\n\nNo mail leaves the demo. Sign-in codes and other mails are shown by:"
        f"\n{_in_demo(environment, 'outbox')}\n\nTry it:"
        " (add -H 'Accept-Language: en' to read it in another language: en, et, ru)"
    )
    for command in commands(url, keys, visitor):
        click.echo(command)
    click.echo("")


def commands(url: str, keys: Keys, visitor: Visitor) -> list[str]:
    """Return three commands: the member's home, a quote, and a purchase."""
    basket = {"member_id": visitor.member_id, "total": {"amount_minor": 2480, "currency": "EUR"}}
    receipt = f"demo-{secrets.token_hex(4)}"
    till = f"-H 'Authorization: Bearer {keys.till}' -H 'Content-Type: application/json'"
    quote = _quoted(basket)
    purchase = _quoted(basket | {"external_id": receipt})
    return [
        f"curl -sS {url}/v1/me/home -H 'Authorization: Bearer {visitor.token}'",
        f"curl -sS {url}/v1/partner/quotes {till} -d {quote}",
        f"curl -sS {url}/v1/partner/transactions {till} "
        f"-H 'Idempotency-Key: {receipt}' -d {purchase}",
    ]


def _in_demo(environment: Mapping[str, str], words: str) -> str:
    """Return a command line that runs `fairstar` on the demo's database."""
    names = ("FAIRSTAR_ENV_FILE", "FAIRSTAR_DATABASE_URL", "FAIRSTAR_BASE_URL")
    settings = " ".join(f"{name}={shlex.quote(environment[name])}" for name in names)
    return f"{settings} {_this_program()} {words}"


def _this_program() -> str:
    """Return what starts this same program from any folder."""
    started = Path(sys.argv[0]).absolute()
    if started.name == "fairstar":
        return shlex.quote(str(started))
    return f"{shlex.quote(sys.executable)} -m server"


def _quoted(body: Mapping[str, object]) -> str:
    """Return JSON in single quotes; nothing in it needs escaping."""
    return f"'{json.dumps(body, separators=(',', ':'))}'"
