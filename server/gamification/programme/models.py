"""The one row that describes the programme of this installation."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Id, Json, UTCDateTime, code
from server.core.db import Base, table_of


class ProgrammeRow(Base):
    """Settings of the programme. `revision` changes with every change of any configuration."""

    __tablename__ = "programme"
    __table_args__ = (CheckConstraint("id = 1", name="single_row"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(120))
    currency_code: Mapped[str] = mapped_column(code(3))
    zone: Mapped[str] = mapped_column(String(64))
    default_locale: Mapped[str] = mapped_column(code(8))
    locales: Mapped[list[str]] = mapped_column(Json)
    settings: Mapped[dict[str, Any]] = mapped_column(Json)
    revision: Mapped[str] = mapped_column(Id)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


PROGRAMME = table_of(ProgrammeRow)
