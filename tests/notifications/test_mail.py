"""Mails: queued with their cause, sent to a real server, kept when there is none."""

from datetime import timedelta
from email import message_from_bytes, policy
from itertools import pairwise
from threading import Barrier, Thread

import pytest
from sqlalchemy import select

from server.core.db import reading, transaction
from server.core.errors import NotFound
from server.jobs import forget_expired, send_mail
from server.notifications.mail.models import MAIL
from server.notifications.mail.service import (
    ATTEMPTS_MAX,
    Message,
    claim_mails,
    latest_mails,
    mark_sent,
    queue_mail,
)
from server.notifications.mail.texts import sign_in_code
from tests.builders.members import NOW, VAULT
from tests.fixtures.schema import running_app
from tests.fixtures.smtp import mail_server

HELLO = Message("ana@example.com", "Hello", "Tere, Ana! Привет 👋\n")


def queue(message=HELLO, now=NOW):
    with transaction() as tx:
        return queue_mail(tx, VAULT, message, now)


def states():
    with reading() as tx:
        return [mail.state for mail in latest_mails(tx, VAULT)]


@pytest.fixture
def server():
    with mail_server() as running:
        yield running


@pytest.fixture
def posting(sqlite_database, server):
    """An application that sends its mail to `server`."""
    with running_app(sqlite_database, MAIL_URL=server.url) as app, app.app_context():
        yield app


def test_a_mail_goes_with_the_transaction_that_causes_it(app):
    def cause_and_fail():
        with transaction() as tx:
            queue_mail(tx, VAULT, HELLO, NOW)
            raise NotFound

    with app.app_context():
        with pytest.raises(NotFound):
            cause_and_fail()
        assert states() == []
        queue()
        assert states() == ["queued"]


def test_without_a_mail_server_mails_are_kept_and_readable(app):
    with app.app_context():
        mail_id = queue()
        assert send_mail.run(now=NOW) == 1
        assert send_mail.run(now=NOW) == 0
        with reading() as tx:
            kept = latest_mails(tx, VAULT)
        assert [(mail.id, mail.state, mail.message) for mail in kept] == [(mail_id, "kept", HELLO)]


def test_addresses_and_texts_are_sealed(tx):
    queue_mail(tx, VAULT, sign_in_code("en", "ana@example.com", "123456", "Café", 10), NOW)
    stored = " ".join(str(value) for value in tx.execute(select(MAIL)).one())
    assert "ana@example.com" not in stored
    assert "123456" not in stored


@pytest.mark.usefixtures("posting")
def test_a_mail_reaches_the_server_whole(server):
    queue()
    assert send_mail.run(now=NOW) == 1
    assert states() == ["sent"]
    letter = message_from_bytes(server.letters[0], policy=policy.default)
    assert (letter["To"], letter["Subject"]) == ("ana@example.com", "Hello")
    assert letter.get_content().replace("\r\n", "\n") == HELLO.body
    assert letter["Date"] == "Sun, 22 Nov 2026 14:30:00 +0000"


def test_the_password_of_the_server_is_used(sqlite_database, server):
    url = server.url.replace("smtp://", "smtp://fair:s%40r@")
    with running_app(sqlite_database, MAIL_URL=url) as app, app.app_context():
        queue()
        send_mail.run(now=NOW)
    assert len(server.logins) == 1
    assert len(server.letters) == 1


@pytest.mark.usefixtures("posting")
def test_a_refused_recipient_is_given_up_and_others_go(server):
    server.refusals["nobody@example.com"] = 550
    queue(Message("nobody@example.com", "x", "x"))
    queue()
    assert send_mail.run(now=NOW) == 2
    assert sorted(states()) == ["failed", "sent"]
    with reading() as tx:
        failed = next(mail for mail in latest_mails(tx, VAULT) if mail.state == "failed")
    assert failed.last_error == "recipient refused (550)"


@pytest.mark.usefixtures("posting")
def test_a_busy_recipient_is_tried_again_later_and_then_given_up(server):
    server.refusals["ana@example.com"] = 450
    queue()
    now, pauses = NOW, []
    while states() == ["queued"]:
        now += timedelta(seconds=1)
        if send_mail.run(now=now):
            pauses.append(now)
    assert len(pauses) == ATTEMPTS_MAX
    lengths = [(b - a).total_seconds() for a, b in pairwise(pauses)]
    assert lengths == [30, 60, 120, 240, 480]
    assert states() == ["failed"]


def test_a_dead_server_loses_nothing(sqlite_database):
    with mail_server() as gone:
        url = gone.url
    with running_app(sqlite_database, MAIL_URL=url) as app, app.app_context():
        queue()
        assert send_mail.run(now=NOW) == 1
        assert states() == ["queued"]


def test_two_senders_never_take_the_same_mail(app):
    with app.app_context():
        ids = {queue() for _ in range(20)}
    barrier = Barrier(2)
    taken: list[str] = []

    def take():
        with app.app_context():
            barrier.wait()
            with transaction() as tx:
                taken.extend(mail.id for mail in claim_mails(tx, VAULT, NOW, 10))

    threads = [Thread(target=take) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(ids)


def test_a_crashed_senders_mail_comes_back_and_the_late_one_changes_nothing(tx):
    queue_mail(tx, VAULT, HELLO, NOW)
    [first] = claim_mails(tx, VAULT, NOW)
    assert claim_mails(tx, VAULT, NOW + timedelta(seconds=119)) == []
    [second] = claim_mails(tx, VAULT, NOW + timedelta(seconds=120))
    assert (first.id, first.attempt, second.attempt) == (second.id, 1, 2)
    mark_sent(tx, first, NOW)
    assert latest_mails(tx, VAULT)[0].state == "queued"
    mark_sent(tx, second, NOW)
    assert latest_mails(tx, VAULT)[0].state == "sent"


def test_mails_are_forgotten_after_a_month(app):
    with app.app_context():
        queue()
        assert forget_expired.run(now=NOW + timedelta(days=30)) == 0
        assert forget_expired.run(now=NOW + timedelta(days=31)) == 1
        assert states() == []
