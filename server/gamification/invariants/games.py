"""W1 to W4: plays follow from the seed, have one outcome, and stock and plays given are counted."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, and_, case, func, or_, select

from server.core.crypto import SealBroken
from server.core.walking import walk
from server.gamification.game_plays.giving import REASON
from server.gamification.game_plays.models import GAME_PLAY
from server.gamification.games.editions import context_of
from server.gamification.games.models import (
    GAME_EDITION,
    GAME_PLAYER,
    GAME_STOCK,
    PLAY_CREDIT,
)
from server.gamification.games.queries import game_at
from server.gamification.games.rules import decide, play_id_of, seed_hash
from server.gamification.grants.models import BENEFIT_GRANT
from server.gamification.invariants.declaring import Invariant, in_sql
from server.gamification.invariants.types import Setting
from server.gamification.ledger.models import TRANSFER, WALLET

_E, _S, _M, _C, _P = (
    table.c for table in (GAME_EDITION, GAME_STOCK, GAME_PLAYER, PLAY_CREDIT, GAME_PLAY)
)
_G, _T = BENEFIT_GRANT.c, TRANSFER.c
_WON = _P.outcome != "lost"

_ungiven = (
    select(_P.id)
    .join(BENEFIT_GRANT, _G.id == _P.grant_id, isouter=True)
    .where(
        or_(
            and_(
                _WON,
                or_(
                    _G.id.is_(None),
                    _G.ref_kind != REASON,
                    _G.ref_id != _P.id,
                    _G.member_id != _P.member_id,
                ),
            ),
            and_(~_WON, _P.grant_id.is_not(None)),
        )
    )
)
_unplayed = (
    select(_G.id)
    .join(GAME_PLAY, _P.grant_id == _G.id, isouter=True)
    .where(_G.ref_kind == REASON, _P.id.is_(None))
)
_counts = (
    select(
        _P.member_id,
        _P.game_id,
        func.count().label("plays"),
        func.max(_P.number).label("last"),
    )
    .group_by(_P.member_id, _P.game_id)
    .subquery()
)
_misnumbered = (
    select(_M.entrant)
    .join(
        _counts,
        and_(_counts.c.member_id == _M.member_id, _counts.c.game_id == _M.game_id),
        isouter=True,
    )
    .where(
        or_(
            func.coalesce(_counts.c.plays, 0) != _M.number,
            func.coalesce(_counts.c.last, 0) != _M.number,
        )
    )
)
_playerless = (
    select(_P.id)
    .join(
        GAME_PLAYER,
        and_(_M.member_id == _P.member_id, _M.game_id == _P.game_id),
        isouter=True,
    )
    .where(_M.member_id.is_(None))
)
_given = (
    select(_P.edition_id, _P.prize_key, func.count().label("plays"))
    .where(_P.outcome == "prize")
    .group_by(_P.edition_id, _P.prize_key)
    .subquery()
)
_miscounted = (
    select(_S.prize_key)
    .join(
        _given,
        and_(_given.c.edition_id == _S.edition_id, _given.c.prize_key == _S.prize_key),
        isouter=True,
    )
    .where(or_(_S.given != func.coalesce(_given.c.plays, 0), _S.given > _S.total))
)
_used = (
    select(_P.credit_id, func.count().label("plays"))
    .where(_P.credit_id.is_not(None))
    .group_by(_P.credit_id)
    .subquery()
)
_unbalanced = (
    select(_C.id)
    .join(_used, _used.c.credit_id == _C.id, isouter=True)
    .where(
        or_(
            _C.used != func.coalesce(_used.c.plays, 0),
            _C.amount != _C.plays_left + _C.used + _C.taken + _C.lapsed,
            _C.plays_left < 0,
        )
    )
)
_others = (
    select(_P.id)
    .join(PLAY_CREDIT, _C.id == _P.credit_id)
    .where(or_(_C.member_id != _P.member_id, _C.game_id != _P.game_id))
)
_unpaid = (
    select(_P.id)
    .join(TRANSFER, _T.id == _P.transfer_id, isouter=True)
    .join(WALLET, WALLET.c.id == _T.wallet_id, isouter=True)
    .where(
        _P.source == "points",
        or_(
            _T.id.is_(None),
            _T.kind != "redemption",
            _T.ref_kind != "play",
            _T.ref_id != _P.id,
            _T.amount != _P.price_points,
            WALLET.c.member_id != _P.member_id,
        ),
    )
)
_untrue = (
    select(_P.id)
    .join(GAME_EDITION, _E.id == _P.edition_id)
    .where(
        or_(
            _E.game_id != _P.game_id,
            _E.version != _P.version,
            _P.played_at < _E.opened_at,
            _P.played_at > func.coalesce(_E.ended_at, _P.played_at),
        )
    )
)
_PLAYER = (_P.member_id, _P.game_id)
_LOST_THEN = case((_WON, 0), else_=_P.losses_before + 1)
_row = select(
    _P.id,
    _P.number,
    _P.losses_before,
    func.lag(_P.number).over(partition_by=_PLAYER, order_by=_P.number).label("number_then"),
    func.lag(_LOST_THEN).over(partition_by=_PLAYER, order_by=_P.number).label("lost_then"),
).subquery()
_unlinked = select(_row.c.id).where(
    or_(
        _row.c.number != func.coalesce(_row.c.number_then, 0) + 1,
        _row.c.losses_before != func.coalesce(_row.c.lost_then, 0),
    )
)


def _underived(tx: Connection, setting: Setting) -> Iterable[str]:
    """Yield the plays that do not follow from the seed; of running editions with the vault only."""
    seeds = {row.id: _seed_of(row, setting) for row in tx.execute(select(GAME_EDITION)).all()}
    for row in walk(tx, select(GAME_PLAY), [_P.id]):
        if row.id != play_id_of(row.game_id, row.version, row.number, row.nonce_hash):
            yield row.id
            continue
        seed = seeds[row.edition_id]
        if seed is not None and not row.is_forced and not _follows(tx, row, seed):
            yield row.id


def _follows(tx: Connection, row: Any, seed: bytes) -> bool:
    """Tell whether a play is what the seed decides, the consolation in the place of any prize."""
    game = game_at(tx, row.game_id, row.version)
    decided = decide(game, seed, row.id, row.losses_before)
    key = decided.prize.key if decided.prize else None
    if row.prize_key != key:
        return False
    return row.outcome != "prize" or key != game.consolation.key


def _seed_of(row: Any, setting: Setting) -> bytes | None:
    """Return the seed of an edition, told or sealed; None when it cannot be known here."""
    if row.seed is not None:
        return bytes.fromhex(row.seed)
    if setting.vault is None:
        return None
    try:
        return bytes.fromhex(setting.vault.open(row.seed_sealed, context_of(row.id)))
    except SealBroken:
        return None


def _unhashed(tx: Connection, setting: Setting) -> Iterable[str]:
    for row in tx.execute(select(GAME_EDITION)).all():
        seed = _seed_of(row, setting)
        if seed is not None and seed_hash(seed) != row.seed_hash:
            yield row.id


INVARIANTS = (
    in_sql("W1", "A play that wins has one grant, one that loses has none.", _ungiven),
    in_sql("W1", "What games gave, a play has won.", _unplayed),
    in_sql("W1", "A player's plays are numbered 1 to n without a gap.", _misnumbered),
    in_sql("W1", "Every play has its player.", _playerless),
    in_sql("W1", "A play knows how many were lost before it.", _unlinked),
    in_sql("W2", "A play was made in a running edition of its version.", _untrue),
    Invariant("W2", "Every play follows from the seed of its edition.", _underived),
    Invariant("W2", "The seed of an edition is the one that was promised.", _unhashed),
    in_sql("W3", "Prizes that are gone from the stock are those that plays gave.", _miscounted),
    in_sql("W4", "Plays given are left, used, taken back or over.", _unbalanced),
    in_sql("W4", "A play was given to whom it was made by.", _others),
    in_sql("W4", "A play for points was paid.", _unpaid),
)
