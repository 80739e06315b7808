"""The presets give what their description says, to the point."""

import pytest

from server.gamification.activities.configuration import get_configuration
from server.gamification.invariants.service import check_all
from server.gamification.playing.joining import welcome
from server.gamification.presets.queries import get_preset, list_presets
from server.gamification.presets.service import apply_preset
from server.gamification.programme.errors import (
    PresetUnknown,
    ProgrammeExists,
    ProgrammeNameInvalid,
)
from server.gamification.programme.queries import get_programme
from server.gamification.standings.queries import get_standing
from server.gamification.tiers.rules import current_tier
from tests.builders.purchases import NOW, add_member, buy, put_in_tier


def tier_of(tx, member_id):
    tier = current_tier(get_configuration(tx).ladder, get_standing(tx, member_id))
    return tier and tier.key


def benefits_of(tx):
    ladder = get_configuration(tx).ladder
    return {
        tier.key: (tier.earn_multiplier_bp, tier.discount_bp, [b.kind for b in tier.benefits])
        for tier in ladder.tiers
    }


def test_four_metals_give_their_rates_discounts_and_gifts(tx):
    apply_preset(tx, "four_metals", NOW)
    gifts = ["free_delivery", "birthday_gift", "personal_manager"]
    assert benefits_of(tx) == {
        "bronze": (10_000, 500, []),
        "silver": (15_000, 1000, ["free_delivery"]),
        "gold": (20_000, 1500, gifts),
        "platinum": (30_000, 2000, gifts),
    }
    assert get_programme(tx).units["points"].worth_minor == 100


@pytest.mark.parametrize(
    ("tier", "points"), [("bronze", 10), ("silver", 15), ("gold", 20), ("platinum", 30)]
)
def test_each_metal_earns_at_its_rate(tx, tier, points):
    apply_preset(tx, "four_metals", NOW)
    ana = add_member(tx)
    put_in_tier(tx, ana, tier)
    assert buy(tx, ana, 100_00).trace["points"] == points
    assert buy(tx, ana, 9_99 if tier == "bronze" else 0).trace["points"] == 0


def test_the_metals_are_climbed_at_500_and_2000_points(tx):
    apply_preset(tx, "four_metals", NOW)
    ana = add_member(tx)
    climbed = []
    for minor in (4990_00, 9_99, 10_00, 9993_00, 10_00, 10_00):
        buy(tx, ana, minor)
        climbed.append(tier_of(tx, ana))
    assert climbed == ["bronze", "bronze", "silver", "silver", "silver", "gold"]
    assert check_all(tx, NOW) == []


def test_platinum_is_by_invitation_and_stays(tx):
    apply_preset(tx, "four_metals", NOW)
    ana = add_member(tx)
    put_in_tier(tx, ana, "platinum")
    buy(tx, ana, 10_00)
    assert (tier_of(tx, ana), get_standing(tx, ana).source) == ("platinum", "invited")


def test_everyday_points_give_a_twentieth_back_in_cents(tx):
    apply_preset(tx, "everyday_points", NOW)
    ana = add_member(tx)
    earned = [buy(tx, ana, minor).trace["points"] for minor in (7_60, 19, 20, 30_00, 99_00)]
    assert earned == [38, 0, 1, 150, 150]
    programme = get_programme(tx)
    assert programme.units["points"].worth_minor == 1
    given = welcome(tx, ana, "system:test", NOW)
    assert given is not None
    assert [part.benefit.amount for part in given.parts] == [100]
    assert {unit: len(programme.policies.expiry_of(unit)) for unit in programme.units} == {
        "points": 1,
        "stars": 1,
    }
    assert check_all(tx, NOW) == []


@pytest.mark.parametrize(
    ("spent_minor", "tier", "discount_bp"),
    [
        (9_999_99, "member", 0),
        (10_000_00, "five", 500),
        (19_999_99, "five", 500),
        (20_000_00, "seven", 700),
        (50_000_00, "ten", 1000),
    ],
)
def test_the_discount_grows_with_what_was_spent_in_all(tx, spent_minor, tier, discount_bp):
    apply_preset(tx, "progressive_discount", NOW)
    ana = add_member(tx)
    buy(tx, ana, spent_minor - 1_00)
    outcome = buy(tx, ana, 1_00)
    assert (tier_of(tx, ana), outcome.trace["points"]) == (tier, 0)
    assert benefits_of(tx)[tier][1] == discount_bp
    assert check_all(tx, NOW) == []


@pytest.mark.parametrize("key", [key for key, _, _ in list_presets()])
def test_every_preset_is_complete_in_all_its_languages(tx, key):
    preset = get_preset(key)
    apply_preset(tx, key, NOW)
    locales = set(get_programme(tx).locales)
    named = [*preset.get("tiers", ()), *preset.get("earn_rules", ())]
    assert all(set(thing["names"]) == locales for thing in named)
    assert preset["title"]
    assert preset["summary"]


def test_a_preset_may_be_changed_while_it_is_applied(tx):
    apply_preset(tx, "four_metals", NOW, {"name": "Kohvik", "zone": "Europe/Riga"})
    programme = get_programme(tx)
    assert (programme.name, programme.zone.key) == ("Kohvik", "Europe/Riga")


def test_a_programme_in_use_is_not_replaced(tx):
    apply_preset(tx, "four_metals", NOW)
    with pytest.raises(ProgrammeExists):
        apply_preset(tx, "progressive_discount", NOW)


def test_an_unknown_preset_names_the_known_ones(tx):
    with pytest.raises(PresetUnknown) as refusal:
        apply_preset(tx, "five_metals", NOW)
    assert "four_metals" in refusal.value.params["known"]


def test_the_name_of_a_programme_is_one_line_with_letters_in_it(tx):
    for name in ("", "\u202e\n ", "x" * 121):
        with pytest.raises(ProgrammeNameInvalid):
            apply_preset(tx, "points_only", NOW, {"name": name})
    apply_preset(tx, "points_only", NOW, {"name": "Kohvik\n\u202eKuld"})
    assert get_programme(tx).name == "Kohvik Kuld"
