"""Domain events of transfers between members, one for each of the two."""

from server.core.outbox import Event
from server.gamification.transfers.types import MemberTransfer


def of_transfer(made: MemberTransfer) -> list[Event]:
    """Return what the sender and the recipient are told; neither learns who the other is."""
    payload = {"member_transfer_id": made.id, "unit": made.unit, "amount": made.amount}
    return [
        Event("points.given", payload, made.sender_id),
        Event("points.received", payload, made.recipient_id),
    ]
