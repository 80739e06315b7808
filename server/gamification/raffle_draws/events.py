"""Events of draws, as they go to the outbox: ids and numbers, no personal data."""

from server.core.outbox import Event
from server.gamification.draws.types import Manifest
from server.gamification.raffle_draws.types import Win


def of_sealing(manifest: Manifest) -> Event:
    """A raffle is sealed: what whoever wants to hold us to it should keep."""
    told: dict[str, object] = {
        "raffle_id": manifest.raffle_id,
        "entrants": manifest.entrants,
        "tickets": manifest.tickets,
        "consolations": manifest.consolation_prizes,
        "pool_root": manifest.pool_root,
        "chain_hash": manifest.chain_hash,
        "round": manifest.round,
    }
    return Event("raffle.sealed", told)


def of_result(raffle_id: str, member_id: str) -> Event:
    """The results are in, for somebody who has entered: not whether they won."""
    return Event("raffle.drawn", {"raffle_id": raffle_id}, member_id)


def of_win(win: Win) -> Event:
    """A member has won a main prize, to be claimed by an instant."""
    assert win.claim_by_at is not None
    told = {"prize_id": win.id, "kind": str(win.draw), "claim_by": win.claim_by_at.isoformat()}
    return Event("raffle.won", {"raffle_id": win.raffle_id} | told, win.member_id)
