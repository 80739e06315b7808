"""Enrolling and changing members on real databases."""

from datetime import date, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select

from server.core.audit import AUDIT
from server.core.db import reading, transaction
from server.core.errors import NotFound
from server.core.outbox import OUTBOX
from server.gamification.cards.errors import CardTaken
from server.gamification.cards.models import CARD
from server.gamification.cards.queries import find_active_card
from server.gamification.cards.rules import card_number, normal_card_number
from server.gamification.members.errors import (
    FieldLocked,
    LookupAmbiguous,
    MemberBlocked,
    MemberExists,
)
from server.gamification.members.identifiers import (
    add_identifier,
    set_identifier,
    verify_identifier,
)
from server.gamification.members.models import MEMBER, MEMBER_IDENTIFIER
from server.gamification.members.queries import (
    find_member,
    get_member,
    list_contacts,
    search_member,
)
from server.gamification.members.service import (
    block_member,
    change_profile,
    enrol,
    unblock_member,
)
from server.gamification.members.types import Enrolment, IdentifierKind, Profile, Source, Status
from tests.builders.members import (
    ANA_EMAIL,
    ANA_PHONE,
    NOW,
    VAULT,
    add_shop,
    enrol_ana,
    enrol_ben,
    identifier,
)

LATER = NOW + timedelta(days=1)


def found(look, tx, *named):
    member = look(tx, VAULT, *named)
    assert member is not None
    return member.id


def count(tx, table):
    return tx.execute(select(func.count()).select_from(table)).scalar_one()


def test_a_new_member_has_identifiers_a_card_and_an_event(tx):
    ana = enrol_ana(tx)
    assert (ana.status, ana.profile.first_name) == (Status.ACTIVE, "Ana")
    assert ana.created_at == NOW
    contacts = list_contacts(tx, VAULT, ana.id)
    assert [(c.kind, c.value, c.hint) for c in contacts] == [
        ("email", ANA_EMAIL, "a•••@example.com"),
        ("phone", ANA_PHONE, "•••1234"),
    ]
    card = find_active_card(tx, ana.id)
    assert card is not None
    assert normal_card_number(card.number) == card.number
    events = tx.execute(select(OUTBOX.c.topic, OUTBOX.c.member_id, OUTBOX.c.payload)).all()
    assert [tuple(event) for event in events] == [
        ("member.enrolled", ana.id, {"source": "till", "location_id": None})
    ]


def test_contact_data_is_not_readable_in_the_database(tx):
    enrol_ana(tx)
    for row in tx.execute(select(MEMBER_IDENTIFIER)):
        stored = " ".join(str(value) for value in row)
        assert ANA_EMAIL not in stored
        assert ANA_PHONE not in stored
        assert "5551234" not in stored


@pytest.mark.parametrize("email", ["ana@example.com", "ANA@Example.COM"])
def test_one_address_is_one_member(tx, email):
    ana = enrol_ana(tx)
    before = count(tx, MEMBER)
    twin = Enrolment(Source.API, identifiers=(identifier(IdentifierKind.EMAIL, email),))
    with pytest.raises(MemberExists) as refused:
        enrol(tx, VAULT, twin, NOW)
    assert refused.value.params == {"member_id": ana.id, "field": "email"}
    assert count(tx, MEMBER) == before


