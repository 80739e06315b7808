"""What becomes of a standing: the cases of the algorithm's page, by purchases and by time."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.gamification.tiers.evaluation import assigned, released, settle
from server.gamification.tiers.outlook import almost_reached, is_almost, outlook, period_key
from server.gamification.tiers.types import Keep, Kind, Source, Standing
from tests.builders.ladders import BLACK, CLUB, GOLD, SILVER, Walker, ladder, noon, on

YEAR = ladder("calendar")
NEXT_YEAR = ladder("calendar", keep="next_period")
STEPWISE = ladder("calendar", keep="next_period", downgrade="one_step")
GRACE = ladder("calendar", keep="next_period", grace_days=30)
QUARTER = ladder("calendar", 3, keep="next_period")
ROLLING = ladder("rolling")
OWN_YEAR = ladder("since_start", keep="next_period")
IDLE = ladder(idle_months=1)


def test_over_a_lifetime_nothing_ends_by_itself():
    ana = Walker(ladder()).buy("2024-05-01", 120).buy("2024-06-01", 200).wait("2034-01-01")
    assert ana.told == ["2024-05-01 upgraded silver always", "2024-06-01 upgraded gold always"]


def test_a_tier_of_the_year_ends_with_the_year():
    ana = Walker(YEAR).buy("2026-02-01", 300).wait("2027-01-01")
    assert ana.told == ["2026-02-01 upgraded gold 2026-12-31", "2027-01-01 downgraded red always"]


def test_a_tier_is_kept_to_the_end_of_the_next_year():
    ana = Walker(NEXT_YEAR).buy("2026-02-01", 300).wait("2027-12-31")
    assert ana.told == ["2026-02-01 upgraded gold 2027-12-31"]
    assert ana.wait("2028-01-01").told[1:] == ["2028-01-01 downgraded red always"]


def test_reaching_it_again_renews_at_once():
    ana = Walker(NEXT_YEAR).buy("2026-02-01", 300).buy("2027-03-01", 200)
    assert ana.buy("2027-11-01", 100).told[1:] == ["2027-11-01 renewed gold 2028-12-31"]
    assert ana.wait("2028-12-31").at == "gold 2028-12-31"


def test_what_is_not_renewed_is_worked_out_again_from_the_year_that_ended():
    ana = Walker(NEXT_YEAR).buy("2026-02-01", 300).buy("2027-03-01", 150).wait("2028-01-01")
    assert ana.told[1:] == ["2028-01-01 downgraded silver 2028-12-31"]
    assert ana.wait("2029-01-01").told[2:] == ["2029-01-01 downgraded red always"]


def test_one_step_a_period_however_little_was_done():
    ana = Walker(STEPWISE).buy("2026-02-01", 300).wait("2029-06-01")
    assert ana.told[1:] == [
        "2028-01-01 downgraded silver 2028-12-31",
        "2029-01-01 downgraded red always",
    ]


def test_one_step_takes_no_more_than_the_score_does():
    ana = Walker(STEPWISE).buy("2026-02-01", 300).buy("2027-03-01", 299).wait("2028-01-01")
    assert ana.told[1:] == ["2028-01-01 downgraded silver 2028-12-31"]
    assert ana.standing.period_from_on == on("2027-01-01")


def test_quarters_and_own_years():
    ana = Walker(QUARTER).buy("2026-05-15", 300).wait("2026-10-01")
    assert ana.told == [
        "2026-05-15 upgraded gold 2026-09-30",
        "2026-10-01 downgraded red always",
    ]
    ben = Walker(OWN_YEAR).buy("2026-02-01", 300).wait("2028-01-01")
    assert ben.told == [
        "2026-02-01 upgraded gold 2027-03-09",
        "2027-03-10 downgraded red always",
    ]


def test_a_rolling_window_lets_go_when_a_day_leaves_it():
    ana = Walker(ROLLING).buy("2026-01-15", 100).buy("2026-06-20", 200)
    assert ana.told[1:] == ["2026-06-20 upgraded gold 2027-01-14"]
    assert ana.wait("2027-01-14").at == "gold 2027-01-14"
    assert ana.wait("2027-06-20").told[2:] == [
        "2027-01-15 downgraded silver 2027-06-19",
        "2027-06-20 downgraded red always",
    ]


def test_purchases_put_the_end_of_a_rolling_tier_off_quietly():
    ana = Walker(ROLLING).buy("2026-01-15", 100).buy("2026-10-01", 100)
    assert ana.at == "silver 2027-01-14"
    assert ana.wait("2027-01-15").told == ["2026-01-15 upgraded silver 2027-01-14"]
    assert ana.at == "silver 2027-09-30"


def test_a_step_down_in_a_rolling_window_lasts_one_window():
    steps = ladder("rolling", 6, downgrade="one_step")
    ana = Walker(steps).buy("2026-01-15", 300).wait("2028-01-01")
    assert ana.told[1:] == [
        "2026-07-15 downgraded silver 2027-01-14",
        "2027-01-15 downgraded red always",
    ]


def test_grace_keeps_the_tier_a_while_and_counts_for_the_year_that_ended():
    ana = Walker(GRACE).buy("2026-02-01", 300).buy("2027-03-01", 290).wait("2028-01-20")
    assert ana.told[1:] == ["2028-01-01 grace gold 2028-01-30"]
    assert ana.buy("2028-01-30", 10).told[2:] == ["2028-01-30 renewed gold 2028-12-31"]


def test_grace_ends_with_the_downgrade():
    ana = Walker(GRACE).buy("2026-02-01", 300).buy("2027-03-01", 150).wait("2028-02-01")
    assert ana.told[1:] == [
        "2028-01-01 grace gold 2028-01-30",
        "2028-01-31 downgraded silver 2028-12-31",
    ]


def test_rolling_grace_is_over_when_enough_is_bought_again():
    steps = ladder("rolling", 1, grace_days=10)
    ana = Walker(steps).buy("2026-01-10", 100).wait("2026-02-10")
    assert ana.told[1:] == ["2026-02-10 grace silver 2026-02-19"]
    assert ana.buy("2026-02-12", 100).told[2:] == ["2026-02-12 renewed silver 2026-03-11"]


def test_a_return_takes_a_tier_that_its_purchase_earned():
    ana = Walker(NEXT_YEAR).buy("2026-02-01", 250).buy("2026-03-01", 60)
    ana.give_back("2026-04-01", 20, "2026-03-01")
    assert ana.told[1:] == [
        "2026-03-01 upgraded gold 2027-12-31",
        "2026-04-01 downgraded silver 2027-12-31",
    ]


def test_a_return_of_this_year_leaves_what_last_year_earned():
    ana = Walker(NEXT_YEAR).buy("2026-02-01", 300).buy("2027-03-01", 300)
    ana.give_back("2027-04-01", 300, "2027-03-01")
    assert ana.told[1:] == ["2027-03-01 renewed gold 2028-12-31"]
    assert ana.at == "gold 2027-12-31"


def test_a_return_in_grace_or_of_a_step_changes_nothing():
    ana = Walker(GRACE).buy("2026-02-01", 300).wait("2028-01-10")
    assert ana.give_back("2028-01-10", 300, "2026-02-01").at == "gold 2028-01-30"
    ben = Walker(STEPWISE).buy("2026-02-01", 300).wait("2028-01-10").buy("2028-01-11", 10)
    assert ben.give_back("2028-01-12", 10, "2028-01-11").at == "silver 2028-12-31"


def test_a_purchase_of_another_time_counts_on_its_day_only():
    ana = Walker(NEXT_YEAR)
    ana._count(on("2025-12-30"), 100)
    assert ana.buy("2027-01-05", 1).at == "red always"
    ana._count(on("2026-12-30"), 100)
    assert ana.buy("2027-01-06", 1).at == "silver 2027-12-31"


@pytest.mark.parametrize("months", [1, 2])
def test_want_of_visits_costs_a_step_each_time(months):
    ana = Walker(ladder(idle_months=months)).buy("2026-01-15", 300).wait("2027-01-01")
    second = {1: "2026-03-16", 2: "2026-05-16"}[months]
    first = {1: "2026-02-16", 2: "2026-03-16"}[months]
    assert ana.told[1:] == [f"{first} downgraded silver always", f"{second} downgraded red always"]
    assert ana.standing.review_on is None


def test_a_visit_puts_the_step_off_and_brings_back_what_is_earned():
    ana = Walker(IDLE).buy("2026-01-15", 300).buy("2026-02-10", 1).wait("2026-03-10")
    assert ana.at == "gold always"
    assert ana.wait("2026-03-11").at == "silver always"
    assert ana.standing.source is Source.IDLE
    assert ana.buy("2026-03-12", 1).told[1:] == [
        "2026-03-11 downgraded silver always",
        "2026-03-12 upgraded gold always",
    ]


def test_a_step_for_want_of_visits_leaves_the_date_as_it_was():
    steps = ladder("calendar", keep="next_period", idle_months=6)
    ana = Walker(steps).buy("2026-02-01", 300).buy("2026-07-01", 1).wait("2027-12-31")
    assert ana.told[1:] == [
        "2027-01-02 downgraded silver 2027-12-31",
        "2027-07-02 downgraded red always",
    ]
    ben = Walker(steps).buy("2026-02-01", 300).buy("2027-06-15", 299).wait("2028-01-01")
    assert ben.told[1:] == [
        "2026-08-02 downgraded silver 2027-12-31",
        "2027-02-02 downgraded red always",
        "2027-06-15 upgraded gold 2027-12-31",
        "2027-12-16 downgraded silver 2027-12-31",
        "2028-01-01 renewed silver 2028-12-31",
    ]


def test_switching_a_window_on_takes_nothing_away_at_once():
    ana = Walker(ladder()).buy("2024-05-01", 400)
    counting = ladder("calendar", keep="next_period", counts_from_on=on("2026-03-10"))
    ana.under(counting, "2026-03-10")
    assert ana.at == "gold 2027-12-31"
    assert ana.wait("2028-01-01").told[1:] == ["2028-01-01 downgraded red always"]


def test_until_the_next_period_begins_the_whole_membership_counts():
    ana = Walker(ladder()).buy("2024-05-01", 90)
    later = ladder("calendar", counts_from_on=on("2027-01-01"))
    ana.under(later, "2026-03-10").buy("2026-05-01", 10)
    assert ana.told == ["2026-05-01 upgraded silver 2027-12-31"]
    assert ana.give_back("2026-06-01", 10, "2026-05-01").at == "red always"
    assert ana.buy("2026-07-01", 300).buy("2027-05-01", 100).wait("2028-01-01").told[2:] == [
        "2026-07-01 upgraded gold 2027-12-31",
        "2028-01-01 downgraded red always",
    ]


def test_switching_a_window_off_lets_the_membership_decide():
    ana = Walker(YEAR).buy("2026-02-01", 90).wait("2027-01-01").buy("2027-02-01", 30)
    assert ana.at == "red always"
    assert ana.under(ladder(), "2027-03-01").at == "silver always"


def given_to(walker, step, day, **how):
    held = Standing(
        walker.standing.tier_id, walker.standing.since_at, Source.EARNED, floor_id=step.id, **how
    )
    review = assigned(walker.ladder, walker.standing, held, step, noon(day))
    walker.standing = review.standing
    return review


@pytest.mark.parametrize(
    ("step", "source"), [(SILVER, "manual"), (BLACK, "invited"), (CLUB, "paid")]
)
def test_a_tier_given_by_people_does_not_end_by_itself(step, source):
    ana = Walker(NEXT_YEAR)
    assert given_to(ana, step, "2026-02-01").kind is Kind.UPGRADED
    assert ana.standing.source == source
    assert ana.wait("2036-01-01").at == f"{step.key} always"


def test_above_a_given_tier_more_is_earned_and_lost_again():
    ana = Walker(YEAR)
    given_to(ana, SILVER, "2026-01-10")
    ana.buy("2026-02-01", 300).wait("2027-01-01")
    assert ana.told == [
        "2026-02-01 upgraded gold 2026-12-31",
        "2027-01-01 downgraded silver always",
    ]
    assert ana.standing.source is Source.MANUAL


def test_a_paid_tier_ends_with_its_date():
    ana = Walker(ladder())
    given_to(ana, CLUB, "2026-02-01", floor_until_on=on("2027-01-31"))
    assert ana.wait("2027-01-31").at == "club always"
    assert ana.buy("2027-01-31", 100).at == "club always"
    assert ana.wait("2027-02-01").told == ["2027-02-01 downgraded silver always"]
    assert ana.standing.floor_id is None


def test_a_locked_tier_moves_neither_up_nor_down():
    ana = Walker(ladder("calendar", idle_months=1))
    given_to(ana, SILVER, "2026-01-10", is_locked=True)
    ana.buy("2026-02-01", 1000).give_back("2026-02-02", 1000, "2026-02-01").wait("2036-01-01")
    assert (ana.told, ana.at) == ([], "silver always")


def test_a_lock_until_a_date_ends_with_it():
    ana = Walker(YEAR)
    given_to(ana, SILVER, "2026-01-10", is_locked=True, floor_until_on=on("2026-06-30"))
    ana.buy("2026-02-01", 300).wait("2026-07-01")
    assert ana.told == ["2026-07-01 upgraded gold 2026-12-31"]


def test_an_unlocked_tier_follows_the_score_at_once():
    ana = Walker(YEAR)
    given_to(ana, GOLD, "2026-01-10", is_locked=True)
    ana.buy("2026-02-01", 100)
    review = released(ana.ladder, ana.standing, ana.tally, noon("2026-03-01"), "asked for it")
    assert (review.kind, review.standing.tier_id) == (Kind.DOWNGRADED, SILVER.id)
    assert (review.standing.floor_id, review.standing.is_locked) == (None, False)
    assert review.standing.keep_until_on == on("2026-12-31")


def test_giving_the_tier_one_has_is_no_move():
    ana = Walker(YEAR).buy("2026-02-01", 100)
    assert given_to(ana, SILVER, "2026-03-01").kind is Kind.ASSIGNED


@pytest.mark.parametrize(
    ("steps", "bought", "today", "seen"),
    [
        (ladder(), [("2026-02-01", 150)], "2026-05-01", (150, None, None, 0)),
        (YEAR, [("2026-02-01", 150)], "2026-05-01", (150, "2026-12-31", "2026-12-31", 0)),
        (NEXT_YEAR, [("2026-02-01", 150)], "2026-05-01", (150, "2026-12-31", "2027-12-31", 0)),
        (
            NEXT_YEAR,
            [("2026-02-01", 150), ("2027-02-01", 60)],
            "2027-05-01",
            (60, "2027-12-31", "2027-12-31", 60),
        ),
        (
            GRACE,
            [("2025-02-01", 150), ("2026-02-01", 60), ("2027-01-10", 5)],
            "2027-01-11",
            (5, "2027-12-31", "2027-01-30", 65),
        ),
        (
            ROLLING,
            [("2026-02-01", 90), ("2026-04-01", 50), ("2026-05-01", 30)],
            "2026-05-01",
            (170, None, "2027-01-31", 80),
        ),
    ],
)
def test_what_a_member_sees_coming(steps, bought, today, seen):
    ana = Walker(steps)
    for day, amount in bought:
        ana.buy(day, amount)
    found = outlook(steps, ana.standing, ana.tally, on(today))
    dates = [each and each.isoformat() for each in (found.by_on, found.keep_on)]
    assert (found.score, *dates, found.keep_score) == seen


@pytest.mark.parametrize(
    ("score", "pct", "near"),
    [(269, 10, False), (270, 10, True), (299, 10, True), (300, 10, False), (299, 0, False)],
)
def test_almost_there_is_a_share_of_the_threshold(score, pct, near):
    assert is_almost(ladder(almost_pct=pct), GOLD, score) is near


def test_a_tier_comes_near_once_on_the_way():
    silver = Walker(ladder()).buy("2026-02-01", 200).standing
    assert almost_reached(ladder(), silver, 200, 280) == GOLD
    assert almost_reached(ladder(), silver, 275, 280) is None
    assert almost_reached(ladder(), silver, 200, 260) is None
    assert almost_reached(ladder(), replace(silver, is_locked=True), 200, 280) is None


@pytest.mark.parametrize(
    ("steps", "key"),
    [
        (ladder(), "2024-03-10"),
        (QUARTER, "2026-04-01"),
        (OWN_YEAR, "2026-03-10"),
        (ROLLING, "2026-03-10"),
    ],
)
def test_a_notice_is_given_once_a_period(steps, key):
    tally = Walker(steps).tally
    assert period_key(steps, tally, on("2026-05-05")) == on(key)


SCHEMES = st.builds(
    ladder,
    st.sampled_from(["lifetime", "calendar", "since_start", "rolling"]),
    st.sampled_from([1, 3, 12]),
    downgrade=st.sampled_from(["one_step", "recompute"]),
    grace_days=st.sampled_from([0, 20]),
    idle_months=st.sampled_from([0, 1, 5]),
)
LIVES = st.lists(st.tuples(st.integers(0, 70), st.integers(1, 320)), max_size=12)


@given(steps=SCHEMES, life=LIVES, keeps=st.booleans(), nightly=st.integers(1, 40))
def test_it_does_not_matter_how_often_or_how_late_reviews_run(steps, life, keeps, nightly):
    if keeps and steps.scheme.window.kind != "rolling":
        steps = replace(steps, scheme=replace(steps.scheme, keep=Keep.NEXT_PERIOD))
    lazy, eager, day = Walker(steps), Walker(steps), on("2026-01-01")
    for pause, amount in life:
        for _ in range(0, pause, nightly):
            eager.wait(day.isoformat())
            eager.wait(day.isoformat())
        day += timedelta(days=pause)
        for walker in (lazy, eager):
            walker.buy(day.isoformat(), amount)
    end = (day + timedelta(days=900)).isoformat()
    assert (lazy.wait(end).told, lazy.standing) == (eager.wait(end).told, eager.standing)
    assert not list(settle(steps, lazy.standing, lazy.tally, on(end)))
