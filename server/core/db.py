"""The database: engine, transactions, and what both SQLite and PostgreSQL need to behave alike.

Statements of the hot path are SQLAlchemy Core, built once at import, executed on the connection
that `transaction()` yields. Configuration and admin pages may use the ORM on the same connection
through `orm()`. Only entry points open transactions; services receive the connection.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any, cast

import orjson
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, MetaData, Table, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session

from server.core.errors import Refusal

LOCK_WAIT_SECONDS = 5
_AFTER = "fairstar_after_commit"
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The declarative base of every table."""

    metadata = MetaData(naming_convention=NAMES)


db = SQLAlchemy(model_class=Base)


def table_of(model: type[Base]) -> Table:
    """Return the Core table behind a model, for statements of the hot path."""
    return cast(Table, model.__table__)


def engine_options(url: str, pool_size: int = 16) -> dict[str, Any]:
    """Return the engine settings for `url`: JSON by orjson, lock waits bounded, pools sized."""
    options: dict[str, Any] = {"json_serializer": _dumps, "json_deserializer": orjson.loads}
    if url.startswith("sqlite"):
        return options | {"connect_args": {"timeout": LOCK_WAIT_SECONDS}}
    arguments = f"-c lock_timeout={LOCK_WAIT_SECONDS * 1000} -c timezone=UTC -c jit=off"
    return options | {
        "pool_size": pool_size,
        "max_overflow": 8,
        "pool_pre_ping": False,
        "pool_recycle": 1800,
        "connect_args": {"options": arguments, "prepare_threshold": 2},
    }


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


def install_database(app: Flask) -> None:
    """Give `app` its database.

    Only SQLite's engine is listened to: a listener costs every engine some 50 µs a request.
    """
    db.init_app(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", _set_pragmas)
            event.listen(db.engine, "begin", _begin_on_sqlite)


def _set_pragmas(connection: Any, _record: Any) -> None:
    """Make SQLite durable and concurrent: write-ahead log, full sync, enforced foreign keys."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_on_sqlite(connection: Connection) -> None:
    """Writers take the write lock at once: a deferred BEGIN fails under load when it upgrades."""
    write = connection.get_execution_options().get("fairstar_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@contextmanager
def transaction(on: Connection | None = None) -> Iterator[Connection]:
    """Open one read-write transaction; commit when the block ends well, roll back otherwise.

    `on` is a connection of `reading()` to go on with; its reads are over then. A refusal whose
    class says `keeps_writes` commits too: the counted guess is its effect.
    """
    with nullcontext(_ended(on)) if on is not None else db.engine.connect() as connection:
        connection.execution_options(fairstar_write=True)
        connection.info.pop(_AFTER, None)
        with connection.begin() as open_transaction:
            try:
                yield connection
            except Refusal as refusal:
                if refusal.keeps_writes:
                    open_transaction.commit()
                raise
        for act in connection.info.pop(_AFTER, ()):
            act()


def after_commit(tx: Connection, act: Callable[[], None]) -> None:
    """Call `act` when the transaction of `tx` has committed; never when it is rolled back."""
    tx.info.setdefault(_AFTER, []).append(act)


def _ended(connection: Connection) -> Connection:
    """End what was read on `connection`, so that a transaction may begin there."""
    connection.rollback()
    _commit_each(connection, False)
    return connection


@contextmanager
def reading() -> Iterator[Connection]:
    """Open a connection for reads only; on PostgreSQL without the round trips of a transaction."""
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.begin()  # one view of the data, also for what the driver executes itself
            yield connection
            return
        _commit_each(connection, True)
        try:
            yield connection
        finally:
            _commit_each(connection, False)


def _commit_each(connection: Connection, each: bool) -> None:
    """Tell PostgreSQL's driver whether every statement is a transaction of its own.

    SQLAlchemy's isolation level AUTOCOMMIT does the same in three times the time.
    """
    if connection.closed or connection.invalidated or connection.dialect.name == "sqlite":
        return
    raw: Any = connection.connection.dbapi_connection
    if raw.autocommit is not each and not raw.closed:
        raw.autocommit = each


@contextmanager
def snapshot() -> Iterator[Connection]:
    """Open a connection that sees one state of the whole data, however long it reads."""
    options: dict[str, Any] = {}
    if db.engine.dialect.name != "sqlite":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with db.engine.connect().execution_options(**cast(Any, options)) as connection:
        yield connection


@contextmanager
def orm(tx: Connection) -> Iterator[Session]:
    """Yield an ORM session inside the transaction of `tx`.

    Its commit flushes only: in this join mode the outer transaction stays with `tx`.
    """
    mode: Any = "rollback_only"
    with Session(bind=tx, expire_on_commit=False, join_transaction_mode=mode) as session:
        yield session
        session.commit()


_RETRYABLE_STATES = {"40001", "40P01"}
_LOCK_TIMEOUT_STATE = "55P03"
_UNIQUE_STATE = "23505"


def is_lock_timeout(error: DBAPIError) -> bool:
    """Tell whether `error` means that a lock was not had in `LOCK_WAIT_SECONDS`."""
    if getattr(error.orig, "sqlstate", None) == _LOCK_TIMEOUT_STATE:
        return True
    return "database is locked" in str(error.orig)


def is_retryable(error: DBAPIError) -> bool:
    """Tell whether the whole transaction may simply be run again (deadlock, serialization)."""
    return getattr(error.orig, "sqlstate", None) in _RETRYABLE_STATES


def is_lost_race(error: DBAPIError) -> bool:
    """Tell whether a twin wrote the same natural key first: run again, its row is there to see."""
    return getattr(error.orig, "sqlstate", None) == _UNIQUE_STATE


def first(tx: Connection, statement: Any, parameters: Mapping[str, Any]) -> Any:
    """Execute a statement built with bind parameters and return its first row or None."""
    return tx.execute(statement, parameters).first()
