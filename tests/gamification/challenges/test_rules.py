"""What counts in a challenge, when, and how often: tables of the rules."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from server.gamification.challenges.rules import advance, take_back, worth_of
from server.gamification.challenges.types import Challenge, Contribution, Progress
from server.gamification.facts.types import ActivityFact
from tests.builders.games import ANYBODY, DAY, MONDAY, TALLINN, a_challenge, done, item

BASKET = (item("coffee", 6_00, 2, "LATTE"), item("cake", 4_00, 1, "PIE"))


def run(challenge: Challenge, *facts, taker=ANYBODY, held=()):
    """Return the member's rounds after these activities, and the stages they reached."""
    rounds, stages = list(held), []
    for fact in facts:
        moved = advance(challenge, [one for one in rounds if one.is_live], fact, taker)
        if moved is None:
            continue
        changed = [one for one in (moved.closed, moved.progress) if one]
        kept = [one for one in rounds if one.key not in {change.key for change in changed}]
        rounds = sorted([*kept, *changed], key=lambda one: one.round)
        stages += [one.stage for one in moved.reached]
    return rounds, stages


def contributed_by(challenge: Challenge, fact: ActivityFact) -> tuple[Contribution, ...]:
    """What an activity contributes by itself."""
    moved = advance(challenge, [], fact, ANYBODY)
    assert moved is not None
    return moved.contributions


def times(*days: int, **fields):
    """One purchase on each of these days after Monday."""
    return [done(MONDAY + day * DAY, f"{n}-{day}", **fields) for n, day in enumerate(days)]


@pytest.mark.parametrize(
    ("settings", "fields", "worth"),
    [
        ({"metric": "count"}, {}, {"": 1}),
        ({"metric": "spend"}, {}, {"": 10_00}),
        ({"metric": "spend"}, {"amount_minor": 0}, {}),
        ({"metric": "spend", "filter": {"categories": ["coffee"]}}, {"items": BASKET}, {"": 6_00}),
        ({"metric": "category", "filter": {"skus": ["LATTE"]}}, {"items": BASKET}, {"": 2}),
        ({"metric": "category", "filter": {"skus": ["TEA"]}}, {"items": BASKET}, {}),
        ({"metric": "sum"}, {"items": BASKET}, {"": 3}),
        ({"metric": "sum", "sum_of": "points"}, {"points": 7}, {"": 7}),
        (
            {"metric": "sum", "sum_of": "km", "filter": {"kinds": ["run"]}},
            {"kind": "run", "data": {"km": 5}},
            {"": 5},
        ),
        ({"metric": "sum", "sum_of": "km"}, {"data": {"km": True}}, {}),
        ({"metric": "distinct"}, {}, {"2026-11-16": 1}),
        ({"metric": "distinct", "distinct_by": "location"}, {"location_id": "loc_1"}, {"loc_1": 1}),
        ({"metric": "distinct", "distinct_by": "location"}, {}, {}),
        (
            {"metric": "distinct", "distinct_by": "category"},
            {"items": BASKET},
            {"cake": 1, "coffee": 1},
        ),
        ({"metric": "distinct", "distinct_by": "sku"}, {"items": BASKET}, {"LATTE": 1, "PIE": 1}),
        ({"metric": "count"}, {"kind": "review"}, {}),
        ({"metric": "count", "filter": {"kinds": []}}, {"kind": "review"}, {"": 1}),
        ({"metric": "count", "filter": {"amount_minor_min": 10_01}}, {}, {}),
        ({"metric": "count", "filter": {"weekdays": [1]}}, {}, {"": 1}),
        ({"metric": "count", "filter": {"weekdays": [2, 3]}}, {}, {}),
        ({"metric": "count", "filter": {"hours": {"from": 7, "until": 9}}}, {}, {}),
        ({"metric": "count", "filter": {"hours": {"from": 9, "until": 10}}}, {}, {"": 1}),
        ({"metric": "count", "filter": {"hours": {"from": 22, "until": 10}}}, {}, {"": 1}),
        ({"metric": "count", "filter": {"hours": {"from": 22, "until": 9}}}, {}, {}),
        ({"metric": "count", "filter": {"locations": ["loc_2"]}}, {"location_id": "loc_1"}, {}),
        ({"metric": "count", "filter": {"visits_only": True}}, {"is_visit": True}, {"": 1}),
        ({"metric": "count", "filter": {"visits_only": True}}, {}, {}),
    ],
)
def test_what_an_activity_is_worth(settings, fields, worth):
    """Monday, 9:30 in Tallinn."""
    assert worth_of(a_challenge(**settings), done(**fields), TALLINN) == worth


