"""Members, as tills and backends of shops enrol, see and change them."""

from typing import Any

from server.api.endpoint import Call, Reply
from server.api.partner import partner
from server.api.partner.own import actor_of
from server.api.profiles import Attributes, check_profile
from server.api.schemas import Choice, Day, Instant, RequestSchema, Text
from server.api.schemas import ResponseSchema as Out
from server.core.errors import NotFound, ValidationFailed
from server.gamification.cards.errors import CardTaken
from server.gamification.cards.queries import find_active_card
from server.gamification.members.errors import (
    FieldLocked,
    MemberBlocked,
    MemberExists,
    MemberMerged,
)
from server.gamification.members.identifiers import drop_identifier, set_identifier
from server.gamification.members.queries import get_member, list_contacts, lock_member
from server.gamification.members.rules import display_name, normal_identifier
from server.gamification.members.service import change_profile, enrol
from server.gamification.members.types import (
    Contact,
    Enrolment,
    Identifier,
    IdentifierKind,
    Member,
    Profile,
    Source,
    Status,
)
from server.gamification.partners.queries import get_location
from server.gamification.partners.types import Scope
from server.gamification.playing.joining import welcome
from server.gamification.programme.queries import get_programme

KINDS = {
    "phone": IdentifierKind.PHONE,
    "email": IdentifierKind.EMAIL,
    "external_id": IdentifierKind.EXTERNAL,
}
UNTOLD: dict[str, Any] = dict.fromkeys(
    ("last_name", "time_zone", "external_id", "card_number", "joined_location_id")
) | {"attributes": {}}
"""What a device that only scans has no use for."""
PROFILE = ("first_name", "last_name", "birthday", "locale", "zone")


class _PersonIn(RequestSchema):
    """What may be told about a member."""

    first_name = Text(most=80, allow_none=True)
    last_name = Text(most=80, allow_none=True)
    phone = Text(most=40, allow_none=True, metadata={"description": "In any usual form."})
    email = Text(most=254, allow_none=True)
    external_id = Text(
        most=100, allow_none=True, metadata={"description": "The customer's id in your system."}
    )
    birthday = Day(allow_none=True, metadata={"description": "Can be set once."})
    locale = Text(most=8, allow_none=True)
    time_zone = Text(most=64, allow_none=True, attribute="zone")
    attributes = Attributes()


class EnrolmentIn(_PersonIn):
    """A new member; at least one of phone, e-mail, external id and card number is needed."""

    example = {"first_name": "Mari", "last_name": "Mets", "phone": "+372 5559 0001", "locale": "et"}

    card_number = Text(
        most=30, allow_none=True, metadata={"description": "A printed card, 13 digits."}
    )
    location_id = Text(
        most=40, allow_none=True, metadata={"description": "By default the device's own."}
    )


class PartnerMemberChange(_PersonIn):
    """The fields to change; fields that are not sent stay, null clears."""

    example = {"locale": "en", "attributes": {"favourite": "flat white"}}


class PartnerMemberOut(Out):
    """A member, as a partner may see them: contact data is masked. `birthday` is null for devices.
    A device without the scope `members:write`, a till that only scans, is told no more than who
    it is: `last_name`, `time_zone`, `external_id`, `card_number` and `joined_location_id` are null
    and `attributes` are empty.

    `external_id` is the caller's own.
    """

    id = Text(required=True)
    status = Choice("active", "blocked", "merged", required=True)
    merged_into_id = Text(required=True, allow_none=True)
    display_name = Text(required=True, allow_none=True)
    first_name = Text(required=True, allow_none=True)
    last_name = Text(required=True, allow_none=True)
    birthday = Day(required=True, allow_none=True)
    locale = Text(required=True, allow_none=True)
    time_zone = Text(required=True, allow_none=True)
    phone_hint = Text(required=True, allow_none=True)
    email_hint = Text(required=True, allow_none=True)
    external_id = Text(required=True, allow_none=True)
    card_number = Text(required=True, allow_none=True)
    attributes = Attributes(required=True)
    joined_location_id = Text(required=True, allow_none=True)
    joined_at = Instant(required=True)


@partner.post(
    "/members",
    "enrolMember",
    scope="members:write",
    body=EnrolmentIn,
    answers={201: PartnerMemberOut},
    personal=True,
    refuses=(MemberExists, CardTaken, NotFound),
)
def enrol_member(call: Call) -> Reply:
    """Enrol a member at the counter.

    When the phone, e-mail or id belongs to a member, `member_exists` names them in
    `params.member_id`.
    """
    programme = get_programme(call.tx, call.revision or None)
    check_profile(call.body, programme, call.now)
    enrolment = _enrolment(call, programme.policies.phone_region)
    found = enrol(call.tx, call.vault, enrolment, call.now)
    welcome(call.tx, found.id, actor_of(call), call.now)
    return Reply(_present(call, found), 201)


