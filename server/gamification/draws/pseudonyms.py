"""Names under which entrants appear in public: another one in each raffle."""

import hmac


def pseudonym(raffle_key: bytes, member_id: str) -> str:
    """Return a member's name in one raffle: HMAC-SHA256 under that raffle's own key, 64 hex digits.

    Whoever lacks the key cannot link the names of two raffles, nor a name and a member.
    """
    if len(raffle_key) < 32:
        raise ValueError("the key of a raffle has at least 32 bytes")
    return hmac.digest(raffle_key, member_id.encode(), "sha256").hex()
