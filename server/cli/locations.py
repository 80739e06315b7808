"""`fairstar locations`: shops, counters, web shops."""

import click

from server.cli import application
from server.core import clock
from server.core.db import reading, transaction
from server.gamification.members.rules import check_zone
from server.gamification.partners.queries import list_locations
from server.gamification.partners.service import add_location


@click.group()
def locations() -> None:
    """Add and list places of business."""


@locations.command()
@click.argument("name")
@click.option("--external-id", help="Its id in the till system.")
@click.option("--zone", help="An IANA time zone, when it is not the programme's.")
@click.option("--partner", "partner_id", help="Whose it is, when several businesses share.")
def add(name: str, external_id: str | None, zone: str | None, partner_id: str | None) -> None:
    """Add a location and print its id."""
    if zone is not None:
        check_zone(zone)
    with application(), transaction() as tx:
        location = add_location(tx, name, clock.now(), external_id, zone, partner_id)
        click.echo(f"{location.id}  {location.name}")


@locations.command("list")
def list_all() -> None:
    """List the locations in use."""
    with application(), reading() as tx:
        for location in list_locations(tx):
            click.echo(f"{location.id}  {location.name}  {location.external_id or '-'}")
