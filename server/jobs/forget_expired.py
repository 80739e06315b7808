"""Forget codes, tokens and mails whose time is over."""

from datetime import datetime

from server.core.db import transaction
from server.gamification.cards.service import forget_spoken_codes
from server.gamification.partners.assertions import forget_used_assertions
from server.gamification.sessions.expiry import forget_expired_sign_ins
from server.notifications.mail.service import forget_mails


def run(*, now: datetime, limit: int = 1000) -> int:
    """Delete what ended long enough ago; return how many rows. Needs an application context."""
    with transaction() as tx:
        return (
            forget_expired_sign_ins(tx, now, limit)
            + forget_spoken_codes(tx, now)
            + forget_used_assertions(tx, now)
            + forget_mails(tx, now)
        )
