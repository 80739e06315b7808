"""However a purchase comes back, in whatever parts, exactly what it gave is taken back."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select

from server.core.db import transaction
from server.gamification.activities.errors import ReturnExceedsSale
from server.gamification.earning.models import EARN_COUNTER
from server.gamification.facts.queries import get_facts
from server.gamification.facts.types import Facts
from server.gamification.invariants.service import check_all
from server.gamification.ledger.models import LOT
from server.gamification.programme.types import ClawbackPolicy, Rounding, TaxBasis
from tests.builders.purchases import (
    NOW,
    add_member,
    add_rule,
    back,
    balances,
    buy,
    give,
    give_back,
    hold,
    line,
    open_shop,
    put_in_tier,
)

ANY = settings(deadline=None, suppress_health_check=list(HealthCheck))
POLICIES = st.fixed_dictionaries(
    {
        "rounding": st.sampled_from(Rounding),
        "clawback": st.sampled_from(ClawbackPolicy),
        "tax_basis": st.sampled_from(TaxBasis),
        "pending_days": st.sampled_from([0, 5]),
    }
)
CAPS = st.none() | st.integers(1, 40)
RULES = st.lists(
    st.one_of(
        st.tuples(
            st.just("amount"),
            st.integers(1, 5),
            st.fixed_dictionaries(
                {
                    "per_minor": st.sampled_from([1, 99, 10_00]),
                    "minimum_minor": st.integers(0, 50_00),
                    "points_per_purchase_max": CAPS,
                    "points_per_period_max": CAPS,
                }
            ),
        ),
        st.tuples(
            st.just("item"),
            st.integers(1, 9),
            st.fixed_dictionaries(
                {"categories": st.sampled_from([[], ["coffee"]]), "points_per_period_max": CAPS}
            ),
        ),
        st.tuples(st.just("visit"), st.integers(1, 20), st.just({"minimum_minor": 20_00})),
    ),
    max_size=3,
)
LINES = st.lists(
    st.tuples(st.integers(0, 60_00), st.integers(0, 4), st.sampled_from(["coffee", "cakes"])),
    max_size=4,
)
PARTS = st.lists(
    st.one_of(
        st.tuples(st.just("money"), st.integers(1, 60_00)),
        st.tuples(st.just("pieces"), st.integers(0, 3), st.integers(0, 3)),
        st.tuples(st.just("both"), st.integers(0, 3), st.integers(0, 2), st.integers(0, 30_00)),
    ),
    max_size=6,
)
TIERS = st.sampled_from(["bronze", "silver", "gold", "platinum"])


@contextmanager
def trial() -> Iterator[Connection]:
    """A transaction that leaves nothing behind."""
    with transaction() as tx:
        point = tx.begin_nested()
        yield tx
        point.rollback()


def set_up(tx: Connection, policies: dict[str, Any], rules: Any, tier: str) -> str:
    open_shop(tx, **policies)
    for kind, points, conditions in rules:
        add_rule(tx, kind, points, **conditions)
    ana = add_member(tx)
    put_in_tier(tx, ana, tier, is_locked=True)
    return ana


def give_back_in(tx: Connection, bought: Any, parts: Any) -> list[Any]:
    """Return a purchase in these parts as far as they fit, and then the rest."""
    outcomes = []
    for part in parts:
        with suppress(ReturnExceedsSale):
            if part[0] == "money":
                outcomes.append(give_back(tx, bought, part[1]))
            else:
                outcomes.append(give_back(tx, bought, lines=(back(*part[1:]),)))
    with suppress(ReturnExceedsSale):
        outcomes.append(give_back(tx, bought))
    return outcomes


def lines_of(rows: Any) -> Any:
    return tuple(
        line(minor, quantity, tax_minor=minor // 6, category=category)
        for minor, quantity, category in rows
    )


@settings(ANY, max_examples=60)
@given(
    policies=POLICIES,
    rules=RULES,
    tier=TIERS,
    minor=st.integers(0, 150_00),
    rows=LINES,
    parts=PARTS,
)
def assert_nothing_is_kept(policies, rules, tier, minor, rows, parts):
    with trial() as tx:
        ana = set_up(tx, policies, rules, tier)
        bought = buy(tx, ana, minor, lines=lines_of(rows))
        outcomes = give_back_in(tx, bought, parts)
        assert sum(one.points_taken for one in outcomes) == bought.trace["points"]
        assert all(one.points_taken >= 0 and one.shortfall == 0 for one in outcomes)
        assert sum(one.amount_minor for one in outcomes) == minor
        assert outcomes[-1].state == "returned"
        assert balances(tx, ana) == (0, 0, 0, 0)
        facts = get_facts(tx, ana)
        assert (facts.purchases, facts.visits, facts.items) == (0, 0, 0)
        assert (facts.spend_minor, facts.qualifying_points) == (0, 0)
        assert not tx.execute(select(func.sum(EARN_COUNTER.c.points))).scalar()
        assert [str(found) for found in check_all(tx, NOW)] == []


def test_any_split_of_a_return_takes_back_exactly_what_was_earned(sqlite_app):
    with sqlite_app.app_context():
        assert_nothing_is_kept()


@settings(ANY, max_examples=30)
@given(
    lots=st.lists(st.integers(1, 30), min_size=1, max_size=4),
    spent=st.integers(1, 100),
    days=st.integers(0, 3),
    minor=st.integers(0, 100_00),
    parts=PARTS,
)
def assert_spent_points_come_back(lots, spent, days, minor, parts):
    """Points spent with the purchase are back after it, in their lots or in grace lots."""
    with trial() as tx:
        open_shop(tx)
        ana = add_member(tx)
        for index, amount in enumerate(lots):
            give(tx, ana, amount, expires_at=NOW + timedelta(days=index + 1))
        paid = min(spent, sum(lots))
        held = hold(tx, ana, paid)
        bought = buy(tx, ana, minor, redemption_ids=(held.id,))
        assert balances(tx, ana) == (sum(lots) - paid + bought.trace["points"], 0, 0, 0)
        outcomes = give_back_in(tx, bought, parts)
        assert sum(one.points_restored for one in outcomes) == paid
        assert balances(tx, ana) == (sum(lots), 0, 0, 0)
        left = select(LOT.c.remaining).where(LOT.c.expires_at <= NOW + timedelta(days=9))
        assert sorted(tx.execute(left).scalars()) == sorted(lots)
        assert [str(found) for found in check_all(tx, NOW + timedelta(days=days))] == []


def test_any_split_of_a_return_gives_spent_points_back_to_their_lots(sqlite_app):
    with sqlite_app.app_context():
        assert_spent_points_come_back()


def test_the_classic_split(tx):
    """1 point for each 10: an order of 10 that comes back as 5 and 5 takes back exactly 1."""
    open_shop(tx)
    ana = add_member(tx)
    bought = buy(tx, ana, 10_00)
    assert [give_back(tx, bought, 5_00).points_taken for _ in range(2)] == [1, 0]
    counts = {"hours": {"16": 0}, "weekdays": {"6": 0}}
    assert get_facts(tx, ana) == Facts(ana, 0, 0, 0, 0, 0, NOW, NOW, NOW.date(), counts)
    assert balances(tx, ana) == (0, 0, 0, 0)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), st.integers(1, 200_00), st.integers(0, 30)),
        st.tuples(st.just("return"), st.integers(0, 5), st.integers(1, 100)),
    ),
    min_size=2,
    max_size=14,
)


def shop_and_bring_back(tx: Connection, steps: list[tuple[str, int, int]]) -> tuple[str, int]:
    """Buy, pay with points and return in any order, and in the end bring all back.

    Return the member and how many points were settled in cash.
    """
    ana, purchases, cash = add_member(tx), list[Any](), 0
    for what, one, other in steps:
        if what == "buy":
            pay = min(other, balances(tx, ana)[0]) if purchases else 0
            holds = (hold(tx, ana, pay).id,) if pay else ()
            purchases.append(buy(tx, ana, one, redemption_ids=holds))
        elif purchases:
            bought = purchases[one % len(purchases)]
            with suppress(ReturnExceedsSale):
                outcome = give_back(tx, bought, max(1, bought.amount_minor * other // 100))
                cash += outcome.shortfall
    for bought in purchases:
        with suppress(ReturnExceedsSale):
            cash += give_back(tx, bought).shortfall
    return ana, cash


@ANY
@given(steps=STEPS, policy=st.sampled_from(ClawbackPolicy), points=st.integers(1, 9))
def assert_no_points_are_kept(steps, policy, points):
    with trial() as tx:
        open_shop(tx, clawback=policy)
        add_rule(tx, "item", points)
        ana, cash = shop_and_bring_back(tx, [("buy", 10_00, 0), *steps])
        kept = cash if policy is ClawbackPolicy.CASH_VALUE else 0
        assert balances(tx, ana) == (kept, 0, 0, 0)
        assert check_all(tx, NOW) == []


def test_whoever_brings_everything_back_keeps_only_what_was_settled_in_cash(sqlite_app):
    with sqlite_app.app_context():
        assert_no_points_are_kept()


@ANY
@given(
    minor=st.integers(1, 50_00),
    pieces=st.integers(1, 9),
    points=st.integers(1, 50),
    percent=st.integers(1, 99),
)
def assert_pieces_shrink(minor, pieces, points, percent):
    with trial() as tx:
        open_shop(tx)
        add_rule(tx, "item", points, categories=["coffee"])
        bought = buy(tx, add_member(tx), minor, lines=(line(minor, pieces, category="coffee"),))
        kept = minor - max(1, minor * percent // 100)
        taken = give_back(tx, bought, minor - kept).points_taken
        assert bought.trace["points"] - taken <= pieces * points * kept / minor + kept / 10_00


def test_points_by_the_piece_shrink_with_the_money(sqlite_app):
    with sqlite_app.app_context():
        assert_pieces_shrink()
