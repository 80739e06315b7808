"""Every kind of definition, those of messages among them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from server.core.errors import NotFound
from server.gamification.definitions.types import Kind
from server.gamification.presets import kinds
from server.notifications.announcements import ANNOUNCEMENTS
from server.notifications.templates import TEMPLATES

KINDS: Mapping[str, Kind[Any]] = MappingProxyType(
    {**kinds.KINDS, "message_templates": TEMPLATES, "announcements": ANNOUNCEMENTS}
)


def kind_named(name: str) -> Kind[Any]:
    """Return a kind by its own name or that of its tables. Raise `NotFound`."""
    for table, kind in KINDS.items():
        if name.replace("-", "_") in (table, kind.name):
            return kind
    raise NotFound(f"There is no kind {name}; there are: {', '.join(KINDS)}")
