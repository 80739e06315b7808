"""Send or not: consent, choices, quiet hours, caps and expiry. Pure decisions."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from server.gamification.programme.types import MessagePolicy
from server.notifications.types import (
    Category,
    Channel,
    Decision,
    Preferences,
    Quiet,
    Recipient,
    Verdict,
    Waiting,
    Why,
)

T = TypeVar("T")
CAP_DAY, CAP_WEEK = timedelta(days=1), timedelta(days=7)
MARKETING = frozenset({Category.OFFERS, Category.NEWS})
"""What is advertising: it needs a consent for its channel."""


def decide(
    waiting: Waiting, recipient: Recipient, policy: MessagePolicy, now: datetime
) -> Decision:
    """Return what becomes of a delivery that is due.

    What is no longer true, not wanted or not agreed to is dropped; in quiet hours it waits for
    their end, unless it would not be true any more then; over a cap it is dropped.
    """
    if waiting.expires_at <= now:
        return Decision(Verdict.DROP, why=Why.EXPIRED)
    refused = why_not_wanted(waiting.category, waiting.channel, recipient)
    if refused is not None:
        return Decision(Verdict.DROP, why=refused)
    until = quiet_until(quiet_of(recipient.preferences, policy), recipient.zone, now)
    if until is not None:
        late = until >= waiting.expires_at
        return Decision(Verdict.DROP, why=Why.EXPIRED) if late else Decision(Verdict.WAIT, until)
    if is_capped(waiting.category, recipient.sent.get(waiting.category, ()), policy, now):
        return Decision(Verdict.DROP, why=Why.CAPPED)
    return Decision(Verdict.SEND)


def why_not_wanted(category: Category, channel: Channel, recipient: Recipient) -> Why | None:
    """Return why a member does not want a category on a channel, None when it may come."""
    if not is_chosen(recipient.preferences, category, channel):
        return Why.MUTED
    if needs_consent(category) and f"marketing_{channel}" not in recipient.consents:
        return Why.NO_CONSENT
    return None


def needs_consent(category: Category) -> bool:
    """Tell whether a category is advertising."""
    return category in MARKETING


def is_chosen(preferences: Preferences, category: Category, channel: Channel) -> bool:
    """Tell whether a channel is switched on for a category.

    Push is on and e-mail off until the member says otherwise; push of `service` is always on.
    """
    if category is Category.SERVICE and channel is Channel.PUSH:
        return True
    chosen = preferences.choices.get(category, {})
    return bool(chosen.get(channel, channel is Channel.PUSH))


def quiet_of(preferences: Preferences, policy: MessagePolicy) -> Quiet:
    """Return the quiet hours of a member: own ones, else the programme's."""
    own = preferences.quiet
    return own or Quiet(policy.quiet_from_minute, policy.quiet_to_minute)


def is_quiet(quiet: Quiet, zone: ZoneInfo, at: datetime) -> bool:
    """Tell whether clocks in `zone` show quiet hours at `at`."""
    local = at.astimezone(zone)
    minute = local.hour * 60 + local.minute
    if quiet.from_minute <= quiet.to_minute:
        return quiet.from_minute <= minute < quiet.to_minute
    return minute >= quiet.from_minute or minute < quiet.to_minute


def quiet_until(quiet: Quiet, zone: ZoneInfo, now: datetime) -> datetime | None:
    """Return when the quiet hours of now end (UTC), None outside them.

    The end is not quiet itself. Where clocks are set back over it and the time before it comes
    again, it ends twice; where they jump over it, it ends as late as without the jump.
    """
    if not is_quiet(quiet, zone, now):
        return None
    ends_at = time(quiet.to_minute // 60 % 24, quiet.to_minute % 60)
    today = now.astimezone(zone).date()
    ends = (
        datetime.combine(today + timedelta(days=days), ends_at, zone).replace(fold=fold)
        for days in (0, 1, 2)
        for fold in (0, 1)
    )
    instants = (end.astimezone(UTC) for end in ends)
    return next(end for end in instants if end > now and not is_quiet(quiet, zone, end))


def is_capped(
    category: Category, sent: Sequence[datetime], policy: MessagePolicy, now: datetime
) -> bool:
    """Tell whether one more of a category now would be more than its caps allow.

    They count the 24 hours and the seven days before `now`; `service` has none.
    """
    caps = policy.caps.get(category)
    if caps is None or category is Category.SERVICE:
        return False
    lately = (sum(now - at < length for at in sent) for length in (CAP_DAY, CAP_WEEK))
    return any(count >= most for count, most in zip(lately, caps, strict=True))


def pick_variant(variants: Sequence[tuple[int, T]], *who: str) -> T:
    """Return one of weighted variants, for the same member and template always the same one."""
    total = sum(weight for weight, _ in variants)
    digest = hashlib.sha256("\x00".join(who).encode()).digest()
    left = int.from_bytes(digest[:8]) % total
    for weight, variant in variants:
        if left < weight:
            return variant
        left -= weight
    raise AssertionError("weights are positive")
