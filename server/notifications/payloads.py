"""What leaves for a phone: all values are texts, the whole at most 2 KB, no personal data.

Senders turn an `Envelope` into what their service wants. The JSON Schemas that apps build from are
made here too, so that what is published is what is checked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from server.core.clock import rfc3339
from server.notifications.catalogue import TYPES
from server.notifications.rendering import cut
from server.notifications.types import Collapse, FieldKind, MessageType, Text

VERSION = "1"
BYTES_MAX = 2048
PATH_MAX = 200
DIGEST_PATH = "/inbox"


@dataclass(frozen=True, slots=True)
class Told:
    """A stored message as a payload needs it; `data` are the values that the type declares."""

    id: str
    type: str
    locale: str
    text: Text
    path: str
    data: Mapping[str, str]
    arguments: tuple[str, ...]
    campaign_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Envelope:
    """A push as any service takes it. `tag` tells apart what replaces each other in the tray."""

    text: Text
    data: Mapping[str, str]
    collapse: Collapse
    tag: str
    is_high: bool
    is_silent: bool
    label: str
    expires_at: datetime


class PayloadTooLarge(ValueError):  # noqa: N818 - reads as what happened
    """What was to be sent is larger than 2 KB."""


def envelope_of(told: Told, base_url: str, now: datetime) -> Envelope:
    """Return what is sent for a message; what does not fit in is left to the inbox.

    Arguments go first, then the end of the body, then that of the title.
    Raises PayloadTooLarge when even the address alone is too long.
    """
    kind = TYPES[told.type]
    data = _data(kind, told, base_url, now)
    if _size(told.text, data) > BYTES_MAX:
        data["loc_args"] = "[]"
    return Envelope(
        text=_fitting(told, data),
        data=data,
        collapse=kind.collapse,
        tag=data["entity_id"] or told.id,
        is_high=kind.is_high,
        is_silent=kind.is_silent,
        label=".".join(part for part in (told.type, told.campaign_id) if part),
        expires_at=told.expires_at,
    )


def _data(kind: MessageType, told: Told, base_url: str, now: datetime) -> dict[str, str]:
    entity_id = told.data.get(kind.entity, "") if kind.entity else ""
    return {
        "v": VERSION,
        "type": kind.name,
        "id": told.id,
        "category": str(kind.category),
        "path": told.path,
        "url": f"{base_url}/a{told.path}",
        "entity": kind.entity.removesuffix("_id") if entity_id else "",
        "entity_id": entity_id,
        "changed": ",".join(kind.changed),
        "campaign_id": told.campaign_id,
        "sent_at": rfc3339(now.replace(microsecond=0)),
        "expires_at": rfc3339(told.expires_at.replace(microsecond=0)),
        "locale": told.locale,
        "loc_key": kind.name.replace(".", "_"),
        "loc_args": orjson.dumps(told.arguments).decode(),
        **{name: told.data[name] for name in kind.data if name in told.data},
    }


def _size(text: Text, data: Mapping[str, str]) -> int:
    return len(orjson.dumps({"notification": [text.title, text.body], "data": dict(data)}))


def _fitting(told: Told, data: Mapping[str, str]) -> Text:
    """Return the text of a message, shortened until all of it fits. Raises PayloadTooLarge."""
    title, body = told.text.title, told.text.body
    while _size(Text(title, body), data) > BYTES_MAX:
        if len(body) > 1:
            body = cut(body, len(body) * 3 // 4)
        elif len(title) > 1:
            title = cut(title, len(title) * 3 // 4)
        else:
            raise PayloadTooLarge(told.id)
    return Text(title, body)


def kept_data(kind: MessageType, payload: Mapping[str, Any]) -> dict[str, str]:
    """Return what of an event's payload goes along with its message: what the type declares."""
    names = dict.fromkeys((*kind.data, kind.entity))
    found = {name: payload.get(name) for name in names if name}
    return {name: str(value) for name, value in found.items() if value is not None}


