"""The sealed list of tickets as lines, which are also the leaves of its Merkle tree."""

import re
from collections.abc import Iterable, Iterator

from server.gamification.draws.types import Ticket
from server.gamification.proofs.merkle import merkle_root

HEADER = "ticket,entrant,nonce"
_LINE = re.compile(r"(?P<id>[0-9a-f]{32}),(?P<entrant>[0-9a-f]{64}),(?P<nonce>[0-9a-f]{0,64})")


def line_of(ticket: Ticket) -> str:
    """Return a ticket's line in the list of entries; its bytes are its leaf."""
    return f"{ticket.id},{ticket.entrant},{ticket.nonce}"


def sealed_lines(tickets: Iterable[Ticket]) -> list[str]:
    """Return the lines of all tickets in the order in which they are sealed, by ticket id.

    Raise `ValueError` for a ticket that is not of the form, or an id that is there twice.
    """
    lines = sorted(map(line_of, tickets))
    is_ticket = _LINE.fullmatch
    for line in lines:
        if is_ticket(line) is None:
            raise ValueError(f"not a ticket: {line[:120]}")
    if len({line[:32] for line in lines}) != len(lines):
        raise ValueError("a ticket is in the list twice")
    return lines


def root_of(lines: Iterable[str]) -> str:
    """Return the Merkle root (RFC 6962, hex) over sealed lines."""
    return merkle_root(map(str.encode, lines))


def entries_csv(lines: Iterable[str]) -> Iterator[bytes]:
    """Yield the public list of entries, line by line, in the order in which it was sealed."""
    yield f"{HEADER}\n".encode()
    for line in lines:
        yield f"{line}\n".encode()


def tickets_of(csv: str) -> list[Ticket]:
    """Return the tickets of a list of entries. Raise `ValueError`."""
    header, *lines = csv.split("\n")
    if header != HEADER or not lines or lines.pop() != "":
        raise ValueError("not a list of entries")
    return [_ticket(line) for line in lines]


def _ticket(line: str) -> Ticket:
    match = _LINE.fullmatch(line)
    if match is None:
        raise ValueError(f"not a ticket: {line[:120]}")
    return Ticket(match["id"], match["entrant"], match["nonce"])
