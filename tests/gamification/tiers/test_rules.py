"""Who stands where on the ladder and what is missing for the next step."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.gamification.tiers.evaluation import after_activity
from server.gamification.tiers.rules import (
    current_tier,
    earned_tier,
    next_tier,
    progress_to,
    score_of,
    source_of,
)
from server.gamification.tiers.types import (
    Basis,
    Entry,
    Ladder,
    Source,
    Standing,
    Tally,
    Tier,
)

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)


def tier(key, rank, threshold, entry=Entry.THRESHOLD):
    return Tier(f"tier_{key}", key, rank, {"en": key}, entry, threshold, 10_000, 0)


BRONZE, SILVER = tier("bronze", 0, 0), tier("silver", 1, 500)
GOLD, PLATINUM = tier("gold", 2, 2000), tier("platinum", 3, 0, Entry.INVITATION)
METALS = Ladder(Basis.QUALIFYING_POINTS, (BRONZE, SILVER, GOLD, PLATINUM))
CLUB = Ladder(Basis.SPEND, (tier("member", 0, 10_00), tier("friend", 1, 100_00)))


def standing(held=None, source=Source.EARNED, locked=False, floor=None):
    held_id, floor_id = held and held.id, floor and floor.id
    return Standing(held_id, None, source, locked, floor_id)


@pytest.mark.parametrize(
    ("score", "found"),
    [(0, BRONZE), (499, BRONZE), (500, SILVER), (1999, SILVER), (2000, GOLD), (10**9, GOLD)],
)
def test_a_threshold_is_reached_exactly_and_invitations_are_not_earned(score, found):
    assert earned_tier(METALS, score) == found


def test_below_the_first_threshold_there_is_no_tier():
    assert earned_tier(CLUB, 9_99) is None
    assert tier_after(CLUB, standing(), 9_99) is None


@pytest.mark.parametrize(
    ("basis", "score"), [(Basis.QUALIFYING_POINTS, 7), (Basis.SPEND, 8), (Basis.VISITS, 9)]
)
def test_the_basis_chooses_what_counts(basis, score):
    assert score_of(basis, qualifying_points=7, spend_minor=8, visits=9) == score


def test_a_score_below_zero_counts_as_nothing():
    assert score_of(Basis.SPEND, 0, -5, 0) == 0


@pytest.mark.parametrize(
    ("held", "score", "after"),
    [
        (standing(), 0, BRONZE),
        (standing(), 2500, GOLD),
        (standing(SILVER), 2500, GOLD),
        (standing(GOLD), 600, SILVER),
        (standing(GOLD), 0, BRONZE),
        (standing(PLATINUM, Source.INVITED, floor=PLATINUM), 0, PLATINUM),
        (standing(PLATINUM, Source.INVITED, floor=PLATINUM), 5000, PLATINUM),
        (standing(SILVER, Source.MANUAL, floor=SILVER), 0, SILVER),
        (standing(SILVER, Source.MANUAL, floor=SILVER), 2500, GOLD),
        (standing(GOLD, Source.EARNED, floor=SILVER), 0, SILVER),
        (standing(BRONZE, Source.MANUAL, locked=True, floor=BRONZE), 5000, BRONZE),
        (standing(GOLD, Source.MANUAL, locked=True, floor=GOLD), 0, GOLD),
    ],
)
def test_tiers_follow_the_score_above_their_floor_unless_locked(held, score, after):
    assert tier_after(METALS, held, score) == after


def tier_after(ladder, held, score):
    """Where a member stands who comes to this score in all by a return."""
    tally = Tally(NOW.date(), score)
    moved = after_activity(ladder, held, tally, NOW, is_return=True)
    return current_tier(ladder, moved.standing if moved else held)


@pytest.mark.parametrize(
    ("held", "floor", "source"),
    [
        (GOLD, None, Source.EARNED),
        (GOLD, SILVER, Source.EARNED),
        (SILVER, SILVER, Source.MANUAL),
        (PLATINUM, PLATINUM, Source.INVITED),
        (None, SILVER, Source.EARNED),
    ],
)
def test_the_reason_for_a_tier_is_its_floor_or_the_score(held, floor, source):
    assert source_of(held, floor and floor.id) is source


def test_everybody_starts_with_the_first_tier():
    assert current_tier(METALS, standing()) == BRONZE
    assert current_tier(METALS, standing(tier("gone", 9, 9))) == BRONZE
    assert current_tier(CLUB, standing()) is None


@pytest.mark.parametrize(
    ("held", "found"), [(None, BRONZE), (BRONZE, SILVER), (SILVER, GOLD), (GOLD, None)]
)
def test_the_next_tier_is_one_that_can_be_earned(held, found):
    assert next_tier(METALS, held) == found


@pytest.mark.parametrize(
    ("score", "pct", "remaining"),
    [(0, 0, 500), (4, 0, 496), (5, 1, 495), (250, 50, 250), (499, 99, 1), (500, 100, 0)],
)
def test_progress_is_floored(score, pct, remaining):
    found = progress_to(SILVER, score, "points")
    assert (found.pct, found.remaining, found.target) == (pct, remaining, 500)


def test_a_tier_for_nothing_is_always_reached():
    assert progress_to(BRONZE, 0, "points").pct == 100


@given(score=st.integers(0, 10**12), threshold=st.integers(1, 10**12))
def test_a_bar_is_full_exactly_when_the_goal_is_reached(score, threshold):
    found = progress_to(tier("any", 1, threshold), score, "points")
    assert (found.pct == 100) == (score >= threshold)
    assert 0 <= found.pct <= 100
    assert found.current + found.remaining == threshold
