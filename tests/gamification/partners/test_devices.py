"""Devices and keys on real databases."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import select

from server.core.crypto import hash_secret
from server.core.db import transaction
from server.core.errors import NotFound
from server.gamification.partners.errors import (
    LocationExists,
    PairingTokenInvalid,
    ScopeUnknown,
)
from server.gamification.partners.keys import (
    add_partner_key,
    revoke_key,
    rotate_device_key,
    touch_key,
)
from server.gamification.partners.models import API_KEY, DEVICE
from server.gamification.partners.queries import find_key_holder, get_device, list_keys
from server.gamification.partners.service import (
    add_device,
    add_location,
    offer_pairing,
    pair_device,
    revoke_device,
)
from server.gamification.partners.types import Profile
from tests.builders.members import NOW, add_shop, pair_dan


def add_till(tx):
    location = add_location(tx, "Main Street", NOW, "shop-1", "Europe/Tallinn")
    return add_device(tx, "Dan", location.id, Profile.TILL_FULL, NOW)


def holder(tx, secret):
    return find_key_holder(tx, hash_secret(secret))


def test_names_of_places_and_tills_are_one_line(tx):
    location = add_location(tx, "Main\nStreet\u202e", NOW)
    assert location.name == "Main Street"
    assert add_device(tx, "D\x1ban", location.id, Profile.TILL_FULL, NOW).name == "D an"


def test_a_pairing_token_works_once(tx):
    till = add_till(tx)
    pairing = offer_pairing(tx, till.id, NOW)
    paired, key = pair_device(tx, pairing.token, NOW)
    assert (paired.id, paired.location.name, paired.last_seen_at) == (till.id, "Main Street", NOW)
    assert key.secret.startswith("dk_live_")
    assert len(key.secret) > 45
    found = holder(tx, key.secret)
    assert (found.device_id, found.partner_id, found.profile) == (till.id, None, "till_full")
    assert (found.location_zone, found.revoked_at) == ("Europe/Tallinn", None)
    with pytest.raises(PairingTokenInvalid):
        pair_device(tx, pairing.token, NOW)


def test_two_tills_with_one_token_at_once_pair_one(app):
    with app.app_context(), transaction() as tx:
        token = offer_pairing(tx, add_till(tx).id, NOW).token
    barrier, answers = Barrier(2), []

    def pair():
        with app.app_context():
            barrier.wait()
            try:
                with transaction() as tx:
                    answers.append(pair_device(tx, token, NOW)[0].name)
            except PairingTokenInvalid:
                answers.append("refused")

    threads = [Thread(target=pair) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["Dan", "refused"]


def test_a_pairing_token_lives_for_an_hour_and_a_newer_one_replaces_it(tx):
    till = add_till(tx)
    first, second = (offer_pairing(tx, till.id, NOW).token for _ in range(2))
    for token, now in ((first, NOW), (second, NOW + timedelta(hours=1)), ("pt_unknown", NOW)):
        with pytest.raises(PairingTokenInvalid):
            pair_device(tx, token, now)


def test_pairing_again_ends_the_earlier_key(tx):
    device_id, old = pair_dan(tx)
    later = NOW + timedelta(days=1)
    _, key = pair_device(tx, offer_pairing(tx, device_id, later).token, later)
    assert holder(tx, old).revoked_at == later
    assert holder(tx, key.secret).revoked_at is None


def test_a_rotated_key_overlaps_for_an_hour(tx):
    device_id, old = pair_dan(tx)
    key, until = rotate_device_key(tx, device_id, "Dan", NOW)
    assert until == NOW + timedelta(hours=1)
    assert holder(tx, old).expires_at == until
    assert holder(tx, key.secret).expires_at is None
    rotate_device_key(tx, device_id, "Dan", NOW + timedelta(minutes=30))
    assert holder(tx, old).expires_at == until


def test_a_revoked_device_loses_its_keys_and_its_pairing_token(tx):
    device_id, secret = pair_dan(tx)
    token = offer_pairing(tx, device_id, NOW).token
    revoke_device(tx, device_id, NOW)
    assert holder(tx, secret).revoked_at == NOW
    assert holder(tx, secret).device_revoked_at == NOW
    with pytest.raises(PairingTokenInvalid):
        pair_device(tx, token, NOW)
    for act in (revoke_device, offer_pairing):
        with pytest.raises(NotFound):
            act(tx, device_id, NOW)


def test_a_revoked_key_is_revoked_once(tx):
    _, secret, _ = add_shop(tx)
    key_id = holder(tx, secret).id
    revoke_key(tx, key_id, NOW)
    assert holder(tx, secret).revoked_at == NOW
    with pytest.raises(NotFound):
        revoke_key(tx, key_id, NOW)


def test_secrets_are_stored_hashed(tx):
    _, secret, _ = add_shop(tx)
    row = tx.execute(select(API_KEY)).one()
    assert secret not in " ".join(str(value) for value in row)
    assert row.hint == f"sk_test_…{secret[-4:]}"
    assert [key.partner_name for key in list_keys(tx)] == ["Web shop"]


def test_a_key_needs_a_partner_and_known_scopes(tx):
    partner_id, _, _ = add_shop(tx)
    with pytest.raises(NotFound):
        add_partner_key(tx, "par_nobody", "x", ["members:read"], NOW)
    with pytest.raises(ScopeUnknown):
        add_partner_key(tx, partner_id, "x", ["everything"], NOW)


def test_use_is_noted_at_most_every_five_minutes(tx):
    device_id, secret = pair_dan(tx)
    key_id = holder(tx, secret).id
    touch_key(tx, key_id, device_id, NOW)
    touch_key(tx, key_id, device_id, NOW + timedelta(minutes=4))
    assert holder(tx, secret).last_used_at == NOW
    touch_key(tx, key_id, device_id, NOW + timedelta(minutes=5))
    assert holder(tx, secret).last_used_at == NOW + timedelta(minutes=5)
    assert get_device(tx, device_id).last_seen_at == NOW + timedelta(minutes=5)


def test_places_are_known_by_their_external_id_once(tx):
    first = add_location(tx, "Main Street", NOW, "shop-1")
    with pytest.raises(LocationExists) as refused:
        add_location(tx, "Side Street", NOW, "shop-1")
    assert refused.value.params == {"location_id": first.id}
    with pytest.raises(NotFound):
        add_device(tx, "Dan", "loc_nowhere", Profile.KIOSK, NOW)
    assert tx.execute(select(DEVICE)).all() == []
