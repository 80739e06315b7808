"""Sessions and rotating refresh tokens on real databases."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select

from server.core.db import reading, transaction
from server.core.errors import NotFound
from server.gamification.members.errors import MemberBlocked
from server.gamification.members.queries import get_member
from server.gamification.members.service import block_member
from server.gamification.sessions.errors import RefreshReused, SessionEnded
from server.gamification.sessions.models import MEMBER_SESSION, REFRESH_TOKEN
from server.gamification.sessions.queries import list_open_sessions
from server.gamification.sessions.service import end_session, refresh_session
from server.gamification.sessions.types import Installation
from tests.builders.members import ISSUER, NOW, PHONE, enrol_ana, enrol_ben, sign_in

OTHER = Installation("another-phone", "Fairstar/1.0 (Other)")


def after(**length):
    return NOW + timedelta(**length)


def refresh(tx, token, now=NOW, installation=PHONE):
    return refresh_session(tx, ISSUER, token, installation, now)


def test_each_refresh_gives_a_new_token_that_lives_half_a_year(tx):
    tokens = sign_in(tx, enrol_ana(tx))
    assert tokens.access_expires_at == after(minutes=20)
    assert tokens.refresh_expires_at == after(days=180)
    later = refresh(tx, tokens.refresh_token, after(days=179))
    assert later.session_id == tokens.session_id
    assert later.refresh_token != tokens.refresh_token
    assert later.refresh_expires_at == after(days=359)
    assert refresh(tx, later.refresh_token, after(days=358)).session_id == tokens.session_id


def test_a_token_unused_for_half_a_year_is_over(tx):
    tokens = sign_in(tx, enrol_ana(tx))
    with pytest.raises(SessionEnded):
        refresh(tx, tokens.refresh_token, after(days=180))


def test_a_lost_answer_is_given_again_within_a_minute(tx):
    tokens = sign_in(tx, enrol_ana(tx))
    first = refresh(tx, tokens.refresh_token)
    again = refresh(tx, tokens.refresh_token, after(seconds=60))
    assert again.refresh_token == first.refresh_token
    assert refresh(tx, again.refresh_token, after(seconds=61)).session_id == tokens.session_id


@pytest.mark.parametrize(
    ("reuse_at", "installation"),
    [(NOW + timedelta(seconds=61), PHONE), (NOW, OTHER), (NOW + timedelta(days=9), PHONE)],
)
def test_reuse_ends_the_whole_family_although_it_is_refused(app, reuse_at, installation):
    with app.app_context():
        with transaction() as tx:
            tokens = sign_in(tx, enrol_ana(tx))
            fresh = refresh(tx, tokens.refresh_token)
        with pytest.raises(RefreshReused), transaction() as tx:
            refresh(tx, tokens.refresh_token, reuse_at, installation)
        with pytest.raises(SessionEnded), transaction() as tx:
            refresh(tx, fresh.refresh_token, reuse_at)
        with reading() as tx:
            row = tx.execute(select(MEMBER_SESSION)).one()
            assert (row.revoked_at, row.revoke_reason) == (reuse_at, "refresh_reused")


def test_no_grace_once_the_successor_was_used(tx):
    tokens = sign_in(tx, enrol_ana(tx))
    second = refresh(tx, tokens.refresh_token)
    refresh(tx, second.refresh_token, after(seconds=5))
    with pytest.raises(RefreshReused):
        refresh(tx, tokens.refresh_token, after(seconds=10))


def test_a_token_shown_by_another_installation_is_stolen(tx):
    tokens = sign_in(tx, enrol_ana(tx))
    with pytest.raises(RefreshReused):
        refresh(tx, tokens.refresh_token, NOW, OTHER)
    with pytest.raises(SessionEnded):
        refresh(tx, tokens.refresh_token)


def test_two_refreshes_at_once_get_the_same_successor(app):
    with app.app_context(), transaction() as tx:
        tokens = sign_in(tx, enrol_ana(tx))
    barrier, answers = Barrier(4), []

    def run():
        with app.app_context():
            barrier.wait()
            with transaction() as tx:
                answers.append(refresh(tx, tokens.refresh_token).refresh_token)

    threads = [Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4
    assert len(set(answers)) == 1
    with app.app_context(), reading() as tx:
        assert tx.execute(select(func.count()).select_from(REFRESH_TOKEN)).scalar_one() == 2


def test_tokens_are_not_readable_in_the_database_and_successors_are_forgotten(tx):
    tokens = sign_in(tx, enrol_ana(tx))
    second = refresh(tx, tokens.refresh_token)
    stored = " ".join(str(value) for row in tx.execute(select(REFRESH_TOKEN)) for value in row)
    assert tokens.refresh_token not in stored
    assert second.refresh_token not in stored
    refresh(tx, second.refresh_token, after(minutes=20))
    sealed = select(REFRESH_TOKEN.c.successor_sealed).order_by(REFRESH_TOKEN.c.used_at)
    kept = [row[0] is not None for row in tx.execute(sealed)]
    assert sorted(kept) == [False, False, True]


def test_signing_in_again_on_a_phone_ends_its_earlier_session(tx):
    ana = enrol_ana(tx)
    first = sign_in(tx, ana)
    elsewhere = sign_in(tx, ana, OTHER)
    second = sign_in(tx, ana, now=after(days=1))
    with pytest.raises(SessionEnded):
        refresh(tx, first.refresh_token)
    open_ids = [session.id for session in list_open_sessions(tx, ana.id)]
    assert open_ids == [second.session_id, elsewhere.session_id]


def test_members_end_only_their_own_sessions(tx):
    ana, ben = enrol_ana(tx), enrol_ben(tx)
    tokens = sign_in(tx, ana)
    with pytest.raises(NotFound):
        end_session(tx, ben.id, tokens.session_id, NOW)
    end_session(tx, ana.id, tokens.session_id, NOW)
    with pytest.raises(SessionEnded):
        refresh(tx, tokens.refresh_token)
    with pytest.raises(NotFound):
        end_session(tx, ana.id, tokens.session_id, NOW)


def test_a_blocked_member_neither_signs_in_nor_refreshes(tx):
    ana = enrol_ana(tx)
    tokens = sign_in(tx, ana)
    block_member(tx, ana.id, "cli:eva", "why", NOW)
    with pytest.raises(MemberBlocked):
        refresh(tx, tokens.refresh_token)
    with pytest.raises(MemberBlocked):
        sign_in(tx, get_member(tx, ana.id), OTHER)


@pytest.mark.parametrize("token", ["", "rt_unknown", "x" * 200])
def test_an_unknown_token_is_refused(tx, token):
    with pytest.raises(SessionEnded):
        refresh(tx, token)
