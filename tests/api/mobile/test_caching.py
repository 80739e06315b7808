"""What a phone knows already is not sent again; what changed is."""

import pytest

from tests.builders.members import bearer
from tests.builders.tills import id_of

READS = ["home", "balances", "expirations", "tier", "activity"]


@pytest.fixture
def read(client, cast):
    headers = bearer(cast.ben_tokens.access_token)

    def get(path, **more):
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return client.get(f"/v1/me/{path}", headers=headers | named)

    return get


@pytest.mark.parametrize("path", READS)
def test_what_did_not_change_is_not_sent_again(till, cast, read, path):
    till.buy(cast.ben, 5000)
    first = read(path)
    tag = first.headers["ETag"]
    assert tag.startswith('"')
    assert first.headers["Cache-Control"] == "private, no-cache"
    for known in (tag, f'"other", {tag}', f"W/{tag}"):
        again = read(path, If_None_Match=known)
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == tag
    assert read(path, If_None_Match='"other"').status_code == 200


@pytest.mark.parametrize("path", READS)
def test_a_purchase_changes_what_is_shown(till, cast, read, path):
    till.buy(cast.ben, 5000)
    tag = read(path).headers["ETag"]
    till.buy(cast.ben, 5000)
    changed = read(path, If_None_Match=tag)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag


@pytest.mark.parametrize("path", READS)
def test_another_language_is_another_content(till, cast, read, path):
    till.buy(cast.ben, 5000)
    tag = read(path).headers["ETag"]
    assert read(path, If_None_Match=tag, Accept_Language="et").status_code == 200
    assert read(path).headers["Vary"] == "Authorization, Accept-Language"


@pytest.mark.parametrize("path", READS)
def test_what_happens_to_others_changes_nothing(till, cast, read, path):
    till.buy(cast.ben, 5000)
    tag = read(path).headers["ETag"]
    till.buy(cast.ana, 5000)
    assert read(path, If_None_Match=tag).status_code == 304


def test_a_return_changes_the_purchase(till, cast, read):
    bought = till.buy(cast.ben, 5000)
    path = f"activity/{id_of(bought)}"
    tag = read(path).headers["ETag"]
    assert read(path, If_None_Match=tag).status_code == 304
    till.give_back(bought, 1000)
    assert read(path, If_None_Match=tag).status_code == 200


def test_a_read_that_is_known_costs_no_quota(till, cast, read):
    till.buy(cast.ben, 5000)
    first = read("home")
    left = first.headers["RateLimit"]
    for _ in range(5):
        known = read("home", If_None_Match=first.headers["ETag"])
        assert known.headers["RateLimit"].split(";")[1] == left.split(";")[1]
    assert read("home").headers["RateLimit"].split(";")[1] != left.split(";")[1]
