"""Returns in games: what a purchase moved there goes back with it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from server.core.clock import local_date
from server.gamification.activities import queries
from server.gamification.activities.trace import load_lines
from server.gamification.activities.types import (
    Recording,
    Return,
    ReturnOutcome,
)
from server.gamification.badges.queries import ask_held
from server.gamification.badges.rules import lost_awards
from server.gamification.badges.service import save_revoked
from server.gamification.badges.subjects import subject_of
from server.gamification.badges.types import Held
from server.gamification.challenges import returning as challenges
from server.gamification.conditions.types import Subject
from server.gamification.facts.types import ActivityFact, Returning
from server.gamification.grants.service import take_back
from server.gamification.ledger.service import open_book
from server.gamification.playing.queries import ask_players, get_games, moved_wallets
from server.gamification.playing.raffling import shrink_for_return
from server.gamification.playing.rules import fact_of, items_left
from server.gamification.playing.service import BADGE
from server.gamification.playing.types import Games, Player
from server.gamification.programme.types import POINTS
from server.gamification.returns import service as returns
from server.gamification.returns.goods import FINAL, goods_left, returned_of
from server.gamification.streaks import mending as streaks


def return_purchase(
    tx: Connection, activity_id: str, back: Return, recording: Recording
) -> ReturnOutcome:
    """Take back (part of) a purchase (see `returns.return_purchase`), in games too."""
    return _undone(
        tx,
        activity_id,
        recording,
        lambda: returns.return_purchase(tx, activity_id, back, recording),
    )


def cancel_report(tx: Connection, activity_id: str, recording: Recording) -> ReturnOutcome:
    """Take back a reported activity (see `returns.cancel_report`), in games too."""

    def undo() -> ReturnOutcome:
        return returns.cancel_report(tx, activity_id, recording)

    return _undone(tx, activity_id, recording, undo)


def _undone(
    tx: Connection, activity_id: str, recording: Recording, undo: Callable[[], ReturnOutcome]
) -> ReturnOutcome:
    """Call `undo` and let games follow; a return known before moves nothing."""
    before = _who(tx, activity_id, recording)
    outcome = undo()
    if outcome.is_duplicate or before is None:
        return outcome
    row = queries.find_activity(tx, activity_id)
    games = get_games(tx, recording.configuration.programme.revision)
    left = _left(row, before.player, recording)
    moved = _take_back(tx, row, left, recording, games)
    amounts = (before.amount_minor, left.amount_minor if left else 0)
    shrink_for_return(tx, games.raffles, (row.member_id, row.id), amounts, recording)
    moved |= _revoke(tx, row, (before.subject, left), recording, games)
    if moved:
        outcome.wallet = open_book(tx, row.member_id, POINTS, recording.now).wallet
        moved_now = moved_wallets(tx, row.member_id, recording.now)
        outcome.others = tuple(wallet for wallet in moved_now if wallet.unit != POINTS)
    return outcome


class _Before:
    """Who the member was before the return, and how much of the purchase was left; the wallet is
    locked from here on.
    """

    def __init__(self, player: Player, subject: Subject, amount_minor: int) -> None:
        self.player, self.subject, self.amount_minor = player, subject, amount_minor


def _who(tx: Connection, activity_id: str, recording: Recording) -> _Before | None:
    row = queries.find_activity(tx, activity_id)
    if row is None:
        return None
    open_book(tx, row.member_id, POINTS, recording.now)
    configuration = recording.configuration
    player = ask_players(tx, [row.member_id], configuration.programme)()[row.member_id]
    shopper = queries.get_shopper(tx, row.member_id)
    who = subject_of(shopper, player.person, configuration.ladder, recording.now)
    row = queries.find_activity(tx, activity_id)
    left = row.amount_minor - returned_of(row, load_lines(row.trace)).amount_minor
    return _Before(player, who, left)


def _left(row: Any, player: Player, recording: Recording) -> ActivityFact | None:
    """Return the activity net of all returns; None when nothing of it is left."""
    if row.state in FINAL:
        return None
    zone = recording.configuration.programme.zone
    lines = load_lines(row.trace)
    returned = returned_of(row, lines)
    amount = row.amount_minor - returned.amount_minor
    fact = fact_of(row._mapping, zone, player.zone)
    return items_left(fact, goods_left(lines, returned), amount)


def _take_back(
    tx: Connection, row: Any, left: ActivityFact | None, recording: Recording, games: Games
) -> bool:
    """Take back progress in challenges and streaks; tell whether a grant went with it."""
    zone = recording.configuration.programme.zone
    back = Returning(row.id, left, recording.actor, recording.now, zone)
    setbacks: Sequence[Any] = [
        *challenges.take_back_activity(tx, back),
        *streaks.take_back_activity(tx, back, games.calendar),
    ]
    return any(setback.taken for setback in setbacks)


def _revoke(
    tx: Connection,
    row: Any,
    seen: tuple[Subject, ActivityFact | None],
    recording: Recording,
    games: Games,
) -> bool:
    """Take back revocable badges that what is left does not earn, with what they gave."""
    known = (*games.badges, *games.other_badges)
    if not known:
        return False
    before, left = seen
    days = (before.today, local_date(row.occurred_at, before.zone))
    held = ask_held(tx, [row.member_id], days)().get(row.member_id, ())
    shopper = queries.get_shopper(tx, row.member_id)
    after = replace(before, facts=shopper.facts, activity=left)
    lost: list[Held] = lost_awards(known, held, before, after, row.id)
    save_revoked(tx, row.member_id, lost, "returned", recording.now)
    taken = [
        take_back(tx, row.member_id, (BADGE, one.award_id), recording.actor, recording.now)
        for one in lost
    ]
    return any(taken)
