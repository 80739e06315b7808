"""From a proven address or a partner's word to a member, who joins if new."""

from datetime import datetime

from sqlalchemy import Connection

from server.core.crypto import Vault
from server.gamification.members.errors import EnrolmentClosed, MemberExists
from server.gamification.members.identifiers import verify_identifier
from server.gamification.members.queries import find_member
from server.gamification.members.rules import normal_external_id
from server.gamification.members.service import enrol
from server.gamification.members.types import (
    Enrolment,
    Identifier,
    IdentifierKind,
    Member,
    Profile,
    Source,
)
from server.gamification.partners.types import AssertedCustomer
from server.gamification.programme.types import Policies


def member_of_address(
    tx: Connection, vault: Vault, address: Identifier, policies: Policies, now: datetime
) -> tuple[Member, bool]:
    """Return the member of a verified address and whether they joined just now.

    Raises EnrolmentClosed when the address is new and the programme enrols only in the shop.
    """
    found = find_member(tx, vault, address)
    if found is not None:
        verify_identifier(tx, vault, found.id, address, now)
        return found, False
    if not policies.self_enrolment:
        raise EnrolmentClosed
    return _join(tx, vault, Enrolment(Source.APP, Profile(), (address,)), now)


def member_of_customer(
    tx: Connection, vault: Vault, customer: AssertedCustomer, now: datetime
) -> tuple[Member, bool]:
    """Return the member whom a partner knows by this id and whether they joined just now."""
    value = normal_external_id(customer.external_id)
    identifier = Identifier(IdentifierKind.EXTERNAL, value, customer.partner_id, now)
    found = find_member(tx, vault, identifier)
    if found is not None:
        return found, False
    profile = Profile(customer.first_name, customer.last_name, locale=customer.locale)
    return _join(tx, vault, Enrolment(Source.APP, profile, (identifier,)), now)


def _join(tx: Connection, vault: Vault, enrolment: Enrolment, now: datetime) -> tuple[Member, bool]:
    """Enrol, or return the member whom a request at the same moment has enrolled."""
    try:
        with tx.begin_nested():
            return enrol(tx, vault, enrolment, now), True
    except MemberExists:
        found = find_member(tx, vault, enrolment.identifiers[0])
        if found is None:
            raise
        return found, False
