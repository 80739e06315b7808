"""Statements of the hot path: built by SQLAlchemy once, executed by the driver itself.

`Connection.execute` spends most of its time on what never changes from one request to the next.
A `Prepared` statement keeps that: the text for the dialect, how each parameter is written and how
each column is read. It costs about 30 µs of processor time instead of 105. Errors are SQLAlchemy's.

On PostgreSQL many rows go as one JSON document into one set-based statement, and `at_once` sends
several statements without waiting for each answer. The driver gets the text with `$1`, as the
server reads it: otherwise it looks for placeholders anew, in a long text each time.
"""

import re
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache
from typing import Any, Final, TypeVar

import orjson
from sqlalchemy import ClauseElement, Connection, Insert, Select
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

T = TypeVar("T")
Parameters = Mapping[str, Any]
Later = Callable[[], T]
"""What a function that only sends gives back: call it for the answer, after `at_once`."""
_NONE: Final[Parameters] = {}
_PLACEHOLDER = re.compile(r"%\((\w+)\)s(?:::(?:TIMESTAMP WITH TIME ZONE|[A-Z]+))?")
_CONFLICT = " ON CONFLICT "
_ROWS = "%(rows)s"
_NAMED = re.compile(r"%\((\w+)\)s|%%")
_GATHERED = "fairstar_gathered"
_CURSOR = "fairstar_cursor"


class Prepared:
    """A Core statement with bind parameters; `sqlite` is its form where that dialect differs."""

    def __init__(self, statement: ClauseElement, *, sqlite: ClauseElement | None = None) -> None:
        other = statement if sqlite is None else sqlite
        self._statements = {"postgresql": statement, "sqlite": other}
        self._forms: dict[tuple[str, ...], _Form] = {}
        self._sets: dict[tuple[str, ...], str] = {}

    def send(self, tx: Connection, parameters: Parameters = _NONE) -> "Sent":
        """Execute and return what will hold the rows; inside `at_once` nobody waits for them."""
        form = self._form(tx.dialect, parameters)
        return Sent(_execute(tx, _cursor(tx), form.sql, form.write(parameters)), form)

    def first(self, tx: Connection, parameters: Parameters = _NONE) -> Any:
        """Execute and return the first row (a named tuple), or None."""
        return self._now(tx, parameters).first()

    def all(self, tx: Connection, parameters: Parameters = _NONE) -> list[Any]:
        """Execute and return all rows."""
        return self._now(tx, parameters).all()

    def _now(self, tx: Connection, parameters: Parameters) -> "Sent":
        """Execute for an answer that is read at once, so that the cursor is free again."""
        form = self._form(tx.dialect, parameters)
        return Sent(_execute(tx, _kept_cursor(tx), form.sql, form.write(parameters)), form)

    def run(self, tx: Connection, rows: Sequence[Parameters]) -> None:
        """Execute once for each of `rows`, which have the same keys; for none do nothing."""
        if not rows:
            return
        if tx.dialect.name == "sqlite":
            for row in rows:
                self._now(tx, row)
        elif _GATHERED in tx.info:
            tx.info[_GATHERED].append((self._set(tx.dialect, rows[0]), _document(rows)))
        elif len(rows) == 1:
            self._now(tx, rows[0])
        else:
            _write(tx, [(self._set(tx.dialect, rows[0]), _document(rows))])

    def _form(self, dialect: Dialect, parameters: Parameters) -> "_Form":
        key = (dialect.name, *parameters)
        form = self._forms.get(key)
        if form is None:
            form = self._forms[key] = _Form(self._statements[dialect.name], dialect, key[1:])
        return form

    def _set(self, dialect: Dialect, parameters: Parameters) -> str:
        key = tuple(parameters)
        if key not in self._sets:
            compiled = _compiled(self._statements["postgresql"], dialect, key)
            self._sets[key] = _set_based(compiled, dialect)
        return self._sets[key]


class Sent:
    """A statement on its way, and its rows once they are asked for."""

    __slots__ = ("_cursor", "_form")

    def __init__(self, cursor: Any, form: "_Form") -> None:
        self._cursor, self._form = cursor, form

    def first(self) -> Any:
        """Return the first row, or None."""
        row = self._cursor.fetchone()
        return None if row is None else self._form.read(row)

    def all(self) -> list[Any]:
        """Return all rows."""
        return [self._form.read(row) for row in self._cursor.fetchall()]


