"""What somebody could do to the ledger who has the database, but not the secret."""

from typing import Any

from sqlalchemy import Connection, func, select, text, update

from server.gamification.ledger.chain import chained_hash
from server.gamification.ledger.models import TRANSFER, WALLET
from server.gamification.proofs.history import list_opened_lots
from tests.builders.purchases import wallet


def unguard(tx: Connection) -> None:
    """Take the triggers away that protect transfers, and wait with foreign keys."""
    if tx.dialect.name == "sqlite":
        guards = text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for guard in tx.execute(guards).scalars().all():
            tx.execute(text(f"DROP TRIGGER {guard}"))
        tx.execute(text("PRAGMA ignore_check_constraints = ON"))
        tx.execute(text("PRAGMA foreign_keys = OFF"))
        tx.execute(text("PRAGMA defer_foreign_keys = ON"))
        return
    tx.execute(text("SET LOCAL session_replication_role = replica"))
    tx.execute(text("ALTER TABLE transfer DROP CONSTRAINT IF EXISTS ck_transfer_amount"))


def tamper(tx: Connection, statement: str) -> None:
    """Change the data behind the ledger's back."""
    unguard(tx)
    tx.execute(text(statement))


def movement(tx: Connection, member_id: str, version: int) -> Any:
    """One movement of a member, by its number."""
    of_wallet = TRANSFER.c.wallet_id == wallet(tx, member_id)["id"]
    return tx.execute(select(TRANSFER).where(of_wallet, TRANSFER.c.wallet_version == version)).one()


def versions(tx: Connection, member_id: str) -> int:
    """How many movements a member has."""
    of_wallet = TRANSFER.c.wallet_id == wallet(tx, member_id)["id"]
    return int(tx.execute(select(func.count()).where(of_wallet)).scalar_one())


def rewrite_history(tx: Connection, member_id: str, version: int, **changes: Any) -> None:
    """Change one movement and make the whole chain after it fit again, as a careful thief would."""
    unguard(tx)
    prev_hash = movement(tx, member_id, version).prev_hash
    for number in range(version, versions(tx, member_id) + 1):
        row = dict(movement(tx, member_id, number)._mapping)
        row |= changes if number == version else {}
        lots = list_opened_lots(tx, row["id"])
        row |= {"prev_hash": prev_hash, "hash": chained_hash(prev_hash, row, member_id, lots)}
        tx.execute(update(TRANSFER).where(TRANSFER.c.id == row["id"]).values(**row))
        prev_hash = row["hash"]
    tx.execute(update(WALLET).where(WALLET.c.id == row["wallet_id"]).values(head_hash=prev_hash))
