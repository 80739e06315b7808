"""Who may read balances, tier and history; and that nobody reads those of another."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from server.core.db import transaction
from server.gamification.members.models import MEMBER
from server.gamification.members.service import block_member
from tests.builders.members import NOW, bearer
from tests.builders.tills import code_of, id_of
from tests.fixtures.tables import rows_of

READS = [
    "challenges",
    "streaks",
    "home",
    "balances",
    "expirations",
    "tier",
    "activity",
    "activity/act_nothing",
    "badges",
    "rewards",
    "rewards/rwd_nothing",
    "vouchers",
    "events/types",
    "vouchers/vch_nothing",
    "games",
    "games/gam_nothing",
    "plays/ply_nothing",
    "raffles",
    "raffles/rfl_nothing",
    "raffles/rfl_nothing/tickets",
]


def read(client, path, headers):
    return client.get(f"/v1/me/{path}", headers=headers)


def assert_refused_everywhere(app, client, headers, status, code):
    before = rows_of(app)
    answers = {path: code_of(read(client, path, headers)) for path in READS}
    assert answers == dict.fromkeys(READS, (status, code))
    assert rows_of(app) == before


def test_nobody_reads_without_a_token(app, client, cast):
    assert_refused_everywhere(app, client, {}, 401, "token_missing")


def test_a_shop_is_no_member(app, client, cast):
    assert_refused_everywhere(app, client, cast.as_shop, 401, "token_invalid")
    assert_refused_everywhere(app, client, cast.as_dan, 401, "token_invalid")


def test_a_forged_token_reads_nothing(app, client, cast):
    head, body, signature = cast.ana_tokens.access_token.split(".")
    for token in (f"{head}.{body}.{signature[:-4]}AAAA", f"{head}.{body}.", "a.b.c"):
        assert_refused_everywhere(app, client, bearer(token), 401, "token_invalid")


def test_an_old_token_must_be_refreshed(app, client, cast, clock_at):
    clock_at.tick(timedelta(minutes=20))
    assert_refused_everywhere(app, client, cast.as_ana, 401, "token_expired")


def test_a_blocked_member_reads_nothing(app, client, cast):
    with app.app_context(), transaction() as tx:
        block_member(tx, cast.ana.id, "cli:eva", "why", NOW)
    assert_refused_everywhere(app, client, cast.as_ana, 403, "member_blocked")


def test_a_merged_member_is_told_where_to_go(app, client, cast):
    with app.app_context(), transaction() as tx:
        values = {"status": "merged", "merged_into_id": cast.ben.id}
        tx.execute(update(MEMBER).where(MEMBER.c.id == cast.ana.id).values(values))
    assert_refused_everywhere(app, client, cast.as_ana, 410, "member_merged")
    answer = read(client, "home", cast.as_ana)
    assert answer.get_json()["params"] == {"new_member_id": cast.ben.id}


def test_nobody_sees_the_purchase_of_another(client, till, cast):
    bought = id_of(till.buy(cast.ben, 5000))
    as_ben = bearer(cast.ben_tokens.access_token)
    assert read(client, f"activity/{bought}", as_ben).status_code == 200
    assert code_of(read(client, f"activity/{bought}", cast.as_ana)) == (404, "not_found")
    assert read(client, "activity", cast.as_ana).get_json()["items"] == []


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_what_is_read_cannot_be_written(client, cast, method):
    answer = client.open("/v1/me/balances", method=method, headers=cast.as_ana)
    assert code_of(answer) == (405, "method_not_allowed")
