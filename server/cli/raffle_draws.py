"""`fairstar raffles`: simulating, sealing, drawing, void lists, substitutes, prizes, verifying."""

import sys

import click
import orjson

from server.cli import application
from server.cli.raffles import BY, KEY, found_raffle, raffles
from server.core import clock
from server.core.clock import rfc3339
from server.core.db import reading, snapshot, transaction
from server.gamification.beacons.errors import RoundLate, RoundWrong
from server.gamification.beacons.verification import verify_round
from server.gamification.definitions.queries import get_definition
from server.gamification.draws.pool import entries_csv
from server.gamification.draws.simulation import Assumed, simulate
from server.gamification.draws.types import Scope, Void
from server.gamification.raffle_acts.service import Act
from server.gamification.raffle_draws.proofs import draw_faults, load_proof
from server.gamification.raffle_draws.queries import (
    find_draw,
    get_seal,
    list_wins,
    round_of,
    sealed_list,
    sealed_of,
)
from server.gamification.raffle_draws.types import Draw
from server.gamification.raffle_draws.voiding import entrant_name
from server.gamification.raffle_prizes.acts import ask_substitute, ask_void, ask_void_prize
from server.gamification.raffle_prizes.giving import note_delivery
from server.gamification.raffle_prizes.substituting import Substitute
from server.gamification.raffles.checklist import plan_of
from server.gamification.raffles.publishing import RAFFLES
from server.gamification.raffles.settings import read_raffle
from server.gamification.raffles.types import Policy
from server.jobs.draw_raffles import draw_one, seal_one

STATUS_WRONG = 1
_WHY = click.option("--why", required=True, help="The public reason.")
_PRIZE = click.argument("prize")

__all__ = ["raffles"]


@raffles.command("simulate")
@KEY
@click.option("--members", type=click.IntRange(1, 1_000_000), required=True, help="Who enter.")
@click.option("--tickets", type=click.IntRange(1, 10_000_000), required=True, help="Of all.")
@click.option("--runs", type=click.IntRange(20, 10_000), default=1000, show_default=True)
def simulate_(key: str, members: int, tickets: int, runs: int) -> None:
    """Say what a raffle (or the draft of one) would cost, and how likely tickets would win."""
    with application(), reading() as tx:
        draft = get_definition(tx, RAFFLES.name, key)
    raffle = read_raffle(draft.id, draft.key, draft.settings)
    if raffle.policy is Policy.CAPPED:
        raise click.ClickException("Where tickets are capped the prizes are the cost.")
    found = simulate(plan_of(raffle), Assumed(members, tickets, runs))
    unit = raffle.consolation.unit if raffle.consolation else ""
    click.echo(f"cost in {unit}: expected {found.cost_expected}, 95 % at most {found.cost_p95},")
    click.echo(f"  at worst {found.cost_worst} with {found.entrants_worst} entrants")
    click.echo(f"main prize: one ticket {_odds(found.one_ticket_one_in_tenths)},")
    click.echo(f"  {found.heavy_tickets} tickets {_odds(found.heavy_one_in_tenths)}")
    click.echo(f"the top hundredth holds {found.top_share_ppm / 10_000:.1f} % of all tickets")


def _odds(tenths: int | None) -> str:
    return "none" if tenths is None else f"1 in {tenths / 10:.1f}"


@raffles.command()
@KEY
@BY
def seal(key: str, by: str) -> None:
    """Seal a raffle whose end has come, as the worker does by itself."""
    with application():
        with reading() as tx:
            raffle_id = found_raffle(tx, key)[0].id
        done = seal_one(raffle_id, f"cli:{by}", clock.now())
        with reading() as tx:
            state = found_raffle(tx, key)[0].state
    click.echo(f"{key} is {state}." if done else f"{key} was {state} already.")


@raffles.command()
@KEY
@BY
def draw(key: str, by: str) -> None:
    """Draw a sealed raffle whose round is known, as the worker does by itself."""
    with application():
        with reading() as tx:
            raffle_id = found_raffle(tx, key)[0].id
        try:
            done = draw_one(raffle_id, f"cli:{by}", clock.now())
        except (RoundLate, RoundWrong) as error:
            raise click.ClickException(f"The round cannot be had: {error}") from error
    click.echo(f"{key} is drawn." if done else f"{key} was drawn already.")


