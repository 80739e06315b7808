"""The beacon of drand: a round counts when two mirrors give the same and its signature is right."""

from collections.abc import Sequence
from datetime import datetime

from server.gamification.beacons.errors import RoundLate, RoundWrong
from server.gamification.beacons.rules import QUICKNET, fixed_round, published_at, round_after
from server.gamification.beacons.types import Fixed, Round, Source
from server.gamification.beacons.verification import verify_round
from server.integrations.drand.mirrors import TIMEOUT_SECONDS, ask

AGREEING = 2


class DrandBeacon:
    """drand's quicknet through its mirrors. Asks the net: use it outside of transactions."""

    source = Source.DRAND
    fixed_at_sealing = False

    def __init__(self, mirrors: Sequence[str], seconds: float = TIMEOUT_SECONDS) -> None:
        self._mirrors, self._seconds = tuple(mirrors), seconds

    def fix(self, closes_at: datetime, now: datetime) -> Fixed:
        """Return the round for a raffle that closes then. Raise `RoundPublic`."""
        return fixed_round(QUICKNET, closes_at, now)

    def draws_at(self, closes_at: datetime) -> datetime:
        """Return when the round of such a raffle becomes known."""
        return published_at(QUICKNET, round_after(QUICKNET, closes_at))

    def fetch(self, fixed: Fixed) -> Round:
        """Return the round. Mirrors are asked in turn until two agree.

        Raise `RoundLate` while fewer than two have it, `RoundWrong` when those that answer differ
        or agree on what is not the round. Either way the same round can be asked for again.
        """
        answers: list[Round] = []
        troubles: list[RoundLate | RoundWrong] = []
        for mirror in self._mirrors:
            try:
                given = ask(mirror, fixed.chain_hash, fixed.number, self._seconds)
            except (RoundLate, RoundWrong) as trouble:
                troubles.append(trouble)
                continue
            answers.append(given)
            if answers.count(given) == AGREEING:
                verify_round(given)
                return given
        raise _why_none(answers, troubles)


def _why_none(
    answers: Sequence[Round], troubles: Sequence[RoundLate | RoundWrong]
) -> RoundLate | RoundWrong:
    """Return what kept two mirrors from agreeing."""
    said = "; ".join(map(str, troubles))
    if len(answers) > 1:
        return RoundWrong("; ".join(filter(None, ["mirrors give different rounds", said])))
    wrong = [trouble for trouble in troubles if isinstance(trouble, RoundWrong)]
    return RoundWrong(said) if wrong else RoundLate(said)
