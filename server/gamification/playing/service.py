"""Recording activities, with all that they move in games.

The order: the activity with what it earns, then challenges and streaks, then badges, then tickets
of raffles, then what these give, then star cards that are exchanged by themselves. All in the
caller's transaction and under the locks that recording took.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from server.core.clock import local_date
from server.core.errors import Refusal
from server.core.statements import at_once, together
from server.gamification.activities import pipeline
from server.gamification.activities.types import Outcome, Purchase, Recording
from server.gamification.badges import service as badges
from server.gamification.badges.queries import ask_held
from server.gamification.badges.rules import due_awards
from server.gamification.badges.subjects import subject_of
from server.gamification.badges.types import Award, Held, Origin, Source
from server.gamification.challenges import playing as challenges
from server.gamification.challenges.queries import ask_rounds
from server.gamification.challenges.types import Progress, Taker
from server.gamification.facts.types import ActivityFact
from server.gamification.grants.awarding import give_for_awards, give_gifts
from server.gamification.ledger.service import open_book
from server.gamification.playing.queries import ask_players, get_games, moved_wallets
from server.gamification.playing.raffling import give_for_purchases
from server.gamification.playing.rules import fact_of
from server.gamification.playing.types import Games, Player
from server.gamification.programme.types import POINTS
from server.gamification.reports import service as reports
from server.gamification.star_cards.service import begin_cards, claim_full
from server.gamification.streaks import mending
from server.gamification.streaks import playing as streaks
from server.gamification.streaks.queries import ask_runs
from server.gamification.streaks.types import Run
from server.gamification.tiers.rules import current_key

BADGE = "badge"


def record_purchase(tx: Connection, purchase: Purchase, recording: Recording) -> Outcome:
    """Record a purchase (see `pipeline.record_purchase`) and let it count in games."""
    outcome = pipeline.record_purchase(tx, purchase, recording)
    play(tx, [(purchase, outcome)], recording)
    return outcome


def record_purchases(
    tx: Connection, purchases: Sequence[Purchase], recording: Recording
) -> list[Outcome | Refusal]:
    """Record purchases in their order and let those that are new count in games."""
    outcomes = pipeline.record_purchases(tx, purchases, recording)
    done = zip(purchases, outcomes, strict=True)
    play(tx, [(one, out) for one, out in done if isinstance(out, Outcome)], recording)
    return outcomes


def report_activity(
    tx: Connection, report: reports.Report, recording: Recording, *, by_member: bool = False
) -> Outcome:
    """Record an activity of a declared type and let it count in games."""
    outcome, counted = reports.report_activity(tx, report, recording, by_member=by_member)
    if counted is not None:
        play(tx, [(counted, outcome)], recording)
    return outcome


@dataclass(slots=True)
class _Table:
    """What lies on the table: what members have of each game, and what is to be written."""

    games: Games
    recording: Recording
    players: dict[str, Player]
    rounds: dict[str, tuple[Progress, ...]]
    runs: dict[str, tuple[Run, ...]]
    held: dict[str, tuple[Held, ...]]
    challenges: challenges.Played
    streaks: streaks.Played
    awards: list[Award] = field(default_factory=list)


def play(tx: Connection, done: Sequence[tuple[Purchase, Outcome]], recording: Recording) -> None:
    """Let activities count that have just been recorded; what was known before counts no more.

    The outcomes' wallets are read anew when something was given.
    """
    configuration = recording.configuration
    games = get_games(tx, configuration.programme.revision)
    new = [(purchase, outcome) for purchase, outcome in done if not outcome.is_duplicate]
    if games.is_empty or not new:
        return
    table = _lay(tx, games, recording, [purchase for purchase, _ in new])
    for purchase, outcome in new:
        _count(table, purchase, outcome)
    _save(tx, table)
    give_for_purchases(tx, games.raffles, new, recording)
    if _give(tx, table) | _exchange(tx, table, [outcome for _, outcome in new]):
        for _, outcome in new:
            outcome.wallet = open_book(tx, outcome.member_id, POINTS, recording.now).wallet
            moved = moved_wallets(tx, outcome.member_id, recording.now)
            outcome.others = tuple(wallet for wallet in moved if wallet.unit != POINTS)


def _lay(
    tx: Connection, games: Games, recording: Recording, purchases: Sequence[Purchase]
) -> _Table:
    """Read what the members have of each game, in one round trip."""
    programme, now = recording.configuration.programme, recording.now
    ids = sorted({purchase.member_id for purchase in purchases})
    moments = (now, *(purchase.occurred_at for purchase in purchases))
    days = {local_date(moment, programme.zone) for moment in moments}
    with at_once(tx):
        players = ask_players(tx, ids, programme)
        rounds = ask_rounds(tx, ids, [one.id for one in games.challenges])
        runs = ask_runs(tx, ids, [one.id for one in games.streaks])
        held = ask_held(tx, ids, days)
    played = challenges.Played(now, programme.zone), streaks.Played(now)
    return _Table(games, recording, players(), rounds(), runs(), held(), *played)


def _count(table: _Table, purchase: Purchase, outcome: Outcome) -> None:
    """Let one activity count, in memory."""
    games, zone = table.games, table.recording.configuration.programme.zone
    member_id, player = outcome.member_id, table.players[outcome.member_id]
    fact = fact_of(_stored(purchase, outcome), zone, player.zone)
    rounds, runs = list(table.rounds.get(member_id, ())), list(table.runs.get(member_id, ()))
    challenges.play(table.challenges, games.challenges, rounds, fact, _taker(table, outcome))
    streaks.play(table.streaks, games.streaks, runs, fact, games.calendar)
    table.rounds[member_id], table.runs[member_id] = tuple(rounds), tuple(runs)
    _award(table, outcome, player, fact)


def _award(table: _Table, outcome: Outcome, player: Player, fact: ActivityFact) -> None:
    """Note the badges that are due now; the counters include the activity."""
    games, recording = table.games, table.recording
    zone = recording.configuration.programme.zone
    if outcome.shopper is None or not games.badges:
        return
    ladder = recording.configuration.ladder
    who = subject_of(outcome.shopper, player.person, ladder, recording.now, fact)
    held = table.held.get(outcome.member_id, ())
    due = due_awards(games.badges, who, held, recording.now, games.other_badges)
    origin = Origin(Source.EARNED, recording.actor, fact.activity_id)
    made = badges.new_awards(outcome.member_id, due, origin, zone, recording.now)
    table.awards += made
    table.held[outcome.member_id] = (*held, *(_as_held(award) for award in made))


def _as_held(award: Award) -> Held:
    return Held(
        award.id,
        award.badge.id,
        award.level.number,
        award.period,
        award.origin.source,
        award.origin.activity_id,
        award.expires_at,
    )


def _taker(table: _Table, outcome: Outcome) -> Taker:
    """Return what challenges ask of the member: tier and badges."""
    configuration, shopper = table.recording.configuration, outcome.shopper
    tier_key = current_key(configuration.ladder, shopper.standing) if shopper else ""
    keys = {badge.id: badge.key for badge in (*table.games.badges, *table.games.other_badges)}
    held = table.held.get(outcome.member_id, ())
    mine = frozenset(keys[one.badge_id] for one in held if one.badge_id in keys)
    return Taker(configuration.programme.zone, tier_key, mine)


def _stored(purchase: Purchase, outcome: Outcome) -> dict[str, Any]:
    return {
        "id": outcome.activity_id,
        "member_id": outcome.member_id,
        "kind": purchase.kind,
        "occurred_at": outcome.occurred_at,
        "amount_minor": outcome.amount_minor,
        "location_id": purchase.location_id,
        "trace": outcome.trace,
    }


def _save(tx: Connection, table: _Table) -> None:
    """Write what has moved, each table with one statement."""
    with together(tx):
        challenges.save_played(tx, table.challenges)
        streaks.save_played(tx, table.streaks)
        badges.save_awards(tx, table.awards, table.recording.now)
    streaks_late = table.streaks.late
    if streaks_late:
        mending.mend(tx, table.streaks, table.games.calendar)


def _give(tx: Connection, table: _Table) -> bool:
    """Give what was won; tell whether there was anything."""
    actor, now = table.recording.actor, table.recording.now
    given = give_gifts(tx, [*table.challenges.gifts, *table.streaks.gifts], actor, now)
    given += give_for_awards(tx, table.awards, now)
    return bool(given)


def _exchange(tx: Connection, table: _Table, outcomes: Sequence[Outcome]) -> bool:
    """Begin and exchange star cards of those whose stars have moved."""
    cards, recording = table.games.star_cards, table.recording
    units = {card.unit for card in cards}
    moved = False
    for outcome in outcomes:
        if units & {wallet.unit for wallet in outcome.others}:
            begin_cards(tx, outcome.member_id, cards, recording.actor, recording.now)
            claim_full(tx, outcome.member_id, cards, recording.actor, recording.now)
            moved = True
    return moved
