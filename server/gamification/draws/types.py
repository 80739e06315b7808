"""The words of draws."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Ticket:
    """One sealed ticket: its random id (32 hex digits) and its entrant's pseudonym (64).

    `nonce` is what the entrant's app threw in (hex, possibly empty). The pool's root covers it, so
    it is mixed into the seed.
    """

    id: str
    entrant: str
    nonce: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is signed and published before the round exists; hashes are hex.

    In documents the four counts are called N, T, Wm and Wc.
    """

    raffle_id: str
    rules_hash: str
    entrants: int
    tickets: int
    main_prizes: int
    consolation_prizes: int
    pool_root: str
    ledger_checkpoint: str
    chain_hash: str
    round: int


@dataclass(frozen=True, slots=True)
class Signature:
    """An Ed25519 signature and the public key it is by, both hex."""

    public_key: str
    value: str


class Scope(StrEnum):
    """What an entry of the void list takes out of the draw."""

    TICKET = "ticket"
    ENTRANT = "entrant"


@dataclass(frozen=True, slots=True)
class Void:
    """A ticket or an entrant (its id) that stays in the list and is skipped, and why."""

    scope: Scope
    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class MainPlace:
    """A place in the order of the main draw, from 1, and the ticket that reached it."""

    place: int
    ticket: str
    entrant: str


@dataclass(frozen=True, slots=True)
class SecondPlace:
    """A place in the order of the second chance, from 1."""

    place: int
    entrant: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """The result. Alternates continue the places of their order: the next is the first of them.

    `main` and `main_alternates` hold every entrant once, winners of consolation prizes too;
    `second` and `second_alternates` hold everybody who is not in `main`.
    """

    main: tuple[MainPlace, ...]
    second: tuple[SecondPlace, ...]
    main_alternates: tuple[MainPlace, ...]
    second_alternates: tuple[SecondPlace, ...]


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That the leaf at `index` of `size` is in the tree: hashes (hex) from the leaf to the root."""

    index: int
    size: int
    path: Sequence[str]
