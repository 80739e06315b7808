"""`fairstar ledger` and `fairstar check`: proof and explanation from the command line."""

import json

import pytest
from click.testing import CliRunner
from sqlalchemy import select, text

from server.cli import cli
from server.core.db import transaction
from server.gamification.ledger.models import TRANSFER
from server.gamification.proofs.queries import count_transfers
from tests.builders.shop_life import live_three_days
from tests.fixtures.command_line import variables
from tests.fixtures.schema import running_app


class Shop:
    """A shop on a database of its own, and the command line on it."""

    def __init__(self, url):
        self.url = url
        self.ana, self.ben = self.write(live_three_days)

    def write(self, work):
        with running_app(self.url) as app, app.app_context(), transaction() as tx:
            return work(tx)

    def damage(self, statement):
        def work(tx):
            tx.execute(text("DROP TRIGGER transfer_no_update"))
            tx.execute(text(statement))

        self.write(work)

    def transfer(self, kind):
        """The id of the first movement of a kind."""
        first = select(TRANSFER.c.id).where(TRANSFER.c.kind == kind)
        return self.write(lambda tx: tx.execute(first.order_by(TRANSFER.c.wallet_version)).scalar())

    def run(self, *words):
        return CliRunner().invoke(cli, [str(word) for word in words])


@pytest.fixture
def shop(sqlite_database, monkeypatch):
    for name, value in variables(sqlite_database).items():
        monkeypatch.setenv(name, value)
    return Shop(sqlite_database)


def test_a_sound_ledger_is_said_to_be_sound(shop):
    result = shop.run("ledger", "verify")
    count = shop.write(count_transfers)
    assert result.output == f"The ledger is sound: {count} transfers, checkpoint 2.\n"
    assert result.exit_code == 0


def test_the_first_bad_row_is_named(shop):
    bad = shop.transfer("hold")
    shop.damage(f"UPDATE transfer SET amount = amount + 1 WHERE id = '{bad}'")
    for words in ((), ("--since", 1)):
        result = shop.run("ledger", "verify", *words)
        assert result.exit_code == 1
        assert f"The ledger is broken. transfer {bad}, wallet wal_" in result.stderr
        assert "its content, its lots or its owner do not give its hash" in result.stderr


def test_an_unknown_checkpoint_is_refused(shop):
    result = shop.run("ledger", "verify", "--since", 9)
    assert str(result.exception) == "There is no checkpoint 9."


def test_an_exported_checkpoint_is_held_against_the_ledger(shop, tmp_path):
    file = tmp_path / "checkpoint.json"
    result = shop.run("ledger", "checkpoint", "--out", file)
    document = json.loads(file.read_bytes())
    assert f"root        {document['root']}" in result.output
    assert (document["number"], len(document["heads"])) == (2, 2)
    assert shop.run("ledger", "verify", "--against", file).exit_code == 0
    file.write_text(json.dumps(document | {"wallets": 3}))
    result = shop.run("ledger", "verify", "--against", file)
    assert result.exit_code == 1
    assert "checkpoint 2: the signature does not belong to it" in result.stderr


def test_there_is_nothing_to_sign_before_the_first_movement(sqlite_database, monkeypatch):
    for name, value in variables(sqlite_database).items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(cli, ["ledger", "checkpoint"])
    assert result.exit_code == 1
    assert "nothing to sign yet" in result.output


def test_a_statement_lists_every_movement(shop):
    lines = shop.run("ledger", "statement", shop.ana).output.splitlines()
    assert [int(line.split()[0]) for line in lines] == list(range(1, len(lines) + 1))
    assert lines[0].split()[2:4] == ["adjustment", "40"]
    assert len(shop.run("ledger", "statement", shop.ana, "--limit", 3).output.splitlines()) == 3


def test_a_purchase_is_explained_by_its_rules_its_lot_and_its_returns(shop):
    def first(tx):
        return (
            tx.execute(
                text("SELECT id FROM activity WHERE clawed_back > 0 AND points > 10 ORDER BY id")
            )
            .scalars()
            .first()
        )

    output = shop.run("ledger", "explain", shop.write(first)).output
    for phrase in (
        "paid 100.00 EUR by member " + shop.ana,
        "version 1: 1 for each 1000 minor units",
        "version 1: 3 for each item",
        "points taken back, 0 given back",
        "expires 2027-11-30T22:00:00Z",
    ):
        assert phrase in output


def test_spent_points_are_explained_by_the_purchase_that_gave_them(shop):
    output = shop.run("ledger", "explain", shop.transfer("settlement")).output
    assert "  took " in output
    assert "given by accrual trf_" in output
    assert " points, 1 for each 1000 minor units" in output


@pytest.mark.parametrize("which", ["act_none", "trf_none"])
def test_nothing_is_made_up_about_what_does_not_exist(shop, which):
    result = shop.run("ledger", "explain", which)
    assert str(result.exception).startswith("There is no such")
    assert result.output == ""


def test_a_sound_shop_passes_every_check(shop):
    result = shop.run("check")
    assert result.exit_code == 0
    assert "BROKEN" not in result.output
    assert result.output.splitlines()[-1].endswith("invariants checked, 0 broken.")


def test_a_broken_invariant_is_named_with_what_breaks_it(shop):
    shop.damage(f"UPDATE member_facts SET visits = 9 WHERE member_id = '{shop.ana}'")
    result = shop.run("check")
    assert result.exit_code == 1
    assert "BROKEN  F1" in result.output
    assert f"{shop.ana} (visits is 9, the activities give 2)" in result.output
    document = json.loads(shop.run("check", "--json").output)
    assert document["ok"] is False
    # A trigger was taken away to do the damage, and that is found as well.
    assert {one["code"] for one in document["violations"]} == {"F1", "L5"}
