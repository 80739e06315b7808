"""Pages by keyset: every row once, cursors that cannot be made up."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from server.core.crypto import Vault
from server.core.db import transaction
from server.core.outbox import OUTBOX, Event, record
from server.core.pagination import (
    CursorInvalid,
    Position,
    newest_first,
    page_of,
    page_parameters,
    read_cursor,
    write_cursor,
)

NOW = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
VAULT = Vault("a secret for the tests of cursors")
PAGE = newest_first(select(OUTBOX.c.id, OUTBOX.c.created_at), OUTBOX.c.created_at, OUTBOX.c.id)


def pages(tx, limit):
    """Walk through all pages; return the ids as they come."""
    cursor, found = None, []
    for _ in range(20):
        rows = tx.execute(PAGE, page_parameters(VAULT, "events", cursor, limit)).all()
        page = page_of(rows, limit, lambda row: row.id, next_cursor)
        found.append(page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            break
    return found


def next_cursor(row):
    return write_cursor(VAULT, "events", Position(row.created_at, row.id))


def test_every_row_comes_once_newest_first_even_at_the_same_instant(app):
    with app.app_context(), transaction() as tx:
        for minutes in (0, 0, 1, 2, 2, 2, 3):
            record(tx, [Event("bell.rung")], now=NOW + timedelta(minutes=minutes))
        order = select(OUTBOX.c.id).order_by(OUTBOX.c.created_at.desc(), OUTBOX.c.id.desc())
        expected = tx.execute(order).scalars().all()
        for limit in (1, 2, 3, 7, 100):
            assert [row for page in pages(tx, limit) for row in page] == expected


def test_the_last_page_has_no_cursor(app):
    with app.app_context(), transaction() as tx:
        record(tx, [Event("bell.rung")] * 4, now=NOW)
        assert [len(page) for page in pages(tx, 2)] == [2, 2]
    assert page_of([], 20, str, str) == {"items": [], "next_cursor": None}


def test_a_cursor_says_its_position_to_the_microsecond():
    position = Position(NOW, "act_1")
    assert read_cursor(VAULT, "s", write_cursor(VAULT, "s", position)) == position


@pytest.mark.parametrize(
    "cursor", ["x", "AAAA", "£", "a" * 399, "=", "", "AAAAAAAAAAAAAAAAAAAAAAAA"]
)
def test_a_made_up_cursor_is_refused(cursor):
    with pytest.raises(CursorInvalid):
        read_cursor(VAULT, "s", cursor)


def test_a_cursor_of_another_list_or_installation_is_refused():
    cursor = write_cursor(VAULT, "activity:mem_a", Position(NOW, "act_1"))
    with pytest.raises(CursorInvalid):
        read_cursor(VAULT, "activity:mem_b", cursor)
    with pytest.raises(CursorInvalid):
        read_cursor(Vault("another secret"), "activity:mem_a", cursor)
