"""Activities that are no purchases: reported by the shop, taken back when wrong."""

from typing import Any

from server.api.endpoint import Call, Reply
from server.api.moved import with_moved
from server.api.partner import partner
from server.api.partner.own import check_own_activity
from server.api.partner.receipts import location_of, source_of
from server.api.partner.transactions import recording_of
from server.api.presenters import purchases as show
from server.api.presenters.tiers import TierView
from server.api.presenters.updates import Updates, updates_now, updates_of
from server.api.profiles import Attributes
from server.api.schemas import Boolean, Instant, Integer, Items, Nested, RequestSchema, Text
from server.api.schemas import ResponseSchema as Out
from server.api.views import tier_view_of
from server.core.errors import NotFound
from server.core.ids import EXAMPLE_MEMBER_ID
from server.gamification.activities.errors import (
    DuplicateMismatch,
    PurchaseInFuture,
    PurchaseTooOld,
)
from server.gamification.activities.types import Outcome
from server.gamification.activity_types.errors import ActivityTooOften, ActivityTypeUnknown
from server.gamification.activity_types.rules import TEXT_MAX
from server.gamification.ledger.errors import AmountInvalid
from server.gamification.members.errors import MemberBlocked, MemberMerged
from server.gamification.playing.returning import cancel_report
from server.gamification.playing.service import report_activity
from server.gamification.reports.service import Report


class EventData(Attributes):
    """What the type of an activity declares; its texts may be longer than those of members."""

    text_most = TEXT_MAX


class EventIn(RequestSchema):
    """An activity: `type` is one that the shop has declared, `data` what that type holds.

    `external_id` names it for ever together with `source` and `type`: it is never counted twice.
    """

    example = {
        "member_id": EXAMPLE_MEMBER_ID,
        "type": "review",
        "external_id": "review-1001",
        "data": {"stars": 5},
    }

    member_id = Text(required=True, most=40)
    type = Text(required=True, most=20)
    external_id = Text(required=True, most=100)
    occurred_at = Instant(metadata={"description": "Now, when not sent."})
    location_id = Text(most=40, load_default=None, allow_none=True)
    source = Text(most=40, load_default=None, allow_none=True, pattern="[A-Za-z0-9_.:-]+")
    data = EventData(load_default=dict)


class EventCancellationIn(RequestSchema):
    """Nothing needs to be said."""


class EventOut(Out):
    """An activity as recorded. `duplicate` is true when it was known before."""

    id = Text(required=True)
    duplicate = Boolean(required=True)
    type = Text(required=True)
    state = Text(required=True)
    member_id = Text(required=True)
    occurred_at = Instant(required=True)


class PostedEvent(Out):
    """What became of an activity."""

    event = Nested(EventOut, required=True)
    effects = Items(Nested(show.Effect), required=True)
    not_applied = Items(Nested(show.NotAppliedOut), required=True)
    updates = Nested(Updates, required=True)


class CancelledEvent(Out):
    """What was taken back."""

    event_id = Text(required=True)
    state = Text(required=True)
    points_taken = Integer(required=True)
    updates = Nested(Updates, required=True)


@partner.post(
    "/events",
    "createEvent",
    scope="events:write",
    body=EventIn,
    answers={201: PostedEvent, 200: PostedEvent},
    refuses=(
        NotFound,
        MemberBlocked,
        MemberMerged,
        ActivityTypeUnknown,
        ActivityTooOften,
        PurchaseInFuture,
        PurchaseTooOld,
        AmountInvalid,
        DuplicateMismatch,
    ),
    idempotency="required",
)
def create_event(call: Call) -> Reply:
    """Record an activity other than a purchase, and give what it earns."""
    recording = recording_of(call)
    outcome = report_activity(call.tx, _report_of(call), recording)
    view = tier_view_of(call)
    body = with_moved(call, present_event(outcome, call.body["type"], view), outcome)
    return Reply(body, 200 if outcome.is_duplicate else 201)


@partner.post(
    "/events/{event_id}/cancellation",
    "cancelEvent",
    scope="events:write",
    body=EventCancellationIn,
    answers={200: CancelledEvent},
    refuses=(NotFound,),
    idempotency="required",
)
def cancel_event(call: Call, event_id: str) -> Reply:
    """Take an activity back with all that it gave. Repeating it is harmless."""
    check_own_activity(call, event_id)
    recording = recording_of(call)
    done = cancel_report(call.tx, event_id, recording)
    view = tier_view_of(call)
    body = {
        "event_id": done.activity_id,
        "state": done.state,
        "points_taken": done.points_taken,
        "updates": updates_now(call.tx, done.wallet, view, done.others),
    }
    return Reply(body)


def _report_of(call: Call) -> Report:
    body = call.body
    location_id = location_of(call, body)
    return Report(
        member_id=body["member_id"],
        kind=body["type"],
        source=source_of(call, body["source"], location_id),
        external_id=body["external_id"],
        occurred_at=body.get("occurred_at") or call.now,
        location_id=location_id,
        data=body["data"],
    )


def present_event(outcome: Outcome, kind: str, view: TierView) -> dict[str, Any]:
    """Return the answer to a recorded activity."""
    return {
        "event": {
            "id": outcome.activity_id,
            "duplicate": outcome.is_duplicate,
            "type": kind,
            "state": outcome.state,
            "member_id": outcome.member_id,
            "occurred_at": outcome.occurred_at,
        },
        "effects": show.effects_of(outcome.trace, outcome.currency_code, view),
        "not_applied": show.not_applied_of(outcome.trace, view),
        "updates": updates_of(outcome.wallet, outcome.shopper, view, outcome.others),
    }
