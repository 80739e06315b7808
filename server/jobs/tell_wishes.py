"""Tell members that there is enough now for a reward that they wish for.

Wishes are looked at here, and not where points come in: purchases pay nothing for them.
"""

from datetime import datetime

from server.core.db import reading, transaction
from server.gamification.programme.errors import ProgrammeMissing
from server.gamification.programme.queries import current_revision
from server.gamification.rewards.catalogue import get_catalogue
from server.gamification.rewards.types import Reward
from server.gamification.rewards.wishes import page_of_waiting, tell_if_affordable

PAGE = 100


def run(*, now: datetime, limit: int = 1000) -> int:
    """Tell up to about `limit` members of each reward; return how many were told."""
    try:
        with reading() as tx:
            live = get_catalogue(tx, current_revision(tx)).live
    except ProgrammeMissing:
        return 0
    wanted = [one for one in live if one.price and one.available.is_open(now)]
    return sum(_tell_all(reward, now, limit) for reward in wanted)


def _tell_all(reward: Reward, now: datetime, limit: int) -> int:
    """Go through everybody who waits for a reward, a transaction for each member."""
    told, after_id = 0, ""
    while told < limit:
        with reading() as tx:
            ids = page_of_waiting(tx, reward, after_id, PAGE)
        if not ids:
            break
        for member_id in ids:
            with transaction() as tx:
                told += tell_if_affordable(tx, member_id, reward, now)
        after_id = ids[-1]
    return told
