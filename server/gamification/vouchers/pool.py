"""Uploaded codes: kept sealed, found by a keyed hash, each given out once."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from server.core.audit import Change, write_audit
from server.core.columns import among
from server.core.crypto import Vault
from server.core.ids import new_id
from server.core.statements import Prepared
from server.gamification.definitions.queries import get_definition
from server.gamification.rewards.settings import REWARDS
from server.gamification.vouchers.codes import INDEX, normal_code
from server.gamification.vouchers.errors import CodeExhausted
from server.gamification.vouchers.models import REWARD_CODE

CODE_LENGTH_MAX = 64
_C = REWARD_CODE.c
_KNOWN = Prepared(select(_C.code_hash).where(among(_C.code_hash, "hashes")))
_HERE = Prepared(select(_C.id).where(among(_C.id, "ids")))


def _insert(dialect: Any) -> Any:
    return dialect.insert(REWARD_CODE).on_conflict_do_nothing()


_INSERT = {"postgresql": _insert(postgresql), "sqlite": _insert(sqlite)}
_FREE = (
    select(_C.id)
    .where(_C.reward_id == bindparam("of_reward"), _C.voucher_id.is_(None))
    .order_by(_C.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_PICKED = _FREE.cte("picked").prefix_with("MATERIALIZED", dialect="postgresql")
_TAKE = (
    update(REWARD_CODE)
    .where(_C.id.in_(select(_PICKED.c.id)), _C.voucher_id.is_(None))
    .values(voucher_id=bindparam("of_voucher"), taken_at=bindparam("at"))
    .returning(_C.id)
)
_LEFT = (
    select(_C.reward_id, func.count().label("left"))
    .where(_C.voucher_id.is_(None))
    .group_by(_C.reward_id)
)


def upload_codes(
    tx: Connection, vault: Vault, reward_key: str, codes: Iterable[str], actor: str, now: datetime
) -> int:
    """Add codes to the pool of a reward and return how many were new.

    Blank ones, too long ones and those that any voucher or pool has are left out; of those that
    come twice at once one is new. They go in by their order, so that uploads wait in a row.
    """
    reward = get_definition(tx, REWARDS.name, reward_key)
    hashed = {_hash(vault, text): text for text in map(str.strip, codes) if _is_good(text)}
    new = sorted(set(hashed) - _known(tx, list(hashed)))
    added = _add(tx, [_row(vault, reward.id, (key, hashed[key]), now) for key in new])
    change = Change("reward.codes_uploaded", "reward", reward.id, None, {"codes": added})
    write_audit(tx, change, actor=actor, now=now)
    return added


def _add(tx: Connection, rows: Sequence[dict[str, Any]]) -> int:
    """Insert rows, except those that somebody else has just added; return how many there are."""
    if not rows:
        return 0
    tx.execute(_INSERT[tx.dialect.name], rows)
    return len(_HERE.all(tx, {"ids": [row["id"] for row in rows]}))


def _is_good(text: str) -> bool:
    return bool(normal_code(text)) and len(text) <= CODE_LENGTH_MAX and text.isprintable()


def _hash(vault: Vault, text: str) -> str:
    return vault.blind_index(INDEX, normal_code(text))


def _known(tx: Connection, hashes: Sequence[str]) -> set[str]:
    return {row.code_hash for row in _KNOWN.all(tx, {"hashes": list(hashes)})}


def _row(vault: Vault, reward_id: str, hashed: tuple[str, str], now: datetime) -> dict[str, Any]:
    row_id = new_id("rwc", now)
    return {
        "id": row_id,
        "reward_id": reward_id,
        "code_hash": hashed[0],
        "code_sealed": vault.seal(hashed[1], row_id),
        "voucher_id": None,
        "uploaded_at": now,
        "taken_at": None,
    }


def take_code(tx: Connection, reward_id: str, voucher_id: str, now: datetime) -> None:
    """Give the next code of a pool to a voucher. Raise `CodeExhausted`.

    Of many at once each takes another: rows that somebody has locked are passed over.
    """
    given = {"of_reward": reward_id, "of_voucher": voucher_id, "at": now}
    if tx.execute(_TAKE, given).first() is None:
        raise CodeExhausted


def codes_left(tx: Connection) -> dict[str, int]:
    """Return how many uploaded codes are left, by reward."""
    return {row.reward_id: row.left for row in tx.execute(_LEFT)}
