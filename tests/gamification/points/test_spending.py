"""Points as money: at least so many, and at most a share of the bill."""

import pytest

from server.gamification.points.errors import SpendShareExceeded, SpendTooSmall
from server.gamification.points.spending import check_least, check_share, most_points
from server.gamification.programme.types import Policies


@pytest.mark.parametrize(
    ("share", "worth", "bill", "most"),
    [
        (10_000, 100, 20_00, 20),
        (5_000, 100, 20_00, 10),
        (3_333, 100, 20_00, 6),
        (5_000, 1, 999, 499),
        (0, 100, 20_00, 0),
        (5_000, 0, 20_00, 0),
    ],
)
def test_points_pay_at_most_their_share_of_a_bill(share, worth, bill, most):
    assert most_points(Policies(spend_share_bp_max=share), worth, bill) == most


@pytest.mark.parametrize(("points", "paid"), [(10, 10_00), (1, 99_00), (0, 0)])
def test_a_share_that_is_kept_passes(points, paid):
    check_share(Policies(spend_share_bp_max=5_000), points, 100, paid)
    assert most_points(Policies(spend_share_bp_max=5_000), 100, paid + points * 100) >= points


def test_a_share_that_is_passed_says_how_many_there_may_be():
    with pytest.raises(SpendShareExceeded) as refused:
        check_share(Policies(spend_share_bp_max=5_000), 11, 100, 9_00)
    assert refused.value.params == {"most": 10}


def test_few_points_are_refused_with_how_many_are_needed():
    check_least(Policies(spend_points_min=5), 5)
    with pytest.raises(SpendTooSmall) as refused:
        check_least(Policies(spend_points_min=5), 4)
    assert refused.value.params == {"least": 5}
