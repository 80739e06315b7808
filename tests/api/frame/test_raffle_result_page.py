"""The result of a raffle as a page: three languages, nothing personal, nothing from elsewhere."""

import re

import pytest

from server.core.db import transaction
from tests.builders.draws import crowded_raffle, draw, drawn_raffle, seal
from tests.builders.purchases import open_shop
from tests.fixtures.tables import rows_of


@pytest.fixture
def client(sqlite_app):
    with sqlite_app.app_context(), transaction() as tx:
        open_shop(tx)
    return sqlite_app.test_client()


def made(app, make):
    with app.app_context(), transaction() as tx:
        return make(tx)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["The results are in.", "Dinner for two", "Check now", "this is a demonstration"]),
        ("et", ["Tulemused on käes.", "Kontrolli", "Lohutusauhinnad"]),
        ("ru", ["Результаты готовы.", "Проверить", "Утешительные призы"]),
    ],
)
def test_the_result_is_there_in_each_language(sqlite_app, client, language, words):
    raffle = made(sqlite_app, drawn_raffle)
    page = client.get(f"/raffles/{raffle}?lang={language}")
    assert page.status_code == 200
    assert [word for word in words if word not in page.text] == []


def test_a_raffle_is_told_at_every_stage(sqlite_app, client):
    raffle = made(sqlite_app, crowded_raffle)
    told = [client.get(f"/raffles/{raffle}").text]
    for step in (seal, draw):
        made(sqlite_app, lambda tx, step=step: step(tx, raffle))
        told.append(client.get(f"/raffles/{raffle}").text)
    assert "One can enter until" in told[0]
    assert "The list is sealed." in told[1]
    assert ["Check now" in text for text in told] == [False, False, True]
    assert client.get("/raffles/rfl_nothing").status_code == 404


def test_nothing_personal_is_on_it_and_nothing_comes_from_elsewhere(sqlite_app, client):
    raffle = made(sqlite_app, drawn_raffle)
    page = client.get(f"/raffles/{raffle}")
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "<script>" not in page.text
    assert re.findall(r'(?:src|href)="https?:', page.text) == []
    assert not [row["id"] for row in rows_of(sqlite_app)["member"] if row["id"] in page.text]


def test_what_the_page_loads_is_there(sqlite_app, client):
    raffle = made(sqlite_app, drawn_raffle)
    page = client.get(f"/raffles/{raffle}").text
    for path in re.findall(r'(?:src|href|data-\w+)="(/[^"]+)"', page):
        assert client.get(path).status_code == 200, path
    assert client.get("/raffles/static/verify/verify.js").status_code == 200
