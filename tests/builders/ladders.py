"""A ladder of three steps and members on it, for tests of what becomes of a standing."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from server.gamification.tiers.evaluation import after_activity, settle
from server.gamification.tiers.rules import current_tier
from server.gamification.tiers.types import (
    Basis,
    Downgrade,
    Entry,
    Keep,
    Ladder,
    Scheme,
    Source,
    Standing,
    Tally,
    Tier,
    Window,
    WindowKind,
)

ZONE = ZoneInfo("Europe/Tallinn")
JOINED = date(2024, 3, 10)


def tier(key: str, rank: int, threshold: int, entry: Entry = Entry.THRESHOLD) -> Tier:
    """A step of the ladder."""
    return Tier(f"tier_{key}", key, rank, {"en": key}, entry, threshold, 10_000, 0)


RED, SILVER, GOLD = tier("red", 0, 0), tier("silver", 1, 100), tier("gold", 2, 300)
BLACK, CLUB = tier("black", 3, 0, Entry.INVITATION), tier("club", 4, 0, Entry.PAID)
STEPS = (RED, SILVER, GOLD, BLACK, CLUB)


def ladder(kind: str = "lifetime", months: int = 12, **scheme: Any) -> Ladder:
    """The ladder with a window; words of the settings, such as `keep="next_period"`."""
    for name, cast in (("keep", Keep), ("downgrade", Downgrade)):
        if name in scheme:
            scheme[name] = cast(scheme[name])
    kept = Scheme(Window(WindowKind(kind), months), ZONE, **scheme)
    return Ladder(Basis.SPEND, STEPS, kept)


def noon(day: str) -> datetime:
    """Noon of a day, by Greenwich."""
    return datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC)


def on(day: str) -> date:
    """A date."""
    return date.fromisoformat(day)


class Walker:
    """A member who buys, gives back and lets time pass; what happened is told in short."""

    def __init__(self, steps: Ladder, standing: Standing | None = None) -> None:
        self.ladder = steps
        self.standing = standing or Standing(None, None, Source.EARNED)
        self.tally = Tally(JOINED, 0)
        self.told: list[str] = []

    def buy(self, day: str, amount: int) -> "Walker":
        """Buy for `amount` on `day`."""
        self.wait(day)
        self._count(on(day), amount)
        self.tally.last_visit_on = max(self.tally.last_visit_on or on(day), on(day))
        return self._move(day, is_return=False)

    def give_back(self, day: str, amount: int, bought: str) -> "Walker":
        """Give back, on `day`, something that was bought on another day."""
        self.wait(day)
        self._count(on(bought), -amount)
        return self._move(day, is_return=True)

    def wait(self, day: str) -> "Walker":
        """Let what becomes due until `day` happen."""
        for review in settle(self.ladder, self.standing, self.tally, on(day)):
            self.standing = review.standing
            self._tell(review.kind, review.on.isoformat())
        return self

    def under(self, steps: Ladder, day: str) -> "Walker":
        """Change the rules on `day`, as switching does."""
        self.ladder = steps
        self.standing = replace(
            self.standing,
            keep_until_on=None,
            grace_until_on=None,
            period_from_on=None,
            idle_review_on=None,
            review_on=on(day),
        )
        return self.wait(day)

    @property
    def at(self) -> str:
        """The key of the tier, and until when it is safe."""
        current = current_tier(self.ladder, self.standing)
        keep = self.standing.grace_until_on or self.standing.keep_until_on
        return f"{current.key if current else 'none'} {keep or 'always'}"

    def _count(self, day: date, amount: int) -> None:
        self.tally.lifetime += amount
        if self.ladder.scheme.is_windowed:
            self.tally.days.append((day, amount))

    def _move(self, day: str, *, is_return: bool) -> "Walker":
        moved = after_activity(
            self.ladder, self.standing, self.tally, noon(day), is_return=is_return
        )
        if moved is not None:
            self.standing = moved.standing
            self._tell(moved.kind, day)
        return self

    def _tell(self, kind: str, day: str) -> None:
        if kind != "kept":
            self.told.append(f"{day} {kind} {self.at}")