@pytest.mark.parametrize(
    ("days", "current", "stages"),
    [
        ((0,), 1, []),
        ((0, 0), 1, []),
        ((0, 1, 1, 2), 3, ["at:2", "end"]),
        ((2, 0, 1), 3, ["at:2", "end"]),
        ((0, 1, 2, 3), 4, ["at:2", "end"]),
    ],
)
def test_different_days_in_any_order(days, current, stages):
    milestones = [{"at": 2, "benefits": [{"kind": "points", "amount": 5}]}]
    (progress,), reached = run(a_challenge("distinct", milestones=milestones), *times(*days))
    assert (progress.current, reached) == (current, stages)
    assert (progress.completed_at is not None) is ("end" in stages)


STEPS = [
    {"key": "drink", "names": {"en": "Drink"}, "filter": {"categories": ["coffee"]}},
    {
        "key": "eat",
        "names": {"en": "Eat"},
        "filter": {"categories": ["cake"]},
        "benefits": [{"kind": "points", "amount": 5}],
    },
]
DRINK, EAT = {"items": BASKET[:1]}, {"items": BASKET[1:]}


@pytest.mark.parametrize(
    ("in_order", "bought", "current", "stages"),
    [
        (False, [DRINK], 1, []),
        (False, [EAT], 1, ["step:eat"]),
        (False, [EAT, EAT, DRINK], 2, ["step:eat", "end"]),
        (False, [{"items": BASKET}], 2, ["step:eat", "end"]),
        (True, [EAT], None, []),
        (True, [{"items": BASKET}], 1, []),
        (True, [{"items": BASKET}, {"items": BASKET}], 2, ["step:eat", "end"]),
        (True, [DRINK, DRINK], 1, []),
    ],
)
def test_steps_in_any_order_or_in_theirs(in_order, bought, current, stages):
    facts = [done(number=n, **fields) for n, fields in enumerate(bought)]
    rounds, reached = run(a_challenge("steps", steps=STEPS, in_order=in_order), *facts)
    assert ([one.current for one in rounds] or [None]) == [current]
    assert reached == stages


@pytest.mark.parametrize(
    ("day", "counts"), [(-2, False), (-1, True), (0, True), (4, True), (5, False)]
)
def test_a_fixed_window_has_its_first_instant_and_not_its_last(day, counts):
    window = {
        "starts_at": (MONDAY - DAY).isoformat(),
        "ends_at": (MONDAY + 5 * DAY).isoformat(),
    }
    rounds, _ = run(a_challenge(window=window), *times(day))
    assert bool(rounds) is counts


def test_a_personal_window_ends_with_a_calendar_day_although_clocks_change():
    """Seven days from Friday, 23 October 2026; summer time ends on Sunday."""
    friday = datetime(2026, 10, 23, 9, tzinfo=UTC)
    (progress,), _ = run(a_challenge(window={"days": 7}), done(friday))
    assert progress.ends_at == datetime(2026, 10, 29, 22, tzinfo=UTC)
    for hours, current in ((-1, 2), (0, 1)):
        (after,), _ = run(
            a_challenge(window={"days": 7}),
            done(progress.ends_at + timedelta(hours=hours), 2),
            held=[progress],
        )
        assert after.current == current


@pytest.mark.parametrize(
    ("repeat", "days", "rounds"),
    [
        (None, (0, 0, 0), [(1, 3)]),
        ({"times": 2}, (0, 0, 0), [(1, 2), (2, 1)]),
        ({"times": 2}, (0, 0, 0, 0, 0), [(1, 2), (2, 3)]),
        ({"times": 0}, (0, 0, 0, 0, 0), [(1, 2), (2, 2), (3, 1)]),
        ({"times": 0, "cool_down_days": 2}, (0, 0, 1), [(1, 2)]),
        ({"times": 0, "cool_down_days": 2}, (0, 0, 1, 2), [(1, 2), (2, 1)]),
    ],
)
def test_how_often_it_can_be_done(repeat, days, rounds):
    settings = {} if repeat is None else {"repeat": repeat}
    found, stages = run(a_challenge(target=2, **settings), *times(*days))
    assert [(one.round, one.current) for one in found] == rounds
    assert stages.count("end") == sum(current >= 2 for _, current in rounds)


