"""Reading the settings of a streak."""

from server.gamification.definitions.benefits import read_benefits
from server.gamification.definitions.reading import Reader
from server.gamification.definitions.types import Kind, Settings
from server.gamification.facts.matching import read_filter
from server.gamification.streaks.types import Freezes, Milestone, OnRefund, PeriodKind, Streak

FREEZES_MAX, LENGTH_MAX, MILESTONES_MAX = 30, 10_000, 30


def read_streak(definition_id: str, key: str, settings: Settings) -> Streak:
    """Return the streak that the settings describe. Raise `DefinitionInvalid`."""
    reader = Reader(settings)
    reader.required("period")
    wanted = reader.nested("filter")
    streak = Streak(
        id=definition_id,
        key=key,
        names=reader.localised("names", required=True),
        texts=reader.localised("texts", lines=True),
        period=reader.choice("period", PeriodKind, PeriodKind.WEEK),
        filter=read_filter(wanted),
        milestones=reader.each("milestones", _read_milestone, most=MILESTONES_MAX),
        freezes=_read_freezes(reader),
        on_refund=reader.choice("on_refund", OnRefund, OnRefund.TAKE_BACK),
    )
    wanted.refuse_unknown()
    if streak.freezes.start > streak.freezes.most:
        reader.blame("freezes/start", "invalid", "Must not be more than the most one can have.")
    reader.close()
    return streak


STREAKS = Kind("streak", "stk", read_streak)


def _read_milestone(reader: Reader) -> Milestone:
    reader.required("at", "benefits")
    at = reader.integer("at", 1, least=1, most=LENGTH_MAX)
    return Milestone(at, read_benefits(reader), reader.flag("repeats"))


def _read_freezes(reader: Reader) -> Freezes:
    freezes = reader.nested("freezes")
    start, most = (freezes.integer(name, 0, most=FREEZES_MAX) for name in ("start", "most"))
    read = Freezes(start, most, freezes.integer("price_points", 0, most=1_000_000))
    freezes.refuse_unknown()
    return read
