"""Reading what a client sent: JSON bodies and query strings, strictly and by their schema."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from flask import Request
from marshmallow import ValidationError, fields

from server.api.errors import MalformedJson, PayloadTooLarge, UnsupportedMediaType
from server.api.schemas import Coded, RequestSchema
from server.core.errors import FieldError, NotFound, ValidationFailed

DEPTH_MAX = 16
ERRORS_MAX = 50
PATH_PARAMETER_LENGTH_MAX = 200


def read_json(request: Request, *, may_be_empty: bool = False) -> dict[str, Any]:
    """Return the JSON object of the body; an absent one is empty where that is allowed.

    Raises UnsupportedMediaType, MalformedJson, or ValidationFailed when it is no object.
    """
    if may_be_empty and not request.content_length and "Transfer-Encoding" not in request.headers:
        return {}
    if not _is_json(request):
        raise UnsupportedMediaType("Send the body as application/json in UTF-8.")
    raw = _read_body(request)
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise MalformedJson(f"The body is not JSON: {error}.") from None
    if not isinstance(value, dict):
        raise ValidationFailed.at("", "invalid", "The body must be a JSON object.")
    if raw.count(b"{") + raw.count(b"[") > DEPTH_MAX and _depth(value) > DEPTH_MAX:
        raise MalformedJson(f"The body is nested deeper than {DEPTH_MAX} levels.")
    if b"\\u0000" in raw:
        _refuse_nul(value)
    return value


def load(schema: RequestSchema | None, value: Mapping[str, Any]) -> dict[str, Any]:
    """Return `value` loaded by `schema`. Raises ValidationFailed with a pointer per error."""
    if schema is None:
        return {}
    try:
        loaded: dict[str, Any] = schema.load(value)
    except ValidationError as error:
        found = list(_flatten(error.messages, ""))
        raise ValidationFailed(found[:ERRORS_MAX]) from None
    return loaded


def read_query(schema: RequestSchema | None, request: Request, *, lenient: bool) -> dict[str, Any]:
    """Return the query string loaded by `schema`; numbers are read from their text.

    Raises ValidationFailed; an unknown parameter is one unless `lenient`.
    """
    given = request.args
    if schema is None:
        if given and not lenient:
            raise _unknown_parameter(next(iter(given)))
        return {}
    texts = {name: _number_or_text(schema, name, text) for name, text in given.items()}
    if any("\x00" in text for text in given.values()):
        raise ValidationFailed.at("", "control_characters", "A parameter has a NUL character.")
    return load(schema, texts)


def check_path(path: Mapping[str, str]) -> None:
    """Raise NotFound for a path parameter that no id of ours can be equal to."""
    for text in path.values():
        if len(text) > PATH_PARAMETER_LENGTH_MAX or not text.isprintable():
            raise NotFound("There is nothing at this address.")


def _read_body(request: Request) -> bytes:
    """Return the bytes of the body. Raises PayloadTooLarge.

    A body that does not announce its length is cut at the limit without a word; that it reached
    the limit is how one knows.
    """
    raw = request.get_data(cache=False)
    most = request.max_content_length
    if request.content_length is None and most is not None and len(raw) >= most:
        raise PayloadTooLarge(f"A body has at most {most} bytes.")
    return raw


def _is_json(request: Request) -> bool:
    kind = request.mimetype
    if not (kind == "application/json" or (kind[:12] == "application/" and kind[-5:] == "+json")):
        return False
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    return charset in {"utf-8", "utf8"} and encoding == "identity"


def _depth(value: Any) -> int:
    """Return the nesting of a JSON value, without recursion."""
    deepest, level = 0, [value]
    while level:
        deepest += 1
        children = [_children(item) for item in level]
        level = [child for group in children for child in group if isinstance(child, (dict, list))]
    return deepest


def _children(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value


def _refuse_nul(value: Any, pointer: str = "") -> None:
    """Raise ValidationFailed at the first text with a NUL: PostgreSQL cannot store it."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in pairs:
        here = f"{pointer}/{_escaped(key)}"
        if "\x00" in str(key) or (isinstance(item, str) and "\x00" in item):
            detail = "This must not contain NUL characters."
            raise ValidationFailed.at(here.replace("\x00", ""), "control_characters", detail)
        if isinstance(item, (dict, list)):
            _refuse_nul(item, here)


def _flatten(messages: Any, pointer: str) -> Iterator[FieldError]:
    """Yield one error per message of marshmallow's tree, with its JSON Pointer."""
    if isinstance(messages, dict):
        for key, inner in messages.items():
            here = pointer if key in {"_schema", "value"} else f"{pointer}/{_escaped(key)}"
            yield from _flatten(inner, here)
    elif isinstance(messages, list):
        for inner in messages:
            yield from _flatten(inner, pointer)
    else:
        code = messages.code if isinstance(messages, Coded) else "invalid"
        yield FieldError(pointer=pointer, code=code, detail=str(messages))


def _escaped(key: Any) -> str:
    return str(key)[:100].replace("~", "~0").replace("/", "~1")


def _number_or_text(schema: RequestSchema, name: str, text: str) -> Any:
    """Read a parameter of a number field as a number, anything else as it came."""
    field = schema.fields.get(name)
    if field is None or not isinstance(field, (fields.Integer, fields.Boolean)):
        return text
    if isinstance(field, fields.Boolean):
        return {"true": True, "false": False}.get(text, text)
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdecimal() and len(digits) <= 16 else text


def _unknown_parameter(name: str) -> ValidationFailed:
    detail = "This parameter is not known here."
    return ValidationFailed.at(f"/{_escaped(name)}", "unknown_field", detail)