@pytest.mark.parametrize(("repeat", "rounds"), [(None, [1]), ({"times": 0}, [1, 1])])
def test_a_personal_window_that_ran_out_begins_again_only_where_it_repeats(repeat, rounds):
    settings = {"window": {"days": 7}} | ({"repeat": repeat} if repeat else {})
    found, _ = run(a_challenge(target=2, **settings), *times(0, 8))
    assert [one.current for one in found] == rounds


@pytest.mark.parametrize(
    ("requires", "taker", "counts"),
    [
        ({"tiers": ["gold"]}, {"tier_key": "gold"}, True),
        ({"tiers": ["gold"]}, {"tier_key": "silver"}, False),
        ({"badges": ["a", "b"]}, {"badges": frozenset("ab")}, True),
        ({"badges": ["a", "b"]}, {"badges": frozenset("a")}, False),
        ({"challenges": ["first"]}, {"done": frozenset({"first"})}, True),
        ({"challenges": ["first"]}, {}, False),
    ],
)
def test_who_may_begin(requires, taker, counts):
    rounds, _ = run(a_challenge(requires=requires), done(), taker=replace(ANYBODY, **taker))
    assert bool(rounds) is counts


def test_without_joining_nothing_counts_where_one_must_join():
    challenge = a_challenge(opt_in=True)
    joined = Progress("mem_ana", challenge.id, joined_at=MONDAY, starts_at=MONDAY)
    assert run(challenge, done()) == ([], [])
    assert run(challenge, done(MONDAY - DAY), held=[joined]) == ([joined], [])
    assert [one.current for one in run(challenge, done(), held=[joined])[0]] == [1]
    left = replace(joined, left_at=MONDAY)
    assert run(challenge, done(MONDAY + DAY), held=[left]) == ([left], [])


@pytest.mark.parametrize(
    ("on_refund", "left", "current", "peak", "lost"),
    [
        ("take_back", 4_00, 24_00, 24_00, ()),
        ("take_back", 3_99, 23_99, 23_99, ("end",)),
        ("take_back", 0, 20_00, 20_00, ("end",)),
        ("keep", 0, 20_00, 30_00, ()),
        ("take_back", 99_00, 30_00, 30_00, ()),
    ],
)
def test_a_return_takes_back_what_falls_below_the_target(on_refund, left, current, peak, lost):
    challenge = a_challenge("spend", 24_00, on_refund=on_refund)
    facts = times(0, 1, 2)
    (progress,), _ = run(challenge, *facts)
    contributed = contributed_by(challenge, facts[2])
    back = take_back(challenge, progress, contributed, {"": left} if left else {})
    assert (back.progress.current, back.progress.peak, back.lost) == (current, peak, lost)
    assert (back.progress.completed_at is None, back.progress.turn) == (bool(lost), len(lost))


@pytest.mark.parametrize(
    ("on_refund", "later", "current"),
    [("take_back", 34, 4), ("take_back", 36, 3), ("keep", 1, 3)],
)
def test_what_is_done_goes_on_counting_in_reserve_for_some_weeks(on_refund, later, current):
    challenge = a_challenge(on_refund=on_refund)
    (progress,), stages = run(challenge, *times(0, 0, 0, later))
    assert (progress.current, stages) == (current, ["end"])


def test_a_day_stays_done_while_another_visit_stands_behind_it():
    challenge = a_challenge("distinct", 2)
    facts = times(0, 0, 1)
    (progress,), _ = run(challenge, *facts)
    for fact, current, lost in ((facts[0], 2, ()), (facts[1], 1, ("end",))):
        contributed = contributed_by(challenge, fact)
        back = take_back(challenge, progress, contributed, {})
        assert (back.progress.current, back.lost) == (current, lost)
        progress = back.progress


def test_what_a_return_undid_is_made_good_before_the_next_round():
    challenge = a_challenge(target=2, repeat={"times": 0})
    facts = times(0, 0, 1, 2)
    rounds, _ = run(challenge, *facts[:3])
    contributed = contributed_by(challenge, facts[0])
    back = take_back(challenge, rounds[0], contributed, {})
    assert (back.progress.current, back.progress.is_live) == (1, True)
    found, stages = run(challenge, facts[3], held=[back.progress, rounds[1]])
    assert ([one.current for one in found], stages) == ([2, 1], ["end"])
    assert found[0].turn == 1
