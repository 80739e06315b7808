"""Who comes to the café: names in three languages, contact data that reaches nobody, habits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from types import MappingProxyType

_NAMES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = MappingProxyType(
    {
        "et": (
            (
                *("Liis", "Kadri", "Maarja", "Kristiina", "Piret", "Triin", "Anneli", "Merike"),
                *("Martin", "Rasmus", "Tanel", "Indrek", "Priit", "Kaspar", "Jaan", "Siim"),
            ),
            (
                *("Tamm", "Saar", "Mägi", "Sepp", "Kask", "Kukk", "Rebane", "Ilves", "Pärn"),
                *("Koppel", "Luik", "Oja", "Raud", "Vaher", "Õunapuu", "Põld", "Jõgi"),
            ),
        ),
        "ru": (
            (
                *("Анна", "Мария", "Елена", "Ольга", "Наталья", "Ирина", "Дарья", "София"),
                *("Иван", "Алексей", "Дмитрий", "Сергей", "Михаил", "Павел", "Олег", "Юрий"),
            ),
            (
                *("Шевченко", "Коваленко", "Бондаренко", "Мороз", "Лысенко", "Гончар", "Гриценко"),
                *("Черных", "Белых", "Седых", "Левченко", "Ткаченко", "Кравец", "Зинченко"),
            ),
        ),
        "en": (
            ("Emma", "Olivia", "Grace", "Chloe", "Ruth", "James", "Oliver", "Noah", "Hugo", "Adam"),
            ("Clarke", "Hughes", "Walsh", "Turner", "Bennett", "Reid", "Foster", "Hayes", "Marsh"),
        ),
    }
)
_LATIN = str.maketrans(
    dict(
        zip(
            "абвгдеёзийклмнопрстуфхыэõäöüšž",
            "abvgdeezijklmnoprstufhyeoaousz",
            strict=True,
        )
    )
    | {"ж": "zh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sch", "ю": "yu", "я": "ya"}
    | {"ь": "", "ъ": ""}
)


@dataclass(frozen=True, slots=True)
class Habit:
    """How a kind of customer behaves: how often a week, on which days, and with whom."""

    key: str
    share: int
    visits_per_week: float
    weekdays: tuple[int, ...]
    hours: tuple[int, ...]
    people_max: int
    stays: bool = True


_WEEK, _WORK, _WEEKEND = tuple(range(7)), (0, 1, 2, 3, 4), (4, 5, 6)
HABITS = (
    Habit("office", 8, 3.8, _WORK, (8, 9, 9, 10, 11), 1),
    Habit("daily", 8, 3.0, _WORK, (8, 8, 9, 12, 12, 13), 2),
    Habit("family", 12, 1.0, _WEEKEND, (10, 11, 11, 14, 15), 5),
    Habit("weekly", 24, 0.6, _WEEK, (8, 9, 12, 13, 16, 17), 2),
    Habit("occasional", 33, 0.25, _WEEK, (9, 11, 13, 15, 16, 18), 3),
    Habit("lapsed", 15, 1.0, _WEEK, (9, 12, 13, 16, 17), 2, stays=False),
)
"""`share` is in parts of a hundred; the first of each kind exists in the smallest café too."""


@dataclass(frozen=True, slots=True)
class Person:
    """A customer: who they are, and from which day of the story until which they come."""

    number: int
    first_name: str
    last_name: str
    locale: str
    birthday: date | None
    habit: Habit
    from_day: int
    until_day: int

    @property
    def email(self) -> str | None:
        """An address that nobody has; every fifth customer gave none."""
        if self.number % 5 == 4:
            return None
        local = f"{self.first_name}.{self.last_name}".lower().translate(_LATIN)
        return f"{local}.{self.number}@example.com"

    @property
    def phone(self) -> str:
        """A number of the right form that is not given out."""
        return f"+3725555{self.number:04d}" if self.number < 10_000 else f"+37255{self.number:06d}"


def crowd(rng: Random, count: int, days: int, today: date) -> list[Person]:
    """Return `count` people, some there from the first day and the others joining later."""
    return [_person(rng, number, days, today) for number in range(count)]


def _person(rng: Random, number: int, days: int, today: date) -> Person:
    habit = _habit_of(number)
    locale = rng.choices(("et", "ru", "en"), (50, 35, 15))[0]
    first_names, last_names = _NAMES[locale]
    from_day = 0 if rng.random() < 0.45 else rng.randrange(days)
    until_day = days
    if not habit.stays:
        from_day = rng.randrange(max(1, days // 3))
        until_day = from_day + rng.randint(days // 8, max(1, days // 3))
    born = today - timedelta(days=rng.randint(18 * 365, 75 * 365))
    return Person(
        number,
        rng.choice(first_names),
        rng.choice(last_names),
        locale,
        born if rng.random() < 0.6 else None,
        habit,
        0 if number < len(HABITS) else from_day,
        until_day,
    )


def _habit_of(number: int) -> Habit:
    """Deal habits out by their shares, one of each kind first."""
    if number < len(HABITS):
        return HABITS[number]
    place = number * 37 % 100
    for habit in HABITS:
        place -= habit.share
        if place < 0:
            return habit
    return HABITS[-1]
