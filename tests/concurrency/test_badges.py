"""Badges given by many at once: no more than the quota, and to nobody twice."""

from sqlalchemy import select

from server.gamification.badges.backfill import backfill, begin_backfill
from server.gamification.badges.errors import BadgeHeld, BadgeQuotaSpent
from server.gamification.badges.models import BADGE_AWARD, BADGE_QUOTA
from server.gamification.badges.staff import give_by_staff
from server.gamification.badges.types import Award
from server.gamification.grants.awarding import give_for_awards
from tests.builders.badges import EVA, publish
from tests.builders.purchases import NOW, add_member, open_shop
from tests.concurrency.crowd import assert_sound, once, rush


def a_shop(app, members, *conditions, **changes):
    """A shop with a badge; return the badge and its members' ids."""

    def make(tx):
        open_shop(tx)
        return publish(tx, "hero", *conditions, **changes), [add_member(tx) for _ in range(members)]

    return once(app, make)


def giving(member_id):
    def give(tx):
        made = give_by_staff(tx, member_id, "hero", "thanks", EVA, NOW)
        give_for_awards(tx, [made], NOW)
        return made

    return give


def test_parallel_givers_share_one_quota(app):
    _, members = a_shop(app, 12, None, staff={"quota": 5, "per": "day"})
    found = rush(app, [giving(member_id) for member_id in members])
    assert sum(isinstance(one, Award) for one in found) == 5
    assert sum(isinstance(one, BadgeQuotaSpent) for one in found) == 7
    assert once(app, lambda tx: tx.execute(select(BADGE_QUOTA.c.used)).scalar_one()) == 5
    assert_sound(app, NOW)


def test_one_member_gets_a_badge_once_and_the_others_use_no_quota(app):
    _, (ana,) = a_shop(app, 1, None, staff={"quota": 50, "per": "day"})
    found = rush(app, [giving(ana)] * 8)
    assert sum(isinstance(one, Award) for one in found) == 1
    assert sum(isinstance(one, BadgeHeld) for one in found) == 7
    assert once(app, lambda tx: tx.execute(select(BADGE_QUOTA.c.used)).scalar_one()) == 1
    assert_sound(app, NOW)


def test_two_who_give_a_badge_to_all_give_it_once_to_each(app):
    badge, members = a_shop(app, 15, "member_days >= 0")
    ids = [once(app, lambda tx: begin_backfill(tx, badge.id, EVA, NOW)) for _ in range(2)]

    def page(backfill_id):
        def give(tx):
            step = backfill(tx, backfill_id, NOW, limit=10)
            give_for_awards(tx, step.awards, NOW)
            return len(step.awards)

        return give

    for _ in range(2):
        rush(app, [page(backfill_id) for backfill_id in ids * 2])
    holders = once(app, lambda tx: tx.execute(select(BADGE_AWARD.c.member_id)).scalars().all())
    assert sorted(holders) == sorted(members)
    assert_sound(app, NOW)
