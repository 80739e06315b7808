"""A partner vouches for its customer: real signatures of every kind that is accepted."""

import hmac
from datetime import timedelta
from typing import Any

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from sqlalchemy import func, select

from server.gamification.members.models import MEMBER
from server.gamification.partners.assertions import accept_assertion, forget_used_assertions
from server.gamification.partners.errors import (
    AssertionInvalid,
    AssertionReplayed,
    SigningKeyInvalid,
)
from server.gamification.partners.service import add_partner
from server.gamification.sessions.sign_in import member_of_customer
from tests.builders.members import NOW, VAULT, add_shop

HERE = "http://127.0.0.1:8000"


def claims(partner_id, **changes):
    good = {"iss": partner_id, "sub": "4711", "aud": HERE, "jti": "one"}
    ends = {"exp": int((NOW + timedelta(minutes=4)).timestamp())}
    return {name: value for name, value in (good | ends | changes).items() if value is not None}


def accept(tx, token, now=NOW):
    return accept_assertion(tx, VAULT, token, HERE, now)


def public_pem(private):
    key = private.public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


KEYS: dict[str, Any] = {
    "RS256": rsa.generate_private_key(65537, 2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}


def test_a_shared_secret_vouches_for_a_customer(tx):
    partner_id, _, secret = add_shop(tx)
    told = claims(partner_id, given_name="Ana", family_name="Kask", locale="et-EE")
    customer = accept(tx, jwt.encode(told, secret, "HS256"))
    assert (customer.partner_id, customer.external_id) == (partner_id, "4711")
    assert (customer.first_name, customer.last_name, customer.locale) == ("Ana", "Kask", "et")


@pytest.mark.parametrize("algorithm", KEYS)
def test_a_public_key_vouches_for_a_customer(tx, algorithm):
    private = KEYS[algorithm]
    partner_id, secret = add_partner(tx, VAULT, "Shop", NOW, public_pem(private))
    assert secret is None
    token = jwt.encode(claims(partner_id), private, algorithm)
    assert accept(tx, token).external_id == "4711"


@pytest.mark.parametrize("algorithm", KEYS)
def test_the_public_key_is_never_taken_for_a_shared_secret(tx, algorithm):
    pem = public_pem(KEYS[algorithm])
    partner_id, _ = add_partner(tx, VAULT, "Shop", NOW, pem)
    forged = [
        hmac_signed(claims(partner_id), pem.encode()),
        jwt.encode(claims(partner_id), "", "none"),
    ]
    for token in forged:
        with pytest.raises(AssertionInvalid):
            accept(tx, token)


def hmac_signed(told, key):
    """Sign as an attacker would: the library itself refuses to use a public key so."""
    parts = [jwt.utils.base64url_encode(orjson.dumps(one)) for one in ({"alg": "HS256"}, told)]
    signed = b".".join(parts)
    mac = hmac.digest(key, signed, "sha256")
    return (signed + b"." + jwt.utils.base64url_encode(mac)).decode()


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://elsewhere.example"},
        {"aud": None},
        {"iss": "par_nobody"},
        {"iss": None},
        {"sub": None},
        {"sub": ""},
        {"jti": None},
        {"exp": None},
        {"exp": int((NOW - timedelta(minutes=2)).timestamp())},
        {"exp": int((NOW + timedelta(hours=1)).timestamp())},
    ],
)
def test_an_assertion_that_says_too_little_or_too_much_is_refused(tx, changes):
    partner_id, _, secret = add_shop(tx)
    with pytest.raises(AssertionInvalid):
        accept(tx, jwt.encode(claims(partner_id, **changes), secret, "HS256"))


def test_another_partners_secret_does_not_sign(tx):
    partner_id, _, _ = add_shop(tx)
    _, _, other = add_shop(tx, name="Other")
    for token in (jwt.encode(claims(partner_id), other, "HS256"), "", "a.b.c"):
        with pytest.raises(AssertionInvalid):
            accept(tx, token)


def test_an_assertion_works_once(tx):
    partner_id, _, secret = add_shop(tx)
    token = jwt.encode(claims(partner_id), secret, "HS256")
    accept(tx, token)
    with pytest.raises(AssertionReplayed):
        accept(tx, token, NOW + timedelta(minutes=1))
    assert forget_used_assertions(tx, NOW + timedelta(minutes=5)) == 0
    assert forget_used_assertions(tx, NOW + timedelta(minutes=65)) == 1


def test_a_customer_joins_once_and_is_the_same_member_later(tx):
    partner_id, _, secret = add_shop(tx)
    found = []
    for jti in ("one", "two"):
        token = jwt.encode(claims(partner_id, jti=jti, given_name="Ana"), secret, "HS256")
        found.append(member_of_customer(tx, VAULT, accept(tx, token), NOW))
    assert [is_new for _, is_new in found] == [True, False]
    assert found[0][0].id == found[1][0].id
    assert found[0][0].profile.first_name == "Ana"
    assert tx.execute(select(func.count()).select_from(MEMBER)).scalar_one() == 1


def test_two_partners_with_one_customer_number_mean_two_people(tx):
    shops = [add_shop(tx, name=name) for name in ("Red", "Blue")]
    ids = set()
    for partner_id, _, secret in shops:
        customer = accept(tx, jwt.encode(claims(partner_id), secret, "HS256"))
        ids.add(member_of_customer(tx, VAULT, customer, NOW)[0].id)
    assert len(ids) == 2


@pytest.mark.parametrize(
    "pem",
    [
        "not a key",
        public_pem(ec.generate_private_key(ec.SECP384R1())),
        public_pem(rsa.generate_private_key(65537, 1024)),
        KEYS["ES256"].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    ],
)
def test_only_usable_public_keys_are_registered(tx, pem):
    with pytest.raises(SigningKeyInvalid):
        add_partner(tx, VAULT, "Shop", NOW, pem)
