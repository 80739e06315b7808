"""Building blocks of request and response schemas.

Request schemas are closed (an unknown field is an error) and check shape only; response schemas
are open and serve the documentation: answers are plain dicts. Every message carries a stable
code, so that a client need not read English.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, ClassVar

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, missing

from server.core.texts import is_one_line

INTEGER_MAX = 2**53 - 1
"""The largest whole number that every JSON reader keeps exact."""
TEXT_LENGTH_MAX = 200
LIST_LENGTH_MAX = 100
YEAR_MIN, YEAR_MAX = 1990, 2100


class Coded(str):
    """A message for developers together with its stable code."""

    __slots__ = ("code",)
    code: str

    def __new__(cls, code: str, text: str) -> "Coded":
        """Return `text` carrying `code`."""
        self = super().__new__(cls, text)
        self.code = code
        return self

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]
        return self.code, str(self)


def invalid(code: str, text: str) -> ValidationError:
    """Return the error of one field, to be raised by a field or a validator."""
    return ValidationError(Coded(code, text))


class _Coded:
    """Gives a field's own messages the code under which they are kept."""

    def deserialize(self, value: Any, attr: Any = None, data: Any = None, **options: Any) -> Any:
        """Return a value as loaded, without the steps that the field does not have."""
        field: Any = self
        if value is missing or value is None or field.validators or field.post_load:
            return super().deserialize(value, attr, data, **options)  # type: ignore[misc]
        return field._deserialize(value, attr, data, **options)

    def make_error(self, key: str, **kwargs: Any) -> ValidationError:
        """Return the error `key` of the field with its code."""
        messages: dict[str, str] = getattr(self, "error_messages")  # noqa: B009 - the field's
        text = str(messages[key]).format(**kwargs)
        return invalid(_CODES.get(key, key), text)


_CODES = {"null": "required", "type": "invalid", "validator_failed": "invalid"}


