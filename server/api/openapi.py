"""The OpenAPI 3.1 document of a surface, generated from its declarations.

What generated clients need is kept simple: no oneOf or anyOf in responses, open enumerations as
plain strings with `x-extensible-enum`, nullable objects as components of their own, refusals as
one problem document with the codes listed per status.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from copy import deepcopy
from http import HTTPStatus
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema

from server.api.endpoint import Endpoint
from server.api.implied import implied_refusals
from server.api.openapi_fields import ATTRIBUTE_FUNCTIONS, Converter
from server.api.openapi_parts import PARAMETERS, PROBLEM_SCHEMA, REPLY_HEADERS
from server.api.replies import CONTRACT_VERSION
from server.api.surface import Surface
from server.core.errors import Refusal
from server.core.ids import EXAMPLE_MEMBER_ID


class Plugin(MarshmallowPlugin):
    """apispec's reader of schemas with our converter."""

    Converter = Converter


def document_of(surface: Surface) -> dict[str, Any]:
    """Return the OpenAPI document of `surface` as plain JSON values, in a fixed order."""
    surface.load()
    plugin = Plugin(schema_name_resolver=_component_name)
    spec = APISpec(
        title=surface.title,
        version=CONTRACT_VERSION,
        openapi_version="3.1.0",
        info={"description": surface.description, "license": _LICENSE},
        plugins=[plugin],
        security=[{"bearer": []}],
    )
    assert plugin.converter is not None  # apispec makes it with the specification
    for function in ATTRIBUTE_FUNCTIONS:
        plugin.converter.add_attribute_function(function)  # type: ignore[no-untyped-call]
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    for endpoint in sorted(surface.endpoints, key=lambda item: (item.path, item.method)):
        spec.path(endpoint.path, operations={endpoint.method.lower(): _operation(endpoint)})
    document: dict[str, Any] = spec.to_dict()
    _add_shared_components(document)
    _flatten_nullable(document["components"]["schemas"])
    return _in_order(document)


_LICENSE = {"name": "Apache-2.0", "identifier": "Apache-2.0"}


