"""Texts of messages: fields in braces, and nouns that follow a number with their plural forms.

`{amount}` is a field; `{tickets|ticket|tickets}` is the number with the noun that fits it, the
forms in the order of the language's plural categories («{tickets|билет|билета|билетов}»).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from server.core.i18n import (
    PLURALS,
    SOURCE,
    format_date,
    format_number,
    in_language,
    plural_category,
    unit_text,
)
from server.gamification.programme.types import POINTS, Unit
from server.notifications.types import Field, FieldKind, MessageType, Text

TITLE_MAX, BODY_MAX, NAME_MAX = 80, 240, 60
_PART = re.compile(r"\{(\w+)((?:\|[^{}|]*)*)\}")
_BRACE = re.compile(r"[{}]")


@dataclass(frozen=True, slots=True)
class Words:
    """What texts are made with: a language, the units of the programme, and names by id."""

    locale: str
    units: Mapping[str, Unit]
    names: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Value:
    """A field as it is read, and its number where it has one."""

    text: str
    number: int | None = None


class NameMissing(LookupError):  # noqa: N818 - reads as what happened
    """What a message would speak of has no name any more."""


def faults_in(text: str, fields: Mapping[str, Field], locale: str) -> Iterator[str]:
    """Yield in English what is wrong with a text of a template."""
    forms_wanted = len(PLURALS.get(locale, PLURALS[SOURCE]))
    for part in _PART.finditer(text):
        name, forms = part[1], part[2].split("|")[1:]
        if name not in fields:
            known = ", ".join(fields) or "none"
            yield f"There is no field {name}; there are: {known}."
        elif forms and fields[name].kind is not FieldKind.NUMBER:
            yield f"{name} is no number, so no noun can follow it."
        elif forms and len(forms) != forms_wanted:
            yield f"{name} needs {forms_wanted} forms of its noun in {locale}."
    if _BRACE.search(_PART.sub("", text)):
        yield "Braces are for fields, such as {amount}."


def values_of(kind: MessageType, payload: Mapping[str, Any], words: Words) -> dict[str, Value]:
    """Return the fields of a message. Raises NameMissing, KeyError for a payload without them."""
    return {name: _value(field, payload, words) for name, field in kind.fields.items()}


def _value(field: Field, payload: Mapping[str, Any], words: Words) -> Value:
    raw = payload[field.of]
    if field.kind is FieldKind.AMOUNT:
        unit = words.units[payload.get("unit", POINTS)]
        return Value(unit_text(words.locale, unit.names, raw), raw)
    if field.kind is FieldKind.NUMBER:
        return Value(format_number(words.locale, raw), raw)
    if field.kind is FieldKind.DAY:
        return Value(format_date(words.locale, date.fromisoformat(raw)))
    names = words.names.get(raw)
    if not names:
        raise NameMissing(raw)
    return Value(cut(in_language(names, words.locale), NAME_MAX))


def render(text: Text, values: Mapping[str, Value], locale: str) -> Text:
    """Return a title and a sentence with their fields filled in, no longer than a phone shows."""
    return Text(
        cut(_filled(text.title, values, locale), TITLE_MAX),
        cut(_filled(text.body, values, locale), BODY_MAX),
    )


def _filled(text: str, values: Mapping[str, Value], locale: str) -> str:
    def fill(part: re.Match[str]) -> str:
        value, forms = values[part[1]], part[2].split("|")[1:]
        if not forms or value.number is None:
            return value.text
        categories = PLURALS.get(locale, PLURALS[SOURCE])
        return f"{value.text} {forms[categories.index(plural_category(locale, value.number))]}"

    return _PART.sub(fill, text)


def cut(text: str, most: int) -> str:
    """Return a text of at most `most` characters; what is too long ends in an ellipsis."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
