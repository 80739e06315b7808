"""Adding up again what members' counters by name should be."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from server.core.clock import local_date, local_hour
from server.gamification.facts.counting import KEYS_MAX, OTHERS
from server.gamification.facts.types import Counts, Item

_SECTIONS = ("kinds", "categories", "hours", "weekdays", "places")
_Numbers = tuple[int, ...]


class Names:
    """What a member's activities add up to by kind, category, hour, weekday and place."""

    def __init__(self) -> None:
        self.made: dict[str, dict[str, _Numbers]] = {section: {} for section in _SECTIONS}

    def add_goods(self, goods: Sequence[Item]) -> None:
        """Count what is left of a purchase."""
        for item in goods:
            if item.category:
                self._add("categories", item.category, (item.quantity, item.amount_minor))

    def add_kind(self, kind: str) -> None:
        """Count an activity that is no purchase."""
        self._add("kinds", kind, (1,))

    def add_visit(self, row: Any, zone: ZoneInfo) -> None:
        """Count the visit that a stored activity was."""
        self._add("hours", str(local_hour(row.occurred_at, zone)), (1,))
        self._add("weekdays", str(local_date(row.occurred_at, zone).weekday()), (1,))
        if row.location_id:
            self._add("places", row.location_id, (1,))

    def differences(self, counts: Counts) -> Iterator[str]:
        """Yield in which sections the stored counters differ."""
        for section in sorted({*_SECTIONS, *counts}):
            kept = {name: _numbers(value) for name, value in counts.get(section, {}).items()}
            if len(kept.keys() - {OTHERS}) > KEYS_MAX:
                yield f"{section} has {len(kept)} names"
            made = _folded(self.made.get(section, {}), kept)
            if _filled(made) != _filled(kept):
                yield f"{section} are {_filled(kept)}, the activities give {_filled(made)}"

    def _add(self, section: str, name: str, numbers: _Numbers) -> None:
        names = self.made[section]
        before = names.get(name, (0,) * len(numbers))
        names[name] = tuple(map(sum, zip(before, numbers, strict=True)))


def _folded(made: Mapping[str, _Numbers], kept: Mapping[str, _Numbers]) -> dict[str, _Numbers]:
    """Put together what a full section counts together."""
    found: dict[str, _Numbers] = {}
    is_full = OTHERS in kept
    for name, numbers in made.items():
        key = OTHERS if is_full and name not in kept else name
        before = found.get(key, (0,) * len(numbers))
        found[key] = tuple(map(sum, zip(before, numbers, strict=True)))
    return found


def _filled(names: Mapping[str, _Numbers]) -> dict[str, _Numbers]:
    return {name: numbers for name, numbers in sorted(names.items()) if any(numbers)}


def _numbers(value: Any) -> _Numbers:
    return tuple(value) if isinstance(value, list) else (value,)
