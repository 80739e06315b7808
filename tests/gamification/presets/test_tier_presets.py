"""The presets whose tiers are kept by the calendar: their numbers, over the years."""

import pytest

from server.gamification.activities.configuration import get_configuration
from server.gamification.facts.queries import get_facts
from server.gamification.invariants.service import check_all
from server.gamification.ledger.sweeping import expire_due
from server.gamification.presets.service import apply_preset
from tests.builders.nights import at, pass_nights, topics, where
from tests.builders.purchases import add_member, balances, buy, give_back, line

JOINED = at("2026-01-02")


@pytest.fixture
def airline(tx):
    apply_preset(tx, "airline_club", JOINED)
    return tx, add_member(tx, JOINED)


@pytest.fixture
def beauty(tx):
    apply_preset(tx, "beauty_three_tiers", JOINED)
    return tx, add_member(tx, JOINED)


def fly(tx, member_id, euros, day):
    return buy(tx, member_id, euros * 100, at(day), lines=(line(euros * 100, category="flight"),))


def stay(tx, member_id, euros, day):
    return buy(tx, member_id, euros * 100, at(day), lines=(line(euros * 100, category="hotel"),))


def steps_of(tx):
    return {
        tier.key: (tier.threshold, tier.earn_multiplier_bp, [b.kind for b in tier.benefits])
        for tier in get_configuration(tx).ladder.tiers
    }


def test_the_airline_club_has_three_tiers_with_growing_comfort(airline):
    tx, _ = airline
    assert steps_of(tx) == {
        "red": (0, 10_000, []),
        "silver": (20_000, 13_000, ["priority", "text"]),
        "gold": (50_000, 16_000, ["priority", "text", "text", "text"]),
    }


def test_flights_and_partners_give_their_own_bonus_in_each_tier(airline):
    tx, ana = airline
    given = []
    for euros in (100, 3900, 6000):
        stayed = stay(tx, ana, 100, "2026-03-01").trace["points"]
        given.append((stayed, fly(tx, ana, euros, "2026-03-01").trace["points"] / euros / 5))
    assert given == [(200, 1.0), (200, 1.0), (300, 1.3)]
    assert where(tx, ana) == ("gold", "2027-12-31")
    assert stay(tx, ana, 100, "2026-03-02").trace["points"] == 400
    assert fly(tx, ana, 100, "2026-03-02").trace["points"] == 800


def test_tier_miles_are_apart_from_miles_to_spend(airline):
    tx, ana = airline
    fly(tx, ana, 4000, "2026-03-01")
    stay(tx, ana, 1000, "2026-03-02")
    flown = fly(tx, ana, 1000, "2026-03-03")
    facts = get_facts(tx, ana)
    assert flown.trace["points"] == 6500
    assert facts.qualifying_points == 20_000 + 5000
    give_back(tx, flown, 400_00, at("2026-03-04"))
    assert get_facts(tx, ana).qualifying_points == 25_000 - 2000
    assert check_all(tx, at("2026-03-05")) == []


def test_a_status_lasts_to_the_end_of_the_next_year_and_then_goes_one_step(airline):
    tx, ana = airline
    fly(tx, ana, 10_000, "2026-05-01")
    pass_nights(tx, "2027-12-30", "2028-01-02")
    assert where(tx, ana) == ("silver", "2028-12-31")
    pass_nights(tx, "2028-12-31", "2029-01-01")
    assert where(tx, ana) == ("red", None)
    assert [t for t in topics(tx, ana) if t != "at_risk"] == [
        "upgraded",
        "downgraded",
        "downgraded",
    ]
    assert check_all(tx, at("2029-01-02")) == []


def test_beauty_has_three_tiers_and_a_birthday_gift_for_everybody(beauty):
    tx, _ = beauty
    some = ["birthday_gift", "free_delivery", "early_access"]
    assert steps_of(tx) == {
        "rose": (0, 10_000, ["birthday_gift"]),
        "ruby": (300_00, 12_500, some),
        "diamond": (1000_00, 15_000, [*some, "personal_manager", "text"]),
    }
    discounts = [tier.discount_bp for tier in get_configuration(tx).ladder.tiers]
    assert discounts == [0, 300, 700]


@pytest.mark.parametrize(
    ("minor", "tier"),
    [(299_99, "rose"), (300_00, "ruby"), (999_99, "ruby"), (1000_00, "diamond")],
)
def test_beauty_is_climbed_by_the_spend_of_a_year(beauty, minor, tier):
    tx, ana = beauty
    buy(tx, ana, minor, at("2026-12-31", 21))
    assert where(tx, ana)[0] == tier
    buy(tx, ana, 100_00, at("2026-12-31", 22))  # in Tallinn the new year has begun
    assert where(tx, ana)[0] == tier


def test_what_was_spent_in_the_year_decides_about_the_one_after_the_next(beauty):
    tx, ana = beauty
    buy(tx, ana, 1000_00, at("2026-06-01"))
    buy(tx, ana, 350_00, at("2027-06-01"))
    pass_nights(tx, "2027-12-31", "2028-01-01")
    assert where(tx, ana) == ("ruby", "2028-12-31")
    buy(tx, ana, 300_00, at("2028-06-01"))
    assert where(tx, ana) == ("ruby", "2029-12-31")
    assert topics(tx, ana)[-1] == "renewed"
    assert check_all(tx, at("2028-07-01")) == []


def test_beauty_points_live_as_long_as_something_is_bought_once_a_year(beauty):
    tx, ana = beauty
    buy(tx, ana, 100_00, at("2026-03-10"))
    buy(tx, ana, 50_00, at("2027-03-31"))  # the last day, a year on
    assert expire_due(tx, at("2028-03-31", 20)) == 0
    assert balances(tx, ana)[0] == 150
    assert expire_due(tx, at("2028-03-31", 21)) == 1  # in Tallinn it is April
    assert balances(tx, ana)[0] == 0
    assert check_all(tx, at("2028-04-01")) == []
