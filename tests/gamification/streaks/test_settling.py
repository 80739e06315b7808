"""Whether gaps are settled every night or when somebody looks, a run comes to the same."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from server.gamification.streaks import rules
from server.gamification.streaks.types import GapKind
from tests.builders.games import a_streak, done, on_day, open_always

FIRST = date(2026, 3, 20)
DAY = timedelta(days=1)


def live(streak, active, calendar, *, nightly):
    """Return the run and the frozen periods after sixty days, as the last night leaves them."""
    run, gaps = rules.begin(streak, "mem_ana"), dict[date, GapKind]()
    for number in range(60):
        today = FIRST + number * DAY
        if nightly:
            run, over = rules.settle(streak, run, today, calendar)
            gaps |= rules.gaps_of(over)
        if number in active:
            moved = rules.advance(streak, run, on_day(today, number), calendar)
            assert moved is not None
            assert not moved.is_late
            run, gaps = moved.run, gaps | dict(moved.gaps)
    settled, over = rules.settle(streak, run, FIRST + 60 * DAY, calendar)
    return replace(settled, settled_on=None), gaps | dict(rules.gaps_of(over))


@given(
    st.sets(st.integers(0, 59)),
    st.sampled_from(["day", "week", "month"]),
    st.integers(0, 3),
    st.sets(st.integers(1, 7), max_size=3),
)
@example({0, 1, 3, 6, 10, 11}, "day", 3, set())
def test_settled_nightly_or_lazily_a_run_is_the_same(active, period, freezes, closed):
    streak = a_streak(period, freezes={"start": freezes, "most": 3})
    calendar = open_always(*closed)
    lazily = live(streak, active, calendar, nightly=False)
    assert live(streak, active, calendar, nightly=True) == lazily


def test_a_day_lost_on_a_flight_is_only_known_when_the_member_has_landed():
    streak, calendar = a_streak(freezes={"start": 1, "most": 1}), open_always()
    evening = datetime(2026, 11, 16, 20, tzinfo=UTC)
    before = rules.advance(streak, None, done(evening), calendar)
    assert before is not None
    landing_on = date(2026, 11, 18)
    landed = replace(done(evening + timedelta(hours=20), 2), member_day=landing_on)
    lazily = rules.advance(streak, before.run, landed, calendar)
    night, _ = rules.settle(streak, before.run, landing_on, calendar)
    nightly = rules.advance(streak, night, landed, calendar)
    assert [moved and moved.run.freezes for moved in (lazily, nightly)] == [1, 0]
