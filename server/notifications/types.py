"""The words of messages: what may be told, how, and what the rules decide about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo


class Category(StrEnum):
    """What a message is about; members choose by it. `service` always comes."""

    SERVICE = "service"
    PROGRESS = "progress"
    REMINDERS = "reminders"
    OFFERS = "offers"
    NEWS = "news"


class Channel(StrEnum):
    """A way to a member besides the inbox, where every message is."""

    PUSH = "push"
    EMAIL = "email"


class Collapse(StrEnum):
    """Of the messages of one group a phone that was away shows the newest; `none`: all of them."""

    NONE = ""
    PROGRESS = "progress"
    DEADLINE = "deadline"
    PROMO = "promo"


class FieldKind(StrEnum):
    """How a field of a text is written: an amount of the event's unit, a number, the name of
    something configured, or a calendar date.
    """

    AMOUNT = "amount"
    NUMBER = "number"
    NAME = "name"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a text, and where its value is in the payload of the event."""

    kind: FieldKind
    of: str


@dataclass(frozen=True, slots=True)
class MessageType:
    """One thing that members are told.

    `path` is where a tap leads, with ids of the payload in braces; `until` names the instant or the
    last day in the payload after which the message is no longer true, else it is true for
    `ttl_hours`; `entity` names the id in the payload of what it is about; `data` are further values
    of the payload that apps get; `changed` are the screens to fetch again. A silent one is for the
    app alone.
    """

    name: str
    category: Category
    path: str
    ttl_hours: int
    fields: Mapping[str, Field] = field(default_factory=lambda: MappingProxyType({}))
    entity: str = ""
    data: tuple[str, ...] = ()
    changed: tuple[str, ...] = ("home",)
    collapse: Collapse = Collapse.NONE
    until: str = ""
    is_high: bool = False
    is_silent: bool = False


@dataclass(frozen=True, slots=True)
class Quiet:
    """When nobody is disturbed: minutes after midnight where the member lives, from and to."""

    from_minute: int
    to_minute: int


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a member has chosen: channels of categories switched on or off, and quiet hours.

    What is absent is as the programme has it.
    """

    choices: Mapping[str, Mapping[str, bool]] = field(default_factory=lambda: MappingProxyType({}))
    quiet: Quiet | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """A member to whom something is sent: choices, consents given, zone, and what was sent lately.

    `sent` are the instants at which messages of each category went out in the last seven days.
    """

    preferences: Preferences
    consents: frozenset[str]
    zone: ZoneInfo
    sent: Mapping[str, tuple[datetime, ...]] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery that is due: what, on which channel, and until when it is true."""

    category: Category
    channel: Channel
    expires_at: datetime


class Verdict(StrEnum):
    """What becomes of a delivery now."""

    SEND = "send"
    WAIT = "wait"
    DROP = "drop"


class Why(StrEnum):
    """Why a delivery was dropped; the message stays in the inbox."""

    EXPIRED = "expired"
    MUTED = "muted"
    NO_CONSENT = "no_consent"
    CAPPED = "capped"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict; `until` is when to look again at one that waits, `why` why it was dropped."""

    verdict: Verdict
    until: datetime | None = None
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """What a person reads: a title and a sentence."""

    title: str
    body: str