@contextmanager
def at_once(tx: Connection) -> Iterator[None]:
    """Send what is executed in the block without waiting; an error shows at the end of it.

    The server still does one statement after the other. What is sent here must not depend on
    what comes back. It saves a round trip, and on a busy machine two changes of process, for each
    statement.
    """
    if tx.dialect.name != "postgresql":
        yield
        return
    raw, driver = _driver_of(tx)
    try:
        with raw.pipeline():
            yield
    except driver.Error as error:
        raise _wrapped(tx, error, "several statements at once") from error


@contextmanager
def together(tx: Connection) -> Iterator[None]:
    """Gather what `Prepared.run` is given in the block and write it all with one statement.

    No two of the rows may be the same row of a table. On PostgreSQL that takes a third of the
    time of eight statements sent at once; an error shows at the end of the block.
    """
    if tx.dialect.name != "postgresql":
        yield
        return
    gathered: list[tuple[str, str]] = []
    tx.info[_GATHERED] = gathered
    try:
        yield
    finally:
        del tx.info[_GATHERED]
    _write(tx, gathered)


class _Form:
    """A statement for one dialect and one set of parameters."""

    def __init__(self, statement: Any, dialect: Dialect, keys: tuple[str, ...]) -> None:
        compiled = _compiled(statement, dialect, keys)
        self.sql: bytes | str = _text(compiled, dialect)
        if compiled.positiontup is None:
            (self.sql, self._order), self._fixed = _numbered(_text(compiled, dialect)), {}
        else:
            self._order, self._fixed = compiled.positiontup, _fixed(compiled)
        self._writers = _writers(compiled, dialect, {*keys, *self._fixed})
        self._row, self._readers = _reader(statement, dialect)

    def write(self, parameters: Parameters) -> Any:
        """Return parameters as the driver takes them."""
        values = {**self._fixed, **parameters}
        for name, write in self._writers:
            values[name] = write(values[name])
        return [values[name] for name in self._order]

    def read(self, row: Sequence[Any]) -> Any:
        """Return a row of the driver as a named tuple."""
        if self._readers:
            values = list(row)
            for index, reader in self._readers:
                values[index] = reader(values[index])
            row = values
        return self._row(row)


def _compiled(statement: Any, dialect: Dialect, keys: tuple[str, ...]) -> SQLCompiler:
    if isinstance(statement, Insert):
        compiled = statement.compile(dialect=dialect, column_keys=list(keys))
    else:
        compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    assert not compiled.post_compile_params, "an expanding IN has no fixed text"
    assert not compiled.insert_prefetch, "defaults are given by the caller"
    return compiled


def _text(compiled: SQLCompiler, dialect: Dialect) -> str:
    """Return the text, on PostgreSQL with constants written out.

    A plan that is made once for all parameters can use a partial index only for a constant.
    """
    text = str(compiled)
    if compiled.positiontup is not None:
        return text
    for name, value in _fixed(compiled).items():
        write = compiled.binds[name].type.dialect_impl(dialect).literal_processor(dialect)
        assert write is not None
        text = text.replace(f"%({name})s", write(value).replace("%", "%%"))
    return text


def _fixed(compiled: SQLCompiler) -> dict[str, Any]:
    return {name: bind.value for name, bind in compiled.binds.items() if not bind.required}


def _writers(
    compiled: SQLCompiler, dialect: Dialect, names: set[str]
) -> list[tuple[str, Callable[[Any], Any]]]:
    """Return how to write those parameters that the driver does not take as they are."""
    types = {name: compiled.binds[name].type.dialect_impl(dialect) for name in names}
    writers = {name: kind.bind_processor(dialect) for name, kind in types.items()}
    return [(name, write) for name, write in writers.items() if write is not None]


def _reader(
    statement: Any, dialect: Dialect
) -> tuple[Callable[[Any], Any], list[tuple[int, Callable[[Any], Any]]]]:
    """Return the named tuple of a query's rows, and how to read the columns that need it."""
    if not isinstance(statement, Select):
        return tuple, []
    columns = list(statement.selected_columns)
    readers = [c.type.dialect_impl(dialect).result_processor(dialect, None) for c in columns]
    row: Any = namedtuple("Row", [str(c.key) for c in columns])  # type: ignore[misc]
    return row._make, [(index, read) for index, read in enumerate(readers) if read is not None]


