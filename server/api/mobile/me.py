"""The member's own profile."""

from typing import Any

from server.api.endpoint import Call, Reply
from server.api.mobile import member
from server.api.profiles import check_profile
from server.api.schemas import Boolean, Choice, Day, Instant, Nested, RequestSchema, Text
from server.api.schemas import ResponseSchema as Out
from server.gamification.members.errors import FieldLocked
from server.gamification.members.queries import get_member, list_contacts
from server.gamification.members.service import change_profile
from server.gamification.members.types import Contact, IdentifierKind, Member
from server.gamification.programme.queries import get_programme


class ContactOut(Out):
    """A phone number (E.164) or e-mail address, and whether the member has shown it is theirs."""

    value = Text(required=True)
    is_verified = Boolean(required=True)


class MeOut(Out):
    """The member, as they see themselves."""

    id = Text(required=True)
    status = Choice("active", "blocked", "erased", "merged", required=True)
    first_name = Text(required=True, allow_none=True)
    last_name = Text(required=True, allow_none=True)
    birthday = Day(required=True, allow_none=True)
    is_birthday_locked = Boolean(
        required=True, metadata={"description": "A birthday can be set once."}
    )
    locale = Text(required=True, allow_none=True)
    time_zone = Text(required=True, allow_none=True)
    phone = Nested(ContactOut, required=True, allow_none=True)
    email = Nested(ContactOut, required=True, allow_none=True)
    joined_at = Instant(required=True)


class MeChange(RequestSchema):
    """The fields to change; fields that are not sent stay, null clears."""

    example = {"first_name": "Mari", "locale": "et", "time_zone": "Europe/Tallinn"}

    first_name = Text(most=80, allow_none=True)
    last_name = Text(most=80, allow_none=True)
    birthday = Day(metadata={"description": "Can be set once."})
    locale = Text(most=8, allow_none=True)
    time_zone = Text(most=64, allow_none=True, data_key="time_zone", attribute="zone")


@member.get("/me", "getMe", answers={200: MeOut})
def get_me(call: Call) -> Reply:
    """Get the member's own profile."""
    return Reply(_present_me(call, get_member(call.tx, call.principal.id)))


@member.patch("/me", "changeMe", body=MeChange, answers={200: MeOut}, refuses=(FieldLocked,))
def change_me(call: Call) -> Reply:
    """Change the member's own profile.

    Languages are those of the programme; time zones are IANA names such as Europe/Tallinn.
    """
    check_profile(call.body, get_programme(call.tx, call.revision or None), call.now)
    return Reply(_present_me(call, change_profile(call.tx, call.principal.id, call.body, call.now)))


def _present_me(call: Call, found: Member) -> dict[str, Any]:
    contacts = list_contacts(call.tx, call.vault, found.id)
    profile = found.profile
    return {
        "id": found.id,
        "status": found.status,
        "first_name": profile.first_name,
        "last_name": profile.last_name,
        "birthday": profile.birthday,
        "is_birthday_locked": profile.birthday is not None,
        "locale": profile.locale,
        "time_zone": profile.zone,
        "phone": _present_contact(contacts, IdentifierKind.PHONE),
        "email": _present_contact(contacts, IdentifierKind.EMAIL),
        "joined_at": found.created_at,
    }


def _present_contact(contacts: list[Contact], kind: IdentifierKind) -> dict[str, Any] | None:
    """Return the first contact of a kind, or None."""
    for contact in contacts:
        if contact.kind is kind:
            return {"value": contact.value, "is_verified": contact.verified_at is not None}
    return None
