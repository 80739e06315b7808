"""A year and a half of a real shop: every row in, the totals reproduced, nothing counted twice."""

import csv
import sqlite3
from decimal import Decimal

import pytest

from tests.cli.conftest import REAL_FILE


@pytest.mark.slow
def test_real_purchases_are_imported_once_and_their_points_add_up(fairstar, points_only):
    with REAL_FILE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    points = sum(int(Decimal(row["amount"]) * 100) // 1000 for row in rows)
    customers = {row["customer"] for row in rows}
    command = ("import", "purchases", REAL_FILE)
    assert f"{points} points would be issued" in fairstar(*command, "--dry-run").output
    assert fairstar(*command).exit_code == 0
    assert (len(rows), len(customers), points) == (6919, 2357, 20904)
    with sqlite3.connect(points_only.removeprefix("sqlite:///")) as connection:
        totals = "SELECT count(*), count(DISTINCT member_id), sum(points) FROM activity"
        assert connection.execute(totals).fetchone() == (6919, 2357, 20904)
        wallets = "SELECT sum(available), sum(lifetime_earned), sum(version) FROM wallet"
        books = connection.execute(wallets).fetchone()
        assert books[:2] == (20904, 20904)
        assert "0 purchases posted" in fairstar(*command).output
        assert connection.execute(wallets).fetchone() == books
    assert fairstar("check").exit_code == 0
