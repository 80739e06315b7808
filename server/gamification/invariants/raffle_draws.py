"""R4 to R8 and R11: what is sealed stays as it was, winners follow from it, and each prize is given
once, to whoever won it, or is kept.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, literal, or_, select

from server.gamification.grants.models import BENEFIT_GRANT
from server.gamification.invariants.declaring import Invariant, in_sql
from server.gamification.invariants.types import Setting
from server.gamification.raffle_acts.models import RAFFLE_ACT
from server.gamification.raffle_draws.models import RAFFLE_DRAW, RAFFLE_SEAL, RAFFLE_WIN
from server.gamification.raffle_draws.proofs import draw_faults
from server.gamification.raffle_prizes.giving import REASON
from server.gamification.raffle_prizes.models import RAFFLE_SUBSTITUTE
from server.gamification.raffles.models import RAFFLE, RAFFLE_PRIZE
from server.gamification.vouchers.models import VOUCHER

_R, _P, _S, _D, _W, _U, _A, _G, _V = (
    table.c
    for table in (
        RAFFLE,
        RAFFLE_PRIZE,
        RAFFLE_SEAL,
        RAFFLE_DRAW,
        RAFFLE_WIN,
        RAFFLE_SUBSTITUTE,
        RAFFLE_ACT,
        BENEFIT_GRANT,
        VOUCHER,
    )
)
_MAIN, _SECOND, _GIVEN = _W.draw == "main", _W.draw == "second", _W.state == "given"
_SEALED = ("sealed", "drawn", "closed")

_unsealed = (
    select(_R.id)
    .join(RAFFLE_SEAL, _S.raffle_id == _R.id, isouter=True)
    .where(
        or_(
            _R.state.in_(_SEALED) != _S.raffle_id.is_not(None),
            _S.sealed_at != _R.sealed_at,
            _S.sealed_at < _R.closes_at,
            *(
                getattr(_S, sealed) != getattr(_R, counted)
                for sealed, counted in {
                    "policy": "policy",
                    "rules_hash": "rules_hash",
                    "entrants": "entrants",
                    "tickets": "tickets",
                    "main_prizes": "prizes",
                    "consolations": "consolations",
                    "chain_hash": "chain_hash",
                    "round": "round",
                }.items()
            ),
        )
    )
)
_undrawn = (
    select(_R.id)
    .join(RAFFLE_DRAW, _D.raffle_id == _R.id, isouter=True)
    .where(
        or_(
            _R.state.in_(_SEALED[1:]) != _D.raffle_id.is_not(None),
            _D.drawn_at != _R.drawn_at,
            _D.drawn_at < _R.draws_at,
            _D.source != _R.source,
        )
    )
)
_other = RAFFLE_WIN.alias()
_both = (
    select(_W.id)
    .join(RAFFLE_SEAL, _S.raffle_id == _W.raffle_id)
    .join(_other, and_(_other.c.raffle_id == _W.raffle_id, _other.c.member_id == _W.member_id))
    .where(_SECOND, _other.c.draw == "main", _other.c.place <= _S.main_prizes)
)
_hasty = select(_W.id).where(
    or_(
        and_(_W.state == "lapsed", _W.ended_at < _W.claim_by_at),
        and_(_W.claimed_at.is_not(None), or_(_W.claimed_at >= _W.claim_by_at, _SECOND)),
        and_(_MAIN, _W.state.in_(["claimed", "given"]), _W.claimed_at.is_(None)),
        and_(_W.state == "void", _W.why == ""),
    )
)
_ungranted = (
    select(_W.id)
    .join(BENEFIT_GRANT, _G.id == _W.ref_id, isouter=True)
    .where(
        _SECOND,
        _GIVEN,
        or_(
            _G.id.is_(None),
            _G.ref_kind != REASON,
            _G.ref_id != _W.id,
            _G.member_id != _W.member_id,
        ),
    )
)
_unwon = (
    select(_G.id)
    .join(RAFFLE_WIN, and_(_W.ref_id == _G.id, _W.id == _G.ref_id), isouter=True)
    .where(_G.ref_kind == REASON, _W.id.is_(None))
)
_unvouchered = (
    select(_W.id)
    .join(VOUCHER, _V.id == _W.ref_id, isouter=True)
    .where(
        _MAIN,
        _W.ref_id.is_not(None),
        or_(
            _V.id.is_(None),
            _V.ref_kind != REASON,
            _V.ref_id != _W.id,
            _V.member_id != _W.member_id,
        ),
    )
)
_unwon_vouchers = (
    select(_V.id)
    .join(RAFFLE_WIN, and_(_W.ref_id == _V.id, _W.id == _V.ref_id), isouter=True)
    .where(_V.ref_kind == REASON, _W.id.is_(None))
)


def _in_row(place: ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(place >= _P.first_place, place < _P.first_place + _P.quantity)


def _open_places() -> Select[Any]:
    """Select how many places of a kind of prize are won and not given, and not substituted."""
    instead = exists().where(_U.raffle_id == _W.raffle_id, _U.place == _W.prize_place)
    return (
        select(func.count())
        .select_from(RAFFLE_WIN)
        .where(
            _W.raffle_id == _P.raffle_id,
            _MAIN,
            _W.state.in_(["won", "claimed"]),
            _in_row(_W.prize_place),
            ~instead,
        )
    )


_kept_too_long = (
    select(_P.raffle_id)
    .join(RAFFLE, _R.id == _P.raffle_id)
    .where(
        _P.reserved > 0,
        or_(
            _R.state == "cancelled",
            and_(
                _R.state.in_(_SEALED[1:]),
                _P.reserved != _open_places().correlate(RAFFLE_PRIZE).scalar_subquery(),
            ),
        ),
    )
)
_alone = (
    select(_U.raffle_id + literal("/") + _A.id)
    .join(RAFFLE_ACT, _A.id == _U.act_id)
    .where(
        or_(
            _A.raffle_id != _U.raffle_id,
            _A.kind != "substitute",
            _A.approved_at.is_(None),
            _A.approved_by == _A.asked_by,
        )
    )
)


def _wrong_draws(tx: Connection, _setting: Setting) -> Iterable[str]:
    """Draw every sealed raffle again and yield what differs."""
    for raffle_id in tx.execute(select(_S.raffle_id).order_by(_S.raffle_id)).scalars().all():
        yield from (f"{raffle_id}: {fault}" for fault in draw_faults(tx, raffle_id))


INVARIANTS = (
    in_sql("R4", "A raffle is sealed after its end, exactly as it was counted.", _unsealed),
    in_sql("R5", "Whoever wins a main prize in the draw wins no consolation prize.", _both),
    Invariant("R6", "A draw done again from what was sealed gives the same.", _wrong_draws),
    in_sql("R7", "Prizes are claimed in time, and lapse when it is over.", _hasty),
    in_sql("R8", "A raffle has one result, from when its round was known.", _undrawn),
    in_sql("R11", "A consolation prize that was given is a grant to its winner.", _ungranted),
    in_sql("R11", "Raffles grant consolation prizes alone, once each.", _unwon),
    in_sql("R11", "A main prize that became a voucher is its winner's.", _unvouchered),
    in_sql("R11", "Raffles give vouchers for main prizes alone, once each.", _unwon_vouchers),
    in_sql("R11", "Prizes are set aside while they can be given.", _kept_too_long),
    in_sql("R11", "What is given instead of a prize was decided by two.", _alone),
)
