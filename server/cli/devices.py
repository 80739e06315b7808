"""`fairstar devices`: tills and kiosks."""

from io import StringIO

import click
import orjson
import segno

from server.cli import application
from server.core import clock
from server.core.db import reading, transaction
from server.core.installation import installation
from server.gamification.partners.queries import list_devices
from server.gamification.partners.service import add_device, offer_pairing, revoke_device
from server.gamification.partners.types import Pairing, Profile

BLACK, WHITE = 16, 231
"""Colours of the fixed part of the palette: no theme of a terminal changes them."""

PROFILES = [str(profile) for profile in Profile]


@click.group()
def devices() -> None:
    """Add, pair, list and revoke tills."""


@devices.command()
@click.argument("name")
@click.option("--location", "location_id", required=True, help="The id of its location.")
@click.option("--profile", type=click.Choice(PROFILES), default="till_full", show_default=True)
def add(name: str, location_id: str, profile: str) -> None:
    """Add a device and show its pairing code."""
    with application(), transaction() as tx:
        now = clock.now()
        device = add_device(tx, name, location_id, Profile(profile), now)
        click.echo(f"{device.id}  {device.name}  {device.profile}")
        _show(offer_pairing(tx, device.id, now))


@devices.command()
@click.argument("device_id")
def pair(device_id: str) -> None:
    """Show a new pairing code; pairing ends the keys the device has."""
    with application(), transaction() as tx:
        _show(offer_pairing(tx, device_id, clock.now()))


def _show(pairing: Pairing) -> None:
    """Print the pairing code as a picture and as text; it works once."""
    url = installation().settings.base_url
    text = orjson.dumps({"v": 1, "url": url, "token": pairing.token}).decode()
    _draw(text)
    click.echo(f"address  {url}")
    click.echo(f"token    {pairing.token}")
    click.echo(f"as text  {text}")
    click.echo(f"Works once, until {clock.rfc3339(pairing.expires_at)}.")


def _draw(text: str) -> None:
    """Draw a QR code black on white, whatever the colours of the terminal are."""
    picture = StringIO()
    segno.make(text, error="m").terminal(picture, compact=True, border=4)
    for line in picture.getvalue().splitlines():
        click.echo(click.style(line, fg=WHITE, bg=BLACK))


@devices.command("list")
def list_all() -> None:
    """List the devices."""
    with application(), reading() as tx:
        for device in list_devices(tx):
            state = "revoked" if device.revoked_at else "in use"
            seen = clock.rfc3339(device.last_seen_at) if device.last_seen_at else "never seen"
            place = device.location.name
            click.echo(f"{device.id}  {device.name}  {device.profile}  {place}  {state}  {seen}")


@devices.command()
@click.argument("device_id")
def revoke(device_id: str) -> None:
    """End a device and its keys at once."""
    with application(), transaction() as tx:
        revoke_device(tx, device_id, clock.now())
        click.echo(f"{device_id} is revoked.")