def _write(tx: Connection, parts: Sequence[tuple[str, str]]) -> None:
    """Execute set-based statements, each with its rows, as the parts of one statement."""
    if parts:
        texts, documents = zip(*parts, strict=True)
        _execute(tx, _kept_cursor(tx), _joined(texts), documents)


@cache
def _joined(texts: tuple[str, ...]) -> bytes:
    """Return set-based statements as the parts of one; there are few ways to join them."""
    names = [f"part_{number}" for number in range(len(texts))]
    parts = [
        f"{name} AS ({text.replace(_ROWS, f'%({name})s')})"
        for name, text in zip(names, texts, strict=True)
    ]
    return _numbered(f"WITH {', '.join(parts)} SELECT 1")[0]


def _numbered(text: str) -> tuple[bytes, list[str]]:
    """Return a text with `$1` instead of named placeholders, and the names in their order."""
    names = list(dict.fromkeys(name for name in _NAMED.findall(text) if name))
    numbers = {name: f"${number}" for number, name in enumerate(names, 1)}
    return _NAMED.sub(lambda found: numbers.get(found[1], "%"), text).encode(), names


def _document(rows: Sequence[Parameters]) -> str:
    """Return rows as a JSON array; naive instants are refused here too."""
    for row in rows:
        for value in row.values():
            if type(value) is datetime and value.tzinfo is None:
                raise ValueError("a naive datetime cannot be stored")
    return orjson.dumps([*rows], default=_written).decode()


def _written(value: Any) -> str:
    """Write what orjson does not: dates and instants of other classes, such as a test clock's."""
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("a naive datetime cannot be stored")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be stored")


def _set_based(compiled: SQLCompiler, dialect: Dialect) -> str:
    """Return the statement for many rows: they are one parameter, a JSON array."""
    text = _text(compiled, dialect)
    names = list(dict.fromkeys(_PLACEHOLDER.findall(text)))
    types = [_type(compiled.binds[name].type, dialect) for name in names]
    columns = ", ".join(f"{name} {kind}" for name, kind in zip(names, types, strict=True))
    source = f"FROM json_to_recordset({_ROWS}) AS v({columns})"
    if compiled.isinsert:
        head, _, tail = text.partition(" VALUES (")
        _, found, conflict = tail.partition(_CONFLICT)
        return f"{head} SELECT {', '.join(f'v.{name}' for name in names)} {source}{found}{conflict}"
    change, _, where = _PLACEHOLDER.sub(r"v.\1", text).partition(" WHERE ")
    return f"{change} {source} WHERE {where}"


def _type(column_type: Any, dialect: Dialect) -> str:
    return str(dialect.type_compiler_instance.process(column_type.dialect_impl(dialect)))


def _execute(tx: Connection, cursor: Any, sql: bytes | str, values: Any) -> Any:
    driver: Any = tx.dialect.loaded_dbapi
    try:
        cursor.execute(sql, values)
    except driver.Error as error:
        raise _wrapped(tx, error, sql if isinstance(sql, str) else sql.decode()) from error
    return cursor


def _cursor(tx: Connection) -> Any:
    raw, driver = _driver_of(tx)
    return raw.cursor() if tx.dialect.name == "sqlite" else driver.RawCursor(raw)


def _kept_cursor(tx: Connection) -> Any:
    """Return the one cursor of a connection for answers that are read at once."""
    kept = tx.info
    cursor = kept.get(_CURSOR)
    if cursor is None or cursor.connection is not tx.connection.dbapi_connection:
        cursor = kept[_CURSOR] = _cursor(tx)
    return cursor


def _driver_of(tx: Connection) -> tuple[Any, Any]:
    """Return the driver's own connection and the driver's module."""
    return tx.connection.dbapi_connection, tx.dialect.loaded_dbapi


def _wrapped(tx: Connection, error: Any, sql: str) -> Any:
    """Return an error of the driver as SQLAlchemy's, without parameters: they may be personal."""
    raw, driver = _driver_of(tx)
    is_lost = tx.dialect.is_disconnect(error, raw, None)
    if is_lost:
        tx.invalidate(error)
    return DBAPIError.instance(
        sql, None, error, driver.Error, connection_invalidated=is_lost, dialect=tx.dialect
    )
