"""The documents are generated, valid, kind to code generators, and not stale."""

import json

import pytest
import yaml
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from server.api.openapi import document_of
from server.app import SURFACES
from server.cli.contract import FOLDER, documents
from tests.fixtures.bell import make_surface

EVERY_SURFACE = pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)


@pytest.fixture(scope="module")
def bells():
    return document_of(make_surface(lenient_query=True))


def nodes(value):
    """Every object below a JSON value."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, (dict, list)):
            yield from nodes(inner)


@EVERY_SURFACE
def test_the_document_is_valid_openapi(surface):
    assert list(OpenAPIV31SpecValidator(document_of(surface)).iter_errors()) == []


@EVERY_SURFACE
def test_responses_are_kind_to_generated_clients(surface):
    for node in nodes(document_of(surface)):
        assert not {"oneOf", "anyOf", "allOf", "not"} & set(node)


@EVERY_SURFACE
def test_every_operation_has_a_name_a_summary_and_its_refusals(surface):
    operations = [
        operation for item in document_of(surface)["paths"].values() for operation in item.values()
    ]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names)) > 0
    for operation in operations:
        assert 3 < len(operation["summary"]) <= 80
        assert "internal" in operation["responses"]["500"]["x-codes"]


def test_what_is_published_is_what_the_code_says():
    for path, text in documents().items():
        assert (FOLDER / path).read_text(encoding="utf-8") == text, "run: make contract"


def test_the_catalogue_lists_every_code_once_in_every_language():
    entries = yaml.safe_load(documents()["errors.yaml"])["errors"]
    codes = [entry["code"] for entry in entries]
    assert codes == sorted(set(codes))
    assert {"token_missing", "idempotency_key_reused", "balance_insufficient"} <= set(codes)
    assert all(set(entry["user_message"]) == {"en", "ru", "et"} for entry in entries)


def test_the_same_code_gives_the_same_text(bells):
    assert json.dumps(bells) == json.dumps(document_of(make_surface(lenient_query=True)))


def test_requests_are_closed_and_responses_open(bells):
    schemas = bells["components"]["schemas"]
    assert schemas["RingIn"]["additionalProperties"] is False
    assert schemas["RingIn"]["required"] == ["times"]
    assert "additionalProperties" not in schemas["BellOut"]
    assert schemas["BellOut"]["required"] == ["last", "rings", "state"]


def test_fields_say_what_they_accept(bells):
    fields = bells["components"]["schemas"]["RingIn"]["properties"]
    assert fields["times"] == {"type": "integer", "format": "int64", "minimum": 1, "maximum": 10}
    assert fields["note"] == {
        "type": ["string", "null"],
        "default": None,
        "minLength": 1,
        "maxLength": 20,
    }
    assert fields["at"]["format"] == "date-time"
    assert fields["day"]["format"] == "date"
    assert (fields["clappers"]["minItems"], fields["clappers"]["maxItems"]) == (0, 3)
    clapper = bells["components"]["schemas"]["Clapper"]["properties"]
    assert clapper["metal"] == {"type": "string", "enum": ["bronze", "steel"]}


def test_choices_of_responses_are_open(bells):
    state = bells["components"]["schemas"]["BellOut"]["properties"]["state"]
    assert state == {"type": "string", "x-extensible-enum": ["hanging", "fallen"]}


def test_an_object_that_may_be_null_is_a_component_of_its_own(bells):
    schemas = bells["components"]["schemas"]
    assert schemas["BellOut"]["properties"]["last"] == {
        "$ref": "#/components/schemas/RingOutOrNull"
    }
    assert schemas["RingOutOrNull"]["type"] == ["object", "null"]
    assert schemas["RingOutOrNull"]["properties"] == schemas["RingOut"]["properties"]


def test_an_operation_declares_its_key_scope_and_refusals(bells):
    ring = bells["paths"]["/v1/bells/rings"]["post"]
    assert {"$ref": "#/components/parameters/IdempotencyKeyRequired"} in ring["parameters"]
    assert {"$ref": "#/components/parameters/DryRun"} in ring["parameters"]
    assert ring["x-required-scope"] == "bell:ring"
    codes = {status: answer.get("x-codes") for status, answer in ring["responses"].items()}
    assert codes["403"] == ["bell_forbidden", "scope_missing"]
    assert codes["409"] == ["bell_missing", "bell_worn_out", "request_in_progress"]
    assert codes["422"] == ["idempotency_key_reused", "validation_failed"]
    assert codes["201"] is None


def test_a_public_operation_needs_no_token(bells):
    public = bells["paths"]["/v1/bells/public"]["get"]
    assert public["security"] == []
    assert "401" not in public["responses"]
    assert bells["security"] == [{"bearer": []}]


def test_a_read_may_be_answered_304(bells):
    read = bells["paths"]["/v1/bells/{bell_id}"]["get"]
    assert set(read["responses"]["304"]) == {"description", "headers"}
    names = [parameter.get("name") for parameter in read["parameters"] if "name" in parameter]
    assert names == ["bell_id", "limit", "cursor"]


@EVERY_SURFACE
def test_examples_of_parameters_fit_their_schemas(surface):
    parameters = document_of(surface)["components"]["parameters"].values()
    shown = [one for one in parameters if "example" in one]
    for one in shown:
        Draft202012Validator(one["schema"]).validate(one["example"])
    assert "Idempotency-Key" in {one["name"] for one in shown} or surface.name == "sandbox"
