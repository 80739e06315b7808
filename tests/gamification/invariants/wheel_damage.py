"""What would break the invariants of instant-win games."""

from datetime import timedelta
from typing import Any

from sqlalchemy import update

from server.gamification.games.models import GAME_EDITION
from tests.builders.purchases import NOW

WHEEL_DAMAGE: dict[str, list[Any]] = {
    "A play that wins has one grant, one that loses has none.": [
        "DELETE FROM benefit_grant WHERE ref_kind = 'play'",
        "UPDATE benefit_grant SET ref_id = 'no' || ref_id WHERE ref_kind = 'play'",
    ],
    "What games gave, a play has won.": ["UPDATE game_play SET outcome = 'lost', grant_id = NULL"],
    "A player's plays are numbered 1 to n without a gap.": [
        "UPDATE game_player SET number = number + 1",
        "DELETE FROM game_play WHERE number = 1",
    ],
    "Every play has its player.": ["DELETE FROM game_player"],
    "A play knows how many were lost before it.": [
        "UPDATE game_play SET losses_before = losses_before + 1"
    ],
    "A play was made in a running edition of its version.": [
        "UPDATE game_play SET version = version + 1",
        update(GAME_EDITION).values(ended_at=NOW - timedelta(seconds=1)),
    ],
    "Every play follows from the seed of its edition.": [
        "UPDATE game_play SET prize_key = 'cup' WHERE prize_key = 'star'",
        "UPDATE game_play SET outcome = 'lost', prize_key = NULL WHERE outcome = 'prize'",
        "UPDATE game_play SET number = number + 100",
        "UPDATE game_play SET nonce_hash = '0000' || substr(nonce_hash, 5)",
    ],
    "The seed of an edition is the one that was promised.": [
        f"UPDATE game_edition SET seed = '{'0' * 64}' WHERE seed IS NOT NULL",
        f"UPDATE game_edition SET seed_hash = '{'0' * 64}'",
    ],
    "Prizes that are gone from the stock are those that plays gave.": [
        "UPDATE game_stock SET given = given + 1"
    ],
    "Plays given are left, used, taken back or over.": [
        "UPDATE play_credit SET used = used + 1",
        "UPDATE play_credit SET plays_left = plays_left + 1",
    ],
    "A play was given to whom it was made by.": ["UPDATE play_credit SET member_id = 'mem_none'"],
    "A play for points was paid.": [
        "UPDATE game_play SET price_points = price_points + 1 WHERE source = 'points'"
    ],
}
