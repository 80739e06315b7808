"""Messages with sample values: to look at words before members do, and to try out a way out."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from server.core.ids import new_id
from server.gamification.programme.queries import get_programme
from server.gamification.programme.types import Unit
from server.notifications.catalogue import ANNOUNCEMENT, TYPES
from server.notifications.making import Draft, make_messages
from server.notifications.payloads import kept_data
from server.notifications.recipients import lock_people
from server.notifications.rendering import Words, render, values_of
from server.notifications.templates import Template, template_of
from server.notifications.types import FieldKind, MessageType, Text

SAMPLE_ID = "sample"
_NAMES = {
    SAMPLE_ID: {"en": "Three mornings", "ru": "Три утра", "et": "Kolm hommikut"},
}
_VALUES: Mapping[FieldKind, Any] = {
    FieldKind.AMOUNT: 50,
    FieldKind.NUMBER: 3,
    FieldKind.NAME: SAMPLE_ID,
    FieldKind.DAY: "2026-11-30",
}
_WORDS = Text("A test", "This is how a message arrives.")


def sample_payload(kind: MessageType) -> dict[str, Any]:
    """Return a payload of an event from which a message of a type can be made."""
    ids = [part[1:-1] for part in kind.path.split("/") if part.startswith("{")]
    return dict.fromkeys(ids, SAMPLE_ID) | {
        field.of: _VALUES[field.kind] for field in kind.fields.values()
    }


def preview_texts(
    template: Template, units: Mapping[str, Unit], locale: str
) -> Iterator[tuple[str, Text]]:
    """Yield each variant of a template with sample values in a language."""
    kind = TYPES[template.type]
    values = values_of(kind, sample_payload(kind), Words(locale, units, _NAMES))
    for variant in template.variants:
        yield variant.name, render(variant.text_in(locale), values, locale)


def send_sample(tx: Connection, member_id: str, kind: MessageType, now: datetime) -> str:
    """Tell a member something with sample values; return its source. Rules hold as always."""
    programme, payload = get_programme(tx), sample_payload(kind)
    person = lock_people(tx, [member_id], programme)[member_id]
    values = values_of(kind, payload, Words(person.locale, programme.units, _NAMES))
    text = _WORDS
    if kind.name != ANNOUNCEMENT:
        variant = template_of(tx, programme.revision, kind.name).for_member(member_id)
        text = variant.text_in(person.locale)
    source = new_id("tst", now)
    draft = Draft(
        person=person,
        source=source,
        kind=kind,
        category=kind.category,
        text=render(text, values, person.locale),
        path=kind.path.format(**payload),
        data={
            "data": kept_data(kind, payload),
            "arguments": [value.text for value in values.values()],
        },
        shown_at=now,
        expires_at=now + timedelta(hours=kind.ttl_hours),
    )
    make_messages(tx, [draft], now)
    return source
