"""Tables of imports."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Amount, Id, Json, UTCDateTime, code
from server.core.db import Base, table_of


class ImportRunRow(Base):
    """One import of one file; its numbers grow in the transaction of each batch of rows."""

    __tablename__ = "import_run"
    __table_args__ = (
        CheckConstraint("state IN ('running', 'finished')", name="state"),
        CheckConstraint("(state = 'finished') = (finished_at IS NOT NULL)", name="finished"),
        CheckConstraint("done = posted + duplicate + refused", name="done"),
        Index("ix_import_run_file", "file_sha256"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(code(20))
    name: Mapped[str] = mapped_column(String(255))
    file_sha256: Mapped[str] = mapped_column(code(64))
    mapping: Mapped[dict[str, Any]] = mapped_column(Json)
    state: Mapped[str] = mapped_column(code(12))
    total: Mapped[int] = mapped_column(Integer)
    done: Mapped[int] = mapped_column(Integer)
    posted: Mapped[int] = mapped_column(Integer)
    duplicate: Mapped[int] = mapped_column(Integer)
    refused: Mapped[int] = mapped_column(Integer)
    enrolled: Mapped[int] = mapped_column(Integer)
    points: Mapped[int] = mapped_column(Amount)
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ImportRefusalRow(Base):
    """Why one row of a file was not imported. The row itself stays in the file only."""

    __tablename__ = "import_refusal"

    run_id: Mapped[str] = mapped_column(Id, ForeignKey("import_run.id"), primary_key=True)
    record: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    line: Mapped[int] = mapped_column(Integer)
    fix: Mapped[str] = mapped_column(code(40))
    field: Mapped[str] = mapped_column(code(20))
    reason: Mapped[str] = mapped_column(String(200))


IMPORT_RUN = table_of(ImportRunRow)
IMPORT_REFUSAL = table_of(ImportRefusalRow)
