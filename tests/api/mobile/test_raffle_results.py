"""Results in the app: the proof for everybody, one's own lines in it, prizes and claiming them."""

import json

import pytest

from server.core.db import transaction
from server.core.ids import new_id
from server.gamification.draws.merkle import is_included
from server.gamification.draws.types import InclusionProof
from server.gamification.raffle_prizes.giving import give_consolations
from server.gamification.sessions.types import Installation
from tests.builders.draws import DRAWS_AT, draw, enter_many, main_wins, seal
from tests.builders.members import bearer, sign_in
from tests.builders.purchases import give
from tests.builders.raffles import DAY, enter, open_raffle
from tests.builders.tills import code_of, good
from tests.contract.test_verifiers import python_verifier

CAKES = [{"names": {"en": "Cake", "et": "Kook"}, "value_minor": 3_00, "quantity": 14}]
ACCEPTED = {"findings": ["return_above_price", "entrants_min_low"], "by": "Eva"}


class Shop:
    """A raffle that Ben has entered, with Ben's phone and everybody's browser."""

    def __init__(self, app, client, cast, clock):
        self.app, self.client, self.cast, self.clock, self.raffle = app, client, cast, clock, ""

    def phone(self, who):
        """What a phone sends that has just signed in."""
        with self.app.app_context(), transaction() as tx:
            phone = Installation(f"{who}-{new_id('tap', self.clock.instant)}", "Phone")
            tokens = sign_in(tx, getattr(self.cast, who), phone, self.clock.instant)
        return bearer(tokens.access_token)

    def get(self, path, headers=None):
        return self.client.get(f"/v1/{path}", headers=headers or {})

    def mine(self, path, who="ben"):
        return self.get(f"me/{path}", self.phone(who))

    def claim(self, prize, key="claim", who="ben"):
        headers = self.phone(who) | {"Idempotency-Key": key}
        return self.client.post(f"/v1/me/prizes/{prize}/claims", json={}, headers=headers)

    def do(self, *steps):
        with self.app.app_context(), transaction() as tx:
            return [step(tx, self.raffle) for step in steps]


@pytest.fixture
def shop(books, client, cast, clock_at):
    """Everybody wins one of fourteen cakes."""
    made = Shop(books, client, cast, clock_at)
    with books.app_context(), transaction() as tx:
        made.raffle = open_raffle(tx, beacon="fixture", prizes=CAKES, accepted=ACCEPTED)
        give(tx, cast.ben.id, 500)
        enter(tx, cast.ben.id, made.raffle, 2)
        enter_many(tx, made.raffle, 11)
    return made


def test_the_manifest_is_public_from_the_moment_of_sealing(shop):
    assert code_of(shop.get(f"raffles/{shop.raffle}/proof")) == (409, "raffle_not_sealed")
    [manifest] = shop.do(seal)
    proof = good(shop.get(f"raffles/{shop.raffle}/proof"))
    assert (proof["state"], proof["seed"], proof["beacon"]) == ("sealed", None, None)
    assert proof["manifest"]["pool_root"] == manifest.pool_root
    assert not proof["sealed_late"]
    assert code_of(shop.get("raffles/rfl_nothing/proof")) == (404, "raffle_unknown")


def test_everybody_can_check_the_proof(shop):
    shop.do(seal, draw)
    proof = good(shop.get(f"raffles/{shop.raffle}/proof"))
    entries = shop.client.get(proof["entries_url"])
    rules = shop.client.get(proof["rules_url"])
    assert entries.mimetype == "text/csv"
    key = proof["manifest"]["public_key"]
    notes = python_verifier().verify(proof, entries.text, rules.data, key)
    assert not [note for note in notes if "rules" in note]
    assert "mem_" not in json.dumps(proof) + entries.text


def test_who_entered_is_shown_to_be_in_the_list(shop):
    shop.do(seal)
    shown = good(shop.mine(f"raffles/{shop.raffle}/inclusion"))
    assert len(shown["items"]) == 2
    for one in shown["items"]:
        assert one["line"].split(",")[1] == shown["entrant"]
        proof = InclusionProof(one["index"], one["size"], tuple(one["path"]))
        assert is_included(one["line"].encode(), proof, shown["pool_root"])
    assert good(shop.mine(f"raffles/{shop.raffle}/inclusion", "ana"))["items"] == []


def test_a_prize_is_shown_and_claimed_once(shop, clock_at):
    shop.do(seal, draw)
    clock_at.instant = DRAWS_AT
    [prize] = good(shop.mine("prizes"))["items"]
    assert (prize["kind"], prize["title"], prize["state"]) == ("main", "Cake", "won")
    assert prize["actions"][0]["kind"] == "claim"
    assert code_of(shop.claim(prize["id"], who="ana")) == (404, "prize_unknown")
    claimed = good(shop.claim(prize["id"]))["prize"]
    assert (claimed["state"], claimed["actions"]) == ("claimed", [])
    assert good(shop.claim(prize["id"], "again"))["prize"] == claimed
    assert good(shop.mine(f"raffles/{shop.raffle}"))["my"]["result"] == "won"


def test_a_prize_that_was_not_claimed_in_time_is_lost(shop, clock_at):
    shop.do(seal, draw)
    clock_at.instant = DRAWS_AT + 30 * DAY
    [prize] = good(shop.mine("prizes"))["items"]
    assert (prize["text"], prize["actions"]) == ("The time to claim it is over.", [])
    assert code_of(shop.claim(prize["id"])) == (410, "prize_claim_expired")
    with shop.app.app_context(), transaction() as tx:
        assert {str(win.state) for win in main_wins(tx, shop.raffle)} == {"won"}


def test_consolation_prizes_come_by_themselves(books, client, cast, clock_at):
    shop = Shop(books, client, cast, clock_at)
    with books.app_context(), transaction() as tx:
        shop.raffle = open_raffle(tx, beacon="local", prizes=CAKES[:1], entrants_min=18)
        members = enter_many(tx, shop.raffle, 30)
        give(tx, cast.ben.id, 500)
    assert len(members) == 30
    shop.do(lambda tx, raffle: enter(tx, cast.ben.id, raffle), seal, draw)
    shop.do(lambda tx, _: give_consolations(tx, DRAWS_AT, 10))
    clock_at.instant = DRAWS_AT
    prizes = good(shop.mine("prizes"))["items"]
    result = good(shop.mine(f"raffles/{shop.raffle}"))["my"]["result"]
    assert result == ("won" if prizes else "not_won")
    assert {one["state"] for one in prizes} <= {"won", "given"}
    assert good(shop.get(f"raffles/{shop.raffle}/proof"))["beacon"]["source"] == "local"


def test_the_list_is_there_when_it_is_sealed(shop):
    path = f"/raffles/{shop.raffle}/entries.csv"
    assert code_of(shop.client.get(path)) == (409, "raffle_not_sealed")
    shop.do(seal)
    assert shop.client.get(path).text.splitlines()[0] == "ticket,entrant,nonce"
