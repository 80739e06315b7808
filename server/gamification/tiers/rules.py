"""Which tier a member has and what is missing for the next: pure decisions."""

from server.gamification.tiers.types import (
    Basis,
    Entry,
    Ladder,
    Progress,
    Source,
    Standing,
    Tier,
)


def score_of(basis: Basis, qualifying_points: int, spend_minor: int, visits: int) -> int:
    """Return the number that counts towards tiers; returns may have pushed it below zero."""
    by_basis = {
        Basis.QUALIFYING_POINTS: qualifying_points,
        Basis.SPEND: spend_minor,
        Basis.VISITS: visits,
    }
    return max(0, by_basis[basis])


def earned_tier(ladder: Ladder, score: int) -> Tier | None:
    """Return the highest tier whose threshold `score` has reached, invitations aside."""
    reached = [t for t in ladder.tiers if t.entry is Entry.THRESHOLD and t.threshold <= score]
    return reached[-1] if reached else None


def current_tier(ladder: Ladder, standing: Standing) -> Tier | None:
    """Return the tier a member has: the one held, or the one everybody starts with."""
    return ladder.get(standing.tier_id) or earned_tier(ladder, 0)


def current_key(ladder: Ladder, standing: Standing) -> str:
    """Return the key of the tier a member has, empty where there are no tiers."""
    tier = current_tier(ladder, standing)
    return tier.key if tier else ""


def source_of(tier: Tier | None, floor_id: str | None) -> Source:
    """Return why a member now holds `tier`: by its floor, if that is the one, else earned."""
    if tier is None or tier.id != floor_id:
        return Source.EARNED
    by_entry = {Entry.INVITATION: Source.INVITED, Entry.PAID: Source.PAID}
    return by_entry.get(tier.entry, Source.MANUAL)


def rank_of(tier: Tier | None) -> int:
    """Return a tier's rank, below all others for no tier."""
    return tier.rank if tier else -1


def higher(one: Tier | None, other: Tier | None) -> Tier | None:
    """Return the higher of two tiers."""
    return one if rank_of(one) >= rank_of(other) else other


def step_below(ladder: Ladder, tier: Tier | None) -> Tier | None:
    """Return the next lower tier that is entered by a threshold, or None below the lowest."""
    below = [t for t in ladder.tiers if t.entry is Entry.THRESHOLD and t.rank < rank_of(tier)]
    return below[-1] if below else None


def next_tier(ladder: Ladder, current: Tier | None) -> Tier | None:
    """Return the next tier that can be reached by a threshold, or None at the top."""
    rank = current.rank if current else -1
    above = (t for t in ladder.tiers if t.rank > rank and t.entry is Entry.THRESHOLD)
    return next(above, None)


def progress_to(tier: Tier, score: int, unit: str) -> Progress:
    """Return the bar towards `tier`'s threshold."""
    target = tier.threshold
    remaining = max(0, target - score)
    pct = 100 if not remaining else score * 100 // target
    return Progress(min(score, target), target, remaining, pct, unit)
