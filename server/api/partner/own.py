"""Partners apart: without the scope `partners:all` a key touches only what its partner recorded.

A till belongs to the partner of its location. A location without one is the house's, and its tills
serve everybody. What belongs to others does not exist for the caller.
"""

from server.api.endpoint import Call
from server.core.errors import NotFound, Refusal
from server.gamification.activities.queries import find_activity
from server.gamification.holds.errors import HoldNotFound
from server.gamification.holds.queries import find_hold_actor
from server.gamification.partners.queries import find_partner_of_key
from server.gamification.vouchers.queries import find_use

_KEY = "key:"


def actor_of(call: Call) -> str:
    """Return the caller's key as the actor of what it records."""
    return f"{_KEY}{call.principal.extra['key_id']}"


def check_own_activity(call: Call, activity_id: str) -> None:
    """Raise NotFound when another partner recorded the purchase or report."""
    if not call.principal.extra["sees_all"]:
        row = find_activity(call.tx, activity_id)
        if row is not None:
            check_recorded_by(call, row.actor, NotFound("There is no such purchase."))


def check_own_hold(call: Call, hold_id: str) -> None:
    """Raise HoldNotFound when another partner set the points aside."""
    if not call.principal.extra["sees_all"]:
        actor = find_hold_actor(call.tx, hold_id)
        if actor is not None and not actor.startswith("member:"):
            check_recorded_by(call, actor, HoldNotFound())


def check_own_use(call: Call, use_id: str) -> None:
    """Raise NotFound when another partner used the voucher."""
    if not call.principal.extra["sees_all"]:
        use = find_use(call.tx, use_id)
        if use is not None:
            check_recorded_by(call, use.actor, NotFound("There is no such use of a voucher."))


def check_recorded_by(call: Call, actor: str, refusal: Refusal) -> None:
    """Raise `refusal` unless `actor` is a key of the caller's partner."""
    extra = call.principal.extra
    if extra["sees_all"]:
        return
    is_key = actor.startswith(_KEY)
    partner_id = find_partner_of_key(call.tx, actor.removeprefix(_KEY)) if is_key else None
    if partner_id is None or partner_id != extra["owner_id"]:
        raise refusal
