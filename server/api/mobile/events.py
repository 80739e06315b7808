"""What members report themselves: check-ins, shares, answers, whatever the shop declares."""

from typing import Any

from server.api.endpoint import Call, Reply
from server.api.mobile import member
from server.api.moved import moved_in_games
from server.api.presenters import purchases as show
from server.api.presenters.updates import Updates, updates_now
from server.api.profiles import Attributes
from server.api.schemas import Boolean, Instant, Integer, Items, Nested, RequestSchema, Text
from server.api.schemas import ResponseSchema as Out
from server.api.user_messages import user_message
from server.api.views import tier_view_of
from server.core.errors import Refusal, ValidationFailed
from server.core.i18n import in_language
from server.gamification.activities.types import Outcome, Recording
from server.gamification.activity_types.rules import NUMBER_MAX, TEXT_MAX, most_of
from server.gamification.activity_types.types import ActivityType, FieldType, ReportField
from server.gamification.ledger.service import open_book
from server.gamification.playing.service import report_activity
from server.gamification.programme.types import POINTS
from server.gamification.reports.own import is_open, own_types
from server.gamification.reports.service import Report

EVENTS_MAX = 20


class OwnEventData(Attributes):
    """What the type of an event declares."""

    text_most = TEXT_MAX


class OwnEventIn(RequestSchema):
    """An event: `id` is made by the app and names it for ever, so it never counts twice."""

    id = Text(required=True, most=64, pattern="[A-Za-z0-9_.:-]+")
    type = Text(required=True, most=20)
    data = OwnEventData(load_default=dict)


class OwnEventsIn(RequestSchema):
    """Up to twenty events, which happen now."""

    example = {"events": [{"id": "check-in-1", "type": "check_in", "data": {"mood": "sunny"}}]}

    events = Items(Nested(OwnEventIn), required=True, least=1, most=EVENTS_MAX)


class EventFieldError(Out):
    """What is wrong with one field of an event."""

    pointer = Text(required=True)
    code = Text(required=True)
    detail = Text(required=True)


class EventError(Out):
    """Why an event was refused; the same codes as everywhere."""

    code = Text(required=True)
    detail = Text(required=True)
    user_message = Text(required=True)
    errors = Items(Nested(EventFieldError), required=True)


class EventResult(Out):
    """What became of one event: `created`, `duplicate` or `refused`. `id` is the app's."""

    id = Text(required=True)
    status = Text(required=True)
    activity_id = Text(required=True, allow_none=True)
    occurred_at = Instant(required=True, allow_none=True)
    effects = Items(Nested(show.Effect), required=True)
    error = Nested(EventError, required=True, allow_none=True)


class OwnEventsOut(Out):
    """A result for each event, in the order sent, and what has moved."""

    results = Items(Nested(EventResult), required=True)
    updates = Nested(Updates, required=True)


class EventFieldOut(Out):
    """A field of an event. `least` and `most` bound a number, or the length of a text."""

    name = Text(required=True)
    type = Text(required=True)
    is_required = Boolean(required=True)
    least = Integer(required=True, allow_none=True)
    most = Integer(required=True, allow_none=True)
    choices = Items(Text(), required=True)


class EventTypeOut(Out):
    """A type of event. `often` is always, daily, weekly, monthly or once; `is_open` says whether
    one would count now.
    """

    type = Text(required=True)
    title = Text(required=True)
    often = Text(required=True)
    is_open = Boolean(required=True)
    fields_ = Items(Nested(EventFieldOut), required=True, data_key="fields", attribute="fields")


class EventTypesOut(Out):
    """What the app may report."""

    items = Items(Nested(EventTypeOut), required=True)


@member.get("/me/events/types", "listMyEventTypes", answers={200: EventTypesOut})
def list_my_event_types(call: Call) -> Reply:
    """List what the app may report for the member, and what each report holds."""
    programme, me = call.configuration.programme, call.principal.id
    return Reply(
        {
            "items": [
                _present_type(one, call.locale, is_open(call.tx, me, one, programme, call.now))
                for one in own_types(call.tx, programme.revision)
            ]
        }
    )


@member.post(
    "/me/events",
    "createMyEvents",
    body=OwnEventsIn,
    answers={200: OwnEventsOut},
    idempotency="required",
)
def create_my_events(call: Call) -> Reply:
    """Report what the member has done. Each event succeeds or is refused by itself.

    Events happen at the moment at which they arrive: a phone's clock is not asked.
    """
    recording = Recording(call.configuration, call.principal.name, call.now)
    results = [_report(call, event, recording) for event in call.body["events"]]
    wallet = open_book(call.tx, call.principal.id, POINTS, call.now).wallet
    recorded = [done for _, done in results if isinstance(done, Outcome)]
    others = {one.unit: one for done in recorded for one in done.others}
    updates = updates_now(call.tx, wallet, tier_view_of(call), [*others.values()])
    new = [done.activity_id for done in recorded if not done.is_duplicate]
    updates |= moved_in_games(call, call.principal.id, new, [*others.values()])
    return Reply({"results": [_present(call, *one) for one in results], "updates": updates})


def _report(
    call: Call, event: dict[str, Any], recording: Recording
) -> tuple[str, Outcome | Refusal]:
    """Record one event; a refusal leaves nothing of it behind."""
    me = call.principal
    report = Report(me.id, event["type"], me.name, event["id"], call.now, None, event["data"])
    point = call.tx.begin_nested()
    try:
        outcome = report_activity(call.tx, report, recording, by_member=True)
    except Refusal as refusal:
        point.rollback()
        return event["id"], refusal
    point.commit()
    return event["id"], outcome


def _present(call: Call, event_id: str, done: Outcome | Refusal) -> dict[str, Any]:
    if isinstance(done, Refusal):
        nothing: dict[str, Any] = {"activity_id": None, "occurred_at": None, "effects": []}
        return {"id": event_id, "status": "refused", "error": _error(done, call.locale)} | nothing
    return {
        "id": event_id,
        "status": "duplicate" if done.is_duplicate else "created",
        "activity_id": done.activity_id,
        "occurred_at": done.occurred_at,
        "effects": show.effects_of(done.trace, done.currency_code, tier_view_of(call)),
        "error": None,
    }


def _error(refusal: Refusal, locale: str) -> dict[str, Any]:
    return {
        "code": refusal.code,
        "detail": refusal.detail,
        "user_message": user_message(refusal, locale),
        "errors": refusal.errors if isinstance(refusal, ValidationFailed) else [],
    }


def _present_type(declared: ActivityType, locale: str, is_open_now: bool) -> dict[str, Any]:
    return {
        "type": declared.key,
        "title": in_language(declared.names, locale),
        "often": declared.often,
        "is_open": is_open_now,
        "fields": [_present_field(field) for field in declared.fields],
    }


def _present_field(field: ReportField) -> dict[str, Any]:
    bounds: dict[str, int | None] = {"least": None, "most": None}
    if field.type in (FieldType.TEXT, FieldType.INTEGER):
        largest = TEXT_MAX if field.type is FieldType.TEXT else NUMBER_MAX
        bounds = {"least": field.least or 0, "most": most_of(field, largest)}
    return {
        "name": field.name,
        "type": field.type,
        "is_required": field.is_required,
        "choices": list(field.choices),
    } | bounds
