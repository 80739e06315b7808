"""A game that would break its promise cannot be configured."""

import pytest

from server.gamification.definitions.errors import DefinitionInvalid
from server.gamification.games.settings import cost_notes
from server.gamification.games.types import Chance, Mode, Pacing, Per
from tests.builders.instant_wins import game_of, prize

POINTS_3 = [{"kind": "points", "amount": 3}]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"chance": {"p": 249_999, "q": 1_000_000}}, "/chance"),
        ({"chance": {"p": 5, "q": 4}}, "/chance"),
        ({"chance": {"p": 1}}, "/chance/q"),
        ({"consolation": None}, "/consolation"),
        ({"consolation": {"weight": 1}}, "/consolation/points"),
        ({"consolation": {"points": 0}}, "/consolation/points"),
        ({"prizes": [], "consolation": {"points": 5}}, "/consolation/weight"),
        ({"prizes": [prize(benefits=[])]}, "/prizes/0/benefits"),
        ({"prizes": [prize("points")]}, "/prizes"),
        ({"prizes": [prize(), prize()]}, "/prizes"),
        ({"prizes": [prize(pacing={"count": 1, "per": "day"})]}, "/prizes/0/pacing"),
        ({"prizes": [prize(benefits=[{"kind": "plays", "key": "wheel"}])]}, "/prizes/0/benefits"),
        ({"price_points": 6}, "/consolation/points"),
        ({"price_points": 5, "prizes": [prize(benefits=POINTS_3)]}, "/prizes/0/benefits"),
        ({"free_per_day": 3, "per_day_max": 2}, "/free_per_day"),
        ({"condition": "activity_kind = purchase"}, "/condition"),
        (
            {"starts_at": "2026-03-02T00:00:00Z", "ends_at": "2026-03-01T00:00:00Z"},
            "/ends_at",
        ),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_a_game_that_breaks_its_promise_is_refused(changes, pointer):
    with pytest.raises(DefinitionInvalid) as refused:
        game_of(**changes)
    assert pointer in [error["pointer"] for error in refused.value.errors]


def test_points_cannot_be_farmed():
    """Five points back for one win in four is fine at two points a play, not at one."""
    only_points = {"prizes": [], "consolation": {"points": 5, "weight": 1}}
    assert game_of(price_points=2, **only_points).price_points == 2
    with pytest.raises(DefinitionInvalid) as refused:
        game_of(price_points=1, **only_points)
    assert [error["code"] for error in refused.value.errors] == ["farming"]


def test_a_game_has_the_floor_as_its_chance_unless_it_is_higher():
    assert (game_of().chance, game_of().mode) == (Chance(1, 4), Mode.FAIR_COIN)
    assert game_of(chance={"p": 1, "q": 3}).chance == Chance(1, 3)
    paced = game_of(prizes=[prize(stock=10, pacing={"count": 2, "per": "hour"})])
    assert paced.prizes[0].pacing == Pacing(2, Per.HOUR)


def test_the_cost_is_told_before_publishing():
    notes = cost_notes(game_of(prizes=[prize(weight=1, value_minor=400)]))
    assert notes == [
        "A play wins with 1/4; 1/4 of plays win.",
        "100 plays: about 25 wins, at 99.9 % at most 39; about 5000, at most 15600 minor units.",
        "1000 plays: about 250 wins, at 99.9 % at most 293; about 50000, at most 117200"
        " minor units.",
        "10000 plays: about 2500 wins, at 99.9 % at most 2635; about 500000, at most 1054000"
        " minor units.",
    ]
