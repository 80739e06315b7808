"""Pools of codes: faults by row, repeats that change nothing, codes made here, what is exported."""

import secrets

import pytest
from sqlalchemy import select

from server.core.audit import AUDIT
from server.gamification.code_pools.errors import RewardHasOwnCodes
from server.gamification.code_pools.queries import count_codes
from server.gamification.code_pools.rules import check_rows, make_code
from server.gamification.code_pools.service import (
    export_codes,
    generate_codes,
    pooled_reward,
    upload_rows,
)
from server.gamification.code_pools.types import PoolCount, Row, RowError, Upload
from server.gamification.definitions.errors import DefinitionUnknown
from server.gamification.invariants.service import check_all
from server.gamification.vouchers.codes import ALPHABET, has_code_form, normal_code
from server.gamification.vouchers.models import REWARD_CODE
from tests.builders.members import VAULT
from tests.builders.purchases import NOW, add_member, give, open_shop
from tests.builders.rewards import EVA, gift_card, offer, shown, take

ROWS = [Row(number, text) for number, text in enumerate(("AB-1", "", "cd 2 ", "ab1", "x" * 65), 1)]


@pytest.fixture
def card(tx):
    """A gift card whose codes are uploaded."""
    open_shop(tx)
    offer(tx, "card", settings=gift_card())
    yield pooled_reward(tx, "card")
    assert check_all(tx, NOW) == []


def test_rows_are_codes_blank_or_faults():
    good, errors = check_rows([*ROWS, Row(6, "a\u202eb"), Row(7, "O-0"), Row(8, "o0")])
    assert {normal: row.number for normal, row in good.items()} == {"AB1": 1, "CD2": 3, "00": 7}
    told = [(4, "double"), (5, "too_long"), (6, "not_printable"), (8, "double")]
    assert errors == [RowError(*one) for one in told]


def test_an_upload_says_what_became_of_each_row_and_may_be_repeated(tx, card):
    errors = (RowError(4, "double"), RowError(5, "too_long"))
    assert upload_rows(tx, VAULT, card, ROWS, EVA, NOW) == Upload(2, 0, errors)
    assert upload_rows(tx, VAULT, card, ROWS, EVA, NOW) == Upload(0, 2, errors)
    assert count_codes(tx) == {card.id: PoolCount(2, 0)}


def test_a_code_of_another_reward_is_a_fault(tx, card):
    upload_rows(tx, VAULT, card, ROWS, EVA, NOW)
    offer(tx, "other", settings=gift_card())
    found = upload_rows(tx, VAULT, pooled_reward(tx, "other"), [*ROWS[:2], Row(9, "N")], EVA, NOW)
    assert found == Upload(1, 0, (RowError(1, "belongs_elsewhere"),))


def test_only_rewards_with_uploaded_codes_have_pools(tx, card):
    offer(tx, "coffee")
    with pytest.raises(RewardHasOwnCodes):
        pooled_reward(tx, "coffee")
    with pytest.raises(DefinitionUnknown):
        pooled_reward(tx, "none")


def test_a_made_code_cannot_be_guessed_or_misread():
    made = {make_code(secrets.choice) for _ in range(1000)}
    assert len(made) == 1000
    assert all(set(code) <= {*ALPHABET, "-"} and len(code) == 19 for code in made)
    assert 16 * (len(ALPHABET).bit_length() - 1) >= 60
    assert not any(has_code_form(normal_code(code)) for code in made)
    assert not set(ALPHABET) & set("ILOU")


def test_codes_made_here_are_given_out_and_stand_nowhere_in_the_clear(tx, card):
    made = generate_codes(tx, VAULT, card, 3, EVA, NOW)
    ana = add_member(tx)
    give(tx, ana, 50)
    voucher = take(tx, ana, card.id)
    assert shown(tx, voucher) in made
    for row in tx.execute(select(REWARD_CODE)):
        assert not [code for code in made if code in str(row) or normal_code(code) in str(row)]
    assert count_codes(tx) == {card.id: PoolCount(2, 1)}


def test_an_export_has_all_codes_and_is_written_down(tx, card):
    made = generate_codes(tx, VAULT, card, 2, EVA, NOW)
    found = export_codes(tx, VAULT, card, EVA, NOW)
    assert sorted(one.code for one in found) == sorted(made)
    assert {(one.voucher_id, one.taken_at) for one in found} == {(None, None)}
    audited = select(AUDIT.c.after).where(AUDIT.c.action == "reward.codes_exported")
    assert tx.execute(audited).scalars().all() == [{"codes": 2}]
