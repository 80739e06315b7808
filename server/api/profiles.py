"""What both surfaces check about profiles beyond their shape."""

from datetime import datetime
from typing import Any

from marshmallow import fields

from server.api.schemas import invalid
from server.core.clock import local_date
from server.core.errors import ValidationFailed
from server.gamification.members.rules import check_birthday, check_zone
from server.gamification.programme.types import Programme

ATTRIBUTES_MAX = 50
ATTRIBUTE_NAME_LENGTH_MAX = 40
ATTRIBUTE_TEXT_LENGTH_MAX = 200
ATTRIBUTE_NUMBER_MAX = 2**53 - 1


class Attributes(fields.Dict):
    """Custom attributes of a member: short names to texts, whole numbers or yes/no.

    In a change, null removes an attribute and others stay.
    """

    default_error_messages = {"invalid": "This must be an object."}
    text_most = ATTRIBUTE_TEXT_LENGTH_MAX

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise invalid("invalid", "This must be an object.")
        if len(value) > ATTRIBUTES_MAX:
            raise invalid("too_many", f"Use at most {ATTRIBUTES_MAX} attributes.")
        for name, item in value.items():
            _check_attribute(name, item, self.text_most)
        return dict(value)


def _check_attribute(name: str, item: Any, text_most: int) -> None:
    if not (name.isidentifier() and name.isascii() and len(name) <= ATTRIBUTE_NAME_LENGTH_MAX):
        raise invalid("invalid_name", "Names are up to 40 letters, digits and underscores.")
    if isinstance(item, str):
        is_good = len(item) <= text_most and item.isprintable()
    else:
        is_good = item is None or (type(item) is int and abs(item) <= ATTRIBUTE_NUMBER_MAX)
        is_good = is_good or type(item) is bool
    if not is_good:
        raise invalid("invalid_value", "Values are short texts, whole numbers, true or false.")


def check_profile(changes: dict[str, Any], programme: Programme, now: datetime) -> None:
    """Raise ValidationFailed for a birthday, language or zone that cannot be."""
    if changes.get("birthday") is not None:
        check_birthday(changes["birthday"], local_date(now, programme.zone))
    if changes.get("locale") not in (None, *programme.locales):
        known = ", ".join(programme.locales)
        raise ValidationFailed.at("/locale", "invalid_locale", f"Use one of: {known}.")
    if changes.get("zone") is not None:
        check_zone(changes["zone"])
