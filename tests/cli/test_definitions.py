"""Badges and everything configured like them, from the command line."""

import json
from datetime import date

import pytest

from server.cli.definitions import json_of
from server.core.errors import NotFound
from server.gamification.badges.errors import BadgeNotBackfillable
from server.gamification.definitions.errors import (
    DefinitionInvalid,
    DefinitionKeyTaken,
    DefinitionStateWrong,
)

BADGE = """
names = { en = "Regular", et = "Püsiklient" }
[[levels]]
condition = "member_days >= 0"
benefits = [{ kind = "points", amount = 5 }]
"""


@pytest.fixture
def run(fairstar):
    def run_command(*words):
        result = fairstar(*words)
        assert result.exit_code == 0, result.output
        return result.output

    return run_command


@pytest.fixture
def badge_file(tmp_path):
    file = tmp_path / "regular.toml"
    file.write_text(BADGE, encoding="utf-8")
    return file


def test_a_badge_lives_from_draft_to_archive(run, badge_file, tmp_path):
    made = run("definitions", "create", "badge", "regular", badge_file)
    assert made.startswith("regular (bdg_")
    assert made.endswith(") is draft, version 0.\n")
    assert "is published, version 1.\n" in run("definitions", "publish", "badges", "regular")
    settings = json.loads(run("definitions", "show", "badge", "regular"))
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(settings | {"secret": True}), encoding="utf-8")
    waits = run("definitions", "change", "badge", "regular", changed)
    assert waits.endswith("is published, version 1, a draft waits.\n")
    draft = json.loads(run("definitions", "show", "badge", "regular", "--draft"))
    assert (draft["secret"], "secret" in settings) == (True, False)
    assert "version 2.\n" in run("definitions", "change", "badge", "regular", changed, "--publish")
    listed = run("definitions", "list", "badges").splitlines()
    assert listed[1].split() == ["regular", "published", "2", "-", "Regular"]
    assert "is paused" in run("definitions", "pause", "badge", "regular")
    assert "is archived" in run("definitions", "archive", "badge", "regular")
    versions = run("definitions", "history", "badge", "regular").splitlines()
    assert [line.split()[0] for line in versions] == ["2", "1"]
    with pytest.raises(DefinitionStateWrong):
        run("definitions", "publish", "badge", "regular")


def test_mistakes_are_told_with_their_place_and_nothing_is_stored(run, badge_file, tmp_path):
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(BADGE.replace("member_days", "member_day"), encoding="utf-8")
    for words in (("check", "badge", wrong), ("create", "badge", "regular", wrong)):
        with pytest.raises(DefinitionInvalid) as caught:
            run("definitions", *words)
        told = (
            "/levels/0/condition: column 1: There is no fact member_day. Did you mean member_days?"
        )
        assert str(caught.value) == told
    assert "can be used" in run("definitions", "check", "badge", badge_file)
    assert len(run("definitions", "list", "badge").splitlines()) == 1
    with pytest.raises(NotFound):
        run("definitions", "list", "balloons")


@pytest.mark.parametrize("text", ["[1]", "{", ""])
def test_a_file_that_is_no_object_is_refused(run, tmp_path, text):
    file = tmp_path / "settings.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionInvalid):
        run("definitions", "create", "badge", "regular", file)


def test_a_key_is_taken_once(run, badge_file):
    run("definitions", "create", "badge", "regular", badge_file, "--publish")
    with pytest.raises(DefinitionKeyTaken):
        run("definitions", "create", "badge", "regular", badge_file)


def test_a_badge_is_given_to_all_who_have_earned_it(run, badge_file, tmp_path):
    for name in ("Ana", "Ben"):
        run("members", "add", "--first-name", name)
    run("definitions", "create", "badge", "regular", badge_file, "--publish")
    said = run("badges", "preview", "regular")
    assert said == "2 of 2 members would earn it now.\n  level 1: 2\n"
    assert "is queued" in run("badges", "backfill", "regular")
    assert run("badges", "backfill", "regular", "--now") == "2 awarded.\n"
    assert run("badges", "preview", "regular") == "0 of 2 members would earn it now.\n"
    assert "1" in run("jobs", "run", "count_rarity", "--now")
    early = tmp_path / "early.json"
    settings = {"names": {"en": "Early"}, "levels": [{"condition": "activity_hour < 9"}]}
    early.write_text(json.dumps(settings), encoding="utf-8")
    run("definitions", "create", "badge", "early", early, "--publish")
    with pytest.raises(BadgeNotBackfillable):
        run("badges", "preview", "early")


def test_whoever_names_no_kind_is_told_which_there_are(fairstar):
    refused = fairstar("definitions", "list")
    assert refused.exit_code == 2
    assert "KIND is one of: activity_types, rewards, star_cards, badges," in refused.output


def test_kinds_and_facts_are_listed(run):
    assert "badge            badges\n" in run("definitions", "kinds")
    said = run("definitions", "facts", "--language", "et")
    assert "category_items[…]            number  Tükke kategooriast: " in said


def test_dates_of_a_file_are_texts(tmp_path):
    assert json_of({"on": [date(2026, 1, 2)]}) == {"on": ["2026-01-02"]}
