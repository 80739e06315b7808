"""L9 and L11: every transfer says why and by whom, and amounts are whole numbers."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, Table, and_, func, or_, select, tuple_

from server.core.audit import AUDIT
from server.gamification.activities.models import ACTIVITY
from server.gamification.game_plays.models import GAME_PLAY
from server.gamification.grants.models import BENEFIT_GRANT
from server.gamification.invariants.declaring import Invariant, in_sql
from server.gamification.invariants.types import Setting
from server.gamification.ledger.models import HOLD, LOT, LOT_DRAW, TRANSFER, WALLET
from server.gamification.ledger.types import AMOUNT_MAX, Kind
from server.gamification.star_cards.models import STAR_CARD_CLAIM
from server.gamification.streaks.models import STREAK_FREEZE
from server.gamification.tickets.models import RAFFLE_ENTRY
from server.gamification.transfers.models import MEMBER_TRANSFER
from server.gamification.vouchers.models import VOUCHER

_T = TRANSFER.c
_REFERRED = {
    "activity": ACTIVITY,
    "return": ACTIVITY,
    "hold": HOLD,
    "lot": LOT,
    "audit": AUDIT,
    "grant": BENEFIT_GRANT,
    "star_card": STAR_CARD_CLAIM,
    "freeze": STREAK_FREEZE,
    "voucher": VOUCHER,
    "member_transfer": MEMBER_TRANSFER,
    "play": GAME_PLAY,
    "entry": RAFFLE_ENTRY,
}
_FITTING = {
    Kind.ACCRUAL: ("activity", "grant"),
    Kind.MATURITY: ("lot", "activity", "audit", "grant"),
    Kind.REDEMPTION: ("audit", "star_card", "freeze", "voucher", "play"),
    Kind.HOLD: ("hold",),
    Kind.CAPTURE: ("hold",),
    Kind.RELEASE: ("hold",),
    Kind.LAPSE: ("hold",),
    Kind.EXPIRY: ("lot",),
    Kind.ADJUSTMENT: ("audit",),
    Kind.REVERSAL: ("return", "audit", "grant", "voucher", "entry"),
    Kind.DONATION: ("voucher",),
    Kind.TRANSFER: ("member_transfer",),
    Kind.ENTRY: ("entry",),
    Kind.SETTLEMENT: tuple(_REFERRED),
}
_KNOWN_CAUSES = [(str(kind), ref_kind) for kind, refs in _FITTING.items() for ref_kind in refs]
_AMOUNTS: tuple[tuple[Table, str, tuple[str, ...]], ...] = (
    (TRANSFER, "id", ("amount", "balance_after", "wallet_version")),
    (WALLET, "id", ("available", "pending", "held", "debt", "lifetime_earned", "version")),
    (LOT, "id", ("amount", "remaining")),
    (LOT_DRAW, "lot_id", ("amount",)),
    (HOLD, "id", ("amount", "captured")),
)

_causeless = select(_T.id).where(or_(_T.ref_kind == "", _T.ref_id == "", _T.actor == ""))


def _dangling(ref_kind: str, table: Table) -> ColumnElement[bool]:
    known = select(table.c.id).where(table.c.id == _T.ref_id).exists()
    return and_(_T.ref_kind == ref_kind, ~known)


_lost = select(_T.id).where(or_(*(_dangling(kind, table) for kind, table in _REFERRED.items())))

_unfitting = select(_T.id).where(tuple_(_T.kind, _T.ref_kind).not_in(_KNOWN_CAUSES))
_in_entry: ColumnElement[int] = func.abs(AUDIT.c.after["amount"].as_integer())
_other_than_entry = (
    select(_T.id)
    .join(WALLET, WALLET.c.id == _T.wallet_id)
    .join(AUDIT, AUDIT.c.id == _T.ref_id)
    .where(
        _T.ref_kind == "audit",
        _T.kind != str(Kind.SETTLEMENT),
        or_(
            AUDIT.c.entity_id != WALLET.c.member_id,
            AUDIT.c.action != "points.adjusted",
            AUDIT.c.actor != _T.actor,
            AUDIT.c.after["unit"].as_string() != _T.unit,
            _in_entry != _T.amount,
        ),
    )
)
_others = (
    select(_T.id)
    .join(ACTIVITY, ACTIVITY.c.id == _T.ref_id)
    .join(WALLET, WALLET.c.id == _T.wallet_id)
    .where(_T.ref_kind.in_(["activity", "return"]), ACTIVITY.c.member_id != WALLET.c.member_id)
)
_audited_twice = (
    select(_T.ref_id)
    .where(_T.ref_kind == "audit", _T.kind != str(Kind.SETTLEMENT))
    .group_by(_T.ref_id)
    .having(func.count() > 1)
)
_early = (
    select(_T.id)
    .join(LOT, LOT.c.id == _T.ref_id)
    .where(
        _T.kind == str(Kind.MATURITY),
        _T.ref_kind == "lot",
        or_(
            LOT.c.available_at.is_(None),
            LOT.c.available_at != _T.occurred_at,
            LOT.c.available_at > _T.recorded_at,
        ),
    )
)


def _not_whole(tx: Connection, _setting: Setting) -> Iterable[str]:
    for table, key, names in _AMOUNTS:
        wrong = [func.abs(table.c[name]) > AMOUNT_MAX for name in names]
        if tx.dialect.name == "sqlite":  # the only one that stores a fraction in such a column
            wrong += [func.typeof(table.c[name]) != "integer" for name in names]
        found = tx.execute(select(table.c[key]).where(or_(*wrong))).scalars()
        yield from (f"{table.name} {row_id}" for row_id in found)


INVARIANTS = (
    in_sql("L9", "Every transfer has a cause and an actor.", _causeless),
    in_sql("L9", "The cause of a transfer exists.", _lost),
    in_sql("L9", "Every kind of transfer has a cause that fits it.", _unfitting),
    in_sql("L9", "Points move for what their own member did.", _others),
    in_sql("L9", "A movement by hand is the one of its audit entry.", _other_than_entry),
    in_sql("L9", "An audit entry moves points once.", _audited_twice),
    in_sql("L9", "Points mature at their date.", _early),
    Invariant("L11", "Points are whole numbers of at most 2^53 - 1.", _not_whole),
)
