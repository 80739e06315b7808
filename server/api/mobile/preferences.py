"""What the member wants to be told, how and when; and what they have agreed to."""

from typing import Any

from server.api.endpoint import Call, Reply
from server.api.mobile import member
from server.api.schemas import Boolean, Choice, Instant, Items, Nested, RequestSchema, Text
from server.api.schemas import ResponseSchema as Out
from server.core.errors import NotFound, ValidationFailed
from server.gamification.consents.queries import consents_of
from server.gamification.consents.service import answer_consent
from server.gamification.consents.types import Answer, Consent, Purpose
from server.gamification.members.types import Source
from server.gamification.programme.queries import get_programme
from server.notifications.preferences import UNCHANGED, change_preferences, get_preferences
from server.notifications.rules import is_chosen, needs_consent, quiet_of
from server.notifications.types import Category, Channel, Preferences, Quiet

_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]"


class ChannelsOut(Out):
    """One category: the channels that are on, whether that can be changed, and whether it is
    advertising, which comes only with a consent for the channel.
    """

    category = Choice(*map(str, Category), required=True)
    push = Boolean(required=True)
    email = Boolean(required=True)
    is_push_fixed = Boolean(required=True)
    needs_consent = Boolean(required=True)


class QuietOut(Out):
    """Hours in which nobody is disturbed, by the clock where the member lives."""

    start = Text(required=True, data_key="from", attribute="from")
    to = Text(required=True)
    is_own = Boolean(required=True)


class PreferencesOut(Out):
    """What the member is told, over which channels, and when not."""

    categories = Items(Nested(ChannelsOut), required=True)
    quiet_hours = Nested(QuietOut, required=True)


class ChannelsIn(RequestSchema):
    """Channels of a category to switch on or off; those not sent stay."""

    category = Choice(*map(str, Category), required=True)
    push = Boolean()
    email = Boolean()


class QuietIn(RequestSchema):
    """Quiet hours as 24-hour clock times; the same twice means none."""

    start = Text(required=True, pattern=_CLOCK, most=5, data_key="from", attribute="from")
    to = Text(required=True, pattern=_CLOCK, most=5)


class PreferencesChange(RequestSchema):
    """What to change; what is not sent stays. Quiet hours null: those of the programme."""

    example = {
        "categories": [{"category": "reminders", "email": True}],
        "quiet_hours": {"from": "22:00", "to": "08:00"},
    }

    categories = Items(Nested(ChannelsIn), most=10)
    quiet_hours = Nested(QuietIn, allow_none=True)


class ConsentOut(Out):
    """The newest answer to a purpose; null fields while there was none."""

    purpose = Choice(*map(str, Purpose), required=True)
    is_granted = Boolean(required=True)
    version = Text(required=True, allow_none=True)
    recorded_at = Instant(required=True, allow_none=True)


class ConsentsOut(Out):
    """Every purpose that there is, with the member's answer."""

    items = Items(Nested(ConsentOut), required=True)


class ConsentIn(RequestSchema):
    """An answer, and the version of the words that the member was shown."""

    example = {"is_granted": True, "version": "2026-11"}

    is_granted = Boolean(required=True)
    version = Text(required=True, most=40, pattern="[A-Za-z0-9_.:-]+")


@member.get("/me/preferences", "getMyPreferences", answers={200: PreferencesOut})
def get_my_preferences(call: Call) -> Reply:
    """Get what the member is told, over which channels, and when not."""
    return Reply(_present(call, get_preferences(call.tx, call.principal.id)))


@member.patch(
    "/me/preferences",
    "changeMyPreferences",
    body=PreferencesChange,
    answers={200: PreferencesOut},
)
def change_my_preferences(call: Call) -> Reply:
    """Switch channels of categories on or off, and set quiet hours.

    Push of `service` (receipts, prizes, security) cannot be switched off.
    """
    choices = _choices(call.body.get("categories", ()))
    quiet: Quiet | object | None = UNCHANGED
    if "quiet_hours" in call.body:
        asked = call.body["quiet_hours"]
        quiet = Quiet(_minute(asked["from"]), _minute(asked["to"])) if asked else None
    after = change_preferences(call.tx, call.principal.id, choices, quiet, call.now)
    return Reply(_present(call, after))


@member.get("/me/consents", "listMyConsents", answers={200: ConsentsOut})
def list_my_consents(call: Call) -> Reply:
    """Get what the member has agreed to, with the version of the words and when."""
    found = consents_of(call.tx, call.principal.id)
    return Reply({"items": [_present_consent(one, found.get(one)) for one in Purpose]})


@member.put(
    "/me/consents/{purpose}",
    "putMyConsent",
    body=ConsentIn,
    answers={200: ConsentOut},
    refuses=(NotFound,),
)
def put_my_consent(call: Call, purpose: str) -> Reply:
    """Agree or withdraw. Every answer is kept; the same again is no new one."""
    if purpose not in list(Purpose):
        raise NotFound("There is no such purpose.")
    body = call.body
    answer = Answer(Purpose(purpose), body["is_granted"], body["version"], Source.APP)
    made = answer_consent(call.tx, call.principal.id, answer, call.now)
    return Reply(_present_consent(answer.purpose, made))


def _choices(categories: Any) -> dict[str, dict[str, bool]]:
    """Return the choices by category. Raises ValidationFailed for what cannot be switched off."""
    found: dict[str, dict[str, bool]] = {}
    for number, one in enumerate(categories):
        if one["category"] == Category.SERVICE and one.get("push") is False:
            raise ValidationFailed.at(
                f"/categories/{number}/push", "fixed", "Push of service cannot be switched off."
            )
        chosen = {str(name): one[name] for name in Channel if name in one}
        found.setdefault(one["category"], {}).update(chosen)
    return found


def _present(call: Call, preferences: Preferences) -> dict[str, Any]:
    quiet = quiet_of(preferences, get_programme(call.tx, call.revision or None).policies.messages)
    return {
        "categories": [_present_category(preferences, one) for one in Category],
        "quiet_hours": {
            "from": _clock(quiet.from_minute),
            "to": _clock(quiet.to_minute),
            "is_own": preferences.quiet is not None,
        },
    }


def _present_category(preferences: Preferences, category: Category) -> dict[str, Any]:
    channels = {str(one): is_chosen(preferences, category, one) for one in Channel}
    fixed = category is Category.SERVICE
    rest = {"is_push_fixed": fixed, "needs_consent": needs_consent(category)}
    return {"category": str(category)} | channels | rest


def _present_consent(purpose: Purpose, consent: Consent | None) -> dict[str, Any]:
    return {
        "purpose": str(purpose),
        "is_granted": consent is not None and consent.answer.is_granted,
        "version": consent.answer.version if consent else None,
        "recorded_at": consent.recorded_at if consent else None,
    }


def _minute(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
