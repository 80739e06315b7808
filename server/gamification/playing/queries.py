"""Reading what is played and who plays."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, select

from server.core.clock import local_date
from server.core.columns import among
from server.core.statements import Later, Prepared
from server.gamification.badges.queries import get_badges, known_badges
from server.gamification.badges.subjects import Person
from server.gamification.challenges import queries as challenges
from server.gamification.ledger.models import TRANSFER, WALLET
from server.gamification.ledger.queries import wallet_of
from server.gamification.ledger.types import Wallet
from server.gamification.members.models import MEMBER
from server.gamification.playing.rules import zone_of
from server.gamification.playing.types import Games, Player
from server.gamification.programme.queries import RevisionCache
from server.gamification.programme.types import Programme
from server.gamification.raffles import queries as raffles
from server.gamification.star_cards.queries import get_star_cards
from server.gamification.streaks import queries as streaks

_M = MEMBER.c
_PLAYERS = Prepared(
    select(_M.id, _M.zone, _M.birthday, _M.locale, _M.created_at).where(among(_M.id, "ids"))
)
_MOVED = Prepared(
    select(WALLET)
    .join(
        TRANSFER,
        and_(TRANSFER.c.wallet_id == WALLET.c.id, TRANSFER.c.wallet_version == WALLET.c.version),
    )
    .where(WALLET.c.member_id == bindparam("member_id"), TRANSFER.c.recorded_at == bindparam("now"))
    .order_by(WALLET.c.unit)
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
            zone_of(row.zone, programme.zone),
            Person(local_date(row.created_at, programme.zone), row.birthday, row.locale or ""),
        )
        for row in sent.all()
    }


def moved_wallets(tx: Connection, member_id: str, now: datetime) -> list[Wallet]:
    """Return those of a member's wallets whose last movement was recorded at `now`."""
    return [wallet_of(row) for row in _MOVED.all(tx, {"member_id": member_id, "now": now})]


def _load(tx: Connection, revision: str) -> Games:
    live = get_badges(tx, revision)
    return Games(
        challenges.PUBLISHED.live(tx, revision),
        streaks.PUBLISHED.live(tx, revision),
        live,
        tuple(badge for badge in known_badges(tx, revision) if badge not in live),
        get_star_cards(tx, revision),
        streaks.get_calendar(tx, revision),
        tuple(one for one in raffles.PUBLISHED.live(tx, revision) if one.purchases is not None),
    )


_CACHE = RevisionCache(_load)
