"""How Alembic reaches the database: through the application that runs it."""

from typing import Any, Literal

from alembic import context
from flask import has_app_context
from sqlalchemy import Connection

from server.core.columns import UTCDateTime
from server.core.db import Base, db


def run() -> None:
    """Migrate in one transaction; on SQLite tables are copied where ALTER cannot do it."""
    with db.engine.connect().execution_options(fairstar_write=True) as connection:
        _migrate(connection)


def render_item(kind: str, thing: Any, _context: Any) -> str | Literal[False]:
    """Write our own column types as plain ones: a migration never imports the application."""
    if kind == "type" and isinstance(thing, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()


if has_app_context():
    run()
