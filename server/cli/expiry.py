"""`fairstar programme expiry`: when points expire, and who would lose what."""

import getpass
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import wraps
from typing import Any

import click

from server.cli import application
from server.core import clock
from server.core.db import snapshot, transaction
from server.gamification.points.switching import Forecast, change_expiry, forecast_expiry
from server.gamification.programme.queries import get_programme
from server.gamification.programme.types import POINTS, ExpiryKind, ExpiryPolicy, ExpiryRounding

BAR = 30
_DATE = click.DateTime(["%Y-%m-%d"])
_MONTHS = click.IntRange(1)


@click.group()
def expiry() -> None:
    """Show or change when points expire. The earliest date of all policies wins."""


@expiry.command()
@click.option("--unit", help="Of one unit; by default of the points and of all with their own.")
def show(unit: str | None) -> None:
    """Show the policies in force, and what expires in the next 12 months if nothing is spent."""
    with application(), snapshot() as tx:
        now, policies = clock.now(), get_programme(tx).policies
        for one in [unit] if unit else [POINTS, *policies.unit_expiry]:
            _say_policies(policies.expiry_of(one), one)
            _say(forecast_expiry(tx, None, now, one), one)


def _policy_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that describe a set of policies, as one argument `policies`."""

    @click.option("--months", type=_MONTHS, help="After earning.")
    @click.option("--idle-months", type=_MONTHS, help="Without a purchase.")
    @click.option(
        "--round-to",
        type=click.Choice([str(one) for one in ExpiryRounding]),
        default=str(ExpiryRounding.DAY),
        help="To the end of which period the months are counted.",
    )
    @click.option("--on", type=_DATE, multiple=True, help="A last day; may be repeated.")
    @click.option("--never", is_flag=True, help="It does not expire.")
    @click.option("--unit", default=POINTS, show_default=True, help="Such as stars.")
    @wraps(command)
    def with_policies(**given: Any) -> None:
        names = ("months", "idle_months", "round_to", "on", "never")
        command(policies=_policies(*(given.pop(name) for name in names)), **given)

    return with_policies


def _policies(
    months: int | None,
    idle_months: int | None,
    round_to: str,
    on: tuple[datetime, ...],
    never: bool,
) -> list[ExpiryPolicy]:
    """Return the policies that the options describe."""
    rounding = ExpiryRounding(round_to)
    lengths = ((ExpiryKind.MONTHS, months), (ExpiryKind.INACTIVITY, idle_months))
    found = [ExpiryPolicy(kind, length, rounding) for kind, length in lengths if length]
    found += [ExpiryPolicy(ExpiryKind.FIXED_DATE, on=day.date()) for day in on]
    if never is bool(found):
        raise click.UsageError("Say when points expire, or --never.")
    return found


@expiry.command()
@_policy_options
def preview(policies: list[ExpiryPolicy], unit: str) -> None:
    """Show who would lose what under other policies. Nothing is changed."""
    with application(), snapshot() as tx:
        _compare(tx, policies, unit, clock.now())


@expiry.command("set")
@_policy_options
@click.option("--yes", is_flag=True, help="Do not ask.")
def set_(policies: list[ExpiryPolicy], unit: str, yes: bool) -> None:
    """Put these policies in force, after showing who would lose what.

    Other units have the policies of the points until they are given some of their own.
    Nothing expires by the change itself: points without a date have a full period from now on, and
    no date comes closer than that. Do it at a quiet hour: tills wait while dates are rewritten.
    """
    with application():
        now = clock.now()
        if not yes:
            with snapshot() as tx:
                _compare(tx, policies, unit, now)
            click.confirm("Put this in force?", abort=True)
        with transaction() as tx:
            change_expiry(tx, policies, f"cli:{getpass.getuser()}", now, unit)
            _say_policies(get_programme(tx).policies.expiry_of(unit), unit)


@expiry.command()
@click.argument("unit")
def join(unit: str) -> None:
    """Let UNIT expire as the points do again; policies of its own end."""
    with application(), transaction() as tx:
        change_expiry(tx, None, f"cli:{getpass.getuser()}", clock.now(), unit)
        _say_policies(get_programme(tx).policies.expiry_of(unit), unit)


def expiry_text(policy: ExpiryPolicy) -> str:
    """Return an expiry policy in words."""
    if policy.kind is ExpiryKind.FIXED_DATE:
        return f"on {policy.on}"
    since = "without a purchase" if policy.kind is ExpiryKind.INACTIVITY else "after earning"
    return f"{policy.months} months {since}, at the end of the {policy.round_to}"


def _say_policies(policies: Sequence[ExpiryPolicy], unit: str) -> None:
    label = "expiry" if unit == POINTS else unit
    for policy in policies:
        click.echo(f"{label:10} {expiry_text(policy)}")
    if not policies:
        click.echo(f"{label:10} {unit} do not expire")


def _compare(tx: Any, policies: Sequence[ExpiryPolicy], unit: str, now: datetime) -> None:
    before = forecast_expiry(tx, None, now, unit)
    after = forecast_expiry(tx, policies, now, unit)
    _say_policies(policies, unit)
    _say(after, unit, before)


def _say(forecast: Forecast, unit: str, before: Forecast | None = None) -> None:
    """Print a row and a bar for each month, then who loses most."""
    most = max([1, *(loss.points for loss in forecast.losses)])
    click.echo(f"{'month':8} {'members':>8} {unit:>10}{'' if before is None else '   as it is'}")
    for index, loss in enumerate(forecast.losses):
        was = "" if before is None else f" {before.losses[index].points:>10}"
        bar = "#" * -(-loss.points * BAR // most)
        click.echo(f"{loss.on:%Y-%m}  {loss.members:>8} {loss.points:>10}{was}  {bar}".rstrip())
    for loser in forecast.losers:
        click.echo(f"{loser.member_id}  {loser.points} {unit}, the first on {loser.first_on}")