@partner.get(
    "/members/{member_id}",
    "getMember",
    scope="members:read",
    answers={200: PartnerMemberOut},
    refuses=(NotFound,),
)
def get_one_member(call: Call, member_id: str) -> Reply:
    """Get a member by id."""
    found = get_member(call.tx, member_id)
    if found.status is Status.ERASED:
        raise NotFound("There is no such member.")
    shown = _present(call, found)
    return Reply(shown | UNTOLD if _only_scans(call) else shown)


@partner.patch(
    "/members/{member_id}",
    "changeMember",
    scope="members:write",
    body=PartnerMemberChange,
    answers={200: PartnerMemberOut},
    refuses=(NotFound, FieldLocked, MemberExists, MemberBlocked, MemberMerged),
)
def change_member(call: Call, member_id: str) -> Reply:
    """Change a member.

    A device may add a phone or an external id and may not replace one. It may not add an e-mail
    address either: whoever controls the address can sign in. A backend may.
    """
    programme = get_programme(call.tx, call.revision or None)
    check_profile(call.body, programme, call.now)
    lock_member(call.tx, member_id)
    found = change_profile(call.tx, member_id, call.body, call.now)
    for name in KINDS:
        if name in call.body:
            _change_identifier(call, found, name, programme.policies.phone_region)
    return Reply(_present(call, found))


def _only_scans(call: Call) -> bool:
    may_change = Scope.MEMBERS_WRITE in call.principal.scopes
    return call.principal.kind == "device" and not may_change


def _enrolment(call: Call, region: str) -> Enrolment:
    """Return who joins, by what and where. Raises ValidationFailed and NotFound."""
    body = call.body
    names = [name for name in KINDS if body.get(name) is not None]
    if not names and body.get("card_number") is None:
        detail = "Send a phone, an email, an external_id or a card_number."
        raise ValidationFailed.at("", "identifier_missing", detail)
    location_id = body.get("location_id") or call.principal.extra["location_id"]
    if body.get("location_id") is not None:
        get_location(call.tx, location_id)
    return Enrolment(
        source=Source.TILL if call.principal.kind == "device" else Source.API,
        profile=Profile(
            **{name: body.get(name) for name in PROFILE}, attributes=_kept(body.get("attributes"))
        ),
        identifiers=tuple(_identifier(call, name, region) for name in names),
        card_number=body.get("card_number"),
        location_id=location_id,
    )


def _kept(attributes: dict[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (attributes or {}).items() if value is not None}


def _identifier(call: Call, name: str, region: str) -> Identifier:
    return normal_identifier(KINDS[name], call.body[name], region, _issuer(call, KINDS[name]))


def _issuer(call: Call, kind: IdentifierKind) -> str:
    """Return whose external ids the caller uses: a partner its own, a till the programme's."""
    return (call.principal.extra["partner_id"] or "") if kind is IdentifierKind.EXTERNAL else ""


def _change_identifier(call: Call, found: Member, name: str, region: str) -> None:
    """Add, replace or remove one identifier. Raises FieldLocked when a device may not."""
    kind = KINDS[name]
    contacts = list_contacts(call.tx, call.vault, found.id)
    present = _contact(contacts, kind, _issuer(call, kind))
    wanted = None if call.body[name] is None else _identifier(call, name, region)
    if (present and present.value) == (wanted and wanted.value):
        return
    opens_sign_in = kind is IdentifierKind.EMAIL
    if call.principal.kind == "device" and (present is not None or opens_sign_in):
        raise FieldLocked("A device may add a phone, and may not replace contact data.", field=name)
    if wanted is not None:
        set_identifier(call.tx, call.vault, found.id, wanted, call.now)
    elif present is not None:
        drop_identifier(call.tx, found.id, Identifier(kind, present.value, present.issuer))


def _contact(contacts: list[Contact], kind: IdentifierKind, issuer: str) -> Contact | None:
    """Return the member's identifier of a kind and issuer, or None."""
    matching = (one for one in contacts if one.kind is kind and one.issuer == issuer)
    return next(matching, None)


def _present(call: Call, found: Member) -> dict[str, Any]:
    contacts = list_contacts(call.tx, call.vault, found.id)
    card = find_active_card(call.tx, found.id)
    profile = found.profile
    phone = _contact(contacts, IdentifierKind.PHONE, "")
    email = _contact(contacts, IdentifierKind.EMAIL, "")
    issuer = _issuer(call, IdentifierKind.EXTERNAL)
    external = _contact(contacts, IdentifierKind.EXTERNAL, issuer)
    return {
        "id": found.id,
        "status": found.status,
        "merged_into_id": found.merged_into_id,
        "display_name": display_name(profile.first_name, profile.last_name),
        "first_name": profile.first_name,
        "last_name": profile.last_name,
        "birthday": profile.birthday if call.principal.kind == "partner" else None,
        "locale": profile.locale,
        "time_zone": profile.zone,
        "phone_hint": phone.hint if phone else None,
        "email_hint": email.hint if email else None,
        "external_id": external.value if external else None,
        "card_number": card.number if card else None,
        "attributes": dict(profile.attributes),
        "joined_location_id": found.joined_location_id,
        "joined_at": found.created_at,
    }
