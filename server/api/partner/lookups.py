"""Who is it? The till has scanned, typed or heard something."""

from datetime import date
from typing import Any

from server.api.endpoint import Call, Reply
from server.api.partner import partner
from server.api.partner.standing import member_standing
from server.api.schemas import Boolean, Choice, Day, Integer, Items, Nested, RequestSchema, Text
from server.api.schemas import ResponseSchema as Out
from server.core.clock import local_date
from server.core.errors import ValidationFailed
from server.gamification.cards.errors import CardBlocked, SpokenCodeExpired
from server.gamification.cards.types import Assurance
from server.gamification.members.errors import LookupAmbiguous, MemberBlocked, MemberMerged
from server.gamification.members.lookups import PROBES, Asker, Probe, Recognition, recognise
from server.gamification.members.rules import birthday_hint, display_name
from server.gamification.programme.queries import get_programme
from server.gamification.programme.types import Programme


class MemberLookupIn(RequestSchema):
    """Exactly one way to name a member.

    `qr` is the payload of the rotating code, `spoken` the code said aloud, `card` the 13 digits of
    the barcode, `phone` a number in any usual form.
    """

    example = {"phone": "5555 0000"}

    qr = Text(allow_none=True, most=100)
    spoken = Text(allow_none=True, most=20)
    card = Text(allow_none=True, most=30)
    phone = Text(allow_none=True, most=40)
    email = Text(allow_none=True, most=254)
    external_id = Text(allow_none=True, most=100)
    member_id = Text(allow_none=True, most=40)


class FoundMember(Out):
    """A member, as a cashier may see them."""

    id = Text(required=True)
    display_name = Text(required=True, allow_none=True)
    tier = Text(required=True, allow_none=True)
    balance = Integer(required=True, metadata={"description": "Points that can be spent now."})
    birthday = Choice("today", "this_week", required=True, allow_none=True)
    last_visit = Day(required=True, allow_none=True)


class LookupHint(Out):
    """Something worth telling the customer."""

    kind = Text(required=True)
    text = Text(required=True)


class UsableThing(Out):
    """Something the customer could use now."""

    kind = Text(required=True)
    id = Text(required=True)
    title = Text(required=True)


class MemberLookupOut(Out):
    """Who it is, how sure that is, and whether it is enough to spend.

    When nobody matches, `match` is `none` and `member` and `assurance` are null.
    """

    match = Choice("one", "none", required=True)
    assurance = Choice(*map(str, Assurance), required=True, allow_none=True)
    member = Nested(FoundMember, required=True, allow_none=True)
    can_spend = Boolean(required=True)
    hints = Items(Nested(LookupHint), required=True)
    usable = Items(Nested(UsableThing), required=True)


@partner.post(
    "/member-lookups",
    "lookUpMember",
    scope="members:read",
    body=MemberLookupIn,
    answers={200: MemberLookupOut},
    refuses=(
        CardBlocked,
        SpokenCodeExpired,
        LookupAmbiguous,
        MemberBlocked,
        MemberMerged,
    ),
    idempotency="none",
    dry_run=False,
)
def look_up_member(call: Call) -> Reply:
    """Find a member.

    A POST, so that phone numbers stay out of addresses and logs. A rotating code of the last
    minute gives the assurance `fresh_qr`, which is what spending needs; everything else earns.
    """
    programme = get_programme(call.tx, call.revision or None)
    found = recognise(call.tx, call.vault, _probe(call.body), asker(call, programme), call.now)
    if found is None:
        return Reply(_present(None, None, []))
    standing, hints = member_standing(call, found.member.id)
    shown = _present_member(found, local_date(call.now, programme.zone)) | standing
    return Reply(_present(found, shown, hints))


def asker(call: Call, programme: Programme) -> Asker:
    """Return who asks, for reading phone numbers and external ids."""
    return Asker(programme.policies.phone_region, call.principal.extra["partner_id"])


def _probe(body: dict[str, Any]) -> Probe:
    """Return the one way that was sent. Raises ValidationFailed for none or several."""
    sent = [name for name in PROBES if body.get(name) is not None]
    if len(sent) != 1:
        detail = f"Send exactly one of {', '.join(PROBES)}."
        raise ValidationFailed.at("", "exactly_one", detail)
    return Probe(sent[0], body[sent[0]])


def _present_member(found: Recognition, today: date) -> dict[str, Any]:
    profile = found.member.profile
    return {
        "id": found.member.id,
        "display_name": display_name(profile.first_name, profile.last_name),
        "birthday": birthday_hint(profile.birthday, today),
    }


def _present(
    found: Recognition | None, shown: dict[str, Any] | None, hints: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "match": "one" if found else "none",
        "assurance": found.assurance if found else None,
        "member": shown,
        "can_spend": found.can_spend if found else False,
        "hints": hints,
        "usable": [],
    }
