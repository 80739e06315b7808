"""How an activity type is configured."""

import re

from server.gamification.activity_types.rules import NUMBER_MAX, TEXT_MAX, most_of
from server.gamification.activity_types.types import (
    ActivityType,
    FieldType,
    Often,
    Reporter,
    ReportField,
)
from server.gamification.definitions.reading import Reader
from server.gamification.definitions.types import Kind, Settings
from server.gamification.facts.types import PURCHASE

FIELDS_MAX = 20
KEY_LENGTH_MAX = 20
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TAKEN = {PURCHASE, "redemption"}


def read_activity_type(definition_id: str, key: str, settings: Settings) -> ActivityType:
    """Return an activity type from its settings. Raise `DefinitionInvalid`."""
    reader = Reader(settings)
    found = ActivityType(
        id=definition_id,
        key=key,
        names=reader.localised("names", required=True),
        fields=reader.each("fields", _read_field, most=FIELDS_MAX),
        reporter=reader.choice("reporter", Reporter, Reporter.PARTNER),
        often=reader.choice("often", Often, Often.ALWAYS),
        is_visit=reader.flag("is_visit"),
    )
    if key in _TAKEN or not _NAME.fullmatch(key) or len(key) > KEY_LENGTH_MAX:
        reader.blame("", "key", f"The key is a word of at most {KEY_LENGTH_MAX} small letters.")
    names = [field.name for field in found.fields]
    if len(set(names)) < len(names):
        reader.blame("fields", "double", "A field is declared twice.")
    reader.close()
    return found


def _read_field(reader: Reader) -> ReportField:
    reader.required("name", "type")
    field = ReportField(
        name=reader.text("name", "", most=40),
        type=reader.choice("type", FieldType, FieldType.TEXT),
        is_required=reader.flag("is_required"),
        least=reader.optional_integer("least"),
        most=reader.optional_integer("most"),
        choices=reader.texts("choices"),
    )
    if field.name and not _NAME.fullmatch(field.name):
        reader.blame("name", "invalid", "Names are small letters, digits and underscores.")
    largest = TEXT_MAX if field.type is FieldType.TEXT else NUMBER_MAX
    if not 0 <= (field.least or 0) <= most_of(field, largest) <= largest:
        told = f"Least and most lie between 0 and {largest}, in this order."
        reader.blame("most", "out_of_range", told)
    if (field.type is FieldType.CHOICE) != bool(field.choices):
        reader.blame("choices", "invalid", "A choice, and only a choice, has choices.")
    return field


ACTIVITY_TYPES: Kind[ActivityType] = Kind("activity_type", "aty", read_activity_type)
