"""Walking page by page: every row once, in order, however pages fall; and one state of the data."""

import pytest
from sqlalchemy import select

from server.core import walking
from server.core.db import snapshot, transaction
from server.core.walking import walk
from server.gamification.invariants.service import check_all
from server.gamification.ledger.models import LOT_DRAW, TRANSFER
from tests.builders.purchases import add_member, buy, open_shop
from tests.builders.shop_life import LATER, live_three_days


@pytest.mark.parametrize("page", [1, 2, 3, 7, 2000])
def test_every_row_is_seen_once_in_the_order_of_its_key(tx, monkeypatch, page):
    monkeypatch.setattr(walking, "PAGE", page)
    live_three_days(tx)
    for table, names in ((TRANSFER, ("wallet_id", "wallet_version")), (LOT_DRAW, None)):
        keys = [table.c[name] for name in names or ("transfer_id", "lot_id")]
        every = tx.execute(select(table).order_by(*keys)).all()
        assert len(every) > 10
        assert list(walk(tx, select(table), keys)) == every


def test_nothing_is_walked_through_in_no_time(tx):
    assert list(walk(tx, select(TRANSFER), [TRANSFER.c.id])) == []


def test_checks_do_not_depend_on_where_pages_end(tx, monkeypatch):
    monkeypatch.setattr(walking, "PAGE", 2)
    live_three_days(tx)
    assert check_all(tx, LATER) == []


def test_a_snapshot_does_not_see_what_is_written_meanwhile(app):
    with app.app_context():
        with transaction() as tx:
            open_shop(tx)
            ana = add_member(tx)
        with snapshot() as before:
            assert before.execute(select(TRANSFER.c.id)).all() == []
            with transaction() as tx:
                buy(tx, ana, 100_00)
            assert before.execute(select(TRANSFER.c.id)).all() == []
        with snapshot() as after:
            assert len(after.execute(select(TRANSFER.c.id)).all()) == 1
