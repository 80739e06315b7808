"""What would break the invariants of challenges and streaks."""

from typing import Any

GAMES_DAMAGE: dict[str, list[Any]] = {
    "The bar of a challenge is the sum of what was contributed.": [
        "UPDATE challenge_progress SET current = current + 1, peak = peak + 1",
        "DELETE FROM challenge_contribution",
    ],
    "A challenge that is done has its last reward.": ["DELETE FROM challenge_reward"],
    "A challenge that is not done has no last reward.": [
        "UPDATE challenge_progress SET completed_at = NULL"
    ],
    "A stage of a challenge is rewarded once.": [
        "UPDATE challenge_reward SET stage = 'end', turn = turn + 9 WHERE stage <> 'end'"
    ],
    "A reward of a challenge is what was granted for it.": [
        "DELETE FROM benefit_grant WHERE ref_kind = 'challenge'",
        "UPDATE challenge_reward SET state = 'due', given_at = NULL WHERE state = 'given'",
    ],
    "A quiz counts its best attempt.": [
        "UPDATE quiz_attempt SET right_answers = right_answers + 1"
    ],
    "The latest round of a challenge is remembered as such.": [
        "UPDATE challenge_progress SET is_live = false"
    ],
    "A streak is as long as its periods make it.": [
        "UPDATE streak_run SET current = current + 1, best = best + 1",
        "DELETE FROM streak_contribution",
        "DELETE FROM streak_gap",
    ],
    "A period that counts in a streak used no freeze.": [
        "UPDATE streak_gap SET period_on = (SELECT min(period_on) FROM streak_contribution)"
    ],
    "A milestone of a streak is what was granted for it.": [
        "UPDATE streak_milestone SET state = 'taken', taken_at = given_at"
    ],
    "A freeze was paid for with points.": ["UPDATE streak_freeze SET points = points + 1"],
}
