"""`fairstar keys`: API keys of partners' backends."""

import click

from server.cli import application
from server.core import clock
from server.core.db import reading, transaction
from server.core.installation import installation
from server.gamification.partners.keys import add_partner_key, revoke_key
from server.gamification.partners.queries import list_keys, list_partners
from server.gamification.partners.types import KeyMode, Scope

SCOPES = [str(scope) for scope in Scope]


@click.group()
def keys() -> None:
    """Add, list and revoke API keys of partners."""


@keys.command()
@click.argument("name")
@click.option("--partner", "partner_id", required=True, help="The id of the partner.")
@click.option("--scope", "scopes", type=click.Choice(SCOPES), multiple=True, required=True)
@click.option("--own", is_flag=True, help="Only what its partner records, also with one partner.")
def add(name: str, partner_id: str, scopes: tuple[str, ...], *, own: bool) -> None:
    """Make a key and print it; it is shown only now.

    With one partner it sees what the whole shop records (partners:all), unless you say --own.
    """
    with application(), transaction() as tx:
        if not own and len(list_partners(tx)) == 1:
            scopes = tuple(dict.fromkeys((*scopes, Scope.PARTNERS_ALL)))
        is_test = installation().settings.mode == "test"
        mode = KeyMode.TEST if is_test else KeyMode.LIVE
        key = add_partner_key(tx, partner_id, name, scopes, clock.now(), mode)
        click.echo(f"id      {key.id}")
        click.echo(f"key     {key.secret}")
        click.echo(f"scopes  {' '.join(scopes)}")
        click.echo("The key is shown only now: keep it safe.")


@keys.command("list")
def list_all() -> None:
    """List the keys of partners and devices, without their secrets."""
    with application(), reading() as tx:
        now = clock.now()
        for key in list_keys(tx):
            holder = key.partner_name or key.device_name
            is_over = key.expires_at is not None and key.expires_at <= now
            state = "revoked" if key.revoked_at else "expired" if is_over else "in use"
            scopes = " ".join(key.scopes) or "as its device"
            click.echo(f"{key.id}  {key.hint}  {key.name}  {holder}  {state}  {scopes}")


@keys.command()
@click.argument("key_id")
def revoke(key_id: str) -> None:
    """End a key at once."""
    with application(), transaction() as tx:
        revoke_key(tx, key_id, clock.now())
        click.echo(f"{key_id} is revoked.")
