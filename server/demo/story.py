"""What happened in the café, day by day: pure, and the same for the same seed and day."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import islice
from random import Random
from zoneinfo import ZoneInfo

from server.demo.menu import basket_for
from server.demo.people import Person, crowd
from server.gamification.activities.types import PurchaseLine

DAYS_PER_CHAPTER = 28
OPENS, CLOSES = time(7, 30), time(20, 30)


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody buys something; `pays_with_points` when they would like to, if they have enough."""

    person: Person
    receipt: str
    at: datetime
    place: int
    lines: tuple[PurchaseLine, ...]
    pays_with_points: bool

    @property
    def amount_minor(self) -> int:
        """The bill."""
        return sum(line.amount_minor for line in self.lines)


@dataclass(frozen=True, slots=True)
class Comeback:
    """Something of a receipt is brought back: `line` of it, or all, or the sale was a mistake."""

    receipt: str
    at: datetime
    line: int | None = None
    is_mistake: bool = False


@dataclass(slots=True)
class Day:
    """One day: who joins before the doors open, who comes, what is brought back, who is invited."""

    opens_at: datetime
    closes_at: datetime
    joining: list[Person] = field(default_factory=list)
    comebacks: list[Comeback] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    invites: int = 0


def tell(seed: int, members: int, days: int, today: date, zone: ZoneInfo) -> Iterator[Day]:
    """Yield the last `days` days up to `today` in the life of a café with so many members."""
    rng = Random(seed)
    people = crowd(rng, members, days, today)
    open_receipts: list[Visit] = []
    for number in range(days):
        on = today - timedelta(days=days - 1 - number)
        day = Day(_at(on, OPENS, zone), _at(on, CLOSES, zone))
        day.joining = [person for person in people if person.from_day == number]
        day.comebacks = _comebacks(rng, open_receipts, _at(on, time(7, 45), zone))
        present = [one for one in people if one.from_day <= number < one.until_day]
        day.visits = _visits(rng, present, on, zone)
        day.invites = 4 if number == days * 2 // 3 else 0
        open_receipts = day.visits
        yield day


def chapters(days: Iterator[Day]) -> Iterator[list[Day]]:
    """Yield the days in pieces that are written in one transaction each."""
    while chapter := list(islice(days, DAYS_PER_CHAPTER)):
        yield chapter


def _visits(rng: Random, people: list[Person], on: date, zone: ZoneInfo) -> list[Visit]:
    """Return the visits of a day in the order of time; receipts are numbered through."""
    found = []
    for person in people:
        habit = person.habit
        chance = habit.visits_per_week / len(habit.weekdays) * _season(on)
        if on.weekday() in habit.weekdays and rng.random() < chance:
            at = _at(on, time(rng.choice(habit.hours), rng.randrange(60), rng.randrange(60)), zone)
            found.append((at, person))
    found.sort(key=lambda visit: (visit[0], visit[1].number))
    return [
        _visit(rng, person, f"{on:%Y%m%d}-{place:04d}", at, zone)
        for place, (at, person) in enumerate(found, 1)
    ]


def _visit(rng: Random, person: Person, receipt: str, at: datetime, zone: ZoneInfo) -> Visit:
    habit = person.habit
    people = rng.randint((habit.people_max + 1) // 2, habit.people_max)
    hour = at.astimezone(zone).hour
    lines = basket_for(rng, people, hour, is_office=habit.key == "office")
    place = int(rng.random() < 0.3)
    return Visit(person, receipt, at, place, lines, pays_with_points=rng.random() < 0.05)


def _comebacks(rng: Random, visits: list[Visit], at: datetime) -> list[Comeback]:
    """Return what is brought back in the morning of the day before's receipts."""
    found = []
    for visit in visits:
        draw = rng.random()
        if draw < 0.004:
            found.append(Comeback(visit.receipt, at, is_mistake=True))
        elif draw < 0.010:
            found.append(Comeback(visit.receipt, at, line=rng.randrange(len(visit.lines))))
        elif draw < 0.013:
            found.append(Comeback(visit.receipt, at))
    return found


def _season(on: date) -> float:
    """More people in December, fewer in July."""
    return {7: 0.7, 8: 0.85, 11: 1.05, 12: 1.2}.get(on.month, 1.0)


def _at(on: date, clock_time: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(on, clock_time, zone)
