"""The words of definitions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

T = TypeVar("T")
Settings = Mapping[str, Any]
"""A JSON object as the owner of the shop writes it."""


class State(StrEnum):
    """The life of a definition. Only a published one is in force; a paused one keeps what members
    have of it and gives nothing new; an archived one is history.
    """

    DRAFT = "draft"
    PUBLISHED = "published"
    PAUSED = "paused"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """A kind of definition: its name, the prefix of its ids, and how settings are read.

    `read(id, key, settings)` returns what the rules speak and raises `DefinitionInvalid`.
    `begin(tx, definition, now)` is what else happens when one is published; what it refuses
    is not published. `notes` says in English what the owner should know before that, such as
    what it costs.
    """

    name: str
    prefix: str
    read: Callable[[str, str, Settings], T]
    begin: "Callable[[Any, Definition, datetime], None] | None" = None
    notes: Callable[[T], Sequence[str]] = lambda _: ()


@dataclass(frozen=True, slots=True)
class Definition:
    """A stored definition. `settings` are in force since `version`; `draft` waits to be published.

    Before the first publication `version` is 0 and `settings` is empty.
    """

    id: str
    kind: str
    key: str
    state: State
    version: int
    edit: int
    position: int
    settings: Settings
    draft: Settings | None
