"""From the outbox to the inbox: what happened to a member becomes a message, once.

Events are claimed, told and finished in one transaction: whatever ends it in between, all of it
comes again. One that cannot be told is put back alone, and after twelve attempts among the dead.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, select

from server.core import outbox
from server.core.clock import end_of_day
from server.core.columns import among
from server.core.outbox import Claimed
from server.core.statements import Prepared
from server.gamification.activities.models import ACTIVITY
from server.gamification.programme.queries import get_programme
from server.gamification.programme.types import Programme
from server.notifications.catalogue import TTL_HOURS_MAX, type_of_event
from server.notifications.making import Draft, make_messages
from server.notifications.names import Names, names_by_id
from server.notifications.payloads import PATH_MAX, kept_data
from server.notifications.recipients import Person, lock_people
from server.notifications.rendering import NameMissing, Words, render, values_of
from server.notifications.templates import Template, template_of
from server.notifications.types import MessageType

log = structlog.get_logger(__name__)
WORKER = "messages"
ONCE = "once"
"""Where a payload has it, what it says is told to a member once, whatever events bring it."""
_OCCURRED = Prepared(
    select(ACTIVITY.c.id, ACTIVITY.c.occurred_at).where(among(ACTIVITY.c.id, "activities"))
)


@dataclass(frozen=True, slots=True)
class Relay:
    """What telling needs: the programme, names by id, and when activities happened."""

    tx: Connection
    programme: Programme
    names: Names
    occurred: Mapping[str, datetime]
    now: datetime

    def template(self, kind: MessageType) -> Template:
        """Return the words of a type."""
        return template_of(self.tx, self.programme.revision, kind.name)


def relay_events(tx: Connection, now: datetime, limit: int = 200) -> int:
    """Tell members of up to `limit` events that wait in the outbox; return how many were seen.

    Raises ProgrammeMissing.
    """
    programme = get_programme(tx)
    claimed = outbox.claim(tx, WORKER, now=now, limit=limit)
    told = [(one, kind) for one in claimed if (kind := _kind_of(one)) is not None]
    people = lock_people(tx, (one.member_id for one, _ in told if one.member_id), programme)
    relay = Relay(
        tx,
        programme,
        names_by_id(tx, programme.revision),
        _occurred(tx, [one for one, _ in told]),
        now,
    )
    drafts, failed = _drafts(relay, told, people)
    make_messages(tx, drafts, now)
    for one, error in failed:
        outbox.give_back(tx, one, error, now=now)
    lost = {one.id for one, _ in failed}
    outbox.finish_all(tx, [one for one in claimed if one.id not in lost], now=now)
    return len(claimed)


def _kind_of(event: Claimed) -> MessageType | None:
    return type_of_event(event.topic, event.payload) if event.member_id else None


def _occurred(tx: Connection, events: Iterable[Claimed]) -> dict[str, datetime]:
    """Return when the activities happened of which these events tell."""
    ids = sorted({str(event.payload.get("activity_id") or "") for event in events} - {""})
    if not ids:
        return {}
    return {row.id: row.occurred_at for row in _OCCURRED.all(tx, {"activities": ids})}


def _drafts(
    relay: Relay, told: Sequence[tuple[Claimed, MessageType]], people: Mapping[str, Person]
) -> tuple[list[Draft], list[tuple[Claimed, str]]]:
    """Return what is to be told, and the events that cannot be with the reason."""
    drafts, failed = [], []
    for event, kind in told:
        person = people.get(event.member_id or "")
        if person is None or not person.is_active:
            continue
        try:
            draft = draft_of(relay, event, kind, person)
        except NameMissing:
            log.info("message.nameless", event_id=event.id, topic=event.topic)
            continue
        except (LookupError, ValueError, TypeError) as error:
            log.error("message.untellable", event_id=event.id, topic=event.topic, exc_info=True)
            failed.append((event, f"{type(error).__name__}: {error}"))
            continue
        if draft is not None:
            drafts.append(draft)
    return drafts, failed


def draft_of(relay: Relay, event: Claimed, kind: MessageType, person: Person) -> Draft | None:
    """Return what a member is told of an event, None when it is no longer true.

    Raises NameMissing; LookupError, ValueError, TypeError for a payload that does not fit.
    """
    expires_at = expires_at_of(kind, event, relay)
    if expires_at <= relay.now:
        return None
    words = Words(person.locale, relay.programme.units, relay.names)
    values = values_of(kind, event.payload, words)
    template = relay.template(kind)
    variant = template.for_member(person.id)
    arguments = [value.text for value in values.values()]
    return Draft(
        person=person,
        source=str(event.payload.get(ONCE) or event.id)[:96],
        kind=kind,
        category=kind.category,
        text=render(variant.text_in(person.locale), values, person.locale),
        path=kind.path.format(**event.payload)[:PATH_MAX],
        data={"data": kept_data(kind, event.payload), "arguments": arguments},
        shown_at=relay.now,
        expires_at=expires_at,
        variant=variant.name,
        is_sent=template.is_sent,
    )


def expires_at_of(kind: MessageType, event: Claimed, relay: Relay) -> datetime:
    """Return until when a message is true: its deadline, else some time after it happened."""
    happened_at = min(event.created_at, _happened_at(event, relay))
    latest = happened_at + timedelta(hours=TTL_HOURS_MAX)
    until = event.payload.get(kind.until) if kind.until else None
    if until is None:
        return happened_at + timedelta(hours=kind.ttl_hours)
    return min(latest, _instant(str(until), relay.programme))


def _happened_at(event: Claimed, relay: Relay) -> datetime:
    """Return when it happened: a purchase that is posted late is no news."""
    activity_id: Any = event.payload.get("activity_id")
    # What is given back is told when it comes back, however old the purchase is.
    is_purchase = event.topic == "points.awarded"
    return relay.occurred.get(activity_id, event.created_at) if is_purchase else event.created_at


def _instant(text: str, programme: Programme) -> datetime:
    """Return an instant, or the end of a day in the programme's zone."""
    if len(text) == len("2026-11-30"):
        return end_of_day(date.fromisoformat(text), programme.zone)
    return datetime.fromisoformat(text)
