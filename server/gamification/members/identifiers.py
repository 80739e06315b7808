"""Writing what names a member: phones, e-mail addresses, external ids."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, update
from sqlalchemy.exc import IntegrityError

from server.core.crypto import Vault
from server.core.ids import new_id
from server.gamification.members.errors import MemberExists
from server.gamification.members.models import MEMBER_IDENTIFIER
from server.gamification.members.queries import context_of, find_member
from server.gamification.members.rules import hint, index_text
from server.gamification.members.types import Identifier

_I = MEMBER_IDENTIFIER.c
_INSERT = insert(MEMBER_IDENTIFIER)
_DELETE = delete(MEMBER_IDENTIFIER).where(
    _I.member_id == bindparam("of_member"),
    _I.kind == bindparam("of_kind"),
    _I.issuer == bindparam("of_issuer"),
)
_VERIFY = (
    update(MEMBER_IDENTIFIER)
    .where(
        _I.member_id == bindparam("of_member"),
        _I.kind == bindparam("of_kind"),
        _I.value_index.in_(bindparam("indexes", expanding=True)),
        _I.verified_at.is_(None),
    )
    .values(verified_at=bindparam("verified"))
)


def refuse_taken(
    tx: Connection, vault: Vault, identifier: Identifier, but: str | None = None
) -> None:
    """Raise MemberExists when the identifier names a member other than `but`."""
    found = find_member(tx, vault, identifier)
    if found is not None and found.id != but:
        raise MemberExists(
            f"The {identifier.kind} belongs to a member.",
            member_id=found.id,
            field=str(identifier.kind),
        )


def add_identifier(
    tx: Connection, vault: Vault, member_id: str, identifier: Identifier, now: datetime
) -> None:
    """Give a member an identifier. Raises MemberExists, also when another request was faster."""
    refuse_taken(tx, vault, identifier)
    row = identifier_row(vault, member_id, identifier, now)
    try:
        with tx.begin_nested():
            tx.execute(_INSERT, row)
    except IntegrityError:
        refuse_taken(tx, vault, identifier)
        raise


def identifier_row(
    vault: Vault, member_id: str, identifier: Identifier, now: datetime
) -> dict[str, Any]:
    """Return the row of a new identifier, its value sealed."""
    identifier_id = new_id("idf", now)
    return {
        "id": identifier_id,
        "member_id": member_id,
        "kind": identifier.kind,
        "issuer": identifier.issuer,
        "value_index": vault.blind_index(identifier.kind, index_text(identifier)),
        "value_sealed": vault.seal(identifier.value, context_of(identifier_id)),
        "hint": hint(identifier),
        "verified_at": identifier.verified_at,
        "created_at": now,
    }


def set_identifier(
    tx: Connection, vault: Vault, member_id: str, identifier: Identifier, now: datetime
) -> None:
    """Replace a member's identifier of this kind and issuer. Raises MemberExists."""
    refuse_taken(tx, vault, identifier, but=member_id)
    drop_identifier(tx, member_id, identifier)
    add_identifier(tx, vault, member_id, identifier, now)


def drop_identifier(tx: Connection, member_id: str, like: Identifier) -> None:
    """Remove a member's identifier of the kind and issuer of `like`, if there is one."""
    tx.execute(_DELETE, {"of_member": member_id, "of_kind": like.kind, "of_issuer": like.issuer})


def verify_identifier(
    tx: Connection, vault: Vault, member_id: str, identifier: Identifier, now: datetime
) -> None:
    """Note that the member has shown control of an identifier; the first time counts."""
    parameters = {
        "of_member": member_id,
        "of_kind": identifier.kind,
        "indexes": vault.blind_indexes(identifier.kind, index_text(identifier)),
        "verified": now,
    }
    tx.execute(_VERIFY, parameters)