def test_two_enrolments_of_one_phone_at_once_make_one_member(app):
    barrier, answers = Barrier(2), []

    def join():
        with app.app_context():
            barrier.wait()
            try:
                with transaction() as tx:
                    answers.append(enrol_ana(tx).id)
            except MemberExists as refused:
                answers.append(refused.params["member_id"])

    threads = [Thread(target=join) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context(), reading() as tx:
        assert count(tx, MEMBER) == 1
        assert count(tx, CARD) == 1
        assert count(tx, MEMBER_IDENTIFIER) == 2
    assert len(answers) == 2
    assert len(set(answers)) == 1


def test_a_printed_card_belongs_to_one_member(tx):
    number = card_number(42)
    enrol(tx, VAULT, Enrolment(Source.TILL, card_number=number), NOW)
    with pytest.raises(CardTaken):
        enrol(tx, VAULT, Enrolment(Source.TILL, card_number=number), NOW)


def test_profile_changes_touch_only_what_was_sent(tx):
    ana = enrol_ana(tx)
    changed = change_profile(tx, ana.id, {"last_name": " Kuusk ", "zone": "Europe/Riga"}, LATER)
    assert changed.profile == Profile(
        "Ana", "Kuusk", date(1990, 11, 25), None, "Europe/Riga", changed.profile.attributes
    )
    assert (changed.created_at, changed.updated_at) == (NOW, LATER)


def test_a_change_to_the_same_is_no_change(tx):
    ana = enrol_ana(tx)
    same = change_profile(tx, ana.id, {"first_name": "Ana", "birthday": date(1990, 11, 25)}, LATER)
    assert same.updated_at == NOW


def test_a_birthday_can_be_set_once(tx):
    ben = enrol_ben(tx)
    assert change_profile(tx, ben.id, {"birthday": date(2000, 2, 29)}, NOW).profile.birthday
    for other in (date(2000, 2, 28), None):
        with pytest.raises(FieldLocked):
            change_profile(tx, ben.id, {"birthday": other}, NOW)
    assert get_member(tx, ben.id).profile.birthday == date(2000, 2, 29)


def test_attributes_are_merged_and_null_removes(tx):
    ben = enrol_ben(tx)
    change_profile(tx, ben.id, {"attributes": {"size": "M", "vip": True}}, NOW)
    changed = change_profile(tx, ben.id, {"attributes": {"size": None, "visits": 3}}, NOW)
    assert changed.profile.attributes == {"vip": True, "visits": 3}


def test_a_blocked_member_cannot_change_and_comes_back_by_unblocking(tx):
    ana = enrol_ana(tx)
    assert block_member(tx, ana.id, "cli:eva", "card shared", NOW).status is Status.BLOCKED
    with pytest.raises(MemberBlocked):
        change_profile(tx, ana.id, {"first_name": "Anna"}, NOW)
    assert block_member(tx, ana.id, "cli:eva", "again", NOW).status is Status.BLOCKED
    assert unblock_member(tx, ana.id, "cli:eva", "cleared", NOW).status is Status.ACTIVE
    audited = tx.execute(select(AUDIT.c.actor, AUDIT.c.action, AUDIT.c.before, AUDIT.c.after))
    assert sorted(tuple(row) for row in audited) == [
        (
            "cli:eva",
            "member.blocked",
            {"status": "active"},
            {"status": "blocked", "reason": "card shared"},
        ),
        (
            "cli:eva",
            "member.unblocked",
            {"status": "blocked"},
            {"status": "active", "reason": "cleared"},
        ),
    ]


def test_an_unknown_member_is_not_found(tx):
    with pytest.raises(NotFound):
        get_member(tx, "mem_nobody")
    with pytest.raises(NotFound):
        block_member(tx, "mem_nobody", "cli:eva", "why", NOW)


def test_a_replaced_phone_frees_the_old_one(tx):
    ana, ben = enrol_ana(tx), enrol_ben(tx)
    old, new = (identifier(IdentifierKind.PHONE, text) for text in (ANA_PHONE, "5550000"))
    with pytest.raises(MemberExists):
        set_identifier(tx, VAULT, ben.id, old, NOW)
    set_identifier(tx, VAULT, ana.id, new, NOW)
    set_identifier(tx, VAULT, ben.id, old, NOW)
    assert found(find_member, tx, old) == ben.id
    assert found(find_member, tx, new) == ana.id


def test_the_first_verification_counts(tx):
    ana = enrol_ana(tx)
    address = identifier(IdentifierKind.EMAIL, "ANA@example.com")
    for instant in (NOW, LATER):
        verify_identifier(tx, VAULT, ana.id, address, instant)
    verified = {c.kind: c.verified_at for c in list_contacts(tx, VAULT, ana.id)}
    assert verified == {"email": NOW, "phone": None}


def test_each_partner_has_its_own_external_ids(tx):
    ana, ben = enrol_ana(tx), enrol_ben(tx)
    red, blue = (add_shop(tx, name=name)[0] for name in ("Red", "Blue"))
    add_identifier(tx, VAULT, ana.id, identifier(IdentifierKind.EXTERNAL, "7", red), NOW)
    add_identifier(tx, VAULT, ben.id, identifier(IdentifierKind.EXTERNAL, "7", blue), NOW)
    seven = identifier(IdentifierKind.EXTERNAL, "7")
    assert found(search_member, tx, seven, red) == ana.id
    assert found(search_member, tx, seven, blue) == ben.id
    assert search_member(tx, VAULT, seven, "par_third") is None
    with pytest.raises(LookupAmbiguous):
        search_member(tx, VAULT, seven, None)


def test_the_programmes_own_external_ids_are_known_to_every_partner(tx):
    ana = enrol_ana(tx)
    add_identifier(tx, VAULT, ana.id, identifier(IdentifierKind.EXTERNAL, "7"), NOW)
    seven = identifier(IdentifierKind.EXTERNAL, "7")
    assert found(search_member, tx, seven, "par_any") == ana.id
    assert found(search_member, tx, seven, None) == ana.id
