"""Giving something else instead of a main prize that cannot be had: worth as much, decided by two
people, and said in public.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from server.core.audit import Change, write_audit
from server.core.outbox import Event, record
from server.gamification.raffle_acts.service import Act
from server.gamification.raffle_draws.queries import list_wins
from server.gamification.raffle_draws.types import Draw, WinState
from server.gamification.raffle_prizes.errors import SubstituteUnfit
from server.gamification.raffle_prizes.models import RAFFLE_SUBSTITUTE
from server.gamification.raffle_prizes.queries import list_substitutes
from server.gamification.raffles.queries import lock_standing
from server.gamification.raffles.reserved import prize_at, release_piece
from server.gamification.raffles.types import RaffleState

_INSERT = insert(RAFFLE_SUBSTITUTE)
_OVER = (RaffleState.CLOSED, RaffleState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Substitute:
    """What is given instead of the prize of a place: names by language, its value, why."""

    place: int
    names: Mapping[str, str]
    value_minor: int
    note: str

    def dump(self) -> dict[str, Any]:
        """Return it as JSON, for an act that waits."""
        return asdict(self)


def check_substitute(tx: Connection, raffle_id: str, instead: Substitute) -> int:
    """Return what the prize is worth now. Raise `RaffleUnknown`, `SubstituteUnfit`."""
    if lock_standing(tx, raffle_id).state in _OVER:
        raise SubstituteUnfit(reason="raffle_over")
    try:
        prize = prize_at(tx, raffle_id, instead.place)
    except LookupError as error:
        raise SubstituteUnfit(reason="no_such_prize") from error
    before = list_substitutes(tx, raffle_id)
    if instead.place in before:
        raise SubstituteUnfit(reason="substituted_before")
    value = int(prize.value_minor)
    if instead.value_minor < value:
        raise SubstituteUnfit(reason="worth_less", value_minor=value)
    if _is_gone(tx, raffle_id, instead.place):
        raise SubstituteUnfit(reason="given_already")
    return value


def substitute(tx: Connection, act: Act, now: datetime) -> None:
    """Carry an approved act out. Raise as `check_substitute`."""
    instead = Substitute(**act.details)
    value = check_substitute(tx, act.raffle_id, instead)
    release_piece(tx, act.raffle_id, instead.place)
    row = {"raffle_id": act.raffle_id, "act_id": act.id, "decided_at": now}
    tx.execute(_INSERT, row | instead.dump() | {"instead_of_minor": value})
    change = Change("raffle.substituted", "raffle", act.raffle_id, None, instead.dump())
    write_audit(tx, change, actor=str(act.approved_by), now=now)
    told = {"raffle_id": act.raffle_id, "prize": instead.place, "note": instead.note}
    record(tx, [Event("raffle.substituted", told)], now=now)


def _is_gone(tx: Connection, raffle_id: str, place: int) -> bool:
    """Tell whether the prize of a place was given, or carried because nobody is left for it."""
    wins = [win for win in list_wins(tx, raffle_id, Draw.MAIN) if win.prize_place == place]
    is_open = any(win.state in (WinState.WON, WinState.CLAIMED) for win in wins)
    return bool(wins) and not is_open
