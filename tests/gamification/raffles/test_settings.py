"""Settings of raffles: what cannot be kept is refused, with numbers of what is wrong."""

import json
import re

import pytest

from server.gamification.definitions.errors import DefinitionInvalid
from server.gamification.raffles.checklist import accepted_of, fund_findings
from server.gamification.raffles.settings import read_raffle
from tests.builders.raffles import christmas
from tests.tidy.tree import ROOT


def read(**changes):
    return read_raffle("rfl_one", "xmas", christmas(**changes))


def refused(**changes):
    with pytest.raises(DefinitionInvalid) as refusal:
        read(**changes)
    return [(error["pointer"], error["code"]) for error in refusal.value.errors]


def capped(**changes):
    settings = {"policy": "capped", "consolation": None, "budget": None, "accepted": None}
    return settings | {"cap": 4, "entrants_min": 0} | changes


def test_a_raffle_that_keeps_its_promise_is_read():
    raffle = read()
    assert (raffle.main_prizes, raffle.fund_minor) == (1, 60_00 + 100 * 60)


def test_what_the_owner_accepts_by_name_is_told():
    (text,) = accepted_of(read())
    assert text.startswith("With 10 entrants of one ticket the prizes return 6180 of 500 paid.")


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"accepted": None}, ("", "return_above_price")),
        ({"consolation": {"amount": 49, "value_minor": 49}}, ("", "consolation_sham")),
        ({"consolation": {"amount": 181, "value_minor": 9}}, ("", "consolation_farmed")),
        ({"budget": 179}, ("", "budget_exceeded")),
        ({"budget": None}, ("", "budget_missing")),
        ({"entrants_min": 4}, ("", "entrants_min_low")),
        ({"entrants_max": 9}, ("", "entrants_max_low")),
        ({"consolation": None}, ("/consolation", "required")),
        ({"consolation": {"unit": "stars", "amount": 60, "value_minor": 1}},
         ("/consolation/unit", "invalid")),
        ({"price": None}, ("/price", "required")),
        ({"prizes": []}, ("/prizes", "required")),
        ({"closes_at": "2026-01-01T00:00:00Z"}, ("/closes_at", "invalid")),
        ({"regions": ["US"]}, ("/free_entry", "required")),
        ({"regions": ["Estonia"]}, ("/regions", "unknown")),
        ({"organiser": {"name": "Eva"}}, ("/organiser/contact", "required")),
        ({"receiving": None}, ("/receiving", "required")),
        ({"who": {}}, ("/who/age_min", "required")),
        ({"who": {"age_min": 0, "condition": "visits >= 3"}}, ("/who/words", "required")),
        (
            {"who": {"age_min": 0, "condition": "activity_items >= 3", "words": {"en": "x"}}},
            ("/who/condition", "invalid"),
        ),
        ({"accepted": {"findings": ["return_above_price"]}}, ("/accepted/by", "required")),
        (capped(cap=5), ("/cap", "invalid")),
        (capped(budget=10), ("/consolation", "invalid")),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused(changes, found):
    assert found in refused(**changes)


def test_capped_tickets_need_no_consolation():
    assert read(**capped()).consolation is None


def test_the_refusal_says_by_how_much():
    with pytest.raises(DefinitionInvalid) as refusal:
        read(budget=1000, entrants_max=200)
    (error,) = refusal.value.errors
    assert error["detail"] == (
        "With 200 entrants the consolation prizes cost 3000, the budget is 1000:"
        " it carries 65 entrants."
    )


def test_the_raffle_of_the_guide_can_be_used():
    guide = (ROOT / "docs/guides/raffles.md").read_text(encoding="utf-8")
    (settings,) = re.findall(r"```json\n(.*?)```", guide, re.DOTALL)
    assert read_raffle("rfl_one", "xmas", json.loads(settings)).main_prizes == 3


@pytest.mark.parametrize(
    ("minor", "currency", "codes"),
    [
        (10_00, "EUR", []),
        (10_000_00, "EUR", [(False, "fund_large")]),
        (100_000_00, "EUR", [(True, "fund_too_large")]),
        (10_00, "GBP", [(False, "fund_unchecked")]),
    ],
)
def test_estonia_limits_the_fund_of_prizes(minor, currency, codes):
    raffle = read(prizes=[{"names": {"en": "Car"}, "value_minor": minor}])
    assert [(fatal, one.code) for fatal, one in fund_findings(raffle, currency)] == codes
