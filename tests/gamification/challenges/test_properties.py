"""Whatever is done and given back in whatever pieces: nothing is left, nothing is given twice."""

from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from server.gamification.challenges.rules import advance, take_back, worth_of
from server.gamification.challenges.types import Challenge, Contribution, Progress
from server.gamification.facts.types import ActivityFact
from tests.builders.games import ANYBODY, DAY, MONDAY, TALLINN, a_challenge, done, item

GOODS = st.lists(
    st.tuples(st.sampled_from(["coffee", "cake", "tea"]), st.integers(0, 9_00)), max_size=3
)
BOUGHT = st.lists(st.tuples(st.integers(0, 9), GOODS), min_size=1, max_size=7)
FILTERED = {"categories": ["coffee", "cake"]}
STEPS = [
    {"key": one, "names": {"en": one}, "filter": {"categories": [one]}} for one in ("tea", "cake")
]
POINTS = [{"kind": "points", "amount": 5}]
SHAPES = st.sampled_from(
    [
        {"metric": "count"},
        {"metric": "spend", "target": 9_00, "filter": FILTERED},
        {"metric": "category", "filter": FILTERED},
        {"metric": "sum", "milestones": [{"at": 2, "benefits": POINTS}]},
        {"metric": "distinct", "milestones": [{"at": 1, "benefits": POINTS}]},
        {"metric": "distinct", "distinct_by": "category"},
        {"metric": "steps", "steps": STEPS},
    ]
)


@dataclass
class Life:
    """A member in one challenge, with the stages that are held, as the service keeps them."""

    challenge: Challenge
    rounds: dict[int, Progress] = field(default_factory=dict)
    contributed: dict[tuple[int, str], tuple[Contribution, ...]] = field(default_factory=dict)
    held: list[tuple[int, str]] = field(default_factory=list)

    def do(self, fact: ActivityFact) -> None:
        """Let an activity count."""
        live = [self.rounds[n] for n in sorted(self.rounds) if self.rounds[n].is_live]
        moved = advance(self.challenge, live, fact, ANYBODY)
        if moved is None:
            return
        if moved.closed is not None:
            self.rounds[moved.closed.round] = moved.closed
        number = moved.progress.round
        self.rounds[number] = moved.progress
        self.contributed[number, fact.activity_id] = moved.contributions
        self.held += [(number, one.stage) for one in moved.reached]
        assert len(set(self.held)) == len(self.held)

    def give_back(self, fact: ActivityFact, left: ActivityFact | None) -> None:
        """Take an activity back down to what is left of it."""
        worth = worth_of(self.challenge, left, TALLINN) if left else {}
        for (number, activity_id), before in list(self.contributed.items()):
            if activity_id == fact.activity_id:
                back = take_back(self.challenge, self.rounds[number], before, worth)
                self.rounds[number] = back.progress
                kept = tuple(one for one in back.contributions if one.amount)
                self.contributed[number, activity_id] = kept
                for stage in back.lost:
                    self.held.remove((number, stage))

    def state(self) -> tuple[int, bool, set[str]]:
        """How far it is, whether it is done, and the stages held."""
        progress = self.rounds.get(1)
        if progress is None:
            return 0, False, set()
        stages = {stage for _, stage in self.held}
        return progress.current, progress.completed_at is not None, stages


def facts_of(bought):
    return [
        done(
            MONDAY + day * DAY,
            f"{number:03}",
            items=tuple(item(category, minor) for category, minor in goods),
            amount_minor=sum(minor for _, minor in goods),
        )
        for number, (day, goods) in enumerate(bought)
    ]


def fewer(fact: ActivityFact, count: int) -> ActivityFact:
    """What is left of a purchase when only its first lines are kept."""
    items = fact.items[:count]
    return replace(fact, items=items, amount_minor=sum(one.amount_minor for one in items))


@given(SHAPES, BOUGHT, st.booleans(), st.randoms(use_true_random=False))
def test_when_everything_comes_back_nothing_is_left(shape, bought, repeats, random):
    settings = shape | ({"repeat": {"times": 0}} if repeats else {})
    life, facts = Life(a_challenge(**settings)), facts_of(bought)
    for fact in facts:
        life.do(fact)
    pieces = [(fact, fewer(fact, n)) for fact in facts for n in range(len(fact.items))]
    random.shuffle(pieces)
    for fact, left in pieces:
        life.give_back(fact, left)
    random.shuffle(facts)
    for fact in facts:
        life.give_back(fact, None)
        life.give_back(fact, None)
    assert life.held == []
    assert [one.current for one in life.rounds.values()] == [0] * len(life.rounds)
    assert not any(life.contributed.values())


@given(SHAPES, BOUGHT, st.randoms(use_true_random=False))
def test_the_order_of_reports_does_not_matter_where_it_is_done_once(shape, bought, random):
    facts = facts_of(bought)
    shuffled = random.sample(facts, len(facts))
    lives = Life(a_challenge(**shape)), Life(a_challenge(**shape))
    for life, order in zip(lives, (facts, shuffled), strict=True):
        for fact in order:
            life.do(fact)
    assert lives[0].state() == lives[1].state()


@given(SHAPES, BOUGHT, st.data())
def test_after_a_return_it_is_as_if_the_rest_had_been_bought(shape, bought, data):
    facts = facts_of(bought)
    gone = data.draw(st.sampled_from(facts))
    count = data.draw(st.integers(0, len(gone.items)))
    left = fewer(gone, count)
    life, other = Life(a_challenge(**shape)), Life(a_challenge(**shape))
    for fact in facts:
        life.do(fact)
        other.do(left if fact is gone else fact)
    life.give_back(gone, left)
    assert life.state() == other.state()
