"""`fairstar raffles`: how raffles stand, publishing with all that it means, odds, cancelling."""

import getpass

import click
from sqlalchemy import Connection

from server.api.presenters.raffle_odds import one_in_text
from server.cli import application
from server.core import clock
from server.core.clock import rfc3339
from server.core.db import reading, transaction
from server.core.i18n import SOURCE, in_language
from server.gamification.definitions.queries import get_definition
from server.gamification.definitions.service import publish as publish_definition
from server.gamification.draws.odds import odds_by_tickets
from server.gamification.programme.queries import get_programme
from server.gamification.raffle_acts.service import list_waiting
from server.gamification.raffle_prizes.acts import SUBSTITUTE, VOID, VOID_PRIZE
from server.gamification.raffle_prizes.acts import approve as approve_and_do
from server.gamification.raffles.checklist import accepted_of, fund_findings
from server.gamification.raffles.publishing import RAFFLES
from server.gamification.raffles.queries import get_standing, list_standings, raffle_at
from server.gamification.raffles.types import Raffle, Standing
from server.gamification.tickets.cancelling import CANCEL, ask_cancellation
from server.gamification.tickets.queries import spread_of

KEY = click.argument("key")
BY = click.option("--by", required=True, help="Who does it, by name.")


@click.group()
def raffles() -> None:
    """Show, publish and cancel raffles; KEY is the key or id of one.

    Drafts are made with `fairstar definitions create raffle KEY FILE`.
    """


@raffles.command("list")
def list_() -> None:
    """List published raffles: state, entrants, tickets, prizes, when they close."""
    with application(), reading() as tx:
        found = [(one, raffle_at(tx, one.id, one.version)) for one in list_standings(tx)]
    click.echo(f"{'key':20} {'state':10} {'entrants':>9} {'tickets':>8} {'prizes':>9}  closes")
    for one, raffle in found:
        prizes = f"{one.prizes}+{one.consolations}"
        click.echo(
            f"{raffle.key:20} {one.state:10} {one.entrants:>9} {one.tickets:>8} {prizes:>9}"
            f"  {rfc3339(one.closes_at)}  {in_language(raffle.names, SOURCE)}"
        )


@raffles.command()
@KEY
def publish(key: str) -> None:
    """Publish a raffle: its rules are frozen and the deciding round is fixed."""
    with application(), transaction() as tx:
        now, actor = clock.now(), f"cli:{getpass.getuser()}"
        draft = get_definition(tx, RAFFLES.name, key)
        publish_definition(tx, RAFFLES, draft.id, actor, now)
        standing, raffle = found_raffle(tx, key)
        currency = get_programme(tx).currency_code
        warned = [found.text for _, found in fund_findings(raffle, currency)]
    _tell_published(standing, raffle)
    for text in (*accepted_of(raffle), *warned):
        click.echo(f"note: {text}")


def _tell_published(standing: Standing, raffle: Raffle) -> None:
    click.echo(f"{raffle.key} ({raffle.id}) is {standing.state}, version {standing.version}.")
    click.echo(f"rules: SHA-256 {standing.rules_hash}")
    decides = f"round {standing.round}" if standing.round else "a number given out at sealing"
    click.echo(f"decides: {decides} of {standing.source}, after {rfc3339(standing.draws_at)}")
    click.echo(
        f"prizes: {standing.prizes} main, at least {standing.consolations} consolation;"
        f" at most {standing.entrants_max} entrants"
    )


@raffles.command()
@KEY
def odds(key: str) -> None:
    """Show how likely entrants win now, by how many tickets they hold."""
    with application(), reading() as tx:
        standing, raffle = found_raffle(tx, key)
        spread = spread_of(tx, standing.id)
    click.echo(f"{in_language(raffle.names, SOURCE)}: at least 1 in 4 wins something.")
    if not spread:
        click.echo("Nobody has entered yet.")
        return
    click.echo(f"{'tickets':>7} {'entrants':>9}  {'any prize':16} main prize")
    found = odds_by_tickets(spread, standing.prizes, standing.consolations)
    for tickets, shown in sorted(found.items()):
        either = one_in_text(shown.any_one_in_tenths, SOURCE)
        main = one_in_text(shown.main_one_in_tenths, SOURCE)
        click.echo(f"{tickets:>7} {spread[tickets]:>9}  {either:16} {main}")


@raffles.command()
@KEY
@click.option("--why", required=True, help="The reason, for the audit trail.")
@BY
def cancel(key: str, why: str, by: str) -> None:
    """Ask for a raffle to be cancelled before it is sealed; somebody else approves it."""
    with application(), transaction() as tx:
        standing, _ = found_raffle(tx, key)
        act = ask_cancellation(tx, standing.id, why, f"cli:{by}", clock.now())
    click.echo(f"Asked. Somebody else says: fairstar raffles approve {act.id} --by NAME")


@raffles.command()
def waiting() -> None:
    """List what waits for a second person."""
    with application(), reading() as tx:
        acts = list_waiting(tx)
    for act in acts:
        click.echo(f"{act.id}  {act.kind:12} {act.raffle_id}  asked by {act.asked_by}")


_DONE = {
    CANCEL: "Cancelled. What tickets cost goes back within minutes (job refund_raffles).",
    VOID: "It is void.",
    VOID_PRIZE: "The prize is void; the next in the order of the draw has it.",
    SUBSTITUTE: "The public page names what is given instead.",
}


@raffles.command()
@click.argument("act")
@BY
def approve(act: str, by: str) -> None:
    """Approve what somebody else asked for, and do it."""
    with application(), transaction() as tx:
        approved = approve_and_do(tx, act, f"cli:{by}", clock.now())
    click.echo(_DONE[approved.kind])


def found_raffle(tx: Connection, key: str) -> tuple[Standing, Raffle]:
    """Return a published raffle by its key or id. Raise `DefinitionUnknown`, `RaffleUnknown`."""
    standing = get_standing(tx, get_definition(tx, RAFFLES.name, key).id)
    return standing, raffle_at(tx, standing.id, standing.version)
