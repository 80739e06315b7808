"""The table of member facts."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Amount, Id, Json, UTCDateTime
from server.core.db import Base, table_of


class MemberFactsRow(Base):
    """Counters of one member; written only under the lock of the member's points wallet."""

    __tablename__ = "member_facts"

    member_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"), primary_key=True)
    purchases: Mapped[int] = mapped_column(Integer)
    visits: Mapped[int] = mapped_column(Integer)
    items: Mapped[int] = mapped_column(Amount)
    spend_minor: Mapped[int] = mapped_column(Amount)
    qualifying_points: Mapped[int] = mapped_column(Amount)
    first_purchase_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_purchase_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_visit_on: Mapped[date | None] = mapped_column(Date)
    counts: Mapped[dict[str, Any]] = mapped_column(Json, server_default=text("'{}'"))


MEMBER_FACTS = table_of(MemberFactsRow)
