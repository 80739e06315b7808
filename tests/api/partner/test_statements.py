"""How much a purchase, a quote and the first screen ask of PostgreSQL, however long the past."""

import pytest

from server.core import clock
from server.core.db import reading, transaction
from server.gamification.challenges.settings import CHALLENGES
from server.gamification.definitions.service import install
from server.gamification.partners.service import add_location
from tests.builders.badges import EVA, publish
from tests.builders.members import bearer
from tests.builders.purchases import add_rule
from tests.builders.rewards import offer
from tests.builders.tills import good, money, receipt

_SAID = """SELECT statement, generic_plans, custom_plans FROM pg_prepared_statements
WHERE statement NOT LIKE '%%pg_prepared%%'"""
WARM = 9
"""PostgreSQL plans a statement five times before it keeps a plan; the driver prepares the third."""


@pytest.fixture
def database(postgresql_database):
    return postgresql_database


@pytest.fixture
def said(app):
    """Return what the one connection of the test has executed so far, by statement."""

    def rows():
        with app.app_context(), reading() as tx:
            found = tx.exec_driver_sql(_SAID).all()
        return {statement: (generic, custom) for statement, generic, custom in found}

    return rows


def count(said, act, times=3):
    """Return how many statements one `act` executes, once they are all prepared."""
    for _ in range(WARM):
        act()
    before = sum(map(sum, said().values()))
    for _ in range(times):
        act()
    return (sum(map(sum, said().values())) - before) / times


def test_a_purchase_takes_as_many_statements_however_long_the_past_and_the_rules(
    app, till, cast, said
):
    few = count(said, lambda: till.buy(cast.ben, 5000))
    for _ in range(40):
        till.buy(cast.ben, 5000)
    with app.app_context(), transaction() as tx:
        for number in range(60):
            add_rule(tx, "item", 1, skus=[f"sku-{number}"], points_per_period_max=9)
    assert few == count(said, lambda: till.buy(cast.ben, 5000)) == 6


def test_games_add_a_constant_to_a_purchase_however_many_there_are(app, till, cast, said):
    def open_games(since, until):
        with app.app_context(), transaction() as tx:
            for number in range(since, until):
                names = {"en": f"Number {number}"}
                settings = {"names": names, "metric": "count", "target": 10**6}
                install(tx, CHALLENGES, f"c{number}", settings, EVA, clock.now())
                publish(tx, f"b{number}", f"visits >= {10**6 + number}")

    counted = []
    for since, until in ((0, 0), (0, 5), (5, 10), (10, 20)):
        open_games(since, until)
        counted.append(count(said, lambda: till.buy(cast.ben, 5000)))
    assert counted[0] == 6
    assert counted[1:] == [13] * 3


def test_a_batch_takes_as_many_statements_whatever_its_size(till, cast, said):
    def batch(size):
        members = [cast.ben, cast.ana] * (size // 2)
        return till.post(
            "/transaction-batches", {"transactions": [receipt(one, 5000) for one in members]}
        )

    assert good(batch(2))
    few = count(said, lambda: batch(2))
    assert few == count(said, lambda: batch(20)) == 7


def test_a_batch_looks_a_location_up_once(app, shop, cast, said):
    with app.app_context(), transaction() as tx:
        place = add_location(tx, "Pier", clock.now()).id

    def batch(size):
        rows = [receipt(cast.ben, 5000) | {"location_id": place} for _ in range(size)]
        return shop.post("/transaction-batches", {"transactions": rows})

    assert good(batch(2))["created"] == 2
    assert count(said, lambda: batch(2)) == count(said, lambda: batch(20))


def test_a_quote_takes_two_statements(till, cast, said):
    till.buy(cast.ben, 5000)
    body = {"member_id": cast.ben.id, "total": money(5000)}
    assert count(said, lambda: till.post("/quotes", body)) == 2


def test_the_first_screen_takes_three_statements_known_or_not(client, till, cast, said):
    till.buy(cast.ben, 5000)
    headers = bearer(cast.ben_tokens.access_token)
    tag = client.get("/v1/me/home", headers=headers).headers["ETag"]
    known = headers | {"If-None-Match": tag}
    for each in (headers, known):
        assert count(said, lambda each=each: client.get("/v1/me/home", headers=each)) == 3


def test_rewards_on_the_first_screen_take_three_more(app, client, till, cast, said):
    till.buy(cast.ben, 5000)
    with app.app_context(), transaction() as tx:
        for number in range(6):
            offer(tx, f"reward-{number}", price={"points": 5 + number})
    headers = bearer(cast.ben_tokens.access_token)
    assert count(said, lambda: client.get("/v1/me/home", headers=headers)) == 6


def test_what_is_asked_often_is_planned_once(client, till, cast, said):
    headers = bearer(cast.ben_tokens.access_token)
    for _ in range(WARM):
        till.buy(cast.ben, 5000)
        till.post("/quotes", {"member_id": cast.ben.id, "total": money(5000)})
        client.get("/v1/me/home", headers=headers)
    planned = {statement: custom for statement, (_, custom) in said().items()}
    assert len(planned) > 8
    assert {statement: custom for statement, custom in planned.items() if custom > 5} == {}
