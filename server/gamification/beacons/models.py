"""Tables of beacons."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Integer, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Id, UTCDateTime, code
from server.core.db import Base, table_of


class LocalChainRow(Base):
    """A hash chain of this installation, revealed from its tail on; `length` links.

    The tail is public. `sealed_end` is the secret from which all links follow. Numbers below
    `next_number` were given out to sealed raffles.
    """

    __tablename__ = "local_chain"
    __table_args__ = (
        UniqueConstraint("tail"),
        CheckConstraint("next_number BETWEEN 1 AND length + 1", name="next_number"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    length: Mapped[int] = mapped_column(Integer)
    tail: Mapped[str] = mapped_column(code(64))
    sealed_end: Mapped[str] = mapped_column(Text)
    next_number: Mapped[int] = mapped_column(Integer)
    published_at: Mapped[datetime] = mapped_column(UTCDateTime)


LOCAL_CHAIN = table_of(LocalChainRow)