@raffles.command()
@KEY
def winners(key: str) -> None:
    """List main prizes with who has them and what became of them, and count the others."""
    with application(), reading() as tx:
        raffle_id = found_raffle(tx, key)[0].id
        main, second = (list_wins(tx, raffle_id, one) for one in (Draw.MAIN, Draw.SECOND))
    for win in main:
        until = rfc3339(win.claim_by_at) if win.claim_by_at else ""
        click.echo(
            f"{win.id}  prize {win.prize_place}  place {win.place}  {win.state:8}  {until}"
            f"  {win.member_id}"
        )
    given = sum(str(win.state) == "given" for win in second)
    click.echo(f"{len(second)} consolation prizes, {given} given")


@raffles.command()
@KEY
@click.option("--ticket", help="The number of a ticket.")
@click.option("--member", help="The id of a member: all of their tickets.")
@click.option("--prize", help="The id of a prize that was won and not given.")
@_WHY
@BY
def void(
    key: str, ticket: str | None, member: str | None, prize: str | None, why: str, by: str
) -> None:
    """Skip a ticket or a member in the draw, or take a prize from its winner, for a reason.

    From the moment when the round may be known it takes a second person.
    """
    if [ticket, member, prize].count(None) != 2:
        raise click.UsageError("Say one of --ticket, --member and --prize.")
    with application(), transaction() as tx:
        now, actor = clock.now(), f"cli:{by}"
        raffle_id = found_raffle(tx, key)[0].id
        if prize is not None:
            act: Act | None = ask_void_prize(tx, prize, why, actor, now)
        elif member is not None:
            entry = Void(Scope.ENTRANT, entrant_name(tx, raffle_id, member), why)
            act = ask_void(tx, raffle_id, entry, actor, now)
        else:
            act = ask_void(tx, raffle_id, Void(Scope.TICKET, str(ticket), why), actor, now)
    click.echo(_asked(act) if act else "It is void.")


@raffles.command()
@KEY
@click.option("--place", type=click.IntRange(1), required=True, help="Which main prize.")
@click.option("--name", "names", multiple=True, required=True, help="LANGUAGE=TEXT; repeat it.")
@click.option("--value-minor", type=click.IntRange(0), required=True, help="In cents.")
@_WHY
@BY
def substitute(
    key: str, place: int, names: tuple[str, ...], value_minor: int, why: str, by: str
) -> None:
    """Ask for something else to be given, worth as much; somebody else approves it."""
    pairs = [name.partition("=") for name in names]
    if not all(language and text for language, _, text in pairs):
        raise click.BadParameter("such as en=Dinner", param_hint="--name")
    instead = Substitute(place, {lang: text for lang, _, text in pairs}, value_minor, why)
    with application(), transaction() as tx:
        raffle_id = found_raffle(tx, key)[0].id
        act = ask_substitute(tx, raffle_id, instead, f"cli:{by}", clock.now())
    click.echo(_asked(act))


@raffles.command()
@_PRIZE
@BY
def deliver(prize: str, by: str) -> None:
    """Note that a claimed PRIZE was handed over."""
    with application(), transaction() as tx:
        note_delivery(tx, prize, f"cli:{by}", clock.now())
    click.echo("Noted.")


@raffles.command()
@KEY
def verify(key: str) -> None:
    """Draw a sealed raffle again from what is stored, and check the signature of its round."""
    with application(), snapshot() as tx:
        raffle_id = found_raffle(tx, key)[0].id
        faults = [*draw_faults(tx, raffle_id)]
        row, sealed = find_draw(tx, raffle_id), sealed_of(get_seal(tx, raffle_id))
    if row is not None:
        try:
            verify_round(round_of(row, sealed))
        except RoundWrong as error:
            faults.append(str(error))
    for fault in faults:
        click.echo(f"WRONG: {fault}", err=True)
    if faults:
        sys.exit(STATUS_WRONG)
    click.echo("RIGHT: sealed list, signature" + (", round and winners." if row else "."))


@raffles.command()
@KEY
@click.argument("kind", type=click.Choice(["proof", "entries"]))
def export(key: str, kind: str) -> None:
    """Write the public proof, or the sealed list, to the standard output."""
    with application(), reading() as tx:
        raffle_id = found_raffle(tx, key)[0].id
        if kind == "entries":
            pieces = [*entries_csv(sealed_list(tx, raffle_id))]
        else:
            pieces = [orjson.dumps(load_proof(tx, raffle_id, f"{key}.csv"))]
    click.echo(b"".join(pieces), nl=False)


def _asked(act: Act) -> str:
    return f"Asked. Somebody else says: fairstar raffles approve {act.id} --by NAME"
