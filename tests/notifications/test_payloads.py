"""What is pushed: of the published form, never too large, and without personal data."""

from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from server.notifications.catalogue import TYPES
from server.notifications.payloads import (
    BYTES_MAX,
    envelope_of,
    envelope_schema,
    example_of,
    kept_data,
    schema_of,
)
from server.notifications.rendering import BODY_MAX, NAME_MAX, TITLE_MAX
from server.notifications.types import Text
from tests.builders.purchases import NOW

URL = "https://app.example"
PERSONAL = {"name", "first_name", "last_name", "email", "phone", "birthday", "token", "code"}


@pytest.mark.parametrize("kind", TYPES.values(), ids=lambda kind: kind.name)
def test_an_example_fits_its_schema_and_the_envelope(kind):
    data = dict(envelope_of(example_of(kind), URL, NOW).data)
    for schema in (schema_of(kind), envelope_schema()):
        Draft202012Validator.check_schema(schema)
        Draft202012Validator(schema).validate(data)
    assert not list(Draft202012Validator(schema_of(kind)).iter_errors(data))
    assert list(Draft202012Validator(schema_of(kind)).iter_errors(data | {"type": "other"}))
    assert data["url"] == URL + data["path"].join(["/a", ""])
    assert all(type(value) is str for value in data.values())


def test_types_name_no_personal_data():
    named = {name for kind in TYPES.values() for name in (*kind.data, *kind.fields, kind.entity)}
    assert named & PERSONAL == set()


@given(
    st.text(st.sampled_from('яй😀Ж"\\'), min_size=TITLE_MAX, max_size=TITLE_MAX),
    st.text(st.sampled_from("яй😀Ж"), min_size=BODY_MAX, max_size=BODY_MAX),
    st.sampled_from(sorted(TYPES)),
)
def test_a_push_is_never_larger_than_two_kilobytes(title, body, name):
    told = example_of(TYPES[name])
    arguments = ("ж" * NAME_MAX,) * len(TYPES[name].fields)
    long = replace(told, text=Text(title, body), arguments=arguments, campaign_id="ann_" + "x" * 26)
    sent = envelope_of(long, URL, NOW)
    content = {"notification": [sent.text.title, sent.text.body], "data": dict(sent.data)}
    assert len(orjson.dumps(content)) <= BYTES_MAX


def test_a_long_address_leaves_less_room_for_words():
    told = example_of(TYPES["announcement"])
    long = replace(told, text=Text("😀" * TITLE_MAX, "😀" * BODY_MAX), path="/" + "x" * 199)
    sent = envelope_of(long, "https://" + "a" * 240, NOW)
    content = {"notification": [sent.text.title, sent.text.body], "data": dict(sent.data)}
    assert len(orjson.dumps(content)) <= BYTES_MAX
    assert sent.text.title == long.text.title
    assert 0 < len(sent.text.body) < BODY_MAX
    assert sent.text.body.endswith("…")


def test_only_what_a_type_declares_goes_along():
    kind = TYPES["points.awarded"]
    payload = {"activity_id": "act_1", "amount": 5, "unit": "points", "phone": "+372", "x": None}
    assert kept_data(kind, payload) == {"amount": "5", "unit": "points", "activity_id": "act_1"}
