"""Column types shared by all tables, alike on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, ColumnElement, DateTime, String, Text, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeDecorator, TypeEngine

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

Json: Any = JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
"""A JSON document; None is the database's null, not JSON's."""


class TextList(TypeDecorator[list[str]]):
    """A list of texts as one parameter, see `among`."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return an array on PostgreSQL, JSON elsewhere."""
        kind = postgresql.ARRAY(Text()) if dialect.name == "postgresql" else JSON()
        return dialect.type_descriptor(kind)


class among(ColumnElement[bool]):  # noqa: N801 - reads like a function of the query language
    """Whether a column is one of a list of texts, given as the parameter `name`.

    Unlike IN, its text is the same for lists of every length, so that it is prepared once. The
    subquery keeps PostgreSQL's planner from counting the texts: a plan for the very list always
    seems better to it than the one that it has, so that it would plan at every execution.
    """

    inherit_cache = False
    type = Boolean()

    def __init__(self, column: ColumnElement[str], name: str) -> None:
        self.column, self.values = column, bindparam(name, type_=TextList())


@compiles(among, "postgresql")
def _as_array(element: among, compiler: SQLCompiler, **options: Any) -> str:
    column = compiler.process(element.column, **options)
    values = compiler.process(element.values, **options)
    return f"{column} = ANY (ARRAY(SELECT unnest({values})))"


@compiles(among, "sqlite")
def _as_json(element: among, compiler: SQLCompiler, **options: Any) -> str:
    column = compiler.process(element.column, **options)
    values = compiler.process(element.values, **options)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - compiled
