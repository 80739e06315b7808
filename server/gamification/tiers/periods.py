"""Which days count towards a tier and until when it is safe: pure calendar arithmetic.

Everything is a calendar date in the programme's zone, so days of 23 or 25 hours need no care.
"""

from dataclasses import replace
from datetime import date, timedelta

from server.gamification.points.rules import add_months
from server.gamification.tiers.types import (
    Keep,
    Period,
    Scheme,
    Tally,
    Window,
    WindowKind,
)

_DAY = timedelta(days=1)


def period_of(window: Window, day: date, start_on: date) -> Period:
    """Return the period that `day` belongs to.

    Calendar periods divide the year; periods since the start are counted from `start_on`; a
    rolling one begins the day after the same day `months` ago and has no end.
    """
    if window.kind is WindowKind.CALENDAR:
        month = (day.month - 1) // window.months * window.months + 1
        first = date(day.year, month, 1)
        return Period(first, add_months(first, window.months) - _DAY)
    if window.kind is WindowKind.SINCE_START:
        return _since_start(window.months, day, start_on)
    return Period(add_months(day, -window.months) + _DAY, date.max)


def _since_start(months: int, day: date, start_on: date) -> Period:
    """Count from the start itself: from a 31st the next period begins on a 30th, then a 31st."""
    apart = (day.year - start_on.year) * 12 + day.month - start_on.month
    number = apart // months
    if add_months(start_on, number * months) > day:
        number -= 1
    first = add_months(start_on, number * months)
    return Period(first, add_months(start_on, (number + 1) * months) - _DAY)


def period_after(window: Window, period: Period, start_on: date) -> Period:
    """Return the period that follows."""
    return period_of(window, period.last_on + _DAY, start_on)


def period_before(window: Window, period: Period, start_on: date) -> Period:
    """Return the period that came before."""
    return period_of(window, period.first_on - _DAY, start_on)


def is_counting(scheme: Scheme, day: date) -> bool:
    """Tell whether the window decides on `day`; else the whole membership does."""
    if not scheme.is_windowed:
        return False
    return scheme.counts_from_on is None or day >= scheme.counts_from_on


def counted(scheme: Scheme, period: Period) -> Period:
    """Return the part of a period that counts: nothing before the window was switched on."""
    if scheme.counts_from_on is None or scheme.counts_from_on <= period.first_on:
        return period
    return replace(period, first_on=scheme.counts_from_on)


def entitling_periods(
    scheme: Scheme, day: date, start_on: date, grace_until_on: date | None = None
) -> list[tuple[Period, date | None]]:
    """Return the periods whose scores give a tier on `day`, each with the tier's last safe day.

    The current one, and with `keep` next period also the one before, which in grace goes on to
    `grace_until_on`. A rolling window has no such day: see `safe_until`.
    """
    window = scheme.window
    current = period_of(window, day, start_on)
    if window.kind is WindowKind.ROLLING:
        return [(counted(scheme, current), None)]
    if scheme.keep is Keep.PERIOD:
        return [(counted(scheme, current), current.last_on)]
    following = period_after(window, current, start_on)
    before = period_before(window, current, start_on)
    if grace_until_on is not None:
        before = replace(before, last_on=grace_until_on)
    return [
        (counted(scheme, current), following.last_on),
        (counted(scheme, before), current.last_on),
    ]


def first_day_read(scheme: Scheme, day: date, start_on: date) -> date:
    """Return the earliest day that a decision on `day` looks at."""
    return min(period.first_on for period, _ in entitling_periods(scheme, day, start_on))


def kept_as_reached(scheme: Scheme, day: date, start_on: date) -> date:
    """Return the last safe day of a tier as though it were reached on `day`.

    So a tier from before a window was switched on is safe for as long as one earned on that day.
    """
    if scheme.window.kind is WindowKind.ROLLING or scheme.keep is Keep.PERIOD:
        return one_period_from(scheme, day, start_on)
    period = period_of(scheme.window, day, start_on)
    return period_after(scheme.window, period, start_on).last_on


def one_period_from(scheme: Scheme, day: date, start_on: date) -> date:
    """Return the last day of the period of `day`; how long a tier one step down is safe."""
    if scheme.window.kind is WindowKind.ROLLING:
        return leaves_on(scheme.window.months, day) - _DAY
    return period_of(scheme.window, day, start_on).last_on


def safe_until(scheme: Scheme, tally: Tally, period: Period, threshold: int) -> date:
    """Return the last day on which a rolling score stays at `threshold` if nothing is added."""
    left = tally.within(period)
    day = period.first_on
    for day, score in sorted(tally.days):
        if period.first_on <= day <= period.last_on:
            left -= score
            if left < threshold:
                break
    return leaves_on(scheme.window.months, day) - _DAY


def leaves_on(months: int, day: date) -> date:
    """Return the first day on which `day` lies in a rolling window no more.

    31 January leaves a window of one month on 1 March, 29 February one of a year on 1 March.
    """
    leaving = add_months(day, months)
    return leaving if add_months(leaving, -months) >= day else leaving + _DAY


def idle_on(scheme: Scheme, last_visit_on: date, after: date | None = None) -> date:
    """Return the day on which a member without a visit since loses a step.

    The day after `idle_months` are over, or the first such day (again each `idle_months`) that
    is later than `after`.
    """
    times = 1
    found = add_months(last_visit_on, scheme.idle_months) + _DAY
    while after is not None and found <= after:
        times += 1
        found = add_months(last_visit_on, scheme.idle_months * times) + _DAY
    return found
