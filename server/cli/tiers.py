"""`fairstar tiers`: how tiers are kept, from the command line."""

import getpass
from collections.abc import Callable
from datetime import datetime
from typing import Any

import click
from sqlalchemy import Connection

from server.cli import application
from server.core import clock
from server.core.db import reading, transaction
from server.gamification.programme.queries import current_revision
from server.gamification.standings.reviewing import announce_risks, review_tiers
from server.gamification.standings.switching import change_scheme
from server.gamification.tiers.queries import get_ladder
from server.gamification.tiers.types import (
    Basis,
    CountingFrom,
    Downgrade,
    Keep,
    Ladder,
    WindowKind,
)


@click.group()
def tiers() -> None:
    """Show, change and review how tiers are kept."""


@tiers.command()
def show() -> None:
    """Show the ladder, what counts, over which time, and how tiers are lost."""
    with application(), reading() as tx:
        ladder = get_ladder(tx, current_revision(tx))
        for line in _lines(ladder):
            click.echo(line)


def _lines(ladder: Ladder) -> list[str]:
    scheme = ladder.scheme
    window = scheme.window
    over = f"{window.kind}, {window.months} months" if scheme.is_windowed else "the membership"
    since = f", from {scheme.counts_from_on}" if scheme.counts_from_on else ""
    idle = f"a step in {scheme.idle_months} months" if scheme.idle_months else "-"
    steps = [
        f"{'tier':10} {tier.key}: {tier.threshold if tier.entry == 'threshold' else tier.entry}"
        for tier in ladder.tiers
    ]
    return [
        *steps,
        f"{'counts':10} {ladder.basis} over {over}{since}",
        f"{'kept':10} to the end of the {scheme.keep}, then {scheme.downgrade}",
        f"{'grace':10} {scheme.grace_days} days",
        f"{'no visit':10} {idle}",
        f"{'almost':10} {scheme.almost_pct} % missing",
    ]


@tiers.command()
@click.option("--basis", type=click.Choice([str(one) for one in Basis]))
@click.option("--window", type=click.Choice([str(one) for one in WindowKind]))
@click.option("--months", type=click.IntRange(1, 120), help="The length of the window.")
@click.option("--counting-from", type=click.Choice([str(one) for one in CountingFrom]))
@click.option("--keep", type=click.Choice([str(one) for one in Keep]))
@click.option("--downgrade", type=click.Choice([str(one) for one in Downgrade]))
@click.option("--grace-days", type=click.IntRange(0))
@click.option("--idle-months", type=click.IntRange(0), help="0: visits do not matter.")
@click.option("--almost-pct", type=click.IntRange(0, 100), help="0: nobody is told.")
def change(window: str | None, months: int | None, **others: Any) -> None:
    """Change how tiers are kept; what is not given stays as it is.

    Nobody loses a tier by the change itself. A window counts from today, or with
    --counting-from next_period from the next period of the calendar.
    """
    with application(), transaction() as tx:
        changes = {name: given for name, given in others.items() if given is not None}
        if window is not None or months is not None:
            before = get_ladder(tx, current_revision(tx)).scheme.window
            changes["window"] = {
                "kind": str(window or before.kind),
                "months": months or before.months,
            }
        change_scheme(tx, changes, f"cli:{getpass.getuser()}", clock.now())
        for line in _lines(get_ladder(tx, current_revision(tx))):
            click.echo(line)


@tiers.command()
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="A date; today by default.")
def review(as_of: datetime | None) -> None:
    """Review the tiers that are due and tell who is at risk; safe to repeat."""
    with application():
        now = clock.now()
        with reading() as tx:
            zone = get_ladder(tx, current_revision(tx)).scheme.zone
        today = clock.local_date(now, zone)
        night = min(as_of.date(), today) if as_of else today
        reviewed = _all(lambda tx: review_tiers(tx, night, now))
        warned = _all(lambda tx: announce_risks(tx, night, now))
        click.echo(f"{reviewed} reviewed, {warned} looked at for risk, as of {night}.")


def _all(batch: Callable[[Connection], int]) -> int:
    """Run batches, a transaction each, until one has nothing to do; return how many in all."""
    total = 0
    while found := _one(batch):
        total += found
    return total


def _one(batch: Callable[[Connection], int]) -> int:
    with transaction() as tx:
        return batch(tx)
