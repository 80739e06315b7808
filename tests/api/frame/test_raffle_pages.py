"""The rules of a raffle as a page: three languages, the hashed bytes, nothing from elsewhere."""

import hashlib
import re

import pytest

from server.core.db import transaction
from tests.builders.purchases import open_shop
from tests.builders.raffles import open_raffle, standing


@pytest.fixture
def raffle(sqlite_app):
    with sqlite_app.app_context(), transaction() as tx:
        open_shop(tx)
        return standing(tx, open_raffle(tx, names={"en": "<b>Draw</b>", "et": "Loos"}))


@pytest.fixture
def client(sqlite_app):
    return sqlite_app.test_client()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["Rules", "A ticket costs 50 points.", "&lt;b&gt;Draw&lt;/b&gt;"]),
        ("et", ["Reeglid", "Pilet maksab 50 punkti.", "Loos", "Eesti"]),
        ("ru", ["Правила", "Билет стоит 50 баллов."]),
    ],
)
def test_rules_are_there_in_each_language(client, raffle, language, words):
    asked = {"Accept-Language": language}
    page = client.get(f"/raffles/{raffle.id}/rules", headers=asked)
    chosen = client.get(f"/raffles/{raffle.id}/rules?lang={language}")
    assert page.status_code == chosen.status_code == 200
    assert page.text == chosen.text
    assert [word for word in words if word not in page.text] == []
    assert f'<html lang="{language}">' in page.text
    assert raffle.rules_hash in page.text


def test_the_file_is_what_was_hashed(client, raffle):
    answer = client.get(f"/raffles/{raffle.id}/rules.json")
    assert hashlib.sha256(answer.data).hexdigest() == raffle.rules_hash
    assert answer.mimetype == "application/json"


def test_the_page_runs_no_inline_code_and_loads_its_own_files(client, raffle):
    page = client.get(f"/raffles/{raffle.id}/rules")
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    sources = re.findall(r'(?:src|href)="([^"?][^"]*)"', page.text)
    assert sources
    for source in sources:
        assert client.get(source).status_code == 200
    assert not re.search(r"<script(?![^>]*src=)|<style| style=| on[a-z]+=", page.text)


def test_a_raffle_that_was_never_published_has_no_rules(client, raffle):
    for name in ("rules", "rules.json"):
        answer = client.get(f"/raffles/rfl_none/{name}")
        assert (answer.status_code, answer.get_json()["code"]) == (404, "raffle_unknown")
