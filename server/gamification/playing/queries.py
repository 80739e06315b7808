"""Reading what is played and who plays."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from server.core.clock import local_date
from server.core.columns import among
from server.core.statements import Later, Prepared
from server.gamification.badges.queries import get_badges, known_badges
from server.gamification.challenges import queries as challenges
from server.gamification.members.models import MEMBER
from server.gamification.playing.rules import zone_of
from server.gamification.playing.types import Games, Player
from server.gamification.programme.queries import RevisionCache
from server.gamification.programme.types import Programme
from server.gamification.star_cards.queries import get_star_cards
from server.gamification.streaks import queries as streaks

_M = MEMBER.c
_PLAYERS = Prepared(
    select(_M.id, _M.zone, _M.birthday, _M.locale, _M.created_at).where(among(_M.id, "ids"))
)


def get_games(tx: Connection, revision: str) -> Games:
    """Return what is in force at a programme revision, loaded once per process."""
    return _CACHE.get(tx, revision)


def ask_players(
    tx: Connection, member_ids: Sequence[str], programme: Programme
) -> Later[dict[str, Player]]:
    """Send the question who plays; the answer is by member id."""
    sent = _PLAYERS.send(tx, {"ids": list(member_ids)})
    return lambda: {
        row.id: Player(
            row.id,
            zone_of(row.zone, programme.zone),
            local_date(row.created_at, programme.zone),
            row.birthday,
            row.locale or "",
        )
        for row in sent.all()
    }


def _load(tx: Connection, revision: str) -> Games:
    live = get_badges(tx, revision)
    return Games(
        challenges.PUBLISHED.live(tx, revision),
        streaks.PUBLISHED.live(tx, revision),
        live,
        tuple(badge for badge in known_badges(tx, revision) if badge not in live),
        get_star_cards(tx, revision),
        streaks.get_calendar(tx, revision),
    )


_CACHE = RevisionCache(_load)
