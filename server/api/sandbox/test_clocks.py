"""The test clock: the whole installation moved forward in time."""

from datetime import datetime, timedelta
from typing import Any

from server.api.endpoint import Call, Reply
from server.api.sandbox import sandbox
from server.api.schemas import Choice, Instant, Integer, Items, Nested, RequestSchema, Text
from server.api.schemas import ResponseSchema as Out
from server.core.errors import NotFound, ValidationFailed
from server.core.sandbox_clock import (
    YEARS_MAX,
    ClockBusy,
    ClockInUse,
    ClockNotForward,
    SandboxClock,
    create_clock,
    find_clock,
    get_clock,
    remove_clock,
    send_clock,
)
from server.gamification.nights.queries import last_happening

SECONDS_MAX = YEARS_MAX * 366 * 86_400


class FiredOut(Out):
    """Something that fell due while the clock moved: `night.expire` is a step of a night."""

    at = Instant(required=True)
    name = Text(required=True)
    count = Integer(required=True)


class TestClockOut(Out):
    """The test clock. `fired` is what happened during its last move, in order."""

    id = Text(required=True)
    status = Choice("ready", "advancing", required=True)
    now = Instant(required=True)
    target_at = Instant(required=True, allow_none=True)
    fired = Items(Nested(FiredOut), required=True)


class AdvanceIn(RequestSchema):
    """Where the clock goes: to an instant, or on by so many seconds. Give one of the two."""

    example = {"by_seconds": 86_400}

    to = Instant(load_default=None, allow_none=True)
    by_seconds = Integer(load_default=None, allow_none=True, least=1, most=SECONDS_MAX)


@sandbox.post(
    "/test-clocks",
    "createTestClock",
    scope="sandbox",
    answers={201: TestClockOut, 200: TestClockOut},
)
def create_test_clock(call: Call) -> Reply:
    """Make the test clock of the installation, which shows the machine's time.

    There is one: when it is there already it is returned as it is.
    """
    is_new = find_clock(call.tx) is None
    return Reply(_present(create_clock(call.tx)), 201 if is_new else 200)


@sandbox.get(
    "/test-clocks/{clock_id}",
    "getTestClock",
    scope="sandbox",
    answers={200: TestClockOut},
    refuses=(NotFound,),
)
def get_test_clock(call: Call, clock_id: str) -> Reply:
    """Get the test clock, and what fired during its last move."""
    return Reply(_present(get_clock(call.tx, clock_id)))


@sandbox.post(
    "/test-clocks/{clock_id}/advance",
    "advanceTestClock",
    scope="sandbox",
    body=AdvanceIn,
    answers={202: TestClockOut},
    refuses=(NotFound, ClockBusy, ClockNotForward),
)
def advance_test_clock(call: Call, clock_id: str) -> Reply:
    """Move the clock forward, by two years at most.

    A worker moves it; whatever falls due on the way happens in its order, at its instant. Ask for
    the clock until its status is `ready`.
    """
    return Reply(_present(send_clock(call.tx, clock_id, _target(call), call.now)), 202)


@sandbox.delete(
    "/test-clocks/{clock_id}",
    "deleteTestClock",
    scope="sandbox",
    answers={204: None},
    refuses=(NotFound, ClockBusy, ClockInUse),
)
def delete_test_clock(call: Call, clock_id: str) -> Reply:
    """Go back to the machine's time, unless anything happened later than that."""
    remove_clock(call.tx, clock_id, last_happening(call.tx))
    return Reply(None, 204)


def _target(call: Call) -> datetime:
    to, seconds = call.body["to"], call.body["by_seconds"]
    if (to is None) == (seconds is None):
        text = "Give either an instant or a number of seconds."
        raise ValidationFailed.at("/to", "one_of", text)
    found: Any = to if to is not None else call.now + timedelta(seconds=seconds)
    assert isinstance(found, datetime)
    return found


def _present(found: SandboxClock) -> dict[str, Any]:
    return {
        "id": found.id,
        "status": found.status,
        "now": found.now,
        "target_at": found.target_at,
        "fired": [one | {"at": datetime.fromisoformat(one["at"])} for one in found.fired],
    }
