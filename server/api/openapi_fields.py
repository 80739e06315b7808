"""How the fields of our schemas look in OpenAPI, beyond what apispec knows."""

from typing import Any

from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema, fields

from server.api.schemas import (
    INTEGER_MAX,
    Choice,
    Integer,
    Items,
    RequestSchema,
    ResponseSchema,
    Text,
)


def _integer(_converter: Any, field: fields.Field[Any], **_: Any) -> dict[str, Any]:
    if not isinstance(field, Integer):
        return {}
    found: dict[str, Any] = {"format": "int64"}
    if _is_input(field) or field.least != -INTEGER_MAX:
        found["minimum"] = field.least
    if _is_input(field) or field.most != INTEGER_MAX:
        found["maximum"] = field.most
    return found


def _text(_converter: Any, field: fields.Field[Any], **_: Any) -> dict[str, Any]:
    if not isinstance(field, Text) or not _is_input(field):
        return {}
    found: dict[str, Any] = {"minLength": field.least, "maxLength": field.most}
    if field.pattern is not None:
        found["pattern"] = f"^{field.pattern.pattern}$"
    return found


def _choice(_converter: Any, field: fields.Field[Any], **_: Any) -> dict[str, Any]:
    if not isinstance(field, Choice):
        return {}
    return {"enum" if _is_input(field) else "x-extensible-enum": list(field.choices)}


def _items(_converter: Any, field: fields.Field[Any], **_: Any) -> dict[str, Any]:
    if not isinstance(field, Items) or not _is_input(field):
        return {}
    return {"minItems": field.least, "maxItems": field.most}


def _is_input(field: fields.Field[Any]) -> bool:
    """Tell whether the field belongs to a request schema, directly or inside a list."""
    owner = field.parent
    while isinstance(owner, fields.Field):
        owner = owner.parent
    return isinstance(owner, RequestSchema)


ATTRIBUTE_FUNCTIONS = (_integer, _text, _choice, _items)


class Converter(OpenAPIConverter):
    """Adds what the classes of schemas say by themselves: their docstring and their openness."""

    def schema2jsonschema(self, schema: Schema) -> dict[str, Any]:
        """Return the JSON Schema of an instance of one of our schemas.

        Every field of a response is always present unless its metadata says `optional`.
        """
        found: dict[str, Any] = super().schema2jsonschema(schema)  # type: ignore[no-untyped-call]
        text = (type(schema).__doc__ or "").strip().partition("\n\n")[0]
        found["description"] = " ".join(text.split())
        if isinstance(schema, ResponseSchema):
            found["required"] = sorted(
                field.data_key or name
                for name, field in schema.fields.items()
                if not field.metadata.get("optional")
            )
        return found
