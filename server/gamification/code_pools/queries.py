"""Reading pools: whose codes are known, how many are left, and the codes themselves."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, bindparam, case, func, select

from server.core.columns import among
from server.core.crypto import Vault
from server.core.statements import Prepared
from server.gamification.code_pools.types import PoolCode, PoolCount
from server.gamification.vouchers.models import REWARD_CODE

_C = REWARD_CODE.c
_OWNERS = Prepared(select(_C.code_hash, _C.reward_id).where(among(_C.code_hash, "hashes")))
_COUNTS = select(
    _C.reward_id,
    func.sum(case((_C.voucher_id.is_(None), 1), else_=0)).label("free"),
    func.sum(case((_C.voucher_id.is_(None), 0), else_=1)).label("taken"),
).group_by(_C.reward_id)
_CODES = (
    select(_C.id, _C.code_sealed, _C.voucher_id, _C.taken_at)
    .where(_C.reward_id == bindparam("reward_id"))
    .order_by(_C.id)
)


def owners_of(tx: Connection, hashes: Sequence[str]) -> dict[str, str]:
    """Return the ids of the rewards that have codes with these hashes, by hash."""
    rows = _OWNERS.all(tx, {"hashes": list(hashes)})
    return {row.code_hash: row.reward_id for row in rows}


def count_codes(tx: Connection) -> dict[str, PoolCount]:
    """Return how many uploaded codes are free and given out, by reward id."""
    return {row.reward_id: PoolCount(int(row.free), int(row.taken)) for row in tx.execute(_COUNTS)}


def list_codes(tx: Connection, vault: Vault, reward_id: str) -> Iterator[PoolCode]:
    """Yield the codes of a reward's pool in the order of their upload."""
    for row in tx.execute(_CODES, {"reward_id": reward_id}):
        yield PoolCode(vault.open(row.code_sealed, row.id), row.voucher_id, row.taken_at)
