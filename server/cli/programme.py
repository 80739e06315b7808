"""`fairstar programme`: what kind of programme this installation runs."""

from itertools import chain

import click
from babel.numbers import is_currency
from sqlalchemy import Connection

from server.cli import application
from server.cli.expiry import expiry, expiry_text
from server.cli.transfers import transfers
from server.core import clock
from server.core.db import reading, transaction
from server.core.i18n import format_hundredths, format_money, unit_text
from server.core.installation import installation
from server.gamification.activities.configuration import get_configuration
from server.gamification.earning.types import EarnRule, RuleKind
from server.gamification.invariants.seals import adopt_secret
from server.gamification.members.rules import check_zone
from server.gamification.presets.queries import get_preset, list_presets
from server.gamification.presets.service import apply_preset
from server.gamification.programme.types import POINTS, Programme
from server.gamification.tiers.types import MULTIPLIER_ONE, Entry, Tier


@click.group()
def programme() -> None:
    """Show the programme or apply a preset."""


programme.add_command(expiry)
programme.add_command(transfers)


@programme.command()
def presets() -> None:
    """List the presets to start from."""
    for key, title, summary in list_presets():
        click.echo(f"{key:22} {title}: {summary}")


@programme.command()
@click.argument("preset")
@click.option("--name", help="Of the programme, as members read it.")
@click.option("--currency", help="Three letters such as EUR.")
@click.option("--zone", help="An IANA time zone such as Europe/Tallinn.")
def setup(preset: str, name: str | None, currency: str | None, zone: str | None) -> None:
    """Set the programme up from PRESET; only once, since purchases rest on its rules."""
    get_preset(preset)
    given = {"name": name, "currency_code": _currency(currency), "zone": zone}
    if zone is not None:
        check_zone(zone)
    with application(), transaction() as tx:
        changes = {key: value for key, value in given.items() if value is not None}
        adopt_secret(tx, installation().vault, clock.now())
        apply_preset(tx, preset, clock.now(), changes)
        _show(tx)


@programme.command()
def show() -> None:
    """Show the programme in force: money, units, rules and tiers."""
    with application(), reading() as tx:
        _show(tx)


def _currency(text: str | None) -> str | None:
    if text is not None and not is_currency(text.upper(), locale="en"):
        raise click.BadParameter("Not a currency code.", param_hint="--currency")
    return text.upper() if text else None


def _show(tx: Connection) -> None:
    configuration = get_configuration(tx)
    found = configuration.programme
    click.echo(f"{'name':10} {found.name}")
    click.echo(f"{'currency':10} {found.currency_code}")
    click.echo(f"{'zone':10} {found.zone.key}")
    click.echo(f"{'locales':10} {', '.join(found.locales)} (default {found.default_locale})")
    for code in (POINTS, *found.policies.unit_expiry):
        click.echo(f"{'expiry':10} {_expiry(found, code)}")
    for unit in found.units.values():
        worth = format_money("en", unit.worth_minor, found.currency_code)
        click.echo(f"{'unit':10} {unit.code}, one is worth {worth}")
    for rule in chain(configuration.rules, *configuration.unit_rules.values()):
        click.echo(f"{'earn rule':10} {_rule(rule, found)}")
    for tier in configuration.ladder.tiers:
        click.echo(f"{'tier':10} {_tier(tier, str(configuration.ladder.basis))}")


def _expiry(found: Programme, unit: str) -> str:
    said = "; ".join(expiry_text(policy) for policy in found.policies.expiry_of(unit))
    if not said:
        return f"{unit} do not expire"
    return said if unit == POINTS else f"{unit}: {said}"


def _rule(rule: EarnRule, found: Programme) -> str:
    name = rule.names.get("en") or next(iter(rule.names.values()))
    unit = found.units.get(rule.unit)
    points = unit_text("en", unit.names, rule.points) if unit else f"{rule.points} {rule.unit}"
    per = {
        RuleKind.AMOUNT: f"each {format_money('en', rule.per_minor, found.currency_code)}",
        RuleKind.ITEM: "each piece",
        RuleKind.VISIT: "the first purchase of a day",
        RuleKind.ACTION: f"each {rule.activity.replace('_', ' ')}",
    }
    return f"{name}: {points} for {per[rule.kind]}"


def _tier(tier: Tier, basis: str) -> str:
    ways = {Entry.INVITATION: "by invitation", Entry.PAID: "for a fee"}
    way = ways.get(tier.entry, f"from {tier.threshold} {basis.replace('_', ' ')}")
    times = format_hundredths("en", tier.earn_multiplier_bp * 100 // MULTIPLIER_ONE)
    discount = format_hundredths("en", tier.discount_bp)
    return f"{tier.names['en']}: {way}, earns x{times}, {discount}% off"
