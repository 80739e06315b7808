"""Tables of definitions."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Id, Json, UTCDateTime, code
from server.core.db import Base, table_of


class DefinitionRow(Base):
    """One configured thing: a challenge, a badge, a reward. `edit` counts every change of it."""

    __tablename__ = "definition"
    __table_args__ = (
        UniqueConstraint("kind", "key"),
        CheckConstraint("state IN ('draft', 'published', 'paused', 'archived')", name="state"),
        CheckConstraint("(state = 'draft') = (version = 0)", name="version"),
        Index("ix_definition_kind", "kind", "state"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(code(20))
    key: Mapped[str] = mapped_column(code(40))
    state: Mapped[str] = mapped_column(code(12))
    version: Mapped[int] = mapped_column(Integer)
    edit: Mapped[int] = mapped_column(Integer)
    position: Mapped[int] = mapped_column(Integer)
    settings: Mapped[dict[str, Any]] = mapped_column(Json)
    draft: Mapped[dict[str, Any] | None] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


class DefinitionVersionRow(Base):
    """A version that was once published; never updated."""

    __tablename__ = "definition_version"

    definition_id: Mapped[str] = mapped_column(Id, ForeignKey("definition.id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    settings: Mapped[dict[str, Any]] = mapped_column(Json)
    actor: Mapped[str] = mapped_column(code(80))
    published_at: Mapped[datetime] = mapped_column(UTCDateTime)


DEFINITION = table_of(DefinitionRow)
DEFINITION_VERSION = table_of(DefinitionVersionRow)
