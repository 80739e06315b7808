"""Many ask for codes to one address at once: it gets as many as in turn."""

from server.gamification.members.types import IdentifierKind
from server.gamification.sessions.challenges import start_challenge
from tests.builders.members import ANA_EMAIL, NOW, VAULT, identifier
from tests.concurrency.crowd import rush

ADDRESS = identifier(IdentifierKind.EMAIL, ANA_EMAIL)


def test_twenty_requests_at_once_send_five_codes(app):
    results = rush(app, [lambda tx: start_challenge(tx, VAULT, ADDRESS, NOW)] * 20)
    assert len([one for one in results if one.code]) == 5
