"""Letting messages go: what is due is decided on member by member, then given to senders.

A first transaction decides and leases, the sender works outside of any, a second one notes what
became of it. A worker that is killed in between leaves a lease that ends: the message goes out
again, under the same id. The decision is made at the last moment, so that quiet hours, caps and
consents hold however late that is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, null, select, update

from server.core.columns import UTCDateTime, among
from server.core.i18n import ngettext
from server.core.outbox import back_off
from server.core.statements import Prepared
from server.gamification.programme.queries import get_programme
from server.notifications.models import DELIVERY, MESSAGE
from server.notifications.payloads import DIGEST_PATH, Told, envelope_of
from server.notifications.recipients import Person, lock_people, sent_lately
from server.notifications.rendering import BODY_MAX, cut
from server.notifications.rules import decide
from server.notifications.senders.port import Outgoing, Report, Result
from server.notifications.types import (
    Category,
    Channel,
    Decision,
    Recipient,
    Text,
    Verdict,
    Waiting,
    Why,
)

LEASE_SECONDS = 120
ATTEMPTS_MAX = 8
_D, _M = DELIVERY.c, MESSAGE.c
_IS_DUE = (
    _D.state.in_(["queued", "sending"]),
    _D.due_at <= bindparam("at", type_=UTCDateTime),
    _D.lease_ends_at.is_(None) | (_D.lease_ends_at <= bindparam("at", type_=UTCDateTime)),
)
_DUE_MEMBERS = (
    select(_D.member_id).where(*_IS_DUE).order_by(_D.due_at, _D.id).limit(bindparam("most"))
)
_DUE = (
    select(
        _D.id.label("delivery_id"), _D.channel, _D.attempts, _M.id, _M.member_id, _M.type,
        _M.category, _M.is_silent, _M.locale, _M.title, _M.body, _M.path, _M.data,
        _M.campaign_id, _M.expires_at,
    )
    .join(MESSAGE, _M.id == _D.message_id)
    .where(*_IS_DUE, among(_D.member_id, "members"))
    .order_by(_D.due_at, _D.id)
)  # fmt: skip
_OF = _D.id == bindparam("of_id")
_CLEAR = Prepared(
    update(DELIVERY)
    .where(_OF)
    .values(
        state="sending",
        cleared_at=bindparam("new_at"),
        lease_ends_at=bindparam("until"),
        attempts=bindparam("new_attempts"),
        sender=bindparam("new_sender"),
    )
)
_WAIT = Prepared(
    update(DELIVERY)
    .where(_OF)
    .values(state="queued", due_at=bindparam("until"), lease_ends_at=null(), cleared_at=null())
)
_DROP = Prepared(
    update(DELIVERY)
    .where(_OF)
    .values(
        state="dropped",
        why=bindparam("new_why"),
        finished_at=bindparam("new_at"),
        lease_ends_at=null(),
        cleared_at=null(),
    )
)
_BUNDLE = Prepared(
    update(DELIVERY)
    .where(_OF)
    .values(
        state="bundled",
        bundle_id=bindparam("lead_id"),
        finished_at=bindparam("new_at"),
        lease_ends_at=null(),
        cleared_at=null(),
    )
)
_BUNDLED = Prepared(
    select(_D.bundle_id, _M.title)
    .join(MESSAGE, _M.id == _D.message_id)
    .where(among(_D.bundle_id, "leads"))
    .order_by(_D.bundle_id, _M.id)
)
_REPORT = Prepared(
    update(DELIVERY)
    .where(_OF, _D.attempts == bindparam("attempt"), _D.state == "sending")
    .values(
        state=bindparam("new_state"),
        due_at=bindparam("new_due_at"),
        cleared_at=bindparam("new_cleared_at"),
        finished_at=bindparam("new_finished_at"),
        last_error=bindparam("error"),
        lease_ends_at=null(),
    )
)


@dataclass(slots=True)
class Round:
    """What one round decides: deliveries let go, and the rows of all others."""

    now: datetime
    cleared: list[Any] = field(default_factory=list)
    waiting: list[dict[str, Any]] = field(default_factory=list)
    dropped: list[dict[str, Any]] = field(default_factory=list)
    bundled: list[dict[str, Any]] = field(default_factory=list)

    def drop(self, row: Any, why: Why) -> None:
        """Note that a delivery comes to nothing."""
        self.dropped.append({"of_id": row.delivery_id, "new_why": str(why), "new_at": self.now})


@dataclass(frozen=True, slots=True)
class Let:
    """What was decided in a round: what goes out now, and how many were decided on."""

    outgoing: list[Outgoing]
    decided: int


def let_go(
    tx: Connection, senders: Mapping[Channel, str], base_url: str, now: datetime, limit: int = 100
) -> Let:
    """Decide on what is due of the members of the `limit` oldest deliveries.

    `senders` are the names of who sends over each channel. Members whom another worker has are
    left to it. Raises ProgrammeMissing.
    """
    programme = get_programme(tx)
    due = tx.execute(_DUE_MEMBERS, {"at": now, "most": limit}).scalars()
    people = lock_people(tx, due, programme, skip_locked=True)
    if not people:
        return Let([], 0)
    rows = tx.execute(_DUE, {"at": now, "members": list(people)}).all()
    sent = sent_lately(tx, list(people), now)
    done = Round(now)
    for member_id, person in people.items():
        mine = [row for row in rows if row.member_id == member_id]
        _decide_on(mine, person, sent[member_id], programme.policies.messages, done)
    _write(tx, done, senders)
    return Let(_outgoing(tx, done, base_url), len(rows))


def _decide_on(
    rows: Sequence[Any],
    person: Person,
    sent: dict[str, tuple[str, datetime]],
    policy: Any,
    done: Round,
) -> None:
    """Decide on all that is due of one member; reminders of one channel go out as one."""
    leads: dict[str, Any] = {}
    for row in rows:
        if not person.is_active:
            done.drop(row, Why.GONE)
            continue
        waiting = Waiting(Category(row.category), Channel(row.channel), row.expires_at)
        verdict = decide(waiting, _recipient(person, sent, row.id), policy, done.now)
        lead = leads.get(row.channel) if waiting.category is Category.REMINDERS else None
        if lead is not None and _goes_along(verdict):
            done.bundled.append(
                {"of_id": row.delivery_id, "lead_id": lead.delivery_id, "new_at": done.now}
            )
        elif verdict.verdict is Verdict.SEND:
            if waiting.category is Category.REMINDERS:
                leads[row.channel] = row
            sent.setdefault(row.id, (row.category, done.now))
            done.cleared.append(row)
        else:
            _put_off(row, verdict, done)


def _goes_along(decision: Decision) -> bool:
    return decision.verdict is Verdict.SEND or decision.why is Why.CAPPED


def _put_off(row: Any, decision: Decision, done: Round) -> None:
    if decision.verdict is Verdict.WAIT:
        done.waiting.append({"of_id": row.delivery_id, "until": decision.until})
    else:
        assert decision.why is not None
        done.drop(row, decision.why)


def _recipient(
    person: Person, sent: Mapping[str, tuple[str, datetime]], message_id: str
) -> Recipient:
    """Return a member with what else was sent lately: a message is not counted against itself."""
    others = [one for key, one in sent.items() if key != message_id]
    by_category: dict[str, tuple[datetime, ...]] = {}
    for category, at in others:
        by_category[category] = (*by_category.get(category, ()), at)
    return replace(person.recipient, sent=by_category)


def _write(tx: Connection, done: Round, senders: Mapping[Channel, str]) -> None:
    until = done.now + timedelta(seconds=LEASE_SECONDS)
    _CLEAR.run(
        tx,
        [
            {
                "of_id": row.delivery_id,
                "new_at": done.now,
                "until": until,
                "new_attempts": row.attempts + 1,
                "new_sender": senders[Channel(row.channel)],
            }
            for row in done.cleared
        ],
    )
    _WAIT.run(tx, done.waiting)
    _DROP.run(tx, done.dropped)
    _BUNDLE.run(tx, done.bundled)


def _outgoing(tx: Connection, done: Round, base_url: str) -> list[Outgoing]:
    leads = [row.delivery_id for row in done.cleared if row.category == Category.REMINDERS]
    along: dict[str, list[str]] = {}
    for found in _BUNDLED.all(tx, {"leads": leads}) if leads else ():
        along.setdefault(found.bundle_id, []).append(found.title)
    return [
        Outgoing(
            row.delivery_id,
            row.id,
            row.member_id,
            Channel(row.channel),
            row.attempts + 1,
            envelope_of(_told(row, along.get(row.delivery_id, [])), base_url, done.now),
        )
        for row in done.cleared
    ]


def _told(row: Any, along: Sequence[str]) -> Told:
    """Return a message as it is sent; with others going along it is a summary of all."""
    text = Text(row.title, row.body)
    return Told(
        id=row.id,
        type=row.type,
        locale=row.locale,
        text=_digest(row.locale, [row.title, *along]) if along else text,
        path=DIGEST_PATH if along else row.path,
        data=row.data["data"],
        arguments=tuple(row.data["arguments"]),
        campaign_id=row.campaign_id or "",
        expires_at=row.expires_at,
    )


def _digest(locale: str, titles: Sequence[str]) -> Text:
    count = len(titles)
    title = ngettext(locale, "{number} thing to remember", "{number} things to remember", count)
    return Text(title, cut(" · ".join(titles), BODY_MAX))


def note_reports(tx: Connection, reports: Sequence[tuple[Outgoing, Report]], now: datetime) -> None:
    """Note what became of deliveries; a later attempt of another worker is left alone."""
    _REPORT.run(tx, [_report_row(sent, report, now) for sent, report in reports])


def _report_row(sent: Outgoing, report: Report, now: datetime) -> dict[str, Any]:
    state, due_at = "sent", now
    if report.result is Result.REFUSED or (
        report.result is Result.RETRY and sent.attempt >= ATTEMPTS_MAX
    ):
        state = "failed"
    elif report.result is Result.RETRY:
        pause = back_off(sent.attempt) if report.after is None else report.after
        state, due_at = "queued", now + pause
    return {
        "of_id": sent.delivery_id,
        "attempt": sent.attempt,
        "new_state": state,
        "new_due_at": due_at,
        "new_cleared_at": now if state == "sent" else None,
        "new_finished_at": None if state == "queued" else now,
        "error": report.error[:200] if report.error else None,
    }