class RequestSchema(Schema):
    """A closed object of a request: unknown fields are refused.

    A flawless object is loaded by a short loop, which takes less than half of marshmallow's time;
    at the first flaw marshmallow loads it anew and gathers all of them.

    `example` is shown in the reference; in the demo shop it works as it stands.
    """

    example: ClassVar[Mapping[str, Any]] = {}

    error_messages = {
        "unknown": Coded("unknown_field", "This field is not known here."),
        "type": Coded("invalid", "This must be an object."),
    }

    class Meta:
        """Unknown fields are errors."""

        unknown = RAISE

    def load(self, data: Any, **options: Any) -> Any:
        """Return `data` checked and converted. Raises ValidationError."""
        if isinstance(data, dict) and not self.many and not any(options.values()):
            try:
                return self._load_flawless(data)
            except ValidationError:
                pass
        return super().load(data, **options)

    def _load_flawless(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return what marshmallow would, as long as nothing is wrong. Raises ValidationError."""
        found, known = {}, 0
        for name, field in self.load_fields.items():
            key = name if field.data_key is None else field.data_key
            value = data.get(key, missing)
            known += value is not missing
            found[field.attribute or name] = field.deserialize(value, key, data)
        if known < len(data) and self.unknown == RAISE:
            raise ValidationError("unknown")
        return {name: value for name, value in found.items() if value is not missing}


class ResponseSchema(Schema):
    """An open object of a response; all its declared fields are always present."""

    class Meta:
        """Unknown fields are left out."""

        unknown = EXCLUDE


class Integer(_Coded, fields.Integer):
    """A whole number: 303 and 303.0 are, '5', true and 1.5 are not; within ±(2^53 - 1).

    `least` and `most` narrow the range.
    """

    default_error_messages = {
        "invalid": "This must be a whole number.",
        "too_small": "This must be at least {least}.",
        "too_large": "This must be at most {most}.",
    }

    def __init__(self, *, least: int = -INTEGER_MAX, most: int = INTEGER_MAX, **options: Any):
        super().__init__(**options)
        self.least, self.most = least, most

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> int:
        if type(value) is float and math.isfinite(value) and value == int(value):
            value = int(value)
        if type(value) is not int:
            raise self.make_error("invalid")
        if value < self.least:
            raise self.make_error("too_small", least=self.least)
        if value > self.most:
            raise self.make_error("too_large", most=self.most)
        return value


class Text(_Coded, fields.String):
    """A text of at most `most` characters in one line (see `core.texts`).

    Surrounding white space is cut; `least=1` (the default) refuses an empty text. `pattern` must
    match the whole text.
    """

    default_error_messages = {
        "invalid": "This must be a text.",
        "too_short": "This must have at least {least} characters.",
        "too_long": "This must have at most {most} characters.",
        "control_characters": "This must be one line without control characters.",
        "pattern": "This does not have the expected form.",
    }

    def __init__(
        self, *, most: int = TEXT_LENGTH_MAX, least: int = 1, pattern: str | None = None, **o: Any
    ):
        super().__init__(**o)
        self.most, self.least = most, least
        self.pattern = re.compile(pattern) if pattern else None

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        text = value.strip()
        if len(text) < self.least:
            raise self.make_error("too_short", least=self.least)
        if len(text) > self.most:
            raise self.make_error("too_long", most=self.most)
        if not is_one_line(text):
            raise self.make_error("control_characters")
        if self.pattern is not None and not self.pattern.fullmatch(text):
            raise self.make_error("pattern")
        return text


class Choice(_Coded, fields.String):
    """One of a closed list of words in requests; an open list (extensible) in responses."""

    default_error_messages = {"invalid": "This must be one of: {choices}."}

    def __init__(self, *choices: str, **options: Any):
        super().__init__(**options)
        self.choices = choices

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> str:
        if isinstance(value, str) and value in self.choices:
            return value
        raise self.make_error("invalid", choices=", ".join(self.choices))


class Boolean(_Coded, fields.Boolean):
    """true or false; nothing that merely looks like one."""

    default_error_messages = {"invalid": "This must be true or false."}

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> bool:
        if value is True or value is False:
            return bool(value)
        raise self.make_error("invalid")


class Instant(_Coded, fields.AwareDateTime):
    """An instant by RFC 3339 with an offset, loaded as an aware datetime in UTC."""

    default_error_messages = {
        "invalid": "This must be an instant such as 2026-11-22T14:36:58Z, with an offset.",
        "out_of_range": "This must lie between the years 1990 and 2100.",
    }

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> datetime:
        if not isinstance(value, str) or not _INSTANT.fullmatch(value):
            raise self.make_error("invalid")
        try:
            instant = datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            raise self.make_error("invalid") from None
        if not YEAR_MIN <= instant.year < YEAR_MAX:
            raise self.make_error("out_of_range")
        return instant


_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


class Day(_Coded, fields.Date):
    """A calendar date `YYYY-MM-DD`, without a time zone."""

    default_error_messages = {
        "invalid": "This must be a date such as 2026-11-22.",
        "out_of_range": "This must lie between the years 1900 and 2100.",
    }

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> date:
        if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
            raise self.make_error("invalid")
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise self.make_error("invalid") from None
        if not 1900 <= day.year < YEAR_MAX:
            raise self.make_error("out_of_range")
        return day


class Items(_Coded, fields.List[Any]):
    """A list of at most `most` entries (`least` at the minimum)."""

    default_error_messages = {
        "invalid": "This must be a list.",
        "too_few": "This must have at least {least} entries.",
        "too_many": "This must have at most {most} entries.",
    }

    def __init__(
        self,
        inner: fields.Field[Any] | type[fields.Field[Any]],
        *,
        most: int = LIST_LENGTH_MAX,
        least: int = 0,
        **options: Any,
    ):
        super().__init__(inner, **options)
        self.most, self.least = most, least

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[Any]:
        if not isinstance(value, list):
            raise self.make_error("invalid")
        if len(value) < self.least:
            raise self.make_error("too_few", least=self.least)
        if len(value) > self.most:
            raise self.make_error("too_many", most=self.most)
        return super()._deserialize(value, attr, data, **kwargs)


class Nested(_Coded, fields.Nested):
    """An object inside an object."""

    default_error_messages = {"invalid": "This must be an object."}


class MoneyIn(RequestSchema):
    """An amount of money in a request."""

    amount_minor = Integer(
        required=True, least=0, metadata={"description": "Minor units, such as cents."}
    )
    currency = Text(
        required=True, pattern="[A-Z]{3}", most=3, metadata={"description": "ISO 4217 code."}
    )


class Money(ResponseSchema):
    """An amount of money: whole minor units and the ISO 4217 code of the currency."""

    amount_minor = Integer(required=True)
    currency = Text(required=True)


class PageQuery(RequestSchema):
    """The query of a list: how many, and from where."""

    limit = Integer(least=1, most=100, load_default=20)
    cursor = Text(most=400, load_default=None)
