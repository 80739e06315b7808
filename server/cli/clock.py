"""`fairstar clock`: the test clock, in installations that run in test mode."""

from datetime import UTC, datetime, timedelta

import click

from server.cli import application
from server.core import clock as clocks
from server.core.clock import rfc3339
from server.core.db import reading, transaction
from server.core.sandbox_clock import (
    SandboxClock,
    create_clock,
    find_clock,
    get_clock,
    refuse_outside_test_mode,
    remove_clock,
    send_clock,
)
from server.gamification.nights.queries import last_happening
from server.jobs.queued import work_off


@click.group()
def clock() -> None:
    """Show or move the test clock; in test mode only."""


@clock.command()
def show() -> None:
    """Show what time it is for the installation, and what fired during the last move."""
    with application():
        refuse_outside_test_mode()
        with reading() as tx:
            found = find_clock(tx)
        if found is None:
            click.echo(f"There is no test clock; it is {rfc3339(clocks.now())}.")
            return
        _show(found)


@clock.command()
@click.option("--days", type=click.IntRange(1, 732), help="So many days of 24 hours.")
@click.option("--hours", type=click.IntRange(1, 17_568), help="So many hours.")
@click.option("--to", metavar="INSTANT", help="An instant such as 2027-02-01T00:00:00Z.")
def advance(days: int | None, hours: int | None, to: str | None) -> None:
    """Move the clock forward; whatever falls due on the way happens, in its order."""
    with application():
        refuse_outside_test_mode()
        target_at = _target(days, hours, to)
        with transaction() as tx:
            create_clock(tx)
            send_clock(tx, None, target_at, clocks.now())
        while (found := _moving()).target_at is not None:
            work_off(clocks.now())
        _show(found)


def _moving() -> SandboxClock:
    with reading() as tx:
        return get_clock(tx)


@clock.command()
def reset() -> None:
    """Go back to the machine's time, unless anything happened later than that."""
    with application():
        refuse_outside_test_mode()
        with transaction() as tx:
            remove_clock(tx, None, last_happening(tx))
        click.echo(f"It is {rfc3339(clocks.now())}.")


def _target(days: int | None, hours: int | None, to: str | None) -> datetime:
    given = [one for one in (days, hours, to) if one is not None]
    if len(given) != 1:
        raise click.UsageError("Give one of --days, --hours and --to.")
    if to is None:
        return clocks.now() + timedelta(days=days or 0, hours=hours or 0)
    try:
        found = datetime.fromisoformat(to)
    except ValueError as error:
        raise click.BadParameter("Not an instant.", param_hint="--to") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _show(found: SandboxClock) -> None:
    for one in found.fired:
        click.echo(f"{one['at']}  {one['name']:20} {one['count']}")
    click.echo(f"It is {rfc3339(found.now)}.")
