"""Walking through a whole table in the order of a key, a page at a time: memory stays flat."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, tuple_

PAGE = 2000


def walk(
    tx: Connection,
    statement: Select[Any],
    keys: Sequence[ColumnElement[Any]],
    parameters: Mapping[str, Any] | None = None,
) -> Iterator[Any]:
    """Yield the rows of `statement` ordered by `keys`, a unique key among its columns.

    Each page starts after the last row of the page before; on a connection without a snapshot
    rows written meanwhile may be seen.
    """
    page = statement.order_by(*keys).limit(PAGE)
    names = [str(getattr(key, "key", None)) for key in keys]
    marks = [
        bindparam(f"after_{name}", type_=key.type) for name, key in zip(names, keys, strict=True)
    ]
    next_page = page.where(tuple_(*keys) > tuple_(*marks))
    given = dict(parameters or {})
    rows = tx.execute(page, given).all()
    while rows:
        yield from rows
        if len(rows) < PAGE:
            return
        after = {f"after_{name}": getattr(rows[-1], name) for name in names}
        rows = tx.execute(next_page, given | after).all()
