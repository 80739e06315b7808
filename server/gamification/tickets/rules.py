"""Who may enter a raffle and when: pure decisions."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from server.core.clock import local_date
from server.core.errors import Refusal
from server.gamification.members.rules import why_not_served
from server.gamification.raffles.errors import RaffleClosed
from server.gamification.raffles.types import Period, Raffle, RaffleState, Standing
from server.gamification.rewards.errors import NotEligible, TierTooLow
from server.gamification.tickets.errors import AgeRestricted
from server.gamification.tickets.types import Entrant

OPEN = (RaffleState.PUBLISHED, RaffleState.SELLING)


def why_not_open(standing: Standing, now: datetime) -> Refusal | None:
    """Return why nobody can enter or leave now; None while the raffle is open."""
    if standing.state not in OPEN:
        return RaffleClosed(state=str(standing.state))
    if now < standing.opens_at:
        return RaffleClosed(state="not_open_yet")
    if now >= standing.closes_at:
        return RaffleClosed(state="closing")
    return None


def why_not_entered(raffle: Raffle, who: Entrant) -> Refusal | None:
    """Return why this member cannot enter; None when nothing speaks against it."""
    refusal = why_not_served(who.status, who.merged_into_id)
    if refusal is not None:
        return refusal
    entry, subject = raffle.entry, who.subject
    if entry.age_min and (age_of(subject.birthday, subject.today) or 0) < entry.age_min:
        return AgeRestricted(age_min=entry.age_min, is_known=subject.birthday is not None)
    if entry.tiers and subject.tier_key not in entry.tiers:
        return TierTooLow(tiers=list(entry.tiers))
    if entry.needs_phone and not who.has_phone:
        return NotEligible(reasons=["phone_not_confirmed"])
    if entry.holds is not None and not entry.holds(subject):
        return NotEligible(reasons=["condition"])
    return None


def age_of(birthday: date | None, today: date) -> int | None:
    """Return how old somebody is, None when the birthday is not known."""
    if birthday is None:
        return None
    had_birthday = (today.month, today.day) >= (birthday.month, birthday.day)
    return today.year - birthday.year - (not had_birthday)


def period_of(period: Period, now: datetime, zone: ZoneInfo) -> str:
    """Return the name of the calendar period of `now`, for which one may enter for nothing once."""
    today = local_date(now, zone)
    week = today.isocalendar()
    return {
        Period.ONCE: "once",
        Period.DAY: today.isoformat(),
        Period.WEEK: f"{week.year}-W{week.week:02}",
        Period.MONTH: f"{today:%Y-%m}",
    }[period]


def tickets_for_purchase(raffle: Raffle, amount_minor: int) -> int:
    """Return how many tickets a purchase of so much money gives."""
    of = raffle.purchases
    return 0 if of is None else min(amount_minor // of.per_minor * of.tickets, of.most)
