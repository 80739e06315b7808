"""The café's wheel, and members who turned it."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from server.core.crypto import Vault
from server.gamification.game_plays.service import play
from server.gamification.game_plays.types import Asked, Pay
from server.gamification.games.queries import get_games
from server.gamification.programme.queries import current_revision


def turn_the_wheel(tx: Connection, vault: Vault, member_ids: Sequence[str], at: datetime) -> None:
    """Let each member play the day's free play of each game."""
    for game in get_games(tx, current_revision(tx)):
        for member_id in member_ids:
            nonce = secrets.token_hex(16)
            play(tx, vault, game, Asked(member_id, nonce, Pay.PLAY, f"member:{member_id}"), at)
