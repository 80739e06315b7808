"""Announcements: what the shop tells an audience, at an hour of the day where each member lives.

One that is published is made in pages, in the order of members' ids: a page and how far it got
commit together, and a message is made once for a member whoever repeats it. It begins as soon as
the hour comes anywhere on earth less a day, so that everybody's is there in time.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, insert, select, update

from server.gamification.badges.subjects import load_subjects
from server.gamification.conditions.reading import read_condition
from server.gamification.conditions.rules import compiled, needs_activity
from server.gamification.definitions.queries import Published
from server.gamification.definitions.reading import Reader
from server.gamification.definitions.types import Kind, Settings
from server.gamification.members.models import MEMBER
from server.gamification.programme.queries import get_programme
from server.gamification.programme.types import Programme
from server.notifications.catalogue import ANNOUNCEMENT, TYPES
from server.notifications.making import Draft, make_messages
from server.notifications.models import ANNOUNCEMENT_RUN
from server.notifications.recipients import Person, lock_people
from server.notifications.rendering import render
from server.notifications.rules import pick_variant
from server.notifications.templates import Variant, read_variants
from server.notifications.types import Category

EARLIEST, AHEAD = timedelta(hours=14), timedelta(days=1)
"""How far clocks are ahead of UTC at most; how long before the hour messages are made."""
TTL_HOURS_MAX = 7 * 24
_PATH = re.compile(r"/[A-Za-z0-9/_-]{0,150}")
_LOCAL = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?")
_R = ANNOUNCEMENT_RUN.c
_MEMBERS = (
    select(MEMBER.c.id)
    .where(MEMBER.c.status == "active", MEMBER.c.id > bindparam("after_id"))
    .order_by(MEMBER.c.id)
    .limit(bindparam("most"))
)
_RUN = select(ANNOUNCEMENT_RUN).where(_R.announcement_id == bindparam("of_id"))
_FINISHED = select(_R.announcement_id).where(_R.finished_at.is_not(None))
_BEGIN = insert(ANNOUNCEMENT_RUN)
_MOVE_ON = (
    update(ANNOUNCEMENT_RUN)
    .where(_R.announcement_id == bindparam("of_id"))
    .values(
        after_id=bindparam("last_id"),
        looked=_R.looked + bindparam("looked_more"),
        made=_R.made + bindparam("made_more"),
        finished_at=bindparam("end_at"),
    )
)


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is told to whom: `at` is a time of day by the member's own clock, without a zone."""

    id: str
    key: str
    category: Category
    at: datetime
    ttl_hours: int
    path: str
    variants: tuple[Variant, ...]
    condition: Any

    def shown_at(self, zone: ZoneInfo) -> datetime:
        """Return the instant at which it is told in a zone."""
        return self.at.replace(tzinfo=zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of members: how many were looked at, told, and whether it was the last."""

    looked: int
    made: int
    is_last: bool


def read_announcement(definition_id: str, key: str, settings: Settings) -> Announcement:
    """Return an announcement from its settings. Raise `DefinitionInvalid`."""
    reader = Reader(settings)
    reader.required("at")
    found = Announcement(
        definition_id,
        key,
        reader.choice("category", Category, Category.NEWS),
        reader.take("at", datetime(2000, 1, 1, tzinfo=UTC), _local, "a time like 2026-12-01T10:00"),
        reader.integer("ttl_hours", 72, least=1, most=TTL_HOURS_MAX),
        reader.text("path", "/", most=150),
        read_variants(reader, {}),
        read_condition(reader),
    )
    if found.category not in {Category.NEWS, Category.OFFERS}:
        reader.blame("category", "invalid", "An announcement is news or offers.")
    if not _PATH.fullmatch(found.path):
        reader.blame("path", "invalid", "Must be a path of the app, such as /rewards.")
    if found.condition is not None and needs_activity(found.condition):
        reader.blame("condition", "invalid", "It can ask about the member alone.")
    reader.close()
    return found


def _local(value: object) -> datetime:
    """Return the time of a clock; UTC only stands for a zone until the member's takes its place."""
    if not isinstance(value, str) or not _LOCAL.fullmatch(value):
        raise ValueError
    return datetime.fromisoformat(value).replace(tzinfo=UTC)


ANNOUNCEMENTS: Kind[Announcement] = Kind(ANNOUNCEMENT, "ann", read_announcement)
_PUBLISHED = Published(ANNOUNCEMENTS)


def due_announcements(tx: Connection, now: datetime) -> list[Announcement]:
    """Return the published announcements of which messages are to be made now."""
    live = _PUBLISHED.live(tx, get_programme(tx).revision)
    finished = set(tx.execute(_FINISHED).scalars()) if live else set()
    return [one for one in live if one.id not in finished and one.at - EARLIEST - AHEAD <= now]


def announce_page(
    tx: Connection, announcement: Announcement, now: datetime, limit: int = 500
) -> Page:
    """Make the messages of the next page of members; call it until it says that it was the last.

    Members for whom it is over already are told nothing.
    """
    programme = get_programme(tx)
    run = tx.execute(_RUN.with_for_update(), {"of_id": announcement.id}).first()
    if run is None:
        row = {"announcement_id": announcement.id, "after_id": "", "looked": 0, "made": 0}
        tx.execute(_BEGIN, row | {"started_at": now, "finished_at": None})
    elif run.finished_at is not None:
        return Page(0, 0, is_last=True)
    after_id = run.after_id if run else ""
    ids = list(tx.execute(_MEMBERS, {"after_id": after_id, "most": limit}).scalars())
    drafts = _drafts(tx, announcement, ids, programme, now)
    made, is_last = make_messages(tx, drafts, now), len(ids) < limit
    change: dict[str, Any] = {"of_id": announcement.id, "last_id": ids[-1] if ids else after_id}
    change |= {"looked_more": len(ids), "made_more": made, "end_at": now if is_last else None}
    tx.execute(_MOVE_ON, change)
    return Page(len(ids), made, is_last)


def count_audience(tx: Connection, announcement: Announcement, now: datetime) -> int:
    """Return how many members an announcement is for as things are now; nobody is told."""
    revision, count, after_id = get_programme(tx).revision, 0, ""
    while ids := list(tx.execute(_MEMBERS, {"after_id": after_id, "most": 500}).scalars()):
        count, after_id = count + len(_audience(tx, announcement, ids, revision, now)), ids[-1]
    return count


def _audience(
    tx: Connection, announcement: Announcement, ids: Sequence[str], revision: str, now: datetime
) -> list[str]:
    if announcement.condition is None:
        return list(ids)
    holds = compiled(announcement.condition)
    return [key for key, who in load_subjects(tx, ids, revision, now).items() if holds(who)]


def _drafts(
    tx: Connection,
    announcement: Announcement,
    ids: Sequence[str],
    programme: Programme,
    now: datetime,
) -> list[Draft]:
    chosen = _audience(tx, announcement, ids, programme.revision, now)
    people: Mapping[str, Person] = lock_people(tx, chosen, programme)
    drafts = [_draft(announcement, person) for person in people.values() if person.is_active]
    return [draft for draft in drafts if draft.expires_at > now]


def _draft(announcement: Announcement, person: Person) -> Draft:
    variants = [(one.weight, one) for one in announcement.variants]
    variant = pick_variant(variants, announcement.id, person.id)
    shown_at = announcement.shown_at(person.recipient.zone)
    return Draft(
        person=person,
        source=announcement.id,
        kind=TYPES[ANNOUNCEMENT],
        category=announcement.category,
        text=render(variant.text_in(person.locale), {}, person.locale),
        path=announcement.path,
        data={"data": {}, "arguments": []},
        shown_at=shown_at,
        expires_at=shown_at + timedelta(hours=announcement.ttl_hours),
        variant=variant.name,
        campaign_id=announcement.id,
    )
