"""Challenges: the list, joining and leaving, claiming, answering."""

from collections.abc import Sequence
from typing import Any

from server.api.endpoint import Call, Reply
from server.api.mobile import member
from server.api.moved import moved_in_games
from server.api.presenters.challenges import (
    ChallengeOut,
    Held,
    Playing,
    present_challenge,
    rounds_of,
)
from server.api.presenters.quizzes import QuizOut, present_quiz
from server.api.presenters.rewards_given import GrantedPart, present_granted
from server.api.presenters.updates import Updates, updates_now
from server.api.schemas import Boolean, Instant, Integer, Items, Nested, RequestSchema, Text
from server.api.schemas import ResponseSchema as Out
from server.api.views import benefit_view_of, tier_view_of
from server.core.clock import local_date
from server.core.errors import FieldError, NotFound, ValidationFailed
from server.core.statements import at_once
from server.gamification.activities.queries import get_shopper
from server.gamification.badges.queries import known_badges, list_held
from server.gamification.challenges import errors, queries, rules, service
from server.gamification.challenges.types import Challenge, Progress, Taker
from server.gamification.ledger.service import open_book
from server.gamification.playing.queries import moved_wallets
from server.gamification.programme.types import POINTS
from server.gamification.quizzes.errors import AttemptsUsedUp, NotAQuiz
from server.gamification.quizzes.queries import list_attempts
from server.gamification.quizzes.service import Attempt, answer
from server.gamification.screens.counted import counted_activities
from server.gamification.tiers.rules import current_key


class ChallengesOut(Out):
    """All challenges that the member can see, in the owner's order."""

    items = Items(Nested(ChallengeOut), required=True)


class CountedOut(Out):
    """An activity that counted, and how much of it."""

    activity_id = Text(required=True)
    occurred_at = Instant(required=True)
    amount = Integer(required=True)


class ChallengeDetailOut(ChallengeOut):
    """A challenge with its latest activities that counted, and its quiz if it is one."""

    counted = Items(Nested(CountedOut), required=True)
    quiz = Nested(QuizOut, required=True, allow_none=True)


class EnrolmentOut(Out):
    """The challenge as it is now, and what else moved."""

    challenge = Nested(ChallengeOut, required=True)
    updates = Nested(Updates, required=True)


class ChallengeClaimIn(RequestSchema):
    """Nothing needs to be said."""


class ChallengeClaimPart(Out):
    """A claim; `state` is granted."""

    id = Text(required=True)
    challenge_id = Text(required=True)
    state = Text(required=True)


class ChallengeClaimOut(Out):
    """The claim, what it gave, the challenge and the balances after it."""

    claim = Nested(ChallengeClaimPart, required=True)
    granted = Items(Nested(GrantedPart), required=True)
    challenge = Nested(ChallengeOut, required=True)
    updates = Nested(Updates, required=True)


class AnswerIn(RequestSchema):
    """The chosen options of one question."""

    question = Text(required=True, most=40)
    options = Items(Text(most=40), required=True, most=10)


class AnswersIn(RequestSchema):
    """The answers to all questions at once; those left out are wrong."""

    answers = Items(Nested(AnswerIn), required=True, least=1, most=50)
    example = {
        "answers": [
            {"question": "fruit", "options": ["seed"]},
            {"question": "milk", "options": ["cappuccino", "flat-white"]},
        ]
    }


class AttemptOut(Out):
    """How the quiz was answered: which questions rightly, and how often it may be tried again."""

    id = Text(required=True)
    number = Integer(required=True)
    right = Items(Text(), required=True)
    attempts_left = Integer(required=True)
    is_passed = Boolean(required=True)


class AnswersOut(Out):
    """The attempt, what it gave, and the challenge after it."""

    attempt = Nested(AttemptOut, required=True)
    granted = Items(Nested(GrantedPart), required=True)
    challenge = Nested(ChallengeDetailOut, required=True)
    updates = Nested(Updates, required=True)


@member.get("/me/challenges", "listMyChallenges", answers={200: ChallengesOut})
def list_my_challenges(call: Call) -> Reply:
    """List the challenges with the bar of each."""
    return Reply({"items": list_challenges(call)})


