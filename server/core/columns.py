"""Column types shared by all tables, alike on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, String
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from server.core.ids import ID_LENGTH_MAX


class UTCDateTime(TypeDecorator[datetime]):
    """An aware instant, stored and returned in UTC (SQLite drops time zones by itself)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive datetimes: they are the commonest way to lose an hour."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back an aware UTC datetime whatever the driver returned."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def code(length: int) -> String:
    """Return a short machine-readable text type that sorts by bytes on every database."""
    collated = postgresql.VARCHAR(length, collation="C")
    return String(length).with_variant(collated, "postgresql")


Id = code(ID_LENGTH_MAX)
"""A prefixed sortable id (see `server.core.ids`)."""

Amount = BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
"""A whole number of points, stars or minor units of money."""

Json: Any = JSON().with_variant(postgresql.JSONB(), "postgresql")
"""A JSON document."""
