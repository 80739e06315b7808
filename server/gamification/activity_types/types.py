"""The words of activity types."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class FieldType(StrEnum):
    """What a field of a report holds."""

    TEXT = "text"
    INTEGER = "integer"
    FLAG = "flag"
    CHOICE = "choice"
    DAY = "day"


class Reporter(StrEnum):
    """Who may report it: the shop, or the member's own app too."""

    PARTNER = "partner"
    MEMBER = "member"


class Often(StrEnum):
    """How often it counts for a member; another report within the time is refused."""

    ALWAYS = "always"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    ONCE = "once"


@dataclass(frozen=True, slots=True)
class ReportField:
    """One field of a report. `most` bounds a number or the length of a text."""

    name: str
    type: FieldType
    is_required: bool = False
    least: int | None = None
    most: int | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ActivityType:
    """A declared type of activity; its key is the `kind` of the reports.

    `is_visit` says that it opens a visit like a purchase does.
    """

    id: str
    key: str
    names: Mapping[str, str]
    fields: tuple[ReportField, ...] = ()
    reporter: Reporter = Reporter.PARTNER
    often: Often = Often.ALWAYS
    is_visit: bool = False
