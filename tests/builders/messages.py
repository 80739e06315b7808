"""Members who are told things: events, relaying and delivering, and what came of it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from server.core.db import reading
from server.core.outbox import Event, record
from server.gamification.members.models import MEMBER
from server.gamification.programme.queries import get_programme
from server.jobs import deliver_messages, relay_messages
from server.notifications.catalogue import TYPES
from server.notifications.delivering import let_go, note_reports
from server.notifications.making import Draft, make_messages
from server.notifications.models import DELIVERY, MESSAGE, MESSAGE_PREFERENCE
from server.notifications.recipients import Person, lock_people
from server.notifications.senders.port import Report, Result
from server.notifications.types import Channel, Text
from tests.builders.purchases import NOW, add_member


def live_in(tx: Connection, member_id: str, zone: str | None, locale: str | None = None) -> None:
    """Say where a member lives and which language they read."""
    tx.execute(update(MEMBER).where(MEMBER.c.id == member_id).values(zone=zone, locale=locale))


def choose(tx: Connection, member_id: str, quiet: Any = None, **choices: Any) -> None:
    """Store what a member has chosen; `quiet` are two minutes after midnight."""
    row = {"member_id": member_id, "choices": choices, "updated_at": NOW}
    row |= {"quiet_from_minute": quiet and quiet[0], "quiet_to_minute": quiet and quiet[1]}
    tx.execute(insert(MESSAGE_PREFERENCE), row)


def happen(tx: Connection, topic: str, member_id: str | None, now: Any = NOW, **payload: Any):
    """Record an event."""
    record(tx, [Event(topic, payload, member_id)], now=now)


def earned(tx: Connection, member_id: str, amount: int = 10, now: Any = NOW) -> None:
    """Record that points matured: the plainest event that members are told of."""
    happen(tx, "points.matured", member_id, now, unit="points", amount=amount)


def expiring(tx: Connection, member_id: str, now: Any = NOW, **more: Any) -> None:
    """Record that points expire by the end of November."""
    payload = {"unit": "points", "amount": 300, "on": "2026-11-30"} | more
    happen(tx, "points.expiring", member_id, now, **payload)


def tell(now: Any = NOW) -> None:
    """Relay and deliver whatever is due."""
    while relay_messages.run(now=now):
        pass
    while deliver_messages.run(now=now):
        pass


def messages(*columns: str) -> list[Any]:
    """The stored messages, the oldest first: all columns, or those named as tuples."""
    with reading() as tx:
        rows = tx.execute(select(MESSAGE).order_by(MESSAGE.c.id)).all()
    return [tuple(getattr(row, name) for name in columns) for row in rows] if columns else [*rows]


def deliveries(*columns: str) -> list[Any]:
    """The stored deliveries in the order of their messages, as `messages`."""
    with reading() as tx:
        order = (DELIVERY.c.message_id, DELIVERY.c.channel.desc())
        rows = tx.execute(select(DELIVERY).order_by(*order)).all()
    return [tuple(getattr(row, name) for name in columns) for row in rows] if columns else [*rows]


def tell_fay(tx: Connection, now: datetime) -> str:
    """Fay is told of two points, and of three things to remember as one; return her id."""
    fay = add_member(tx, now)
    (person,) = lock_people(tx, [fay], get_programme(tx)).values()
    make_messages(tx, [*_drafts(person, now)], now)
    names = dict.fromkeys(Channel, "outbox")
    let = let_go(tx, names, "http://shop.example", now)
    note_reports(tx, [(one, Report(Result.SENT)) for one in let.outgoing], now)
    return fay


def _drafts(person: Person, now: datetime) -> Iterator[Draft]:
    for number, name in enumerate(["points.matured"] * 2 + ["points.expiring"] * 3):
        kind, ends_at = TYPES[name], now + timedelta(days=3)
        content: dict[str, Any] = {"data": {}, "arguments": []}
        told = (kind, kind.category, Text("Points", "Tap."), kind.path, content)
        yield Draft(person, f"test:{number}", *told, shown_at=now, expires_at=ends_at)
