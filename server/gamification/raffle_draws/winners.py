"""The rows of winners, which follow from the draw, and who is next in its order."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, insert

from server.core.ids import id_of
from server.core.outbox import record
from server.core.statements import Prepared
from server.gamification.draws.drawing import main_order
from server.gamification.draws.types import MainPlace, SecondPlace
from server.gamification.raffle_draws import events
from server.gamification.raffle_draws.models import RAFFLE_WIN
from server.gamification.raffle_draws.queries import get_draw, list_void, list_wins, pool_of
from server.gamification.raffle_draws.types import Draw, Drawing, Win, WinState
from server.gamification.raffles.queries import get_standing

_INSERT = Prepared(insert(RAFFLE_WIN))


def winners_of(drawing: Drawing, claim_by: datetime, now: datetime) -> list[Win]:
    """Return who won what: main prizes in the order of their places, then consolation prizes."""
    raffle_id, who = drawing.sealed.manifest.raffle_id, drawing.members
    main = [
        _main_win((raffle_id, drawing.seed), place, who, (place.place, claim_by), now)
        for place in drawing.drawn.main
    ]
    second = [
        _second_win((raffle_id, drawing.seed), place, who, now) for place in drawing.drawn.second
    ]
    return main + second


def store_wins(tx: Connection, wins: Sequence[Win]) -> None:
    """Write winners down."""
    _INSERT.run(
        tx, [asdict(win) | {"draw": str(win.draw), "state": str(win.state)} for win in wins]
    )


def add_alternate(tx: Connection, before: Win, claim_by: datetime, now: datetime) -> Win | None:
    """Let the next in the order of the main draw have the prize that `before` has lost.

    Return the new win, None when nobody is left. The raffle's row is locked by the caller.
    """
    raffle_id = before.raffle_id
    seed = bytes.fromhex(get_draw(tx, raffle_id).seed)
    pool, gone = pool_of(tx, get_standing(tx, raffle_id)), list_void(tx, raffle_id)
    void = {one.id for one in gone}
    order = main_order((one for one in pool.tickets if not void & {one.id, one.entrant}), seed)
    last = max(win.place for win in list_wins(tx, raffle_id, Draw.MAIN))
    if last >= len(order) or before.prize_place is None:
        return None
    prize = before.prize_place, claim_by
    win = _main_win((raffle_id, seed), order[last], pool.members, prize, now)
    store_wins(tx, [win])
    record(tx, [events.of_win(win)], now=now)
    return win


def _main_win(
    of: tuple[str, bytes],
    place: MainPlace,
    who: Mapping[str, str],
    prize: tuple[int, datetime],
    now: datetime,
) -> Win:
    raffle_id, seed = of
    return Win(
        id=_prize_id(seed, Draw.MAIN, place.place),
        raffle_id=raffle_id,
        draw=Draw.MAIN,
        place=place.place,
        ticket=place.ticket,
        entrant=place.entrant,
        member_id=who[place.entrant],
        prize_place=prize[0],
        state=WinState.WON,
        why="",
        ref_id=None,
        warned_hours=0,
        won_at=now,
        claim_by_at=prize[1],
        claimed_at=None,
        ended_at=None,
    )


def _second_win(
    of: tuple[str, bytes], place: SecondPlace, who: Mapping[str, str], now: datetime
) -> Win:
    raffle_id, seed = of
    return Win(
        id=_prize_id(seed, Draw.SECOND, place.place),
        raffle_id=raffle_id,
        draw=Draw.SECOND,
        place=place.place,
        ticket=None,
        entrant=place.entrant,
        member_id=who[place.entrant],
        prize_place=None,
        state=WinState.WON,
        why="",
        ref_id=None,
        warned_hours=0,
        won_at=now,
        claim_by_at=None,
        claimed_at=None,
        ended_at=None,
    )


def _prize_id(seed: bytes, draw: Draw, place: int) -> str:
    """Return the id of a prize: it follows from the seed, so that a draw done again writes it."""
    digest = hmac.digest(seed, f"prize|{draw}|{place}".encode(), "sha256")
    return id_of("prz", int.from_bytes(digest[:16], "big"))
