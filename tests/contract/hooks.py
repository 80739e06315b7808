"""Loaded by Schemathesis: lets invented requests speak of people and things that are there.

Otherwise nearly all of them would end at "no such member". Every fourth request keeps what was
invented. The choice depends on nothing but the request, so that a failure can be repeated.
"""

import json
import os
import zlib
from typing import Any

import schemathesis  # type: ignore[import-not-found]

KNOWN: dict[str, list[str]] = json.loads(os.environ["CONTRACT_KNOWN"])
"""Ids by the name of their field: member_id, transaction_id, redemption_id, activity_id."""


@schemathesis.hook
def map_path_parameters(_context: Any, path_parameters: Any) -> Any:
    """Name things that exist."""
    if not isinstance(path_parameters, dict):
        return path_parameters
    return {name: _known(name, value) for name, value in path_parameters.items()}


@schemathesis.hook
def map_body(_context: Any, body: Any) -> Any:
    """Name people that exist, in the currency of the shop, now, with receipts of their own."""
    if not isinstance(body, dict) or _number(body) % 4 == 0:
        return body
    told = _told(body)
    if isinstance(told.get("external_id"), str):
        told["external_id"] = f"invented-{_number(body)}"
    return told


def _told(value: Any) -> Any:
    if isinstance(value, list):
        return [_told(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {name: item for name, item in value.items() if name not in {"occurred_at", "apply"}}
    return {name: _field(name, item) for name, item in kept.items()}


def _field(name: str, value: Any) -> Any:
    if name == "currency" and isinstance(value, str):
        return "EUR"
    if name == "location_id":
        return None
    return _known(name, value) if isinstance(value, str) else _told(value)


def _known(name: str, value: Any) -> Any:
    ids, number = KNOWN.get(name), _number(value)
    return ids[number // 4 % len(ids)] if ids and number % 4 else value


def _number(value: Any) -> int:
    return zlib.crc32(repr(value).encode("utf-8", "replace"))
