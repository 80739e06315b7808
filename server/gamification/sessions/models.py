"""Tables of sign-ins. Secrets are stored hashed or sealed."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Id, UTCDateTime, code
from server.core.db import Base, table_of


class MemberSessionRow(Base):
    """One signed-in app installation of a member: the family of its refresh tokens."""

    __tablename__ = "member_session"
    __table_args__ = (
        Index("ix_member_session_member", "member_id"),
        CheckConstraint("(revoked_at IS NULL) = (revoke_reason IS NULL)", name="revoked"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    member_id: Mapped[str] = mapped_column(Id, ForeignKey("member.id"))
    installation_id: Mapped[str] = mapped_column(String(64))
    user_agent: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoke_reason: Mapped[str | None] = mapped_column(code(24))


class RefreshTokenRow(Base):
    """A refresh token by its hash. `successor_sealed` serves a lost answer for a minute."""

    __tablename__ = "refresh_token"
    __table_args__ = (
        Index("ix_refresh_token_session", "session_id"),
        Index("ix_refresh_token_expires", "expires_at"),
    )

    token_hash: Mapped[str] = mapped_column(code(64), primary_key=True)
    session_id: Mapped[str] = mapped_column(Id, ForeignKey("member_session.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    successor_sealed: Mapped[str | None] = mapped_column(Text)


class OtpChallengeRow(Base):
    """A one-time code that was sent to an address; the code itself is stored hashed."""

    __tablename__ = "otp_challenge"
    __table_args__ = (
        CheckConstraint("kind IN ('email')", name="kind"),
        CheckConstraint("attempts >= 0", name="attempts"),
        Index("ix_otp_challenge_address", "address_index", "created_at"),
        Index("ix_otp_challenge_expires", "expires_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(code(12))
    address_index: Mapped[str] = mapped_column(code(64))
    address_sealed: Mapped[str] = mapped_column(Text)
    requester_index: Mapped[str | None] = mapped_column(code(64))
    code_hash: Mapped[str] = mapped_column(code(64))
    attempts: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


MEMBER_SESSION = table_of(MemberSessionRow)
REFRESH_TOKEN = table_of(RefreshTokenRow)
OTP_CHALLENGE = table_of(OtpChallengeRow)
