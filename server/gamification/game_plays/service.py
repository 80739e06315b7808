"""Playing a game. Locks the member's points wallet first, then the edition for sharing, then the
stock of the prize; decides, gives, writes down. Nothing here commits.
"""

from dataclasses import dataclass
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert

from server.core.clock import local_date
from server.core.crypto import Vault
from server.core.outbox import Event, record
from server.core.statements import Prepared
from server.gamification.badges.subjects import load_subjects
from server.gamification.game_plays.giving import Winning, give_won
from server.gamification.game_plays.models import GAME_PLAY
from server.gamification.game_plays.players import Player, get_player, played, save_player
from server.gamification.game_plays.queries import find_repeated, play_of
from server.gamification.game_plays.rules import next_play_at, plays_left
from server.gamification.game_plays.types import Asked, Outcome, Paid, Pay, Play, Source
from server.gamification.games.credits import count_plays, use_play
from server.gamification.games.editions import lock_edition
from server.gamification.games.errors import (
    GameNotForYou,
    GameNotOpen,
    NoPlaysLeft,
    PlayNotForSale,
)
from server.gamification.games.rules import (
    Decision,
    decide,
    nonce_hash,
    play_id_of,
    why_closed,
)
from server.gamification.games.types import Edition, Game
from server.gamification.ledger.service import open_book, save_book
from server.gamification.ledger.types import Cause
from server.gamification.programme.queries import get_programme
from server.gamification.programme.types import POINTS

LOST = "lost"
_INSERT = Prepared(insert(GAME_PLAY))


@dataclass(frozen=True, slots=True)
class _Turn:
    """A play under way."""

    asked: Asked
    game: Game
    player: Player
    nonce_hash: str
    now: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        """The day in the programme's zone."""
        return local_date(self.now, self.zone)

    @property
    def id(self) -> str:
        """The id of the play, which the server does not choose."""
        number = self.player.number + 1
        return play_id_of(self.game.id, self.game.version, number, self.nonce_hash)


def play(tx: Connection, vault: Vault, game: Game, asked: Asked, now: datetime) -> Play:
    """Play once; the same nonce again returns the first play.

    Raise `GameNotOpen`, `GameNotForYou`, `NoPlaysLeft`, `PlayNotForSale`, `BalanceInsufficient`.
    """
    open_book(tx, asked.member_id, POINTS, now)
    hashed = nonce_hash(asked.member_id, asked.nonce)
    repeated = find_repeated(tx, asked.member_id, game.id, hashed)
    if repeated is not None:
        return repeated
    refuse_closed(tx, game, asked.member_id, now)
    edition, seed = lock_edition(tx, vault, game)
    zone = get_programme(tx).zone
    player = get_player(tx, asked.member_id, game.id, local_date(now, zone))
    turn = _Turn(asked, game, player, hashed, now, zone)
    paid = _pay(tx, turn)
    return _carry_out(tx, turn, edition, paid, _decided(turn, seed))


def refuse_closed(tx: Connection, game: Game, member_id: str, now: datetime) -> None:
    """Raise `GameNotOpen` or `GameNotForYou` when a member cannot play at all now."""
    reason = why_closed(game, now)
    if reason is not None:
        raise GameNotOpen(reason=reason)
    if not is_for(tx, game, member_id, now):
        raise GameNotForYou


def is_for(tx: Connection, game: Game, member_id: str, now: datetime) -> bool:
    """Tell whether a game is for a member."""
    if game.is_for is None:
        return True
    subjects = load_subjects(tx, [member_id], get_programme(tx).revision, now)
    return game.is_for(subjects[member_id])


def _decided(turn: _Turn, seed: bytes) -> Decision:
    """Return what chance decides, or what a sandbox has asked for."""
    game, forced = turn.game, turn.player.forced
    if forced is None:
        return decide(game, seed, turn.id, turn.player.losses)
    if forced == LOST:
        return Decision(False, None, turn.player.losses + 1)
    return Decision(True, game.prize(forced), 0)


def _pay(tx: Connection, turn: _Turn) -> Paid:
    """Take the play from the day's free ones, then from plays given; or sell it for points."""
    game, me = turn.game, turn.asked.member_id
    given = count_plays(tx, me, game.id, turn.now)
    left = plays_left(game, turn.player.used, given)
    if turn.asked.pay is Pay.POINTS:
        if not game.price_points:
            raise PlayNotForSale
        if left.today:
            return _sell(tx, turn)
    elif left.plays:
        if left.free:
            return Paid(Source.FREE)
        credit_id = use_play(tx, me, game.id, turn.now)
        if credit_id is not None:
            return Paid(Source.CREDIT, credit_id)
    raise NoPlaysLeft(next_play_at=next_play_at(game, left, turn.today, turn.zone))


def _sell(tx: Connection, turn: _Turn) -> Paid:
    book = open_book(tx, turn.asked.member_id, POINTS, turn.now)
    price = turn.game.price_points
    cause = Cause("play", turn.id, turn.asked.actor, turn.now, turn.now)
    transfer_id = book.spend(price, cause)
    save_book(tx, book)
    return Paid(Source.POINTS, None, price, transfer_id)


def _carry_out(
    tx: Connection, turn: _Turn, edition: Edition, paid: Paid, decided: Decision
) -> Play:
    outcome, grant_id = Outcome.LOST, None
    if decided.prize is not None:
        won = Winning(
            turn.asked.member_id,
            turn.id,
            turn.game,
            edition,
            turn.asked.actor,
            turn.now,
            turn.zone,
        )
        outcome, given = give_won(tx, won, decided.prize)
        grant_id = given.grant_id
    row = _row(turn, edition, paid) | {"outcome": str(outcome), "grant_id": grant_id}
    row["prize_key"] = decided.prize.key if decided.prize else None
    _INSERT.run(tx, [row])
    after = played(turn.player, decided.losses_after, is_free=paid.source is Source.FREE)
    save_player(tx, after, turn.today)
    payload = {"play_id": turn.id, "game_id": turn.game.id, "outcome": str(outcome)}
    record(tx, [Event("game.played", payload, turn.asked.member_id)], now=turn.now)
    return play_of(SimpleNamespace(**row))


def _row(turn: _Turn, edition: Edition, paid: Paid) -> dict[str, Any]:
    return {
        "id": turn.id,
        "member_id": turn.asked.member_id,
        "game_id": turn.game.id,
        "edition_id": edition.id,
        "version": edition.version,
        "number": turn.player.number + 1,
        "nonce_hash": turn.nonce_hash,
        "losses_before": turn.player.losses,
        "source": str(paid.source),
        "credit_id": paid.credit_id,
        "price_points": paid.price,
        "transfer_id": paid.transfer_id,
        "is_forced": turn.player.forced is not None,
        "played_at": turn.now,
    }
