"""Prizes that a member has won."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from server.api.presenters.actions import ActionOut, action
from server.api.presenters.raffles import RaffleView
from server.api.schemas import Instant, Items, Money, Nested, Text
from server.api.schemas import ResponseSchema as Out
from server.core.i18n import gettext, in_language, message
from server.gamification.raffle_draws.types import Win, WinState
from server.gamification.raffle_prizes.queries import complaints_end, list_substitutes
from server.gamification.raffles.queries import get_standing, raffle_at
from server.gamification.raffles.reserved import prize_at

_STATES = {
    WinState.WON: message("You won. Claim your prize."),
    WinState.CLAIMED: message("You claimed your prize."),
    WinState.GIVEN: message("You have your prize."),
    WinState.LAPSED: message("The time to claim it is over."),
    WinState.VOID: message("This prize was taken back."),
}
_ON_ITS_WAY = message("You won. Your prize is on its way.")
CLAIM = message("Claim the prize")


class PrizeOut(Out):
    """A prize that the member has won: a main prize (`main`), or of the second chance (`second`).

    A main prize is claimed until `claim_by`, for nothing, and handed over from `from_at` on; `ref`
    is the voucher or grant that it has become.
    """

    id = Text(required=True)
    raffle_id = Text(required=True)
    raffle_title = Text(required=True)
    kind = Text(required=True)
    title = Text(required=True)
    value = Nested(Money, required=True)
    state = Text(required=True)
    text = Text(required=True)
    receiving = Text(required=True, allow_none=True)
    claim_by = Instant(required=True, allow_none=True)
    from_at = Instant(required=True, allow_none=True)
    won_at = Instant(required=True)
    ref = Text(required=True, allow_none=True)
    actions = Items(Nested(ActionOut), required=True)


def present_prize(tx: Connection, win: Win, view: RaffleView) -> dict[str, Any]:
    """Return a prize as its winner sees it."""
    standing = get_standing(tx, win.raffle_id)
    raffle = raffle_at(tx, win.raffle_id, standing.version)
    is_main = win.prize_place is not None
    title, value = _main_prize(tx, win, view) if is_main else _consolation(tx, win, view)
    return {
        "id": win.id,
        "raffle_id": win.raffle_id,
        "raffle_title": in_language(raffle.names, view.locale),
        "kind": str(win.draw),
        "title": title,
        "value": view.money(value),
        "state": str(win.state),
        "text": _text(win, view),
        "receiving": in_language(raffle.receiving, view.locale) if is_main else None,
        "claim_by": win.claim_by_at,
        "from_at": complaints_end(tx, standing) if is_main else None,
        "won_at": win.won_at,
        "ref": win.ref_id,
        "actions": _actions(win, view),
    }


def state_at(win: Win, now: datetime) -> WinState:
    """Return the state of a prize as it is at an instant, whatever the jobs have done."""
    is_late = win.claim_by_at is not None and now >= win.claim_by_at
    return WinState.LAPSED if win.state is WinState.WON and is_late else win.state


def _text(win: Win, view: RaffleView) -> str:
    state = state_at(win, view.now)
    by_itself = win.prize_place is None and state is WinState.WON
    return gettext(view.locale, _ON_ITS_WAY if by_itself else _STATES[state])


def _actions(win: Win, view: RaffleView) -> list[dict[str, Any]]:
    if win.prize_place is None or state_at(win, view.now) is not WinState.WON:
        return []
    return [action("claim", gettext(view.locale, CLAIM))]


def _main_prize(tx: Connection, win: Win, view: RaffleView) -> tuple[str, int]:
    assert win.prize_place is not None
    instead = list_substitutes(tx, win.raffle_id).get(win.prize_place)
    prize = instead or prize_at(tx, win.raffle_id, win.prize_place)
    return in_language(prize.names, view.locale), prize.value_minor


def _consolation(tx: Connection, win: Win, view: RaffleView) -> tuple[str, int]:
    standing = get_standing(tx, win.raffle_id)
    prize = raffle_at(tx, win.raffle_id, standing.version).consolation
    assert prize is not None
    return view.amount(prize.unit, prize.amount), prize.value_minor
