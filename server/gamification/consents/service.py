"""Noting what members agree to."""

from datetime import datetime

from sqlalchemy import Connection, insert

from server.core.outbox import Event, record
from server.gamification.consents.models import CONSENT
from server.gamification.consents.queries import consents_of
from server.gamification.consents.types import Answer, Consent
from server.gamification.members.queries import lock_member
from server.gamification.members.rules import why_not_served

_INSERT = insert(CONSENT)


def answer_consent(tx: Connection, member_id: str, answer: Answer, now: datetime) -> Consent:
    """Note an answer and announce it (`consent.updated`); the same answer again changes nothing.

    Raises what `why_not_served` says of a member who is not active.
    """
    member = lock_member(tx, member_id)
    refusal = why_not_served(member.status, member.merged_into_id)
    if refusal is not None:
        raise refusal
    before = consents_of(tx, member_id).get(answer.purpose)
    if before is not None and _says_the_same(before.answer, answer):
        return before
    made = Consent(answer, before.number + 1 if before else 1, now)
    tx.execute(
        _INSERT,
        {
            "member_id": member_id,
            "purpose": str(answer.purpose),
            "number": made.number,
            "is_granted": answer.is_granted,
            "version": answer.version,
            "source": str(answer.source),
            "recorded_at": now,
        },
    )
    payload = {"purpose": str(answer.purpose), "is_granted": answer.is_granted}
    record(tx, [Event("consent.updated", payload, member_id)], now=now)
    return made


def _says_the_same(one: Answer, other: Answer) -> bool:
    return (one.is_granted, one.version) == (other.is_granted, other.version)
