"""Messages as an operator types them: words, limits, tests and announcements."""

import json

import pytest

from server.core.db import transaction
from tests.builders.messages import choose
from tests.builders.purchases import add_member
from tests.fixtures.schema import running_app

WARM = {
    "type": "points.expiring",
    "variants": [
        {
            "name": "warm",
            "titles": {"en": "{amount} want out", "ru": "Пора потратить: {amount}"},
            "bodies": {"en": "By {on}."},
        }
    ],
}
SOUP = {
    "at": "2099-12-01T10:00",
    "condition": "visits = 0",
    "variants": [{"name": "a", "titles": {"en": "Soup!"}, "bodies": {"en": "From noon."}}],
}


@pytest.fixture
def member_id(points_only):
    """A member who is never to be left in peace, so that the hour of the test does not matter."""
    with running_app(points_only) as app, app.app_context(), transaction() as tx:
        member_id = add_member(tx)
        choose(tx, member_id, quiet=(0, 0))
        return member_id


@pytest.fixture
def written(tmp_path):
    """Write settings to a file."""

    def write(settings):
        file = tmp_path / "settings.json"
        file.write_text(json.dumps(settings), encoding="utf-8")
        return file

    return write


def test_words_are_shown_before_members_see_them(fairstar, member_id, written):
    built_in = fairstar("messages", "preview", "points.expiring", "--language", "ru").output
    assert built_in.startswith("[default] Скоро сгорят: 50 баллов\n    Их можно потратить до 30 ")
    file = written(WARM)
    tried = fairstar("messages", "preview", "points.expiring", "--file", file).output
    assert tried == "[warm] 50 points want out\n    By 30 November 2026.\n"
    fairstar("definitions", "create", "message_template", "warm", file, "--publish")
    stored = fairstar("messages", "preview", "points.expiring", "--key", "warm").output
    assert stored == tried
    wrong = fairstar("messages", "preview", "tier.almost", "--key", "warm")
    assert (wrong.exit_code, "That template is for points.expiring." in wrong.output) == (2, True)


def test_a_test_goes_the_way_of_any_message(fairstar, member_id, written):
    fairstar("definitions", "create", "message_template", "w", written(WARM), "--publish")
    assert fairstar("messages", "test", member_id, "points.expiring").exit_code == 0
    shown = fairstar("outbox", "--send").output
    assert f"push sent  {member_id}  points.expiring\n    50 points want out\n" in shown
    (line,) = [
        line
        for line in fairstar("messages", "list").output.splitlines()
        if line.startswith("points.expiring ")
    ]
    assert line.split() == ["points.expiring", "reminders", "-", "1", "1", "0"]


def test_limits_are_shown_and_changed(fairstar, member_id):
    assert "quiet hours 21:00-09:00 where the member lives" in fairstar("messages", "limits").output
    changed = fairstar("messages", "limits", "--quiet", "22:30-08:00", "--cap", "news=0/1").output
    assert changed == fairstar("messages", "limits").output
    assert changed.splitlines()[0] == "quiet hours 22:30-08:00 where the member lives"
    assert changed.splitlines()[-1].split() == ["news", "0/1"]
    for wrong in (("--quiet", "9-21"), ("--cap", "service=1/1"), ("--cap", "news=1")):
        assert fairstar("messages", "limits", *wrong).exit_code == 2
    assert fairstar("messages", "limits").output == changed


def test_an_announcement_is_checked_and_then_published(fairstar, member_id, written):
    file = written(SOUP)
    checked = fairstar("messages", "announce", "soup", file).output
    told = "[a en] Soup!\n    From noon.\n1 members, at 2099-12-01 10:00 by their clocks.\n"
    assert checked == told
    assert "soup" not in fairstar("definitions", "list", "announcement").output
    published = fairstar("messages", "announce", "soup", file, "--publish").output
    assert published.startswith(told)
    assert "soup" in fairstar("definitions", "list", "announcement").output
