"""`fairstar programme transfers`: whether members give each other points, and how many."""

from dataclasses import asdict, replace
from typing import Any

import click
from sqlalchemy import Connection

from server.cli import application
from server.core import clock
from server.core.db import transaction
from server.core.i18n import format_number
from server.gamification.ledger.types import AMOUNT_MAX
from server.gamification.programme.queries import get_programme
from server.gamification.programme.service import change_settings
from server.gamification.programme.types import ClawbackPolicy, Programme, TransferPolicy

_FORGIVEN = (
    "Note: whoever gives points away and returns the purchase is forgiven them (clawback = clamp);"
    ' "debt" lets them owe.'
)
_AMOUNT = click.IntRange(1, AMOUNT_MAX)


@click.command()
@click.option("--on/--off", "is_on", default=None, help="Allow them, or stop them.")
@click.option("--unit", "units", multiple=True, help="What may be given; may be repeated.")
@click.option("--least", type=_AMOUNT, help="At once.")
@click.option("--most", type=_AMOUNT, help="At once.")
@click.option("--most-per-day", type=_AMOUNT)
@click.option("--account-days-min", type=click.IntRange(0, 3650), help="Days after joining.")
def transfers(is_on: bool | None, **given: Any) -> None:
    """Show or change what members may give each other. Without options: show."""
    changes = {name: value for name, value in given.items() if value not in (None, ())}
    with application(), transaction() as tx:
        programme = get_programme(tx)
        policy = programme.policies.transfers
        if is_on is not None or changes:
            policy = _changed(programme, is_on, changes)
            _save(tx, policy)
        click.echo(_text(policy))
        if policy is not None and programme.policies.clawback is ClawbackPolicy.CLAMP:
            click.echo(_FORGIVEN)


def _changed(
    programme: Programme, is_on: bool | None, changes: dict[str, Any]
) -> TransferPolicy | None:
    if is_on is False:
        return None
    policy = programme.policies.transfers
    if policy is None and not is_on:
        raise click.UsageError("Transfers are off; say --on as well.")
    policy = replace(policy or TransferPolicy(), **changes)
    unknown = [unit for unit in policy.units if unit not in programme.units]
    if unknown:
        raise click.BadParameter(f"There is no unit {unknown[0]}.", param_hint="--unit")
    if not policy.least <= policy.most <= policy.most_per_day:
        raise click.UsageError("The least is at most the most, and that at most the day's.")
    return policy


def _save(tx: Connection, policy: TransferPolicy | None) -> None:
    stored = policy and asdict(policy) | {"units": list(policy.units)}
    change_settings(tx, {"transfers": stored}, "cli", clock.now())


def _text(policy: TransferPolicy | None) -> str:
    if policy is None:
        return "Members cannot give each other anything."
    least, most, day = (
        format_number("en", amount) for amount in (policy.least, policy.most, policy.most_per_day)
    )
    return (
        f"Members give each other {' and '.join(policy.units)}: {least} to {most} at once,"
        f" {day} on a day, from day {policy.account_days_min} after joining."
    )
