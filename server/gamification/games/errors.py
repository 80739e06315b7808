"""Refusals of games."""

from server.core.errors import Refusal


class GameNotOpen(Refusal):
    """Nobody plays it now; `reason` is `not_started`, `ended` or `opening` (try again soon)."""

    code, status, title = "game_not_open", 409, "This game cannot be played now"


class GameNotForYou(Refusal):
    """The game is for other members."""

    code, status, title = "game_not_for_you", 403, "This game is for other members"


class NoPlaysLeft(Refusal):
    """All plays are used; `next_play_at` is when there is one again, null when nothing is known."""

    code, status, title = "no_plays_left", 409, "No plays left"


class PlayNotForSale(Refusal):
    """Plays of this game cannot be bought with points."""

    code, status, title = "play_not_for_sale", 409, "Plays of this game are not for sale"


class PrizeExhausted(Refusal):
    """Nothing is left of the prize, so that its outcome cannot be forced."""

    code, status, title = "prize_exhausted", 409, "Nothing is left of this prize"
