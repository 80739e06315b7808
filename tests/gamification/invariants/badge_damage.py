"""What can be wrong with badges, by the sentence of the invariant that finds it."""

from typing import Any

from sqlalchemy import update

from server.gamification.badges.models import BADGE_AWARD
from tests.builders.purchases import NOW

BADGE_DAMAGE: dict[str, list[Any]] = {
    "A level of a badge is held once in its period.": ["UPDATE badge_award SET level = 1"],
    "A quota counts what staff gave.": ["UPDATE badge_quota SET used = used + 1"],
    "What staff gave has its quota.": ["DELETE FROM badge_quota"],
    "What a badge gave is taken back with it when its purchase is.": [
        "UPDATE benefit_grant SET state = 'given', taken_back_at = NULL WHERE ref_kind = 'badge'"
    ],
    "An award has a level and a source, and its dates follow each other.": [
        "UPDATE badge_award SET level = 0",
        "UPDATE badge_award SET source = 'found'",
        update(BADGE_AWARD).values(seen_at=NOW.replace(year=2001)),
        update(BADGE_AWARD).values(revoked_at=NOW.replace(year=2001)),
        update(BADGE_AWARD).values(expires_at=NOW.replace(year=2001)),
    ],
    "A badge has holders, and no more of them than there are members.": [
        "UPDATE badge_rarity SET holders = members + 1",
        "UPDATE badge_rarity SET holders = 0",
    ],
    "A back-fill ends after it begins.": ["UPDATE badge_backfill SET awarded = -1"],
}