@member.get(
    "/me/challenges/{challenge_id}",
    "getMyChallenge",
    answers={200: ChallengeDetailOut},
    refuses=(NotFound,),
)
def get_my_challenge(call: Call, challenge_id: str) -> Reply:
    """Get a challenge, what counted for it, and its questions if it is a quiz."""
    return Reply(_detail(call, _find(call, challenge_id), taker_of(call)))


@member.put(
    "/me/challenges/{challenge_id}/enrolment",
    "joinChallenge",
    answers={200: EnrolmentOut},
    refuses=(
        NotFound,
        errors.EnrolmentNotOffered,
        errors.ChallengeNotStarted,
        errors.ChallengeEnded,
        errors.ChallengeLocked,
    ),
)
def join_challenge(call: Call, challenge_id: str) -> Reply:
    """Take part in a challenge. Joining twice is joining once."""
    challenge, taker = _find(call, challenge_id), taker_of(call)
    service.join(call.tx, call.principal.id, challenge, taker, call.now)
    return Reply({"challenge": _shown(call, challenge, taker), "updates": _updates(call)})


@member.delete(
    "/me/challenges/{challenge_id}/enrolment",
    "leaveChallenge",
    answers={200: EnrolmentOut},
    refuses=(NotFound, errors.EnrolmentNotOffered, errors.ChallengeCompleted),
)
def leave_challenge(call: Call, challenge_id: str) -> Reply:
    """Take part no more. What is done stays, and goes on when the member joins again."""
    challenge, taker = _find(call, challenge_id), taker_of(call)
    service.leave(call.tx, call.principal.id, challenge, taker, call.now)
    return Reply({"challenge": _shown(call, challenge, taker), "updates": _updates(call)})


@member.post(
    "/me/challenges/{challenge_id}/claims",
    "claimChallenge",
    body=ChallengeClaimIn,
    answers={201: ChallengeClaimOut},
    refuses=(
        NotFound,
        errors.ChallengeNotCompleted,
        errors.AlreadyClaimed,
        errors.ChallengeEnded,
    ),
    idempotency="required",
)
def claim_challenge(call: Call, challenge_id: str) -> Reply:
    """Claim all that waits in a challenge."""
    challenge = _find(call, challenge_id)
    done = service.claim(call.tx, call.principal.id, challenge, call.principal.name, call.now)
    told = {"id": done.claim_id, "challenge_id": challenge.id, "state": "granted"}
    shown = _shown(call, challenge, taker_of(call))
    body = {
        "claim": told,
        "granted": present_granted(done.given, benefit_view_of(call)),
        "challenge": shown,
        "updates": _with_challenge(call, shown),
    }
    return Reply(body, 201)


@member.post(
    "/me/challenges/{challenge_id}/answers",
    "answerChallenge",
    body=AnswersIn,
    answers={201: AnswersOut},
    refuses=(
        NotFound,
        NotAQuiz,
        AttemptsUsedUp,
        errors.ChallengeNotStarted,
        errors.ChallengeEnded,
        errors.ChallengeLocked,
        errors.ChallengeCompleted,
        errors.EnrolmentRequired,
    ),
    idempotency="required",
)
def answer_challenge(call: Call, challenge_id: str) -> Reply:
    """Answer a quiz. What is right is told when it is passed or was the last attempt."""
    challenge, taker = _find(call, challenge_id), taker_of(call)
    chosen = _chosen(call.body["answers"])
    attempt = answer(call.tx, call.principal.id, challenge, chosen, taker, call.now)
    shown = _detail(call, challenge, taker)
    body = {
        "attempt": _attempt(attempt),
        "granted": present_granted(attempt.given, benefit_view_of(call)),
        "challenge": shown,
        "updates": _with_challenge(call, shown),
    }
    return Reply(body, 201)


def list_challenges(call: Call) -> list[dict[str, Any]]:
    """Return the member's challenges as they are now."""
    known, view = _known(call), benefit_view_of(call)
    held = _held(call, known)
    taker = _taker(call, held[0])
    return [present_challenge(rounds_of(one, held, taker), view) for one in known]


