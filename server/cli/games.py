"""`fairstar games`: instant-win games, how they stand, what they would cost, and their seeds."""

import secrets
from collections import Counter

import click
from sqlalchemy import Connection

from server.cli import application
from server.core import clock
from server.core.clock import rfc3339
from server.core.db import reading
from server.gamification.definitions.queries import get_definition, list_definitions
from server.gamification.definitions.types import Definition, State
from server.gamification.game_plays.queries import count_outcomes
from server.gamification.games.queries import find_edition, game_of, list_editions, list_stock
from server.gamification.games.rules import decide, long_run, play_id_of, wins_at_most
from server.gamification.games.settings import GAMES, cost_notes
from server.gamification.games.types import Game
from server.jobs import games as job

LOST = "lost"
_GAME = click.argument("game")


@click.group()
def games() -> None:
    """Show instant-win games, try them out, and tell the seeds of those that are over."""


@games.command("list")
def list_() -> None:
    """List the games: state, version, plays, and what is left of their prizes."""
    with application(), reading() as tx:
        for row in list_definitions(tx, GAMES.name, (State.PUBLISHED, State.PAUSED)):
            _show(tx, row)


@games.command()
@_GAME
@click.option("--plays", type=click.IntRange(1, 1_000_000), default=1000, show_default=True)
def simulate(game: str, plays: int) -> None:
    """Play GAME (its key or id) many times under a new seed; nothing is written."""
    with application(), reading() as tx:
        row = get_definition(tx, GAMES.name, game)
    tried = GAMES.read(row.id, row.key, row.draft or row.settings)
    _tell(tried, _tried(tried, plays), plays)


@games.command()
@_GAME
def reveal(game: str) -> None:
    """End what is over, as the worker does, and show the seeds of GAME, the oldest first."""
    with application():
        job.run(now=clock.now())
        with reading() as tx:
            for one in list_editions(tx, get_definition(tx, GAMES.name, game).id):
                over = f"{rfc3339(one.ended_at)}  {one.seed}" if one.ended_at else "running"
                click.echo(f"version {one.version}  hash {one.seed_hash}  {over}")


def _show(tx: Connection, row: Definition) -> None:
    game, edition = game_of(row), find_edition(tx, row.id, row.version)
    click.echo(f"{game.key} ({game.id}) is {row.state}, version {game.version}")
    if edition is None:
        click.echo("  opens with the next turn of the worker")
        return
    click.echo(f"  hash of the seed {edition.seed_hash}")
    found = ", ".join(f"{count} {name}" for name, count in count_outcomes(tx, edition.id).items())
    click.echo(f"  plays: {found or 'none yet'}")
    for key, one in list_stock(tx, edition.id).items():
        click.echo(f"  {key}: {one.total - one.given} of {one.total} left")


def _tried(game: Game, plays: int) -> Counter[str]:
    seed, losses = secrets.token_bytes(32), 0
    found: Counter[str] = Counter()
    for number in range(1, plays + 1):
        decided = decide(game, seed, play_id_of(game.id, 0, number, ""), losses)
        losses = decided.losses_after
        found[decided.prize.key if decided.prize else LOST] += 1
    return found


def _tell(game: Game, found: Counter[str], plays: int) -> None:
    wins, chance = plays - found[LOST], long_run(game)
    most = wins_at_most(chance, plays)
    click.echo(
        f"{wins} of {plays} plays won; {round(plays * chance)} are expected, at most {most}."
    )
    for prize in game.segments:
        value = found[prize.key] * prize.value_minor
        click.echo(
            f"  {prize.key}: {found[prize.key]}, {value} minor units, without limits of stock"
        )
    for note in cost_notes(game):
        click.echo(note)
