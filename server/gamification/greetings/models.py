"""Tables of greetings."""

from datetime import date

from sqlalchemy import CheckConstraint, Date, ForeignKey, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Id, code
from server.core.db import Base, table_of

_KIND = "kind IN ('birthday', 'anniversary')"


class GreetingStartRow(Base):
    """Since when a kind of greeting is given; days before it are not made up for."""

    __tablename__ = "greeting_start"
    __table_args__ = (CheckConstraint(_KIND, name="kind"),)

    kind: Mapped[str] = mapped_column(code(12), primary_key=True)
    since_on: Mapped[date] = mapped_column(Date)


class YearlyGrantRow(Base):
    """A greeting that was given: to whom, for which day, and as which grant; once a year."""

    __tablename__ = "yearly_grant"
    __table_args__ = (CheckConstraint(_KIND, name="kind"),)

    member_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(code(12), primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    due_on: Mapped[date] = mapped_column(Date)
    grant_id: Mapped[str] = mapped_column(Id, ForeignKey("benefit_grant.id"))


GREETING_START = table_of(GreetingStartRow)
YEARLY_GRANT = table_of(YearlyGrantRow)
