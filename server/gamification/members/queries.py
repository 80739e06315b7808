"""Reading members and what names them."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select

from server.core.crypto import Vault
from server.core.errors import NotFound
from server.core.statements import Prepared
from server.gamification.members.errors import LookupAmbiguous
from server.gamification.members.models import MEMBER, MEMBER_IDENTIFIER
from server.gamification.members.rules import index_text
from server.gamification.members.types import (
    Contact,
    Identifier,
    IdentifierKind,
    Member,
    Profile,
    Source,
    Status,
)

_I = MEMBER_IDENTIFIER.c

_MEMBER = select(MEMBER).where(MEMBER.c.id == bindparam("id"))
_BY_ID = Prepared(_MEMBER)
_LOCKED_BY_ID = _MEMBER.with_for_update()
_BY_IDENTIFIER = (
    select(MEMBER, _I.issuer)
    .join(MEMBER_IDENTIFIER, _I.member_id == MEMBER.c.id)
    .where(_I.kind == bindparam("kind"), _I.value_index.in_(bindparam("indexes", expanding=True)))
)
_OWNERS = select(_I.member_id, _I.value_index).where(
    _I.kind == bindparam("kind"),
    _I.issuer == bindparam("issuer"),
    _I.value_index.in_(bindparam("indexes", expanding=True)),
)
_CONTACTS = (
    select(MEMBER_IDENTIFIER)
    .where(_I.member_id == bindparam("member_id"))
    .order_by(_I.kind, _I.created_at, _I.id)
)


def get_member(tx: Connection, member_id: str) -> Member:
    """Return a member whatever the status. Raises NotFound."""
    row = _BY_ID.first(tx, {"id": member_id})
    if row is None:
        raise NotFound("There is no such member.")
    return member_of(row)


def lock_member(tx: Connection, member_id: str) -> Member:
    """Return a member and keep others from changing it until the transaction ends."""
    row = tx.execute(_LOCKED_BY_ID, {"id": member_id}).first()
    if row is None:
        raise NotFound("There is no such member.")
    return member_of(row)


def find_member(tx: Connection, vault: Vault, identifier: Identifier) -> Member | None:
    """Return the member that exactly this identifier (with its issuer) names, or None."""
    rows = _matches(tx, vault, identifier)
    return _only_member([row for row in rows if row.issuer == identifier.issuer])


def owners_of(
    tx: Connection, vault: Vault, identifiers: Collection[Identifier]
) -> dict[Identifier, str]:
    """Return the ids of the members that these identifiers, all of one kind and issuer, name."""
    if not identifiers:
        return {}
    one = next(iter(identifiers))
    named = {
        index: identifier
        for identifier in identifiers
        for index in vault.blind_indexes(one.kind, index_text(identifier))
    }
    keys = {"kind": one.kind, "issuer": one.issuer, "indexes": list(named)}
    return {named[row.value_index]: row.member_id for row in tx.execute(_OWNERS, keys)}


def search_member(
    tx: Connection, vault: Vault, identifier: Identifier, issuer: str | None
) -> Member | None:
    """Return the member that an identifier names to a caller, or None.

    For an external id, `issuer` is the partner that asks: its own ids come first, then the
    programme's. A till (None) searches every partner's ids; raises LookupAmbiguous when several
    members match.
    """
    rows = _matches(tx, vault, identifier)
    if identifier.kind is IdentifierKind.EXTERNAL and issuer is not None:
        own = [row for row in rows if row.issuer == issuer]
        rows = own or [row for row in rows if not row.issuer]
    return _only_member(rows)


def _matches(tx: Connection, vault: Vault, identifier: Identifier) -> Sequence[Any]:
    indexes = vault.blind_indexes(identifier.kind, index_text(identifier))
    return tx.execute(_BY_IDENTIFIER, {"kind": identifier.kind, "indexes": indexes}).all()


def _only_member(rows: Sequence[Any]) -> Member | None:
    if len({row.id for row in rows}) > 1:
        raise LookupAmbiguous
    return member_of(rows[0]) if rows else None


def list_contacts(tx: Connection, vault: Vault, member_id: str) -> list[Contact]:
    """Return a member's identifiers in the clear, by kind and age."""
    rows = tx.execute(_CONTACTS, {"member_id": member_id})
    return [
        Contact(
            kind=IdentifierKind(row.kind),
            issuer=row.issuer,
            value=vault.open(row.value_sealed, context_of(row.id)),
            hint=row.hint,
            verified_at=row.verified_at,
        )
        for row in rows
    ]


def list_identifier_kinds(tx: Connection, member_id: str) -> set[str]:
    """Return by what kinds of identifiers a member is known."""
    return {row.kind for row in tx.execute(_CONTACTS, {"member_id": member_id})}


def context_of(identifier_id: str) -> str:
    """Return the context that binds a sealed value to its row."""
    return f"member_identifier:{identifier_id}"


def member_of(row: Any) -> Member:
    """Build a member from a row that has the columns of `member`."""
    return Member(
        id=row.id,
        status=Status(row.status),
        profile=Profile(
            first_name=row.first_name,
            last_name=row.last_name,
            birthday=row.birthday,
            locale=row.locale,
            zone=row.zone,
            attributes=row.attributes,
        ),
        merged_into_id=row.merged_into_id,
        joined_source=Source(row.joined_source),
        joined_location_id=row.joined_location_id,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
