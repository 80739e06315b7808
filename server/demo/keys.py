"""What a visitor of the demo needs: keys of a partner and a till, and a member signed in."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, desc, func, select

from server.core.crypto import Vault
from server.core.owner_setup import offer_owner_setup
from server.gamification.badges.models import BADGE_AWARD
from server.gamification.facts.models import MEMBER_FACTS
from server.gamification.ledger.models import WALLET
from server.gamification.members.models import MEMBER
from server.gamification.members.queries import get_member
from server.gamification.members.types import Status
from server.gamification.partners.keys import add_partner_key
from server.gamification.partners.queries import list_locations
from server.gamification.partners.service import (
    add_device,
    add_partner,
    offer_pairing,
    pair_device,
)
from server.gamification.partners.types import Profile, Scope
from server.gamification.programme.types import POINTS, STARS
from server.gamification.sessions.service import open_session
from server.gamification.sessions.tokens import Issuer
from server.gamification.sessions.types import Installation
from server.gamification.standings.models import MEMBER_TIER
from server.gamification.streaks.models import STREAK_RUN
from server.gamification.tiers.models import TIER
from server.gamification.vouchers.models import VOUCHER

NEARLY_A_MUG = (1300, 1590)
"""Points with which most rewards can be had, and one almost."""
LATELY = timedelta(days=8)
PHONE = Installation("demo-phone", "Fairstar demo")
_BADGES = select(func.count(BADGE_AWARD.c.badge_id.distinct())).where(
    BADGE_AWARD.c.member_id == MEMBER.c.id, BADGE_AWARD.c.revoked_at.is_(None)
)
_USED = select(func.count()).where(VOUCHER.c.member_id == MEMBER.c.id, VOUCHER.c.state == "used")
_RUN = select(func.max(STREAK_RUN.c.current)).where(
    STREAK_RUN.c.member_id == MEMBER.c.id, STREAK_RUN.c.last_on >= bindparam("since")
)


def _amount(unit: str) -> ColumnElement[int]:
    of = (WALLET.c.member_id == MEMBER.c.id, WALLET.c.unit == unit)
    return func.coalesce(select(WALLET.c.available).where(*of).scalar_subquery(), 0)


_BEST = (
    select(MEMBER.c.id)
    .join(MEMBER_FACTS, MEMBER_FACTS.c.member_id == MEMBER.c.id, isouter=True)
    .where(MEMBER.c.status == Status.ACTIVE.value)
    .order_by(
        desc(_amount(POINTS).between(*NEARLY_A_MUG)),
        desc(_amount(POINTS).between(350, 3000)),
        desc(_amount(STARS) > 0),
        desc(_USED.scalar_subquery() > 0),
        desc(func.coalesce(_RUN.scalar_subquery(), 0) > 1),
        desc(_BADGES.scalar_subquery()),
        desc(func.coalesce(MEMBER_FACTS.c.visits, 0)),
        MEMBER.c.id,
    )
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Keys:
    """The secrets of the demo; each is shown once by its service, so the demo keeps them."""

    partner: str
    till: str
    owner_setup: str

    def dump(self) -> dict[str, str]:
        """Return the keys as JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Visitor:
    """A member who is signed in: name, tier, points, and a token for a while."""

    member_id: str
    name: str
    tier: str
    points: int
    token: str
    until: datetime


def make_keys(tx: Connection, vault: Vault, now: datetime) -> Keys:
    """Make a partner with a key for everything, pair a till, offer the owner's set-up."""
    partner_id, _ = add_partner(tx, vault, "Kohvik Täht web shop", now)
    key = add_partner_key(tx, partner_id, "demo", tuple(Scope), now)
    place = list_locations(tx)[0]
    device = add_device(tx, "Till 1", place.id, Profile.TILL_FULL, now)
    _, till = pair_device(tx, offer_pairing(tx, device.id, now).token, now)
    return Keys(key.secret, till.secret, offer_owner_setup(tx, now))


def welcome(tx: Connection, issuer: Issuer, now: datetime) -> Visitor:
    """Sign in a lively member on a demo phone: points, stars, a streak, badges."""
    member = get_member(tx, tx.execute(_BEST, {"since": now.date() - LATELY}).scalar_one())
    tokens = open_session(tx, issuer, member, PHONE, now)
    tier, points = _standing(tx, member.id)
    names = (member.profile.first_name, member.profile.last_name)
    name = " ".join(part for part in names if part)
    return Visitor(member.id, name, tier, points, tokens.access_token, tokens.access_expires_at)


def _standing(tx: Connection, member_id: str) -> tuple[str, int]:
    of_points = and_(WALLET.c.member_id == MEMBER.c.id, WALLET.c.unit == POINTS)
    found: Any = tx.execute(
        select(TIER.c.names, WALLET.c.available)
        .select_from(MEMBER)
        .join(MEMBER_TIER, MEMBER_TIER.c.member_id == MEMBER.c.id, isouter=True)
        .join(TIER, TIER.c.id == MEMBER_TIER.c.tier_id, isouter=True)
        .join(WALLET, of_points, isouter=True)
        .where(MEMBER.c.id == member_id)
    ).first()
    return (found.names["en"] if found.names else "Bronze", found.available or 0)
