"""However a purchase comes back in parts, together they take exactly what it gave."""

import random
from typing import Any

import pytest

from server.core.db import transaction
from tests.builders.members import NOW
from tests.builders.purchases import add_rule, change_settings
from tests.builders.tills import id_of, item, money, points_of

PURCHASES: dict[str, tuple[int, list[Any], list[Any]]] = {
    "10.00 in two halves": (1000, [], [500, 500]),
    "99.99 by cents and more": (9999, [], [1, 1, 997, 3000, 3000, 3000]),
    "999.99 in tenths": (99_999, [], [10_000] * 9 + [9999]),
    "7 cents one by one": (7, [], [1] * 7),
    "lines and the rest": (9999, [item(3333, 3, sku="MUG"), item(5000)], ["1x1", 17, "2x1", 1]),
    "pieces one by one": (700, [item(700, 7, sku="MUG")], ["1x1"] * 6),
}


@pytest.mark.parametrize("rounding", ["floor", "half_up", "ceil"])
@pytest.mark.parametrize("name", PURCHASES)
def test_parts_take_back_exactly_what_was_given(app, till, cast, name, rounding):
    with app.app_context(), transaction() as tx:
        change_settings(tx, NOW, rounding=rounding)
        add_rule(tx, "item", 2, skus=["MUG"])
    minor, lines, parts = PURCHASES[name]
    till.buy(cast.ben, 500_000)  # Silver: one and a half from now on
    bought = till.buy(cast.ben, minor, lines=lines)
    given = points_of(bought) - 500
    taken = [take(till, bought, part) for part in parts]
    taken.append(rest_of(till, bought))
    assert sum(taken) == given
    assert points_left(till, bought) == 500


@pytest.mark.parametrize("seed", range(3))
def test_any_parts_whatever_take_back_exactly_what_was_given(app, till, cast, seed):
    dice = random.Random(seed)
    with app.app_context(), transaction() as tx:
        add_rule(tx, "amount", 7, per_minor=333, categories=["wine"], points_per_purchase_max=90)
        change_settings(tx, NOW, tax_basis="net", rounding="half_up")
    lines = [
        item(dice.randrange(1, 9000), dice.randrange(1, 5), category=dice.choice(["wine", "tea"]))
        | {"tax": money(dice.randrange(0, 2))}
        for _ in range(4)
    ]
    minor = sum(line["amount"]["amount_minor"] for line in lines) + dice.randrange(0, 500)
    bought = till.buy(cast.ben, minor, lines=lines)
    given, taken, left = points_of(bought), 0, minor
    while left > 200:
        part = dice.randrange(1, max(2, left // 2))
        taken += take(till, bought, part)
        left -= part
    taken += rest_of(till, bought)
    assert taken == given > 0
    assert points_left(till, bought) == 0


def take(till, bought, part):
    """Return an amount, or pieces written as LINExPIECES; give the points taken."""
    if isinstance(part, int):
        return till.give_back(bought, part)["points_taken"]
    line, pieces = part.split("x")
    lines = [{"line": int(line), "quantity": int(pieces)}]
    return till.give_back(bought, lines=lines)["points_taken"]


def rest_of(till, bought):
    """Return all that is left, if anything is."""
    body = {"external_id": "rest"}
    answer = till.post(f"/transactions/{id_of(bought)}/returns", body).get_json()
    return answer.get("points_taken", 0)


def points_left(till, bought):
    member = bought["transaction"]["member_id"]
    body = {"member_id": member, "total": money(0)}
    return till.post("/quotes", body).get_json()["spendable"]
