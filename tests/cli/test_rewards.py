"""Stock, pools of codes and orders, as an operator types them."""

import re

import pytest

from server.cli.rewards import STATUS_WITH_ERRORS
from server.core.db import transaction
from server.core.errors import NotFound
from server.gamification.code_pools.errors import RewardHasOwnCodes
from server.gamification.vouchers.errors import FulfilmentStepWrong
from tests.builders.purchases import add_member
from tests.builders.rewards import gift_card, give_lots, mug, offer, take
from tests.fixtures.schema import running_app


@pytest.fixture
def shop(points_only):
    """A gift card with uploaded codes, three mugs, and an order of one."""
    with running_app(points_only) as app, app.app_context(), transaction() as tx:
        offer(tx, "card", settings=gift_card())
        reward = offer(tx, "mug", settings=mug(stock=3))
        member_id = add_member(tx)
        give_lots(tx, member_id, (100, 60))
        return take(tx, member_id, reward)


def test_codes_are_uploaded_with_faults_by_row_and_once(fairstar, shop, tmp_path):
    file = tmp_path / "codes.csv"
    rows = [f"CARD-{number:04},ten" for number in range(1002)]
    file.write_text("\n".join([*rows, "card 0001", "", "x" * 65]), encoding="utf-8-sig")
    done = fairstar("rewards", "codes", "upload", "card", file)
    assert done.exit_code == STATUS_WITH_ERRORS
    assert "row 1005: longer than 64 characters\n" in done.output
    assert done.output.endswith("1002 added, 1 there already, 1 left out.\n")
    again = fairstar("rewards", "codes", "upload", "card", file)
    assert again.output.endswith("0 added, 1003 there already, 1 left out.\n")
    assert fairstar("rewards", "codes", "count", "card").output == "1002 free, 0 given out.\n"


def test_a_file_that_is_no_text_changes_nothing(fairstar, shop, tmp_path):
    file = tmp_path / "codes.bin"
    file.write_bytes(b"\xff\xfe\x00")
    refused = fairstar("rewards", "codes", "upload", "card", file)
    assert (refused.exit_code, "cannot be read as text" in refused.output) == (1, True)
    assert fairstar("rewards", "codes", "count", "card").output == "0 free, 0 given out.\n"


def test_codes_are_made_and_exported(fairstar, shop):
    made = fairstar("rewards", "codes", "generate", "card", 3).output.split()
    assert all(re.fullmatch(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", code) for code in made)
    head, *lines = fairstar("rewards", "codes", "export", "card").output.splitlines()
    assert head == "code,state,taken_at,voucher_id"
    assert sorted(lines) == sorted(f"{code},free,," for code in made)


def test_a_reward_with_codes_of_its_own_has_no_pool(fairstar, shop):
    for verb in (("generate", "mug", 1), ("export", "mug"), ("count", "mug")):
        with pytest.raises(RewardHasOwnCodes):
            fairstar("rewards", "codes", *verb)


def test_the_stock_is_listed(fairstar, shop):
    fairstar("rewards", "codes", "generate", "card", 2)
    lines = [line.split() for line in fairstar("rewards", "stock").output.splitlines()]
    assert ["card", "-", "-", "-", "-", "2", "Free", "coffee"] in lines
    assert ["mug", "3", "1", "0", "2", "-", "Free", "coffee"] in lines


def test_an_order_is_handed_on_and_received(fairstar, shop):
    assert shop.id in fairstar("vouchers", "waiting").output
    for step in ("prepared", "ready", "ready", "received"):
        assert f"used      {step:9}" in fairstar("vouchers", "fulfil", shop.id, step).output
    assert fairstar("vouchers", "waiting").output == ""
    with pytest.raises(FulfilmentStepWrong):
        fairstar("vouchers", "fulfil", shop.id, "sent")


def test_an_order_is_called_off(fairstar, shop):
    fairstar("vouchers", "fulfil", shop.id, "sent")
    cancelled = fairstar("vouchers", "cancel", shop.id, "--reason", "lost in the post")
    assert f"{shop.id}  cancelled" in cancelled.output
    assert "mug                             3        0        0        3" in (
        fairstar("rewards", "stock").output
    )
    with pytest.raises(NotFound):
        fairstar("vouchers", "cancel", "vch_none", "--reason", "no")
