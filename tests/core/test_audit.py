"""Who changed what is written down with the change."""

from datetime import UTC, datetime

from sqlalchemy import select

from server.core.audit import AUDIT, Change, write_audit
from server.core.ids import is_id

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_change_is_recorded_with_its_values_before_and_after(tx):
    change = Change(
        "member.blocked", "member", "mem_a", {"status": "active"}, {"status": "blocked"}
    )
    write_audit(tx, change, actor="staff:usr_eva", now=NOW, request_id="req_1")
    row = tx.execute(select(AUDIT)).one()
    assert is_id(row.id, "aud")
    assert tuple(row)[1:] == (
        "staff:usr_eva",
        "member.blocked",
        "member",
        "mem_a",
        {"status": "active"},
        {"status": "blocked"},
        NOW,
        "req_1",
    )


def test_a_creation_has_nothing_before(tx):
    write_audit(tx, Change("key.made", "api_key", "key_1"), actor="cli:root", now=NOW)
    row = tx.execute(select(AUDIT)).one()
    assert (row.before, row.after, row.request_id) == (None, None, None)
