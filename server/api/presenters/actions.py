"""What a member can do with a thing, and its picture: alike everywhere in the contract."""

from typing import Any

from server.api.schemas import Boolean, Integer, Text
from server.api.schemas import ResponseSchema as Out
from server.core.i18n import in_language
from server.gamification.definitions.images import Image


class ActionOut(Out):
    """Something that can be done. An app shows the kinds that it knows."""

    kind = Text(required=True)
    label = Text(required=True)
    enabled = Boolean(required=True)
    reason = Text(required=True, allow_none=True)


class ImageOut(Out):
    """A picture; `alt` is for those who cannot see it."""

    url = Text(required=True)
    width = Integer(required=True)
    height = Integer(required=True)
    alt = Text(required=True)


def action(kind: str, label: str, reason: str | None = None) -> dict[str, Any]:
    """Return an action; with a reason why not, it is not enabled."""
    return {"kind": kind, "label": label, "enabled": reason is None, "reason": reason}


def present_image(image: Image | None, locale: str) -> dict[str, Any] | None:
    """Return a picture, None without one."""
    if image is None:
        return None
    alt = in_language(image.alt, locale)
    return {"url": image.url, "width": image.width, "height": image.height, "alt": alt}
