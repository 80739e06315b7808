"""The counters of a raffle: changed only where the raffle is open and has room.

The conditions are part of the update, so that the last ticket goes to exactly one of any number and
whoever seals the raffle has every ticket that was counted before and none after. Announced
consolation prizes rise with new entrants and never fall.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, func, or_, update
from sqlalchemy.dialects import postgresql, sqlite

from server.core.columns import Amount, UTCDateTime
from server.core.errors import Refusal
from server.core.statements import Prepared
from server.gamification.raffles.errors import RaffleClosed, RaffleFull
from server.gamification.raffles.models import RAFFLE
from server.gamification.raffles.queries import get_standing
from server.gamification.raffles.types import CAPPED_TICKETS_PER_PRIZE, Policy
from server.gamification.tickets.models import RAFFLE_ENTRANT
from server.gamification.tickets.rules import OPEN, why_not_open
from server.gamification.tickets.types import Entry

_R = RAFFLE.c
_N = bindparam("more_tickets", type_=Amount)
_NEW = bindparam("more_entrants", type_=Amount)
_OPEN = and_(
    _R.id == bindparam("of_raffle"),
    or_(*(_R.state == str(state) for state in OPEN)),
    _R.opens_at <= bindparam("now", type_=UTCDateTime),
    _R.closes_at > bindparam("now", type_=UTCDateTime),
)
_IS_CAPPED = _R.policy == str(Policy.CAPPED)
_ROOM = and_(
    or_(_NEW == 0, _R.entrants + _NEW <= _R.entrants_max),
    or_(~_IS_CAPPED, _R.tickets + _N <= CAPPED_TICKETS_PER_PRIZE * _R.prizes),
)
# ceil((N - Wm) / 4); below Wm databases round towards zero, which is never above what is announced
_NEEDED = (_R.entrants + _NEW - _R.prizes + 3) // 4
_ADD = Prepared(
    update(RAFFLE)
    .where(_OPEN, _ROOM, _R.version == bindparam("of_version"))
    .values(
        state="selling",
        entered_at=func.coalesce(_R.entered_at, bindparam("now", type_=UTCDateTime)),
        tickets=_R.tickets + _N,
        entrants=_R.entrants + _NEW,
        consolations=case(
            (and_(~_IS_CAPPED, _R.consolations < _NEEDED), _NEEDED), else_=_R.consolations
        ),
    )
    .returning(_R.id)
)
_LESS = {"tickets": _R.tickets - _N, "entrants": _R.entrants - _NEW}
_LEAVE = Prepared(update(RAFFLE).where(_OPEN).values(**_LESS).returning(_R.id))
_REFUND = update(RAFFLE).where(
    _R.id == bindparam("of_raffle"), _R.state == "cancelled"
).values(**_LESS)  # fmt: skip


_HOLD_LESS = (
    update(RAFFLE_ENTRANT)
    .where(
        RAFFLE_ENTRANT.c.raffle_id == bindparam("of_raffle"),
        RAFFLE_ENTRANT.c.member_id == bindparam("of_member"),
    )
    .values(tickets=RAFFLE_ENTRANT.c.tickets - _N)
)


def _hold(dialect: Any) -> Any:
    made = dialect.insert(RAFFLE_ENTRANT)
    more = RAFFLE_ENTRANT.c.tickets + made.excluded.tickets
    return made.on_conflict_do_update(
        index_elements=["raffle_id", "member_id"], set_={"tickets": more}
    )


_HOLD = {"postgresql": _hold(postgresql), "sqlite": _hold(sqlite)}


def count_in(tx: Connection, entry: Entry, version: int, *, is_new: bool, now: datetime) -> None:
    """Count the tickets of an entry under the rules of a version of its raffle.

    Raise `RaffleClosed` (also when it was published anew meanwhile), `RaffleFull`; then nothing
    has changed.
    """
    of = _of(entry, entry.tickets, int(is_new), now) | {"of_version": version}
    if _ADD.first(tx, of) is None:
        raise _why_not(tx, entry.raffle_id, now, version)
    row = {"raffle_id": entry.raffle_id, "member_id": entry.member_id, "tickets": entry.tickets}
    tx.execute(_HOLD[tx.dialect.name], row)


def count_out(tx: Connection, entry: Entry, *, is_last: bool, now: datetime) -> None:
    """Count the tickets of an entry no longer. Raise `RaffleClosed` when the list is fixed."""
    if _LEAVE.first(tx, _of(entry, entry.tickets, int(is_last), now)) is None:
        raise _why_not(tx, entry.raffle_id, now)
    _hold_less(tx, entry)


def count_refund(tx: Connection, entry: Entry, *, is_last: bool) -> None:
    """Count the tickets of an entry of a cancelled raffle no longer."""
    of = {"of_raffle": entry.raffle_id, "more_tickets": entry.tickets}
    tx.execute(_REFUND, of | {"more_entrants": int(is_last)})
    _hold_less(tx, entry)


def _hold_less(tx: Connection, entry: Entry) -> None:
    of = {"of_raffle": entry.raffle_id, "of_member": entry.member_id}
    tx.execute(_HOLD_LESS, of | {"more_tickets": entry.tickets})


def _of(entry: Entry, tickets: int, entrants: int, now: datetime) -> dict[str, Any]:
    changes = {"more_tickets": tickets, "more_entrants": entrants}
    return {"of_raffle": entry.raffle_id, "now": now, **changes}


def _why_not(tx: Connection, raffle_id: str, now: datetime, version: int = 0) -> Refusal:
    standing = get_standing(tx, raffle_id)
    if version and standing.version != version:
        return RaffleClosed(state="changed")
    return why_not_open(standing, now) or RaffleFull()
