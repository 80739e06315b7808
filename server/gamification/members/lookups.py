"""Who is it? From what a till has scanned, typed or heard to a member and how sure we are."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from server.core.crypto import Vault
from server.core.errors import NotFound
from server.gamification.cards.queries import (
    find_card,
    find_card_by_number,
    find_speaker,
)
from server.gamification.cards.rules import (
    can_spend,
    normal_card_number,
    normal_spoken_code,
    rotating_code,
    why_not_usable,
)
from server.gamification.cards.service import fresh_step
from server.gamification.cards.types import Assurance, Card
from server.gamification.members.queries import get_member, search_member
from server.gamification.members.rules import normal_identifier, why_not_served
from server.gamification.members.types import IdentifierKind, Member, Status

PROBES = ("qr", "spoken", "card", "phone", "email", "external_id", "member_id")
_IDENTIFIERS = {
    "phone": (IdentifierKind.PHONE, Assurance.PHONE),
    "email": (IdentifierKind.EMAIL, Assurance.EMAIL),
    "external_id": (IdentifierKind.EXTERNAL, Assurance.EXTERNAL_ID),
}


@dataclass(frozen=True, slots=True)
class Asker:
    """Who looks up: the region of phone numbers without `+`, and the partner (None: a till)."""

    region: str
    issuer: str | None = None


@dataclass(frozen=True, slots=True)
class Recognition:
    """A recognised member and how; only a live phone is enough to spend."""

    member: Member
    assurance: Assurance

    @property
    def can_spend(self) -> bool:
        """Whether this recognition allows spending points."""
        return can_spend(self.assurance)


@dataclass(frozen=True, slots=True)
class Probe:
    """What the till has: one of `PROBES` and its value, as scanned, typed or heard."""

    kind: str
    value: str


def recognise(
    tx: Connection, vault: Vault, probe: Probe, asker: Asker, now: datetime
) -> Recognition | None:
    """Return the active member that a probe names, or None when nobody matches.

    Raises ValidationFailed for an impossible value, CardBlocked, SpokenCodeExpired,
    LookupAmbiguous, MemberBlocked, MemberMerged.
    """
    found = _find(tx, vault, probe, asker, now)
    if found is None or found.member.status is Status.ERASED:
        return None
    refusal = why_not_served(found.member.status, found.member.merged_into_id)
    if refusal is not None:
        raise refusal
    return found


def _find(
    tx: Connection, vault: Vault, probe: Probe, asker: Asker, now: datetime
) -> Recognition | None:
    if probe.kind == "qr":
        return _by_rotating_code(tx, vault, probe.value, now)
    if probe.kind == "card":
        card = find_card_by_number(tx, normal_card_number(probe.value))
        return None if card is None else _by_card(tx, card, Assurance.CARD)
    if probe.kind == "spoken":
        speaker = find_speaker(tx, normal_spoken_code(probe.value), now)
        return None if speaker is None else Recognition(get_member(tx, speaker), Assurance.SPOKEN)
    if probe.kind == "member_id":
        return _by_id(tx, probe.value)
    kind, assurance = _IDENTIFIERS[probe.kind]
    identifier = normal_identifier(kind, probe.value, asker.region)
    member = search_member(tx, vault, identifier, asker.issuer)
    return None if member is None else Recognition(member, assurance)


def _by_rotating_code(
    tx: Connection, vault: Vault, payload: str, now: datetime
) -> Recognition | None:
    code = rotating_code(payload)
    card = find_card(tx, code.card_id)
    if card is None:
        return None
    fresh = fresh_step(vault, card, code.digits, now) is not None
    return _by_card(tx, card, Assurance.FRESH_QR if fresh else Assurance.STALE_QR)


def _by_card(tx: Connection, card: Card, assurance: Assurance) -> Recognition:
    refusal = why_not_usable(card.state)
    if refusal is not None:
        raise refusal
    return Recognition(get_member(tx, card.member_id), assurance)


def _by_id(tx: Connection, member_id: str) -> Recognition | None:
    try:
        return Recognition(get_member(tx, member_id), Assurance.ID)
    except NotFound:
        return None
