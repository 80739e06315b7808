"""Confirming purchases whose points wait for it."""

from server.api.endpoint import Call, Reply
from server.api.moved import moved_in_games
from server.api.partner import partner
from server.api.partner.own import check_own_activity
from server.api.partner.transactions import present_part, recording_of
from server.api.presenters import purchases as show
from server.api.presenters.updates import Updates, updates_now
from server.api.schemas import Nested, RequestSchema
from server.api.schemas import ResponseSchema as Out
from server.api.views import tier_view_of
from server.core.errors import NotFound
from server.gamification.confirmations.errors import ConfirmationLate, NotAwaited, TransactionClosed
from server.gamification.confirmations.service import confirm_purchase


class ConfirmationIn(RequestSchema):
    """Nothing needs to be said."""


class PostedConfirmation(Out):
    """The confirmed purchase, and the balance with its points. `duplicate`: confirmed before."""

    transaction = Nested(show.TransactionOut, required=True)
    updates = Nested(Updates, required=True)


@partner.post(
    "/transactions/{transaction_id}/confirmation",
    "confirmTransaction",
    scope="transactions:write",
    body=ConfirmationIn,
    answers={200: PostedConfirmation},
    refuses=(NotFound, NotAwaited, TransactionClosed, ConfirmationLate),
    idempotency="required",
)
def confirm_transaction(call: Call, transaction_id: str) -> Reply:
    """Confirm a purchase: its points become available.

    For example when it was delivered. Repeating it is harmless. A purchase that is not confirmed in
    time is cancelled.
    """
    check_own_activity(call, transaction_id)
    recording = recording_of(call)
    confirmed = confirm_purchase(call.tx, transaction_id, recording)
    updates = updates_now(call.tx, confirmed.wallet, tier_view_of(call), confirmed.others)
    if confirmed.others:
        updates |= moved_in_games(call, confirmed.wallet.member_id, (), confirmed.others)
    part = present_part(confirmed.row) | {"duplicate": confirmed.is_repeated}
    return Reply({"transaction": part, "updates": updates})
