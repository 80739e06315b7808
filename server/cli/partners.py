"""`fairstar partners`: businesses whose backends talk to this one."""

from pathlib import Path

import click

from server.cli import application
from server.core import clock
from server.core.db import reading, transaction
from server.core.installation import installation
from server.gamification.partners.queries import list_partners
from server.gamification.partners.service import add_partner


@click.group()
def partners() -> None:
    """Add and list partners."""


@partners.command()
@click.argument("name")
@click.option(
    "--public-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A PEM file, for signing customers in; without it a shared secret is made.",
)
def add(name: str, public_key: Path | None) -> None:
    """Add a partner and print its id and, once, the secret it signs customers in with."""
    pem = public_key.read_text(encoding="utf-8") if public_key else None
    with application(), transaction() as tx:
        partner_id, secret = add_partner(tx, installation().vault, name, clock.now(), pem)
        click.echo(f"id      {partner_id}")
        click.echo(f"name    {name}")
        click.echo(f"secret  {secret or 'none: it signs with its own key'}")
        if secret:
            click.echo("The secret signs customers in. It is shown only now: keep it safe.")


@partners.command("list")
def list_all() -> None:
    """List the partners."""
    with application(), reading() as tx:
        for partner in list_partners(tx):
            way = "public key" if partner.assertion_key else "shared secret"
            click.echo(f"{partner.id}  {partner.name}  {way}")
