"""Badges are given once, taken back, seen, counted; people give within a quota."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from server.core.audit import AUDIT
from server.core.outbox import OUTBOX
from server.gamification.badges import errors, service
from server.gamification.badges.models import BADGE_AWARD, BADGE_QUOTA
from server.gamification.badges.queries import ask_earned, ask_held, ask_rarity, list_held
from server.gamification.badges.rarity import count_rarity
from server.gamification.badges.settings import BADGES
from server.gamification.badges.staff import give_by_staff
from server.gamification.badges.types import Origin, Source
from server.gamification.definitions.service import pause
from server.gamification.invariants.service import check_all
from server.gamification.members.errors import MemberBlocked
from server.gamification.members.models import MEMBER
from tests.builders.badges import EVA, earn_badges, publish
from tests.builders.purchases import NOW, add_member, open_shop

DAY = timedelta(days=1)
MONTHLY = {"quota": 2, "per": "month"}
GRANT = Origin(Source.GRANT, EVA)


@pytest.fixture
def ana(tx: Connection) -> str:
    open_shop(tx)
    return add_member(tx)


def held(tx: Connection, member_id: str) -> list[tuple[int, str]]:
    found = list_held(tx, member_id, NOW.date())
    return sorted((one.level, str(one.source)) for one in found)


def topics(tx: Connection) -> list[str]:
    asked = select(OUTBOX.c.topic).where(OUTBOX.c.topic.like("badge.%")).order_by(OUTBOX.c.topic)
    return list(tx.execute(asked).scalars())


def test_a_badge_is_given_once_and_announced(tx: Connection, ana: str) -> None:
    publish(tx, "guest", None)
    made = service.award(tx, ana, "guest", 1, GRANT, NOW)
    assert (made.level.number, made.period, held(tx, ana)) == (1, "", [(1, "grant")])
    with pytest.raises(errors.BadgeHeld):
        service.award(tx, ana, "guest", 1, GRANT, NOW)
    assert topics(tx) == ["badge.earned"]


def test_a_badge_that_is_not_in_force_cannot_be_given(tx: Connection, ana: str) -> None:
    guest = publish(tx, "guest", None)
    for level in (0, 2):
        with pytest.raises(errors.BadgeUnknown):
            service.award(tx, ana, "guest", level, GRANT, NOW)
    pause(tx, BADGES, guest.id, EVA, NOW)
    with pytest.raises(errors.BadgeUnknown):
        service.award(tx, ana, "guest", 1, GRANT, NOW)


def test_a_revoked_badge_stays_as_history_and_can_be_earned_again(tx: Connection, ana: str) -> None:
    publish(tx, "guest", None)
    first = service.award(tx, ana, "guest", 1, GRANT, NOW)
    assert service.revoke(tx, first.id, "returned", NOW) is not None
    assert service.revoke(tx, first.id, "returned", NOW) is None
    assert held(tx, ana) == []
    again = service.award(tx, ana, "guest", 1, GRANT, NOW)
    rows = tx.execute(select(BADGE_AWARD.c.id, BADGE_AWARD.c.revoke_reason)).all()
    assert sorted(map(tuple, rows)) == sorted([(first.id, "returned"), (again.id, None)])
    assert topics(tx) == ["badge.earned", "badge.earned", "badge.revoked"]


def test_a_badge_for_some_days_makes_room_when_it_has_run_out(tx: Connection, ana: str) -> None:
    publish(tx, "week", None, days=7)
    service.award(tx, ana, "week", 1, GRANT, NOW)
    with pytest.raises(errors.BadgeHeld):
        service.award(tx, ana, "week", 1, GRANT, NOW + 7 * DAY)
    service.award(tx, ana, "week", 1, GRANT, NOW + 9 * DAY)
    assert len(list_held(tx, ana, NOW.date())) == 1


def test_what_is_read_of_yearly_badges_does_not_grow_with_the_years(
    tx: Connection, ana: str
) -> None:
    publish(tx, "yearly", "activity_kind = purchase", period="year")
    for years in range(5):
        service.award(tx, ana, "yearly", 1, GRANT, NOW + years * 366 * DAY)
    days = [NOW.date(), (NOW + 366 * DAY).date()]
    found = ask_held(tx, [ana, "mem_none"], days)()
    assert sorted(one.period for one in found[ana]) == ["2026", "2027"]
    assert {key[1]: one.times for key, one in ask_earned(tx, ana)().items()} == {1: 5}


def test_badges_are_new_until_they_are_seen(tx: Connection, ana: str) -> None:
    publish(tx, "guest", None, None)
    service.award(tx, ana, "guest", 1, GRANT, NOW)
    service.award(tx, ana, "guest", 2, GRANT, NOW + DAY)
    assert service.mark_seen(tx, ana, NOW, NOW + 2 * DAY) == 1
    new = {level: one.is_new for (_, level), one in ask_earned(tx, ana)().items()}
    assert new == {1: False, 2: True}
    assert service.mark_seen(tx, ana, NOW + DAY, NOW + 2 * DAY) == 1
    assert service.mark_seen(tx, ana, NOW + DAY, NOW + 2 * DAY) == 0


def test_staff_give_one_level_after_the_other_within_their_quota(tx: Connection, ana: str) -> None:
    badge = publish(tx, "helper", None, None, None, staff=MONTHLY)
    given = [give_by_staff(tx, ana, "helper", "thanks", EVA, NOW) for _ in range(2)]
    assert [made.level.number for made in given] == [1, 2]
    with pytest.raises(errors.BadgeQuotaSpent) as caught:
        give_by_staff(tx, ana, badge.id, "thanks", EVA, NOW)
    assert caught.value.params == {"quota": 2, "next_on": "2026-12-01"}
    third = give_by_staff(tx, ana, badge.id, "thanks", EVA, NOW + 9 * DAY)
    assert third.level.number == 3
    used = tx.execute(select(BADGE_QUOTA.c.used).order_by(BADGE_QUOTA.c.begins_on)).scalars()
    assert list(used) == [2, 1]
    actions = tx.execute(select(AUDIT.c.action).where(AUDIT.c.entity_id == ana)).scalars()
    assert list(actions).count("badge.given") == 3


def test_staff_give_only_what_they_may(tx: Connection, ana: str) -> None:
    publish(tx, "earned", "visits >= 100")
    publish(tx, "first", None, staff=MONTHLY)
    publish(tx, "second", None, staff=MONTHLY, prerequisites=["first"])
    with pytest.raises(errors.BadgeNotGrantable):
        give_by_staff(tx, ana, "earned", "thanks", EVA, NOW)
    with pytest.raises(errors.BadgeLocked) as caught:
        give_by_staff(tx, ana, "second", "thanks", EVA, NOW)
    assert caught.value.params == {"missing": ["first"]}
    give_by_staff(tx, ana, "first", "thanks", EVA, NOW)
    give_by_staff(tx, ana, "second", "thanks", EVA, NOW)
    with pytest.raises(errors.BadgeHeld):
        give_by_staff(tx, ana, "second", "thanks", EVA, NOW)
    tx.execute(MEMBER.update().values(status="blocked"))
    with pytest.raises(MemberBlocked):
        give_by_staff(tx, ana, "first", "thanks", EVA, NOW)
    assert check_all(tx, NOW) == []


def test_rarity_counts_active_members_who_hold_it_now(tx: Connection, ana: str) -> None:
    badge = publish(tx, "week", None, days=7)
    ben, _ = add_member(tx), add_member(tx)
    for member_id in (ana, ben):
        service.award(tx, member_id, "week", 1, GRANT, NOW)
    assert count_rarity(tx, NOW) == 1
    assert ask_rarity(tx)() == {(badge.id, 1): (2, 3)}
    tx.execute(MEMBER.update().where(MEMBER.c.id == ben).values(status="blocked"))
    count_rarity(tx, NOW)
    assert ask_rarity(tx)() == {(badge.id, 1): (1, 2)}
    assert count_rarity(tx, NOW + 8 * DAY) == 0
    assert ask_rarity(tx)() == {}


def test_all_ways_to_a_badge_obey_the_invariants(tx: Connection, ana: str) -> None:
    earn_badges(tx, ana)
    assert held(tx, ana) == [(1, "backfill"), (1, "staff"), (2, "staff")]
    assert [str(found) for found in check_all(tx, NOW)] == []
