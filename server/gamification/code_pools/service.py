"""Filling pools and taking them out. Nothing here commits."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from server.core.audit import Change, write_audit
from server.core.crypto import Vault
from server.gamification.code_pools.errors import RewardHasOwnCodes
from server.gamification.code_pools.queries import list_codes, owners_of
from server.gamification.code_pools.rules import check_rows, make_code
from server.gamification.code_pools.types import PoolCode, Row, RowError, Upload
from server.gamification.definitions.queries import get_definition
from server.gamification.definitions.types import Definition
from server.gamification.rewards.settings import REWARDS
from server.gamification.rewards.types import CodeSource
from server.gamification.vouchers.codes import INDEX
from server.gamification.vouchers.pool import upload_codes


def pooled_reward(tx: Connection, reward_key: str) -> Definition:
    """Return a reward whose codes are uploaded, by key or id.

    Raise `DefinitionUnknown`, `RewardHasOwnCodes`.
    """
    found = get_definition(tx, REWARDS.name, reward_key)
    settings = found.settings if found.version else found.draft
    if (settings or {}).get("codes") != str(CodeSource.UPLOADED):
        raise RewardHasOwnCodes(reward=found.key)
    return found


def upload_rows(
    tx: Connection, vault: Vault, reward: Definition, rows: Sequence[Row], actor: str, now: datetime
) -> Upload:
    """Add the codes of rows to the pool of a reward; what it has already is no fault.

    A code that another reward has is one: a till could not tell whose it is.
    """
    good, errors = check_rows(rows)
    hashed = {vault.blind_index(INDEX, normal): row for normal, row in good.items()}
    before = owners_of(tx, list(hashed))
    new = [row.text for key, row in hashed.items() if key not in before]
    added = upload_codes(tx, vault, reward.key, new, actor, now) if new else 0
    owners = owners_of(tx, list(hashed))  # somebody else may upload the same at once
    errors += [
        RowError(row.number, "belongs_elsewhere")
        for key, row in hashed.items()
        if owners.get(key, reward.id) != reward.id
    ]
    known = sum(owner == reward.id for owner in owners.values()) - added
    return Upload(added, known, tuple(sorted(errors, key=lambda error: error.number)))


def generate_codes(
    tx: Connection, vault: Vault, reward: Definition, count: int, actor: str, now: datetime
) -> list[str]:
    """Add `count` new random codes to the pool of a reward and return them."""
    codes = [make_code(secrets.choice) for _ in range(count)]
    upload_codes(tx, vault, reward.key, codes, actor, now)
    return codes


def export_codes(
    tx: Connection, vault: Vault, reward: Definition, actor: str, now: datetime
) -> list[PoolCode]:
    """Return all codes of a pool; that somebody saw them is written down."""
    found = list(list_codes(tx, vault, reward.id))
    change = Change("reward.codes_exported", "reward", reward.id, None, {"codes": len(found)})
    write_audit(tx, change, actor=actor, now=now)
    return found
