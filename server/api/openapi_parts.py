"""The parts that every OpenAPI document shares: headers, parameters, the problem document."""

from typing import Any

_TEXT: dict[str, Any] = {"type": "string"}


def _parameter(name: str, description: str, **more: Any) -> dict[str, Any]:
    required = more.pop("required", False)
    example = {"example": more.pop("example")} if "example" in more else {}
    return example | {
        "in": "header",
        "name": name,
        "required": required,
        "description": description,
        "schema": _TEXT | more,
    }


_KEY = (
    "Names one attempt of this request; send the same key when repeating it. The answer to the"
    " first request with a key is given again, with `Idempotent-Replayed: true`."
)
_KEY_FORM = {"minLength": 1, "maxLength": 66, "pattern": r"^[!-+\--~]+$"}
PARAMETERS: dict[str, Any] = {
    "RequestId": _parameter(
        "X-Request-Id",
        "An id of the client's for its logs and ours; ignored if it has another form.",
        maxLength=64,
    ),
    "AcceptLanguage": _parameter(
        "Accept-Language", "The languages a person reads; en, ru and et are there.", maxLength=500
    ),
    "IdempotencyKey": _parameter("Idempotency-Key", _KEY, **_KEY_FORM),
    "IdempotencyKeyRequired": _parameter(
        "Idempotency-Key", _KEY, required=True, example="try-1", **_KEY_FORM
    ),
    "DryRun": _parameter(
        "Loyalty-Dry-Run", "With `1` the request is answered and leaves no trace.", enum=["1"]
    ),
    "IfNoneMatch": _parameter("If-None-Match", "The ETag that the client has."),
}


def _header(name: str, description: str, example: str, kind: str = "string") -> tuple[str, Any]:
    return name, {"description": description, "schema": {"type": kind}, "example": example}


REPLY_HEADERS: dict[str, tuple[str, dict[str, Any]]] = {
    "RequestId": _header(
        "X-Request-Id", "The id of the request.", "req_06dm1k8z5sw3n0v9qt2e7r4hcy"
    ),
    "ContractVersion": _header("X-Contract-Version", "The version of this document.", "1.0.0"),
    "ContentLanguage": _header("Content-Language", "The language of the texts.", "et"),
    "RateLimitPolicy": _header(
        "RateLimit-Policy", "The limit: quota `q` per window of `w` seconds.", '"member";q=120;w=60'
    ),
    "RateLimit": _header(
        "RateLimit",
        "`r` requests remain; `t` seconds until the window moves.",
        '"member";r=97;t=22',
    ),
    "ETag": _header("ETag", "The strong tag of this entity.", '"6f1c2a9e"'),
    "IdempotentReplayed": _header(
        "Idempotent-Replayed", "`true` when the answer is that of an earlier request.", "true"
    ),
    "DryRun": _header("Loyalty-Dry-Run", "`1` when nothing was kept.", "1"),
    "RetryAfter": _header("Retry-After", "Seconds to wait.", "1"),
}

_FIELD_ERROR = {
    "type": "object",
    "required": ["pointer", "code", "detail"],
    "properties": {
        "pointer": _TEXT | {"description": "JSON Pointer into the request."},
        "code": _TEXT | {"description": "Stable code of the error."},
        "detail": _TEXT | {"description": "English, for developers."},
    },
}
PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "A refusal (RFC 9457). Switch on `code`; show `user_message`.",
    "required": [
        "type",
        "title",
        "status",
        "detail",
        "code",
        "user_message",
        "params",
        "errors",
        "request_id",
        "retryable",
    ],
    "properties": {
        "type": _TEXT | {"format": "uri", "description": "A page about this code."},
        "title": _TEXT,
        "status": {"type": "integer", "format": "int32"},
        "detail": _TEXT | {"description": "English, for developers."},
        "code": _TEXT | {"description": "Stable code; see errors.yaml."},
        "user_message": _TEXT | {"description": "Localised and safe to show."},
        "params": {
            "type": "object",
            "additionalProperties": True,
            "description": "Numbers and names for the text.",
        },
        "errors": {"type": "array", "items": _FIELD_ERROR},
        "request_id": _TEXT,
        "retryable": {"type": "boolean", "description": "Whether the same request may succeed."},
    },
}