def _known(call: Call) -> tuple[Challenge, ...]:
    return queries.PUBLISHED.known(call.tx, call.configuration.programme.revision)


def _held(call: Call, challenges: tuple[Challenge, ...]) -> Held:
    """Read what the member has in these challenges, in three questions sent at once."""
    me, ids = call.principal.id, [challenge.id for challenge in challenges]
    with at_once(call.tx):
        rounds = queries.ask_rounds(call.tx, [me], ids)
        due = queries.ask_due_rewards(call.tx, me)
        claimed = queries.ask_claimed(call.tx, me, ids)
    return rounds().get(me, ()), due(), claimed()


def _playing(call: Call, challenge: Challenge, taker: Taker) -> Playing:
    return rounds_of(challenge, _held(call, (challenge,)), taker)


def taker_of(call: Call) -> Taker:
    """Return what is known of the member who takes part."""
    me, ids = call.principal.id, [challenge.id for challenge in _known(call)]
    return _taker(call, queries.ask_rounds(call.tx, [me], ids)().get(me, ()))


def _taker(call: Call, rounds: Sequence[Progress]) -> Taker:
    """Return the same, of a member whose rounds in all challenges have been read."""
    configuration, me = call.configuration, call.principal.id
    programme = configuration.programme
    tier_key = current_key(configuration.ladder, get_shopper(call.tx, me).standing)
    names = {badge.id: badge.key for badge in known_badges(call.tx, programme.revision)}
    held = list_held(call.tx, me, local_date(call.now, programme.zone))
    badges = frozenset(names[one.badge_id] for one in held if one.badge_id in names)
    done = rules.done_keys(_known(call), rounds)
    return Taker(programme.zone, tier_key, badges, done)


def _find(call: Call, challenge_id: str) -> Challenge:
    for challenge in _known(call):
        if challenge_id in (challenge.id, challenge.key):
            return challenge
    raise NotFound("There is no such challenge.")


def _shown(call: Call, challenge: Challenge, taker: Taker) -> dict[str, Any]:
    return present_challenge(_playing(call, challenge, taker), benefit_view_of(call))


def _detail(call: Call, challenge: Challenge, taker: Taker) -> dict[str, Any]:
    playing = _playing(call, challenge, taker)
    progress, quiz = playing.present(call.now), challenge.quiz
    counted = counted_activities(call.tx, progress.key) if progress else []
    attempts = list_attempts(call.tx, progress.key) if quiz and progress else []
    is_passed = progress is not None and progress.completed_at is not None
    return present_challenge(playing, benefit_view_of(call)) | {
        "counted": [
            {"activity_id": found, "occurred_at": at, "amount": amount}
            for found, at, amount in counted
        ],
        "quiz": present_quiz(quiz, attempts, call.locale, is_passed=is_passed) if quiz else None,
    }


def _chosen(answers: list[dict[str, Any]]) -> dict[str, frozenset[str]]:
    found = {one["question"]: frozenset(one["options"]) for one in answers}
    if len(found) < len(answers):
        error = FieldError(pointer="/answers", code="invalid", detail="Answer a question once.")
        raise ValidationFailed([error])
    return found


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "id": attempt.id,
        "number": attempt.number,
        "right": sorted(attempt.right),
        "attempts_left": attempt.left,
        "is_passed": attempt.is_passed,
    }


def _updates(call: Call) -> dict[str, Any]:
    wallet = open_book(call.tx, call.principal.id, POINTS, call.now).wallet
    moved = moved_wallets(call.tx, call.principal.id, call.now)
    others = [one for one in moved if one.unit != POINTS]
    updates = updates_now(call.tx, wallet, tier_view_of(call), others)
    return updates | moved_in_games(call, call.principal.id, (), others)


def _with_challenge(call: Call, shown: dict[str, Any]) -> dict[str, Any]:
    """Return the updates with the challenge itself, which has moved."""
    part = {name: shown[name] for name in ("id", "title", "state", "progress")}
    return _updates(call) | {"challenges": [part]}
