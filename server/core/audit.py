"""The audit trail: who changed what, with the values before and after."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Index, insert
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Id, Json, UTCDateTime, code
from server.core.db import Base, table_of
from server.core.ids import new_id


class AuditEntry(Base):
    """One change made by a person or a key; never updated or deleted."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_entity", "entity_kind", "entity_id", "at"),
        Index("ix_audit_entry_at", "at", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    actor: Mapped[str] = mapped_column(code(80))
    action: Mapped[str] = mapped_column(code(64))
    entity_kind: Mapped[str] = mapped_column(code(32))
    entity_id: Mapped[str] = mapped_column(code(64))
    before: Mapped[dict[str, Any] | None] = mapped_column(Json)
    after: Mapped[dict[str, Any] | None] = mapped_column(Json)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    request_id: Mapped[str | None] = mapped_column(code(64))


AUDIT = table_of(AuditEntry)
_WRITE = insert(AUDIT)


@dataclass(frozen=True, slots=True)
class Change:
    """A change to one entity: `action` is `noun.verbed`, `before` and `after` JSON or None."""

    action: str
    entity_kind: str
    entity_id: str
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


def write_audit(
    tx: Connection, change: Change, *, actor: str, now: datetime, request_id: str | None = None
) -> str:
    """Record `change` by `actor` (`kind:id`, such as `staff:usr_...` or `cli:root`).

    Return the id of the entry.
    """
    entry_id = new_id("aud", now)
    values = {
        "id": entry_id,
        "actor": actor,
        "action": change.action,
        "entity_kind": change.entity_kind,
        "entity_id": change.entity_id,
        "before": dict(change.before) if change.before is not None else None,
        "after": dict(change.after) if change.after is not None else None,
        "at": now,
        "request_id": request_id,
    }
    tx.execute(_WRITE, values)
    return entry_id
