"""`fairstar vouchers`: physical gifts, from being ordered to being received or called off."""

import getpass
from collections.abc import Callable
from datetime import datetime

import click
from sqlalchemy import Connection

from server.cli import application
from server.core import clock
from server.core.clock import rfc3339
from server.core.db import reading, transaction
from server.core.errors import NotFound
from server.core.i18n import SOURCE, in_language
from server.core.installation import installation
from server.gamification.orders.cancelling import cancel_order
from server.gamification.orders.fulfilment import fulfil as move_on
from server.gamification.orders.queries import list_waiting
from server.gamification.rewards.catalogue import reward_at
from server.gamification.vouchers.queries import find_by_code, find_voucher
from server.gamification.vouchers.types import Fulfilment, Voucher

STEPS = [str(step) for step in Fulfilment if step is not Fulfilment.ORDERED]
_VOUCHER = click.argument("voucher")


@click.group()
def vouchers() -> None:
    """Hand physical gifts over, or call orders off.

    VOUCHER is the id or the code of a voucher. A gift is ordered, then prepared, then ready (to be
    fetched) or sent, then received; prepared may be left out.
    """


@vouchers.command()
@click.option("--most", default=100, show_default=True, type=click.IntRange(1, 10_000))
def waiting(most: int) -> None:
    """List the gifts that are not received yet, the oldest first."""
    with application(), reading() as tx:
        lines = [_line(tx, one) for one in list_waiting(tx, most)]
    for line in lines:
        click.echo(line)


@vouchers.command()
@_VOUCHER
@click.argument("step", type=click.Choice(STEPS))
def fulfil(voucher: str, step: str) -> None:
    """Move a gift on to STEP. The first step spends what it cost; again nothing changes."""

    def act(tx: Connection, found: Voucher, actor: str, now: datetime) -> Voucher:
        return move_on(tx, found.id, Fulfilment(step), actor, now)

    _change(voucher, act)


@vouchers.command()
@_VOUCHER
@click.option("--reason", required=True, help="Why, for the record.")
def cancel(voucher: str, reason: str) -> None:
    """Call an order off: what it cost goes back to the member, the piece to the stock."""

    def act(tx: Connection, found: Voucher, actor: str, now: datetime) -> Voucher:
        return cancel_order(tx, found.id, reason, actor, now)

    _change(voucher, act)


def _change(voucher: str, act: Callable[[Connection, Voucher, str, datetime], Voucher]) -> None:
    """Do it in one transaction and say how the voucher stands then."""
    with application(), transaction() as tx:
        done = act(tx, _find(tx, voucher), f"cli:{getpass.getuser()}", clock.now())
        line = _line(tx, done)
    click.echo(line)


def _find(tx: Connection, text: str) -> Voucher:
    """Return a voucher by its id or code. Raise `NotFound`."""
    found = find_voucher(tx, text) or find_by_code(tx, installation().vault, text)
    if found is None:
        raise NotFound("There is no such voucher.")
    return found


def _line(tx: Connection, voucher: Voucher) -> str:
    reward = reward_at(tx, voucher.reward_id, voucher.reward_version)
    step = str(voucher.fulfilment or "-")
    since = rfc3339(voucher.created_at)
    name = in_language(reward.names, SOURCE)
    return f"{voucher.id}  {voucher.state:9} {step:9} {since}  {voucher.member_id}  {name}"
