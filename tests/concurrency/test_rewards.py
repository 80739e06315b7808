"""Rewards that many want at once: the last one goes to exactly one, and nothing is used twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from server.core.db import transaction
from server.gamification.code_pools.service import pooled_reward, upload_rows
from server.gamification.code_pools.types import Row
from server.gamification.ledger.errors import BalanceInsufficient
from server.gamification.rewards.errors import RewardLimitReached, RewardSoldOut
from server.gamification.vouchers.ending import cancel, lapse_vouchers
from server.gamification.vouchers.errors import (
    CodeExhausted,
    VoucherEnded,
    VoucherExpired,
    VoucherNotCancellable,
    VoucherUsed,
)
from server.gamification.vouchers.models import REWARD_CODE, VOUCHER
from server.gamification.vouchers.pool import upload_codes
from server.gamification.vouchers.types import Till, Voucher
from server.gamification.vouchers.using import Seen, undo_use, use_voucher
from tests.builders.members import VAULT
from tests.builders.purchases import NOW, add_member, give, open_shop
from tests.builders.rewards import (
    EVA,
    gift_card,
    held,
    id_of_use,
    offer,
    pieces,
    show,
    shown,
    take,
    uses,
)
from tests.concurrency.crowd import assert_sound, once, queue_up, refused, rush

REDEEMERS, ROUNDS, ROUNDS_AT_NIGHT = 200, 50, 1000
THREADS = 20


def crowd(app, members, points=100):
    def join(tx):
        open_shop(tx)
        ids = [add_member(tx) for _ in range(members)]
        for member_id in ids:
            give(tx, member_id, points)
        return ids

    return once(app, join)


def taking(member_id, reward_id, now=NOW):
    return lambda tx: take(tx, member_id, reward_id, now)


def offering(key, **changes):
    return lambda tx: offer(tx, key, **changes)


def counting(reward_id):
    return lambda tx: pieces(tx, reward_id)


def had(results):
    return [result for result in results if isinstance(result, Voucher)]


def test_the_last_unit_goes_to_exactly_one_of_two_hundred(app):
    members = crowd(app, REDEEMERS)
    reward = once(app, lambda tx: offer(tx, stock=1))
    results = rush(app, [taking(member, reward) for member in members])
    (winner,) = had(results)
    assert len(refused(results, RewardSoldOut)) == REDEEMERS - 1
    assert once(app, lambda tx: pieces(tx, reward)) == (1, 1, 0)
    others = [member for member in members if member != winner.member_id]
    assert once(app, lambda tx: {held(tx, member) for member in others}) == {(100, 0)}
    assert_sound(app, NOW)


def test_the_last_unit_goes_to_exactly_one_in_every_round(app, pytestconfig):
    members = crowd(app, REDEEMERS)
    rounds = ROUNDS_AT_NIGHT if pytestconfig.getoption("--nightly") else ROUNDS
    for number in range(rounds):
        key = f"coffee-{number}"
        reward = once(app, offering(key, stock=1, price={"points": 2}))
        results = queue_up(app, [taking(member, reward) for member in members], THREADS)
        assert len(had(results)) == 1
        assert len(refused(results, RewardSoldOut)) == REDEEMERS - 1
        assert once(app, counting(reward)) == (1, 1, 0)
    assert_sound(app, NOW)


def test_the_last_points_buy_one_of_two_rewards(app):
    (ana,) = crowd(app, 1, points=30)
    first, second = (once(app, offering(key, stock=5)) for key in "ab")
    results = rush(app, [taking(ana, first), taking(ana, second)] * 4)
    assert len(had(results)) == 1
    assert len(refused(results, BalanceInsufficient)) == 7
    assert once(app, lambda tx: held(tx, ana)) == (0, 30)
    reserved = once(app, count_reserved)
    assert reserved == 1
    assert_sound(app, NOW)


def count_reserved(tx):
    asked = select(func.count()).where(VOUCHER.c.stock == "reserved")
    return tx.execute(asked).scalar_one()


def test_a_limit_holds_however_often_a_member_taps(app):
    (ana,) = crowd(app, 1)
    reward = once(app, lambda tx: offer(tx, limit={"total": 2}, price={"points": 1}))
    results = rush(app, [taking(ana, reward)] * 10)
    assert len(had(results)) == 2
    assert len(refused(results, RewardLimitReached)) == 8
    assert_sound(app, NOW)


def test_the_same_voucher_at_two_tills_is_used_once(app):
    (ana,) = crowd(app, 1)
    reward = once(app, lambda tx: offer(tx, stock=1))
    voucher = once(app, taking(ana, reward))
    code = once(app, lambda tx: shown(tx, voucher))
    works = [
        lambda tx, name=name: use_voucher(tx, VAULT, code, Till(f"device:{name}"), NOW)
        for name in range(10)
    ]
    results = rush(app, works)
    assert len([one for one in results if isinstance(one, Seen)]) == 1
    assert len(refused(results, VoucherUsed)) == 9
    assert once(app, uses) == 1
    assert once(app, lambda tx: pieces(tx, reward)) == (1, 0, 1)
    assert_sound(app, NOW)


def test_a_voucher_is_used_or_cancelled_or_runs_out_but_only_one_of_them(app):
    (ana,) = crowd(app, 1, points=1000)
    reward = once(app, lambda tx: offer(tx, stock=10, validity={"minutes": 5}))
    for number in range(6):
        voucher = once(app, taking(ana, reward))
        late = NOW + timedelta(minutes=5) if number % 2 else NOW
        works = [
            lambda tx, of=voucher: show(tx, of),
            lambda tx, of=voucher: cancel(tx, ana, of.id, "member:ana", NOW),
            lambda tx, at=late: lapse_vouchers(tx, at, 10),
        ]
        results = rush(app, works)
        ends = (VoucherUsed, VoucherEnded, VoucherExpired, VoucherNotCancellable)
        lost = [one for one in results if isinstance(one, ends)]
        ended = sum(isinstance(one, Seen | Voucher) or one == 1 for one in results)
        assert (ended, len(lost)) in {(1, 1), (1, 2), (2, 1)}
    assert_sound(app, NOW + timedelta(minutes=5))


def test_a_use_is_undone_once(app):
    (ana,) = crowd(app, 1)
    seen = once(app, lambda tx: show(tx, take(tx, ana, offer(tx, stock=1))))
    results = rush(app, [lambda tx: undo_use(tx, id_of_use(seen), "device:dan", NOW)] * 8)
    assert sorted(one.is_repeated for one in results) == [False] + [True] * 7
    assert once(app, lambda tx: held(tx, ana)) == (70, 30)
    assert_sound(app, NOW)


@pytest.mark.parametrize("codes", [1, 7])
def test_every_uploaded_code_is_given_once(app, codes):
    members = crowd(app, 12)
    reward = once(app, lambda tx: offer(tx, "card", settings=gift_card()))
    texts = [f"CARD-{number}" for number in range(codes)]
    once(app, lambda tx: upload_codes(tx, VAULT, "card", texts, EVA, NOW))
    results = rush(app, [taking(member, reward) for member in members])
    assert len(had(results)) == codes
    assert len(refused(results, CodeExhausted)) == 12 - codes
    given = select(REWARD_CODE.c.voucher_id)
    ids = once(app, lambda tx: set(tx.execute(given).scalars()))
    assert ids == {voucher.id for voucher in had(results)}
    assert_sound(app, NOW)


def test_a_file_of_codes_uploaded_many_times_at_once_is_added_once(app):
    once(app, open_shop)
    for key in ("card", "other"):
        once(app, offering(key, settings=gift_card()))
    rows = [Row(number, f"CARD-{number}") for number in range(60)]

    def upload(key):
        with app.app_context(), transaction() as tx:
            return upload_rows(tx, VAULT, pooled_reward(tx, key), rows, EVA, NOW)

    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(upload, ["card", "other"] * 4))
    assert sorted(one.added for one in results) == [0] * 7 + [60]
    assert sorted((one.known, len(one.errors)) for one in results) == [
        *[(0, 0)],
        *[(0, 60)] * 4,
        *[(60, 0)] * 3,
    ]
    assert_sound(app, NOW)
