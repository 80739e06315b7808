"""Acts that need two people: one asks, another approves and thereby carries it out."""

from datetime import datetime

from sqlalchemy import Connection

from server.gamification.draws.types import Scope, Void
from server.gamification.raffle_acts.service import Act, approve_act, ask_act
from server.gamification.raffle_draws.queries import get_seal
from server.gamification.raffle_draws.types import Draw
from server.gamification.raffle_draws.voiding import (
    needs_two,
    void_before_draw,
    why_not_voided,
)
from server.gamification.raffle_prizes.claiming import void_prize
from server.gamification.raffle_prizes.errors import PrizeUnknown
from server.gamification.raffle_prizes.queries import find_win
from server.gamification.raffle_prizes.substituting import (
    Substitute,
    check_substitute,
    substitute,
)
from server.gamification.raffles.queries import get_standing
from server.gamification.tickets.cancelling import CANCEL, cancel_raffle

VOID, VOID_PRIZE, SUBSTITUTE = "void", "void_prize", "substitute"


def ask_void(tx: Connection, raffle_id: str, void: Void, by: str, now: datetime) -> Act | None:
    """Put something on the void list, or ask for it once the round may be known.

    Return the act that waits for a second person, None when it is done. Raise as
    `void_before_draw`.
    """
    get_seal(tx, raffle_id)
    if not needs_two(tx, raffle_id, now):
        void_before_draw(tx, raffle_id, void, by, now)
        return None
    refusal = why_not_voided(get_standing(tx, raffle_id))
    if refusal is not None:
        raise refusal
    told = {"scope": str(void.scope), "id": void.id, "reason": void.reason}
    return ask_act(tx, (raffle_id, VOID), told, by, now)


def ask_void_prize(tx: Connection, win_id: str, why: str, by: str, now: datetime) -> Act:
    """Ask for a main prize to be taken from its winner. Raise `PrizeUnknown`."""
    win = find_win(tx, win_id)
    if win is None or win.draw is not Draw.MAIN:
        raise PrizeUnknown
    return ask_act(tx, (win.raffle_id, VOID_PRIZE), {"prize_id": win_id, "why": why}, by, now)


def ask_substitute(
    tx: Connection, raffle_id: str, instead: Substitute, by: str, now: datetime
) -> Act:
    """Ask for something else to be given. Raise `RaffleUnknown`, `SubstituteUnfit`."""
    check_substitute(tx, raffle_id, instead)
    return ask_act(tx, (raffle_id, SUBSTITUTE), instead.dump(), by, now)


def approve(tx: Connection, act_id: str, by: str, now: datetime) -> Act:
    """Approve an act that somebody else asked for, and carry it out.

    Raise `ActUnknown`, `DrawNeedsSecondPerson`, and what the act itself may raise.
    """
    act = approve_act(tx, act_id, by, now)
    if act.kind == CANCEL:
        cancel_raffle(tx, act.raffle_id, act.details["why"], by, now)
    elif act.kind == VOID:
        void = Void(Scope(act.details["scope"]), act.details["id"], act.details["reason"])
        void_before_draw(tx, act.raffle_id, void, by, now, approved=True)
    elif act.kind == VOID_PRIZE:
        void_prize(tx, act.details["prize_id"], act.details["why"], by, now)
    elif act.kind == SUBSTITUTE:
        substitute(tx, act, now)
    return act
