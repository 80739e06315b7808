"""The decision of a play, and the numbers around it: integers only, nothing is rounded.

Sources: docs/algorithms/games.md. Every function here can be repeated by anybody who has the seed.
"""

import hashlib
import hmac
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from math import floor, isqrt
from zoneinfo import ZoneInfo

from server.core.clock import local_date, start_of_day
from server.core.ids import id_of
from server.gamification.games.types import (
    LOSSES_MAX,
    Chance,
    Game,
    Mode,
    Pacing,
    Per,
    Prize,
)

BITS = 256
_LABEL = b"fairstar/play/v1"
_Z = Fraction(309, 100)


@dataclass(frozen=True, slots=True)
class Decision:
    """What chance says of a play: a win or not, and which prize it points at."""

    is_win: bool
    prize: Prize | None
    losses_after: int


def length_prefixed(*parts: bytes) -> bytes:
    """Return the parts with the length of each before it, so that no two lists look alike."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def nonce_hash(member_id: str, nonce: str) -> str:
    """Return what stands for a member's own nonce in public (hex): only the member knows both."""
    parts = (_LABEL, member_id.encode(), nonce.encode())
    return hashlib.sha256(length_prefixed(*parts)).hexdigest()


def play_id_of(game_id: str, version: int, number: int, nonce: str) -> str:
    """Return the id of a member's play `number` with the hash of the member's nonce.

    Nothing in it is chosen by the server: the number counts by one, the nonce is the member's.
    """
    parts = (_LABEL, game_id.encode(), str(version).encode(), str(number).encode(), nonce.encode())
    digest = hashlib.sha256(length_prefixed(*parts)).digest()
    return id_of("ply", int.from_bytes(digest[:16], "big"))


def seed_hash(seed: bytes) -> str:
    """Return what is published of a seed before the first play (hex)."""
    return hashlib.sha256(seed).hexdigest()


def drawn_number(seed: bytes, text: str) -> int:
    """Return the number of 256 bits that the seed gives to a text."""
    return int.from_bytes(hmac.digest(seed, text.encode(), "sha256"), "big")


def is_win(seed: bytes, play_id: str, chance: Chance) -> bool:
    """Tell whether a play wins: its number is below `p`/`q` of all numbers, compared exactly."""
    return drawn_number(seed, play_id) * chance.q < chance.p << BITS


def chance_after(game: Game, losses: int) -> Chance:
    """Return the chance of the next play after so many losses in a row."""
    is_sure = game.mode is Mode.NEVER_UNLUCKY and losses >= LOSSES_MAX
    return Chance(1, 1) if is_sure else game.chance


def picked(seed: bytes, play_id: str, prizes: Sequence[Prize]) -> Prize:
    """Return the prize that a win points at, by the published weights, whatever is in stock."""
    whole = sum(prize.weight for prize in prizes)
    at = drawn_number(seed, f"{play_id}|prize") * whole >> BITS
    for prize in prizes:
        at -= prize.weight
        if at < 0:
            return prize
    raise AssertionError("the number lies below the sum of the weights")


def decide(game: Game, seed: bytes, play_id: str, losses: int) -> Decision:
    """Return the decision of a play of a member who lost the last `losses` plays."""
    if not is_win(seed, play_id, chance_after(game, losses)):
        return Decision(False, None, losses + 1)
    return Decision(True, picked(seed, play_id, game.segments), 0)


def odds(game: Game, losses: int, sold_out: Collection[str] = ()) -> dict[str, Fraction]:
    """Return the chance of each prize at the next play; what is sold out falls to the points."""
    chance = chance_after(game, losses)
    win, whole = Fraction(chance.p, chance.q), sum(prize.weight for prize in game.segments)
    shares = {prize.key: win * Fraction(prize.weight, whole) for prize in game.segments}
    for key in sold_out:
        shares[game.consolation.key] += shares[key]
        shares[key] = Fraction(0)
    return shares


def long_run(game: Game) -> Fraction:
    """Return the share of wins among very many plays of one member."""
    win = Fraction(game.chance.p, game.chance.q)
    if game.mode is Mode.FAIR_COIN:
        return win
    lose, plays_for_a_win = 1 - win, Fraction(1)
    for _ in range(LOSSES_MAX):
        plays_for_a_win = 1 + lose * plays_for_a_win
    return 1 / plays_for_a_win


def wins_at_most(chance: Fraction, plays: int) -> int:
    """Return how many of independent plays win at most, in 99.9 % of cases.

    The mean and 3.09 standard deviations, with the corrections for skewness and for whole numbers:
    of 100 plays at 1/4 it is 39, of 1000 it is 293, of 10 000 it is 2635.
    """
    spread = _Z**2 * plays * chance * (1 - chance)
    middle = plays * chance + (_Z**2 - 1) * (1 - 2 * chance) / 6 - Fraction(1, 2)
    most = floor(middle) + isqrt(floor(spread))
    while most < middle or (most - middle) ** 2 < spread:
        most += 1
    return min(most, plays)


def period_start(pacing: Pacing, now: datetime, zone: ZoneInfo) -> datetime:
    """Return when the present period of a pacing began."""
    if pacing.per is Per.HOUR:
        return now.replace(minute=0, second=0, microsecond=0)
    return start_of_day(local_date(now, zone), zone)


def why_closed(game: Game, now: datetime) -> str | None:
    """Return why nobody plays now (`not_started`, `ended`), None when the game is on."""
    if game.starts_at is not None and now < game.starts_at:
        return "not_started"
    return "ended" if game.ends_at is not None and game.ends_at <= now else None


def expiry_of_plays(game: Game, now: datetime) -> datetime | None:
    """Return when plays that are given now are over, None when they keep."""
    return now + timedelta(days=game.plays_days) if game.plays_days else None
