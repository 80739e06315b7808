"""What is done to members: enrol, change, block. Services lock, decide, write and record."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, update

from server.core.audit import Change, write_audit
from server.core.crypto import Vault
from server.core.ids import new_id
from server.core.outbox import Event, record
from server.gamification.cards.service import issue_card, issue_cards
from server.gamification.members.errors import FieldLocked
from server.gamification.members.identifiers import (
    add_identifier,
    identifier_row,
    refuse_taken,
)
from server.gamification.members.models import MEMBER, MEMBER_IDENTIFIER
from server.gamification.members.queries import get_member, lock_member
from server.gamification.members.rules import clean_name, why_not_served
from server.gamification.members.types import Enrolment, Member, Profile, Status

PROFILE_FIELDS = ("first_name", "last_name", "birthday", "locale", "zone", "attributes")
_INSERT = insert(MEMBER)
_INSERT_IDENTIFIERS = insert(MEMBER_IDENTIFIER)
_UPDATE = update(MEMBER).where(MEMBER.c.id == bindparam("of_id"))


def enrol(tx: Connection, vault: Vault, enrolment: Enrolment, now: datetime) -> Member:
    """Make a new member with identifiers and an active card.

    Raises MemberExists (naming the member) when an identifier is taken, CardTaken when the
    printed card is.
    """
    identifiers = sorted(enrolment.identifiers, key=lambda one: (one.kind, one.value))
    for identifier in identifiers:
        refuse_taken(tx, vault, identifier)
    member_id = enrolment.member_id or new_id("mem", now)
    tx.execute(_INSERT, _new_row(member_id, enrolment, now))
    for identifier in identifiers:
        add_identifier(tx, vault, member_id, identifier, now)
    issue_card(tx, vault, member_id, now, enrolment.card_number)
    record(tx, [_enrolled(member_id, enrolment)], now=now)
    return get_member(tx, member_id)


def enrol_all(
    tx: Connection, vault: Vault, enrolments: Sequence[Enrolment], now: datetime
) -> list[str]:
    """Make many new members at once, each table with one statement; return their ids in order.

    The caller has looked that no identifier is taken or given twice; when another transaction was
    faster the database refuses it all (IntegrityError). Printed card numbers are not supported.
    """
    ids = [enrolment.member_id or new_id("mem", now) for enrolment in enrolments]
    pairs = list(zip(ids, enrolments, strict=True))
    contacts = [
        identifier_row(vault, member_id, identifier, now)
        for member_id, enrolment in pairs
        for identifier in enrolment.identifiers
    ]
    for statement, rows in (
        (_INSERT, [_new_row(*pair, now) for pair in pairs]),
        (_INSERT_IDENTIFIERS, contacts),
    ):
        if rows:
            tx.execute(statement, rows)
    issue_cards(tx, vault, ids, now)
    record(tx, [_enrolled(*pair) for pair in pairs], now=now)
    return ids


def _new_row(member_id: str, enrolment: Enrolment, now: datetime) -> dict[str, Any]:
    profile = enrolment.profile
    return {
        "id": member_id,
        "status": Status.ACTIVE,
        "first_name": clean_name(profile.first_name),
        "last_name": clean_name(profile.last_name),
        "birthday": profile.birthday,
        "locale": profile.locale,
        "zone": profile.zone,
        "attributes": dict(profile.attributes),
        "merged_into_id": None,
        "joined_source": enrolment.source,
        "joined_location_id": enrolment.location_id,
        "created_at": now,
        "updated_at": now,
    }


def _enrolled(member_id: str, enrolment: Enrolment) -> Event:
    payload = {"source": str(enrolment.source), "location_id": enrolment.location_id}
    return Event("member.enrolled", member_id=member_id, payload=payload)


def change_profile(
    tx: Connection, member_id: str, changes: Mapping[str, Any], now: datetime
) -> Member:
    """Change the given profile fields and no others; a birthday can be set once.

    Attributes are merged key by key; None removes a key. Raises FieldLocked, and what
    `why_not_served` says of a member who is not active.
    """
    member = lock_member(tx, member_id)
    refusal = why_not_served(member.status, member.merged_into_id)
    if refusal is not None:
        raise refusal
    values = _changed(member.profile, changes)
    if not values:
        return member
    tx.execute(_UPDATE.values(**values, updated_at=now), {"of_id": member_id})
    return get_member(tx, member_id)


def _changed(profile: Profile, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the column values that differ from `profile`. Raises FieldLocked."""
    wanted = {name: changes[name] for name in PROFILE_FIELDS if name in changes}
    for name in ("first_name", "last_name"):
        if name in wanted:
            wanted[name] = clean_name(wanted[name])
    if "attributes" in wanted:
        merged = dict(profile.attributes) | dict(wanted["attributes"])
        wanted["attributes"] = {key: value for key, value in merged.items() if value is not None}
    values = {name: value for name, value in wanted.items() if value != getattr(profile, name)}
    if "birthday" in values and profile.birthday is not None:
        raise FieldLocked("A birthday can be set once.", field="birthday")
    return values


def block_member(tx: Connection, member_id: str, actor: str, reason: str, now: datetime) -> Member:
    """Block a member: no sign-in, earning or spending until unblocked. Blocking twice is fine."""
    return _move(tx, member_id, Status.BLOCKED, (actor, reason), now)


def unblock_member(
    tx: Connection, member_id: str, actor: str, reason: str, now: datetime
) -> Member:
    """Let a blocked member take part again. Raises the refusal of an erased or merged one."""
    return _move(tx, member_id, Status.ACTIVE, (actor, reason), now)


def _move(
    tx: Connection, member_id: str, status: Status, by: tuple[str, str], now: datetime
) -> Member:
    member = lock_member(tx, member_id)
    if member.status not in (Status.ACTIVE, Status.BLOCKED):
        raise why_not_served(member.status, member.merged_into_id) or AssertionError
    if member.status is status:
        return member
    tx.execute(_UPDATE.values(status=status, updated_at=now), {"of_id": member_id})
    topic = "member.blocked" if status is Status.BLOCKED else "member.unblocked"
    before, after = {"status": member.status}, {"status": status, "reason": by[1]}
    record(tx, [Event(topic, member_id=member_id)], now=now)
    write_audit(tx, Change(topic, "member", member_id, before, after), actor=by[0], now=now)
    return get_member(tx, member_id)
