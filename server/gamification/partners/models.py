"""Tables of partners, locations, devices and keys."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import Id, Json, UTCDateTime, code
from server.core.db import Base, table_of


class LocationRow(Base):
    """A shop, a counter, a web shop: where purchases happen; of a partner, or of the house."""

    __tablename__ = "location"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    external_id: Mapped[str | None] = mapped_column(code(100), unique=True)
    zone: Mapped[str | None] = mapped_column(String(64))
    partner_id: Mapped[str | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    archived_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class PartnerRow(Base):
    """A business whose backend talks to us; it may vouch for customers it already knows."""

    __tablename__ = "partner"
    __table_args__ = (
        CheckConstraint(
            "assertion_key IS NULL OR assertion_secret_sealed IS NULL", name="assertion"
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    assertion_key: Mapped[str | None] = mapped_column(Text)
    assertion_secret_sealed: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class DeviceRow(Base):
    """A till or kiosk. It gets its key by pairing, once per pairing token."""

    __tablename__ = "device"
    __table_args__ = (
        CheckConstraint("profile IN ('till_full', 'till_scan_only', 'kiosk')", name="profile"),
        CheckConstraint(
            "(pairing_token_hash IS NULL) = (pairing_expires_at IS NULL)", name="pairing"
        ),
        Index("ix_device_location", "location_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    location_id: Mapped[str] = mapped_column(Id, ForeignKey("location.id"))
    profile: Mapped[str] = mapped_column(code(20))
    app_version: Mapped[str | None] = mapped_column(String(40))
    last_seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    pairing_token_hash: Mapped[str | None] = mapped_column(code(64), unique=True)
    pairing_expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class ApiKeyRow(Base):
    """A secret of a partner's backend or of a device, stored hashed and shown once."""

    __tablename__ = "api_key"
    __table_args__ = (
        CheckConstraint("(partner_id IS NULL) <> (device_id IS NULL)", name="holder"),
        CheckConstraint("mode IN ('live', 'test')", name="mode"),
        Index("ix_api_key_device", "device_id"),
        Index("ix_api_key_partner", "partner_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    partner_id: Mapped[str | None] = mapped_column(Id, ForeignKey("partner.id"))
    device_id: Mapped[str | None] = mapped_column(Id, ForeignKey("device.id"))
    name: Mapped[str] = mapped_column(String(120))
    mode: Mapped[str] = mapped_column(code(4))
    secret_hash: Mapped[str] = mapped_column(code(64), unique=True)
    hint: Mapped[str] = mapped_column(code(20))
    scopes: Mapped[list[str]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class UsedAssertionRow(Base):
    """An assertion that signed somebody in; kept until it would have expired anyway."""

    __tablename__ = "used_assertion"
    __table_args__ = (Index("ix_used_assertion_expires", "expires_at"),)

    partner_id: Mapped[str] = mapped_column(Id, ForeignKey("partner.id"), primary_key=True)
    jti: Mapped[str] = mapped_column(code(100), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)


LOCATION = table_of(LocationRow)
PARTNER = table_of(PartnerRow)
DEVICE = table_of(DeviceRow)
API_KEY = table_of(ApiKeyRow)
USED_ASSERTION = table_of(UsedAssertionRow)
