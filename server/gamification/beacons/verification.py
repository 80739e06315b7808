"""Whether a round is the one it claims to be, whatever its source."""

from server.gamification.beacons.bls import is_signed_round
from server.gamification.beacons.errors import RoundWrong
from server.gamification.beacons.rules import QUICKNET, randomness_of, refuse_foreign_link
from server.gamification.beacons.types import Round, Source


def verify_round(given: Round) -> None:
    """Raise `RoundWrong` unless randomness, and signature or place in the chain, are right."""
    if randomness_of(given.signature) != given.randomness:
        raise RoundWrong("the randomness is not the hash of the signature")
    if given.source is Source.LOCAL:
        refuse_foreign_link(given)
    elif given.chain_hash != QUICKNET.hash:
        raise RoundWrong("the chain is not quicknet")
    elif not is_signed_round(QUICKNET.public_key, given.number, given.signature):
        raise RoundWrong("the signature is not quicknet's of this round")
