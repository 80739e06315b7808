"""R1, R2, R3: one in four is kept at every moment, what was announced never falls, and each ticket
was paid for or had for a reason while the raffle was open.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select, union_all

from server.gamification.grants.models import BENEFIT_GRANT
from server.gamification.invariants.declaring import in_sql
from server.gamification.ledger.models import TRANSFER, WALLET
from server.gamification.ledger.types import Account, Kind
from server.gamification.raffles.models import RAFFLE
from server.gamification.tickets.models import RAFFLE_ENTRANT, RAFFLE_ENTRY, RAFFLE_TICKET

_R, _E, _H, _T, _W = (table.c for table in (RAFFLE, RAFFLE_ENTRY, RAFFLE_ENTRANT, TRANSFER, WALLET))
_COUNTED = _E.state == "counted"

_unkept = select(_R.id).where(
    or_(
        and_(
            _R.policy == "second_chance",
            4 * _R.consolations < _R.entrants - _R.prizes,
            _R.prizes < _R.entrants,
        ),
        and_(_R.policy == "capped", _R.tickets > 4 * _R.prizes),
        _R.entrants > _R.entrants_max,
    )
)


def _steps() -> Select[Any]:
    """Select each change of a member's tickets: when, and by how many.

    Of changes at one instant those downwards are taken first, so that nothing is counted that
    may never have been there together.
    """
    came = select(_E.raffle_id, _E.member_id, _E.created_at.label("at"), _E.tickets.label("delta"))
    went = select(_E.raffle_id, _E.member_id, _E.ended_at, -_E.tickets).where(
        _E.ended_at.is_not(None)
    )
    return select(union_all(came, went).subquery())


def _running(amount: Any, rows: Any, *partition: Any) -> ColumnElement[int]:
    """Return the sum of `amount` so far in its partition."""
    ordered = (rows.c.at, rows.c.delta)
    return func.sum(amount).over(partition_by=partition, order_by=ordered, rows=(None, 0))


_step = _steps().subquery()
_held = select(
    _step, _running(_step.c.delta, _step, _step.c.raffle_id, _step.c.member_id).label("held")
).subquery()
_before = _held.c.held - _held.c.delta
_turns = select(
    _held.c.raffle_id,
    _held.c.at,
    case(
        (and_(_before <= 0, _held.c.held > 0), 1),
        (and_(_before > 0, _held.c.held <= 0), -1),
        else_=0,
    ).label("delta"),
).subquery()
_crowds = select(
    _turns.c.raffle_id, _running(_turns.c.delta, _turns, _turns.c.raffle_id).label("entrants")
).subquery()
_peaks = (
    select(_crowds.c.raffle_id, func.max(_crowds.c.entrants).label("entrants"))
    .group_by(_crowds.c.raffle_id)
    .subquery()
)
_fallen = (
    select(_R.id)
    .join(_peaks, _peaks.c.raffle_id == _R.id)
    .where(
        _R.policy == "second_chance",
        4 * _R.consolations < _peaks.c.entrants - _R.prizes,
    )
)
_numbers = (
    select(RAFFLE_TICKET.c.entry_id, func.count().label("tickets"))
    .group_by(RAFFLE_TICKET.c.entry_id)
    .subquery()
)
_misnumbered = (
    select(_E.id)
    .join(_numbers, _numbers.c.entry_id == _E.id, isouter=True)
    .where(func.coalesce(_numbers.c.tickets, 0) != _E.tickets)
)
_entered = (
    select(_E.raffle_id, _E.member_id, func.sum(_E.tickets).label("tickets"))
    .where(_COUNTED)
    .group_by(_E.raffle_id, _E.member_id)
    .subquery()
)
_miscounted_entrants = (
    select(_H.member_id)
    .join(
        _entered,
        and_(_entered.c.raffle_id == _H.raffle_id, _entered.c.member_id == _H.member_id),
        isouter=True,
    )
    .join(RAFFLE, _R.id == _H.raffle_id)
    .where(or_(_H.tickets != func.coalesce(_entered.c.tickets, 0), _H.tickets > _R.cap))
)
_unheld = (
    select(_entered.c.member_id)
    .join(
        RAFFLE_ENTRANT,
        and_(_entered.c.raffle_id == _H.raffle_id, _entered.c.member_id == _H.member_id),
        isouter=True,
    )
    .where(_H.member_id.is_(None))
)
_sums = (
    select(
        _H.raffle_id,
        func.sum(_H.tickets).label("tickets"),
        func.sum(case((_H.tickets > 0, 1), else_=0)).label("entrants"),
    )
    .group_by(_H.raffle_id)
    .subquery()
)
_miscounted = (
    select(_R.id)
    .join(_sums, _sums.c.raffle_id == _R.id, isouter=True)
    .where(
        or_(
            _R.tickets != func.coalesce(_sums.c.tickets, 0),
            _R.entrants != func.coalesce(_sums.c.entrants, 0),
        )
    )
)
_unpaid = (
    select(_E.id)
    .join(TRANSFER, _T.id == _E.transfer_id, isouter=True)
    .join(WALLET, _W.id == _T.wallet_id, isouter=True)
    .where(
        _E.source == "bought",
        or_(
            _T.id.is_(None),
            _T.kind != str(Kind.ENTRY),
            _T.credit_account != str(Account.RAFFLE),
            _T.ref_id != _E.id,
            _T.amount != _E.price,
            _T.unit != _E.unit,
            _W.member_id != _E.member_id,
        ),
    )
)
_ownerless = (
    select(_T.id)
    .join(RAFFLE_ENTRY, _E.transfer_id == _T.id, isouter=True)
    .where(_T.kind == str(Kind.ENTRY), _E.id.is_(None))
)
_back = (
    select(_T.reverses_id, func.sum(_T.amount).label("amount"))
    .where(_T.kind == str(Kind.REVERSAL), _T.ref_kind == "entry")
    .group_by(_T.reverses_id)
    .subquery()
)
_not_back = (
    select(_E.id)
    .join(_back, _back.c.reverses_id == _E.transfer_id, isouter=True)
    .where(
        _E.source == "bought",
        func.coalesce(_back.c.amount, 0) != case((_COUNTED, literal(0)), else_=_E.price),
    )
)
_groundless = (
    select(_E.id)
    .join(BENEFIT_GRANT, BENEFIT_GRANT.c.id == _E.ref_id, isouter=True)
    .where(
        _E.source == "granted",
        or_(
            BENEFIT_GRANT.c.id.is_(None),
            BENEFIT_GRANT.c.member_id != _E.member_id,
        ),
    )
)
_late = (
    select(_E.id)
    .join(RAFFLE, _R.id == _E.raffle_id)
    .where(
        or_(
            _E.created_at < _R.opens_at,
            _E.created_at >= _R.closes_at,
            and_(
                _E.state.in_(["cancelled", "withdrawn"]),
                or_(_E.ended_at >= _R.closes_at, _E.ended_at < _E.created_at),
            ),
            and_(_E.state == "refunded", _R.state != "cancelled"),
        )
    )
)

INVARIANTS = (
    in_sql("R1", "Who is in a raffle wins with odds of at least one in four.", _unkept),
    in_sql("R2", "Announced consolation prizes carry the most entrants ever.", _fallen),
    in_sql("R3", "An entry has as many numbers as tickets.", _misnumbered),
    in_sql("R3", "An entrant holds the tickets of the entries that count.", _miscounted_entrants),
    in_sql("R3", "Whoever has an entry that counts is an entrant.", _unheld),
    in_sql("R3", "A raffle counts its tickets and entrants.", _miscounted),
    in_sql("R3", "Bought tickets are paid by the member, once.", _unpaid),
    in_sql("R3", "Points go to raffles for entries alone.", _ownerless),
    in_sql("R3", "Tickets that ended are paid back, others are not.", _not_back),
    in_sql("R3", "Tickets that were given come from a grant to the member.", _groundless),
    in_sql("R3", "Nobody enters or leaves while the raffle is not open.", _late),
)
