"""Cards and codes on real databases."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from server.core.db import transaction
from server.core.errors import NotFound
from server.gamification.cards.errors import (
    CardBlocked,
    CardTaken,
    QrReplayed,
    QrStale,
    SpokenCodeExpired,
)
from server.gamification.cards.models import CARD
from server.gamification.cards.queries import find_speaker, find_spoken_code
from server.gamification.cards.rules import card_number
from server.gamification.cards.service import (
    block_card,
    forget_spoken_codes,
    issue_card,
    new_spoken_code,
    replace_card,
    spend_with_code,
)
from server.gamification.members.lookups import Asker, Probe, recognise
from tests.builders.members import NOW, VAULT, enrol_ana, enrol_ben, number_of, qr_of

TILL = Asker("EE")


def seconds(number):
    return timedelta(seconds=number)


def look(tx, kind, value, now=NOW):
    return recognise(tx, VAULT, Probe(kind, value), TILL, now)


def test_a_member_has_one_active_card(tx):
    ana = enrol_ana(tx)
    with pytest.raises(IntegrityError), tx.begin_nested():
        issue_card(tx, VAULT, ana.id, NOW)


def test_a_replaced_card_is_refused_and_the_new_one_works(tx):
    ana = enrol_ana(tx)
    old, old_code = number_of(tx, ana), qr_of(tx, ana, NOW)
    new = replace_card(tx, VAULT, ana.id, NOW).number
    assert new != old
    for kind, value in (("card", old), ("qr", old_code)):
        with pytest.raises(CardBlocked) as refused:
            look(tx, kind, value)
        assert refused.value.params == {"state": "replaced"}
    assert look(tx, "card", new).member.id == ana.id
    assert look(tx, "qr", qr_of(tx, ana, NOW)).can_spend


def test_a_blocked_card_is_refused_for_ever(tx):
    ana = enrol_ana(tx)
    card = block_card(tx, ana.id, NOW)
    with pytest.raises(CardBlocked):
        look(tx, "card", card.number)
    with pytest.raises(NotFound):
        block_card(tx, ana.id, NOW)
    row = tx.execute(select(CARD.c.state, CARD.c.ended_at)).one()
    assert tuple(row) == ("blocked", NOW)


def test_a_printed_number_can_replace_a_card_once(tx):
    ana, ben = enrol_ana(tx), enrol_ben(tx)
    printed = card_number(7)
    assert replace_card(tx, VAULT, ana.id, NOW, printed).number == printed
    with pytest.raises(CardTaken):
        replace_card(tx, VAULT, ben.id, NOW, printed)


def test_a_fresh_code_spends_once_and_then_earns_only(tx):
    ana = enrol_ana(tx)
    code = qr_of(tx, ana, NOW)
    assert look(tx, "qr", code).assurance == "fresh_qr"
    assert spend_with_code(tx, VAULT, code, NOW) == ana.id
    with pytest.raises(QrReplayed):
        spend_with_code(tx, VAULT, code, NOW)
    assert look(tx, "qr", code).assurance == "stale_qr"
    later = NOW + seconds(30)
    assert spend_with_code(tx, VAULT, qr_of(tx, ana, later), later) == ana.id


def test_an_older_code_cannot_spend_after_a_newer_one(tx):
    ana = enrol_ana(tx)
    code, newer = qr_of(tx, ana, NOW), qr_of(tx, ana, NOW + seconds(30))
    spend_with_code(tx, VAULT, newer, NOW)
    with pytest.raises(QrReplayed):
        spend_with_code(tx, VAULT, code, NOW)


def test_an_old_code_earns_and_does_not_spend(tx):
    ana = enrol_ana(tx)
    code, later = qr_of(tx, ana, NOW), NOW + timedelta(days=400)
    found = look(tx, "qr", code, later)
    assert (found.member.id, found.assurance, found.can_spend) == (ana.id, "stale_qr", False)
    with pytest.raises(QrStale):
        spend_with_code(tx, VAULT, code, later)


def test_two_tills_with_the_same_code_at_once_spend_once(app):
    with app.app_context(), transaction() as tx:
        ana = enrol_ana(tx)
        code = qr_of(tx, ana, NOW)
    barrier, answers = Barrier(2), []

    def spend():
        with app.app_context():
            barrier.wait()
            try:
                with transaction() as tx:
                    answers.append(spend_with_code(tx, VAULT, code, NOW))
            except QrReplayed:
                answers.append("replayed")

    threads = [Thread(target=spend) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == sorted([ana.id, "replayed"])


def test_a_spoken_code_names_its_member_for_two_minutes(tx):
    ana = enrol_ana(tx)
    spoken = new_spoken_code(tx, ana.id, NOW)
    assert find_spoken_code(tx, ana.id, NOW) == spoken
    found = look(tx, "spoken", spoken.code.lower())
    assert (found.member.id, found.assurance, found.can_spend) == (ana.id, "spoken", False)
    later = NOW + seconds(120)
    assert find_spoken_code(tx, ana.id, later) is None
    with pytest.raises(SpokenCodeExpired):
        look(tx, "spoken", spoken.code, later)


def test_a_new_spoken_code_ends_the_earlier_one(tx):
    ana = enrol_ana(tx)
    first, second = (new_spoken_code(tx, ana.id, NOW) for _ in range(2))
    assert find_speaker(tx, second.code, NOW) == ana.id
    assert first.code == second.code or find_speaker(tx, first.code, NOW) is None


def test_old_spoken_codes_are_forgotten(tx):
    ana = enrol_ana(tx)
    spoken = new_spoken_code(tx, ana.id, NOW)
    assert forget_spoken_codes(tx, NOW + timedelta(days=1)) == 0
    assert forget_spoken_codes(tx, spoken.expires_at + timedelta(days=1, seconds=1)) == 1
    assert look(tx, "spoken", spoken.code) is None
