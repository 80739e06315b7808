"""Which night comes next: each once, in order, and not without asking after a leap of the clock."""

from datetime import date, timedelta

import pytest

from server.gamification.nights.errors import NightsMissed
from server.gamification.nights.rules import LastNight, after, first_open_step, next_night
from server.gamification.nights.types import StepState

TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("last_on", "is_finished", "expected"),
    [
        (None, True, TODAY),  # the first ever: no backlog
        (TODAY - DAY, True, TODAY),
        (TODAY - 3 * DAY, True, TODAY - 2 * DAY),  # three missed: the oldest first
        (TODAY - 3 * DAY, False, TODAY - 3 * DAY),  # half done
        (TODAY, False, TODAY),
        (TODAY, True, None),
        (TODAY + DAY, True, None),  # the clock or the zone went back
        (TODAY + DAY, False, None),
        (TODAY - 31 * DAY, True, TODAY - 30 * DAY),
    ],
)
def test_the_next_night(last_on, is_finished, expected):
    last = LastNight(last_on, is_finished) if last_on else None
    assert next_night(last, TODAY, 31) == expected


def test_a_leap_of_the_clock_waits_for_a_person():
    last = LastNight(TODAY - 365 * DAY, True)
    with pytest.raises(NightsMissed, match="365 nights are missing since 2025-11-22"):
        next_night(last, TODAY, 31)
    assert next_night(last, TODAY, None) == TODAY - 364 * DAY


def test_a_step_is_done_when_it_moves_nothing():
    one = after({}, "mature", 7)
    two = after(one, "mature", 2)
    over = after(two, "mature", 0)
    assert (one["mature"], two["mature"]) == (StepState(7), StepState(9))
    assert over == {"mature": StepState(9, is_done=True)}
    assert first_open_step(["mature", "expire"], two) == "mature"
    assert first_open_step(["mature", "expire"], over) == "expire"
    assert first_open_step(["mature"], over) is None
