"""Streaks: a run is what its periods make it, and freezes are paid for."""

from collections.abc import Iterable

from sqlalchemy import Connection, and_, or_, select

from server.core.walking import walk
from server.gamification.grants.models import BENEFIT_GRANT
from server.gamification.invariants.declaring import Invariant, in_sql
from server.gamification.invariants.types import Setting
from server.gamification.ledger.models import TRANSFER, WALLET
from server.gamification.programme.models import PROGRAMME
from server.gamification.streaks.models import (
    STREAK_CONTRIBUTION,
    STREAK_FREEZE,
    STREAK_GAP,
    STREAK_MILESTONE,
    STREAK_RUN,
)
from server.gamification.streaks.queries import get_calendar, get_history, get_streak
from server.gamification.streaks.rules import rebuild
from server.gamification.streaks.types import Calendar, Run, Streak

_S, _C, _G, _M, _F = (
    table.c
    for table in (STREAK_RUN, STREAK_CONTRIBUTION, STREAK_GAP, STREAK_MILESTONE, STREAK_FREEZE)
)
_COLUMNS = [_S[name] for name in Run.__dataclass_fields__]
_SHOWN = ("current", "run_from_on", "last_on")
_both = select(_G.member_id).join(
    STREAK_CONTRIBUTION,
    and_(
        _C.member_id == _G.member_id,
        _C.streak_id == _G.streak_id,
        _C.period_on == _G.period_on,
    ),
)
_granted = BENEFIT_GRANT.c
_unlike_grant = (
    select(_M.id)
    .join(
        BENEFIT_GRANT,
        and_(
            _granted.member_id == _M.member_id,
            _granted.ref_kind == "streak",
            _granted.ref_id == _M.id,
        ),
    )
    .where((_M.state == "given") != (_granted.state == "given"))
)
_unpaid = (
    select(_F.id)
    .join(TRANSFER, TRANSFER.c.id == _F.transfer_id)
    .join(WALLET, WALLET.c.id == TRANSFER.c.wallet_id)
    .where(
        or_(
            TRANSFER.c.ref_kind != "freeze",
            TRANSFER.c.ref_id != _F.id,
            TRANSFER.c.amount != _F.points,
            WALLET.c.member_id != _F.member_id,
        )
    )
)


def _unlike_periods(tx: Connection, _setting: Setting) -> Iterable[str]:
    """Yield members whose run does not follow from their periods.

    The closed days are today's: a run that closed days held together is not asked for more.
    """
    if tx.execute(select(PROGRAMME.c.revision)).scalar_one_or_none() is None:
        return
    calendar, streaks = get_calendar(tx), dict[str, Streak]()
    for row in walk(tx, select(*_COLUMNS), [_S.member_id, _S.streak_id]):
        run = Run(*row)
        if run.streak_id not in streaks:
            streaks[run.streak_id] = get_streak(tx, run.streak_id)
        if not _follows(tx, streaks[run.streak_id], run, calendar):
            yield run.member_id


def _follows(tx: Connection, streak: Streak, run: Run, calendar: Calendar) -> bool:
    due = rebuild(streak, run, get_history(tx, run.key), calendar)
    return all(getattr(due, name) == getattr(run, name) for name in _SHOWN)


INVARIANTS = (
    Invariant("G2", "A streak is as long as its periods make it.", _unlike_periods),
    in_sql("G2", "A period that counts in a streak used no freeze.", _both),
    in_sql("G2", "A milestone of a streak is what was granted for it.", _unlike_grant),
    in_sql("G2", "A freeze was paid for with points.", _unpaid),
)