def _component_name(schema: Schema | type[Schema]) -> str:
    return schema.__name__ if isinstance(schema, type) else type(schema).__name__


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    said = " ".join((endpoint.view.__doc__ or endpoint.operation_id).split())
    summary, _, text = said.partition(". ")
    operation: dict[str, Any] = {
        "operationId": endpoint.operation_id,
        "summary": summary.rstrip("."),
        "tags": [_tag(endpoint)],
        "parameters": _parameters(endpoint),
        "responses": _responses(endpoint),
    }
    if text or endpoint.scope:
        scope = f"Needs the scope `{endpoint.scope}`." if endpoint.scope else ""
        operation["description"] = " ".join(part for part in (text, scope) if part)
    if endpoint.scope:
        operation["x-required-scope"] = endpoint.scope
    if endpoint.public:
        operation["security"] = []
    if endpoint.body is not None:
        example = dict(endpoint.body.example)
        content = {"application/json": {"schema": endpoint.body, "example": example}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _tag(endpoint: Endpoint) -> str:
    """The module that declares an endpoint names its group in the reference."""
    return endpoint.view.__module__.rpartition(".")[2].replace("_", " ").capitalize()


def _parameters(endpoint: Endpoint) -> list[Any]:
    """Return the path, query and header parameters of an operation."""
    names = [part[1:-1] for part in endpoint.rule.split("/") if part.startswith("{")]
    text = {"type": "string", "maxLength": 200}
    found: list[Any] = [
        {"in": "path", "name": name, "required": True, "schema": text} | _EXAMPLES.get(name, {})
        for name in names
    ]
    if endpoint.query is not None:
        found.append({"in": "query", "schema": endpoint.query})
    found.extend(_header_names(endpoint))
    return found


_EXAMPLES = {"member_id": {"example": EXAMPLE_MEMBER_ID}}


def _header_names(endpoint: Endpoint) -> list[str]:
    names = ["RequestId", "AcceptLanguage"]
    if endpoint.idempotency == "required":
        names.append("IdempotencyKeyRequired")
    if endpoint.idempotency == "optional":
        names.append("IdempotencyKey")
    if endpoint.dry_run:
        names.append("DryRun")
    if endpoint.method == "GET":
        names.append("IfNoneMatch")
    return names


def _responses(endpoint: Endpoint) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status, schema in sorted(endpoint.answers.items()):
        found[str(status)] = _answer(endpoint, status, schema)
    if endpoint.method == "GET":
        headers = _headers("ETag")
        del headers["Content-Language"]  # HTTP leaves it out where there is no content
        found["304"] = {"description": "The client has this already.", "headers": headers}
    by_status: dict[int, list[type[Refusal]]] = defaultdict(list)
    for refusal in {*endpoint.refuses, *implied_refusals(endpoint)}:
        by_status[refusal.status].append(refusal)
    for status, refusals in sorted(by_status.items()):
        found[str(status)] = _refusal_answer(refusals)
    return found


def _answer(endpoint: Endpoint, status: int, schema: type[Schema] | None) -> dict[str, Any]:
    extra = ["ETag"] if endpoint.method == "GET" else []
    extra += ["IdempotentReplayed"] if endpoint.idempotency != "none" else []
    extra += ["DryRun"] if endpoint.dry_run else []
    answer: dict[str, Any] = {
        "description": HTTPStatus(status).phrase,
        "headers": _headers(*extra),
    }
    if schema is not None:
        answer["content"] = {"application/json": {"schema": schema()}}
    return answer


def _refusal_answer(refusals: Sequence[type[Refusal]]) -> dict[str, Any]:
    """Describe all refusals of one status: the codes, and for a person what they mean."""
    ordered = sorted(refusals, key=lambda refusal: refusal.code)
    lines = [f"`{refusal.code}`: {refusal.title}." for refusal in ordered]
    extra = ["RetryAfter"] if any(refusal.retryable for refusal in ordered) else []
    return {
        "description": " ".join(lines),
        "headers": _headers(*extra),
        "content": {"application/problem+json": {"schema": _reference("schemas", "Problem")}},
        "x-codes": [refusal.code for refusal in ordered],
    }


def _headers(*extra: str) -> dict[str, Any]:
    always = ("RequestId", "ContractVersion", "ContentLanguage", "RateLimitPolicy", "RateLimit")
    used = {name: REPLY_HEADERS[name] for name in (*always, *extra)}
    return {header: _reference("headers", name) for name, (header, _) in used.items()}


def _reference(section: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{section}/{name}"}


def _add_shared_components(document: dict[str, Any]) -> None:
    components = document.setdefault("components", {})
    components["parameters"] = deepcopy(PARAMETERS)
    components["headers"] = {name: deepcopy(body) for name, (_, body) in REPLY_HEADERS.items()}
    components.setdefault("schemas", {})["Problem"] = deepcopy(PROBLEM_SCHEMA)


def _flatten_nullable(schemas: dict[str, Any]) -> None:
    """Turn "this object or null" into a component that may be null itself, without anyOf."""
    for name in _nullable_targets(schemas):
        copy = dict(schemas[name])
        copy["type"] = ["object", "null"]
        schemas[f"{name}OrNull"] = copy


def _nullable_targets(value: Any) -> set[str]:
    """Rewrite each nullable reference below `value` in place; return the names it points to."""
    found: set[str] = set()
    children = value.values() if isinstance(value, dict) else value
    for child in children:
        if isinstance(child, dict) and "anyOf" in child:
            name = child.pop("anyOf")[0]["$ref"].rpartition("/")[2]
            child["$ref"] = f"#/components/schemas/{name}OrNull"
            found.add(name)
        elif isinstance(child, (dict, list)):
            found |= _nullable_targets(child)
    return found


def _in_order(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document as people read it: what it is, the paths, then sorted components."""
    parts: Mapping[str, Mapping[str, Any]] = document.pop("components")
    components = {section: dict(sorted(parts[section].items())) for section in sorted(parts)}
    return {
        "openapi": document.pop("openapi"),
        "info": document.pop("info"),
        **document,
        "components": components,
    }