def schema_of(kind: MessageType) -> dict[str, Any]:
    """Return the JSON Schema of the data of one type: open, so that fields can be added."""
    fixed = {"v": VERSION, "type": kind.name, "category": str(kind.category)}
    optional = {name: {"type": "string"} for name in kind.data}
    texts = {name: {"type": "string"} for name in ENVELOPE_FIELDS}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind.name,
        "description": _description(kind),
        "type": "object",
        "properties": texts | {name: {"const": value} for name, value in fixed.items()} | optional,
        "required": list(ENVELOPE_FIELDS),
        "additionalProperties": {"type": "string"},
    }


def _description(kind: MessageType) -> str:
    shown = "hint without text" if kind.is_silent else "shown"
    fields = ", ".join(kind.fields) or "none"
    return (
        f"Path {kind.path}; true for {kind.ttl_hours} h or until {kind.until or 'then'};"
        f" {'high' if kind.is_high else 'normal'} priority; collapse group"
        f" {kind.collapse or 'none'}; {shown}; loc_args in order: {fields}."
    )


def envelope_schema() -> dict[str, Any]:
    """Return the JSON Schema that the data of every type fits."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "envelope",
        "description": "The data of every push. All values are texts; unknown types lead to path.",
        "type": "object",
        "properties": {
            name: {"type": "string", "description": text} for name, text in ENVELOPE_FIELDS.items()
        },
        "required": list(ENVELOPE_FIELDS),
        "additionalProperties": {"type": "string"},
    }


ENVELOPE_FIELDS: Mapping[str, str] = {
    "v": "Version of the envelope.",
    "type": "What is told; more types may come.",
    "id": "The message in the inbox; at least once, so tell doubles apart by it.",
    "category": "Android channel and preference: service, progress, reminders, offers or news.",
    "path": "Where a tap leads; an unknown path leads to the first screen.",
    "url": "The same as a link that opens the app.",
    "entity": "What it is about, or empty.",
    "entity_id": "Its id, or empty.",
    "changed": "Screens to fetch again, comma separated.",
    "campaign_id": "The announcement it belongs to, or empty.",
    "sent_at": "When it was sent, RFC 3339 in UTC.",
    "expires_at": "Until when it is true.",
    "locale": "The language of the text.",
    "loc_key": "For apps with words of their own: the key.",
    "loc_args": "And its arguments, a JSON list of texts.",
}
_ARGUMENTS = {
    FieldKind.AMOUNT: "50 points",
    FieldKind.NUMBER: "3",
    FieldKind.NAME: "Three mornings",
    FieldKind.DAY: "30 November 2026",
}
_SAMPLES = {"amount": "50", "unit": "points", "on": "2026-11-30", "reward_kind": "points"}
_SAMPLE_ID = "mem_01jd3n0000000000000000000a"[4:]


def example_of(kind: MessageType) -> Told:
    """Return a message of a type with sample values."""
    names = dict.fromkeys((*kind.data, kind.entity, *_ids_in(kind.path)))
    data = {name: _SAMPLES.get(name) or _sample(name) for name in names if name}
    return Told(
        id=f"msg_{_SAMPLE_ID}",
        type=kind.name,
        locale="en",
        text=Text("", ""),
        path=kind.path.format(**data),
        data=data,
        arguments=tuple(_ARGUMENTS[one.kind] for one in kind.fields.values()),
        campaign_id="",
        expires_at=datetime.fromisoformat("2026-11-29T22:00:00Z"),
    )


def _sample(name: str) -> str:
    if name.endswith("_id"):
        return f"{name[:3]}_{_SAMPLE_ID}"
    return "2026-11-29T22:00:00Z" if name.endswith("_by") else "3"


def _ids_in(path: str) -> list[str]:
    return [part.strip("{}") for part in path.split("/") if part.startswith("{")]
