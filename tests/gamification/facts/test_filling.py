"""The migration that brought counters by name filled them as if they had always been there."""

from importlib import import_module

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, select, update

from server.gamification.facts.models import MEMBER_FACTS
from server.gamification.invariants.service import check_all
from tests.builders.shop_life import LATER, live_three_days

MIGRATION = import_module("server.migrations.versions.20261122_2135_fact_counts")


def test_filled_counters_agree_with_the_activities(tx: Connection) -> None:
    live_three_days(tx)
    before = tx.execute(select(MEMBER_FACTS.c.member_id, MEMBER_FACTS.c.counts)).all()
    tx.execute(update(MEMBER_FACTS).values(counts={}))
    assert [found.code for found in check_all(tx, LATER)] == ["F1"]
    with Operations.context(MigrationContext.configure(tx)):
        MIGRATION.fill()
    assert check_all(tx, LATER) == []
    assert any(row.counts.get("categories") for row in before)
