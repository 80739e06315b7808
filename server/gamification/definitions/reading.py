"""Reading settings: every field is checked, unknown ones are refused, all errors told at once."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from server.core.errors import FieldError
from server.core.texts import is_one_line
from server.gamification.definitions.errors import DefinitionInvalid
from server.gamification.definitions.types import Settings

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
AMOUNT_MAX = 2**53 - 1
LIST_MAX = 500
TEXT_MAX = 2000


class Reader:
    """Takes fields out of a JSON object. Readers of nested objects share one list of errors.

    Each `take` returns the value or, where it is wrong, the default, and notes the error; call
    `close` at the end.
    """

    def __init__(
        self, settings: object, pointer: str = "", errors: list[FieldError] | None = None
    ) -> None:
        self.errors: list[FieldError] = [] if errors is None else errors
        self.pointer = pointer
        self._seen: set[str] = set()
        self._settings: Settings = settings if isinstance(settings, Mapping) else {}
        if not isinstance(settings, Mapping):
            self.blame("", "not_an_object", "Send an object.")

    def blame(self, name: str, code: str, detail: str) -> None:
        """Note an error of the field `name`, of the whole object when it is empty."""
        pointer = f"{self.pointer}/{name}" if name else self.pointer
        self.errors.append(FieldError(pointer=pointer, code=code, detail=detail))

    def has(self, name: str) -> bool:
        """Tell whether the field is there and not null."""
        return self._settings.get(name) is not None

    def take(self, name: str, default: T, cast: Callable[[Any], T], wanted: str) -> T:
        """Return the field as `cast` makes it; `cast` raises ValueError or TypeError."""
        self._seen.add(name)
        value = self._settings.get(name)
        if value is None:
            return default
        try:
            return cast(value)
        except (TypeError, ValueError, KeyError):
            self.blame(name, "invalid", f"Must be {wanted}.")
            return default

    def integer(
        self, name: str, default: int = 0, *, least: int = 0, most: int = AMOUNT_MAX
    ) -> int:
        """Return a whole number within its bounds."""
        wanted = f"a whole number from {least} to {most}"
        return self.take(name, default, lambda value: _integer(value, least, most), wanted)

    def optional_integer(self, name: str, *, least: int = 0, most: int = AMOUNT_MAX) -> int | None:
        """Return a whole number within its bounds, None when it is not given."""
        return self.integer(name, least, least=least, most=most) if self._has(name) else None

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return true or false."""
        return self.take(name, default, _flag, "true or false")

    def text(self, name: str, default: str = "", *, most: int = TEXT_MAX) -> str:
        """Return a text of one line, without control characters and marks of direction."""
        return self.take(name, default, lambda value: _text(value, most), f"a text up to {most}")

    def required(self, *names: str) -> None:
        """Note which of the fields are missing."""
        for name in names:
            if not self.has(name):
                self.blame(name, "required", "This is needed.")

    def choice(self, name: str, kind: type[E], default: E) -> E:
        """Return one of an enumeration."""
        return self.take(name, default, kind, "one of " + ", ".join(kind))

    def day(self, name: str) -> date | None:
        """Return a calendar date."""
        return self.take(name, None, _date, "a date like 2026-11-30")

    def instant(self, name: str) -> datetime | None:
        """Return an aware instant."""
        return self.take(name, None, _instant, "an instant like 2026-11-30T09:00:00Z")

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of short texts without doubles."""
        return self.take(name, (), _texts, "a list of texts")

    def localised(
        self, name: str, *, required: bool = False, lines: bool = False
    ) -> Mapping[str, str]:
        """Return texts by language, such as `{"en": "Coffee card", "et": "Kohvikaart"}`.

        Each is one line; with `lines` it may have several.
        """
        if required:
            self.required(name)
        read = _localised_lines if lines else _localised
        return self.take(name, {}, read, 'texts by language, such as {"en": ...}')

    def nested(self, name: str) -> "Reader":
        """Return a reader of a nested object; an empty one when it is absent."""
        self._seen.add(name)
        value = self._settings.get(name)
        return Reader({} if value is None else value, f"{self.pointer}/{name}", self.errors)

    def each(self, name: str, read: Callable[["Reader"], T], *, most: int = 100) -> tuple[T, ...]:
        """Return a list of nested objects, each read with `read` and closed."""
        self._seen.add(name)
        found = self._settings.get(name)
        items = [] if found is None else found
        if not isinstance(items, list) or len(items) > most:
            self.blame(name, "invalid", f"Must be a list of at most {most}.")
            return ()
        return tuple(self._read(f"{name}/{index}", item, read) for index, item in enumerate(items))

    def raw(self, name: str) -> Any:
        """Return a field as it is, for a reader of its own."""
        self._seen.add(name)
        return self._settings.get(name)

    def refuse_unknown(self) -> None:
        """Note every field that nobody has taken."""
        for name in sorted(set(self._settings) - self._seen):
            self.blame(name, "unknown", "There is no such setting.")

    def close(self) -> None:
        """Raise `DefinitionInvalid` with all errors, also of nested readers."""
        self.refuse_unknown()
        if self.errors:
            raise DefinitionInvalid.of(self.errors)

    def _has(self, name: str) -> bool:
        self._seen.add(name)
        return self.has(name)

    def _read(self, name: str, item: object, read: Callable[["Reader"], T]) -> T:
        reader = Reader(item, f"{self.pointer}/{name}", self.errors)
        value = read(reader)
        reader.refuse_unknown()
        return value


def _integer(value: object, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _text(value: object, most: int) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > most:
        raise ValueError
    if not is_one_line(value.strip()):
        raise ValueError
    return value.strip()


def _lines(value: object, most: int) -> str:
    """Return a text of several lines; blank ones are paragraphs."""
    if not isinstance(value, str) or not value.strip() or len(value) > most:
        raise ValueError
    lines = value.replace("\r\n", "\n").strip().split("\n")
    if not all(map(is_one_line, lines)):
        raise ValueError
    return "\n".join(lines)


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > LIST_MAX:
        raise ValueError
    return tuple(dict.fromkeys(_text(item, 128) for item in value))


def _localised(value: object, read: Callable[[object, int], str] = _text) -> Mapping[str, str]:
    if not isinstance(value, Mapping) or not value or len(value) > 20:
        raise ValueError
    return {_text(language, 8): read(text, TEXT_MAX) for language, text in value.items()}


def _localised_lines(value: object) -> Mapping[str, str]:
    return _localised(value, _lines)


def _date(value: object) -> date:
    return value if type(value) is date else date.fromisoformat(str(value))


def _instant(value: object) -> datetime:
    at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    if at.tzinfo is None:
        raise ValueError
    return at
