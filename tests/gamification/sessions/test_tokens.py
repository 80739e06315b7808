import jwt
import pytest

from server.core.crypto import Vault
from server.gamification.sessions.tokens import (
    AUDIENCE,
    Issuer,
    issue_access_token,
    read_access_token,
)
from tests.builders.members import ISSUER, NOW, VAULT

KEY = VAULT.key("access-token")
CLAIMS = {
    "iss": ISSUER.url,
    "aud": AUDIENCE,
    "sub": "mem_1",
    "sid": "ses_1",
    "iat": int(NOW.timestamp()),
    "exp": int(NOW.timestamp()) + 1200,
}


def test_a_token_says_who_and_until_when():
    token, expires_at = issue_access_token(ISSUER, "ses_1", "mem_1", NOW)
    claims = read_access_token(ISSUER, token)
    assert claims is not None
    assert (claims.session_id, claims.member_id) == ("ses_1", "mem_1")
    assert claims.expires_at == expires_at
    header = jwt.get_unverified_header(token)
    assert (header["alg"], header["typ"]) == ("HS256", "JWT")
    assert header["kid"]


def unsigned(claims):
    return jwt.encode(claims, "", "none")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        "dk_live_something",
        unsigned(CLAIMS),
        jwt.encode(CLAIMS, b"x" * 32, "HS256"),
        jwt.encode(CLAIMS, KEY + KEY, "HS512"),
        jwt.encode(CLAIMS | {"aud": "somewhere else"}, KEY, "HS256"),
        jwt.encode(CLAIMS | {"iss": "https://other.example"}, KEY, "HS256"),
        jwt.encode(CLAIMS | {"exp": "never"}, KEY, "HS256"),
        jwt.encode(CLAIMS | {"exp": 10**30}, KEY, "HS256"),
        jwt.encode({k: v for k, v in CLAIMS.items() if k != "sid"}, KEY, "HS256"),
        jwt.encode(CLAIMS, KEY, "HS256", headers={"kid": "x", "crit": ["b64"], "b64": False}),
    ],
)
def test_other_texts_are_no_tokens(token):
    assert read_access_token(ISSUER, token) is None


def test_a_token_of_the_previous_secret_still_works_and_new_ones_use_the_new():
    old, new = Vault("old secret " * 4), Vault("new secret " * 4, "old secret " * 4)
    token, _ = issue_access_token(Issuer(old, ISSUER.url), "ses_1", "mem_1", NOW)
    assert read_access_token(Issuer(new, ISSUER.url), token) is not None
    newer, _ = issue_access_token(Issuer(new, ISSUER.url), "ses_1", "mem_1", NOW)
    assert read_access_token(Issuer(old, ISSUER.url), newer) is None
