"""From a seed to the winners: an order by hash, so that nothing depends on where tickets lie.

Main draw: tickets by ascending HMAC-SHA256(seed, "main|" + ticket), each entrant at the first of
his. Second chance: all who did not win there by ascending HMAC-SHA256(seed, "second|" + entrant).
What is void is skipped: it removes itself and changes the order of nobody else.
"""

import hmac
from collections.abc import Callable, Iterable, Sequence

from server.gamification.draws.types import (
    Drawn,
    MainPlace,
    Manifest,
    Scope,
    SecondPlace,
    Ticket,
    Void,
)


def draw(
    manifest: Manifest, tickets: Sequence[Ticket], seed: bytes, void: Iterable[Void] = ()
) -> Drawn:
    """Return winners and alternates. `tickets` may come in any order.

    Raise `ValueError` when they are not as many as were sealed.
    """
    if len(tickets) != manifest.tickets:
        raise ValueError(f"{manifest.tickets} tickets were sealed, {len(tickets)} are here")
    ranked = main_order(_standing(tickets, void), seed)
    main = ranked[: manifest.main_prizes]
    others = second_order((place.entrant for place in ranked[len(main) :]), seed)
    won = manifest.consolation_prizes
    return Drawn(main, others[:won], ranked[len(main) :], others[won:])


def main_order(tickets: Iterable[Ticket], seed: bytes) -> tuple[MainPlace, ...]:
    """Return every entrant once, at the place of the first of his tickets."""
    hash_of = _keyed(seed, b"main|")
    by_hash = {hash_of(one.id): one for one in tickets}
    first: dict[str, str] = {}
    for key in sorted(by_hash):
        ticket = by_hash[key]
        first.setdefault(ticket.entrant, ticket.id)
    return tuple(MainPlace(place, first[who], who) for place, who in enumerate(first, 1))


def second_order(entrants: Iterable[str], seed: bytes) -> tuple[SecondPlace, ...]:
    """Return the entrants in the order of the second chance."""
    ranked = sorted(
        (hmac.digest(seed, f"second|{who}".encode(), "sha256"), who) for who in entrants
    )
    return tuple(SecondPlace(place, who) for place, (_, who) in enumerate(ranked, 1))


def _keyed(seed: bytes, beginning: bytes) -> Callable[[str], bytes]:
    """Return HMAC-SHA256 of a beginning and a text; the beginning is hashed only once."""
    begun = hmac.new(seed, beginning, "sha256")

    def hash_of(text: str) -> bytes:
        made = begun.copy()
        made.update(text.encode())
        return made.digest()

    return hash_of


def _standing(tickets: Iterable[Ticket], void: Iterable[Void]) -> Iterable[Ticket]:
    gone = {(one.scope, one.id) for one in void}
    if not gone:
        return tickets
    return [
        one
        for one in tickets
        if (Scope.TICKET, one.id) not in gone and (Scope.ENTRANT, one.entrant) not in gone
    ]
