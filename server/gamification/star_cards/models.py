"""The tables of star cards."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Amount, Id, UTCDateTime, code
from server.core.db import Base, table_of


class StarCardClaimRow(Base):
    """A full card that was exchanged: the stars spent and the number of the member's card."""

    __tablename__ = "star_card_claim"
    __table_args__ = (
        UniqueConstraint("member_id", "card_id", "number"),
        CheckConstraint("stars > 0", name="stars"),
        CheckConstraint("number > 0", name="number"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    member_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"))
    card_id: Mapped[str] = mapped_column(Id, ForeignKey("definition.id"))
    number: Mapped[int] = mapped_column(Integer)
    stars: Mapped[int] = mapped_column(Amount)
    transfer_id: Mapped[str] = mapped_column(Id, ForeignKey("transfer.id"))
    actor: Mapped[str] = mapped_column(code(80))
    claimed_at: Mapped[datetime] = mapped_column(UTCDateTime)


STAR_CARD_CLAIM = table_of(StarCardClaimRow)
