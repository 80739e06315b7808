"""A shop that has seen everything: for tests that break one thing of it or look at all of it."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from server.gamification.challenges.service import claim as claim_challenge
from server.gamification.confirmations.service import confirm_purchase
from server.gamification.definitions.benefits import Benefit, BenefitKind
from server.gamification.definitions.service import install
from server.gamification.grants.service import give as give_benefits
from server.gamification.grants.service import take_back
from server.gamification.grants.types import Reason
from server.gamification.holds.service import lapse_holds, release_hold
from server.gamification.ledger.service import adjust, open_book, save_book
from server.gamification.ledger.sweeping import expire_due, mature_due
from server.gamification.ledger.types import Kind, Term
from server.gamification.programme.queries import current_revision
from server.gamification.programme.types import POINTS
from server.gamification.proofs.checkpoints import take_checkpoint
from server.gamification.quizzes.service import answer
from server.gamification.reports.redeeming import redeem
from server.gamification.star_cards.queries import get_star_card
from server.gamification.star_cards.service import claim
from server.gamification.star_cards.settings import STAR_CARDS
from server.gamification.streaks.queries import get_calendar
from server.gamification.streaks.service import Buyer, buy_freeze
from server.gamification.transfers.service import give_away
from server.gamification.transfers.types import Giving
from server.gamification.vouchers.ending import lapse_vouchers
from tests.builders.badges import earn_badges
from tests.builders.draws import draw_four
from tests.builders.games import ANYBODY
from tests.builders.instant_wins import play_the_wheel
from tests.builders.members import VAULT
from tests.builders.messages import tell_fay
from tests.builders.playing import (
    POINTS_50,
    open_challenge,
    open_quiz,
    open_streak,
    play,
    undo,
)
from tests.builders.purchases import (
    NOW,
    add_member,
    add_rule,
    back,
    buy,
    by_hand,
    cause,
    change_settings,
    give,
    give_back,
    hold,
    hold_cause,
    line,
    open_shop,
    recording,
)
from tests.builders.raffles import hold_tickets
from tests.builders.rewards import hold_vouchers

DAY = timedelta(days=1)
LATER = NOW + 3 * DAY

TWO_STARS = {
    "names": {"en": "Two stars"},
    "target": 2,
    "gift": [{"kind": "points", "amount": 3}],
    "gift_names": {"en": "3 points"},
}


def live_three_days(tx: Connection, *, among_others: bool = False) -> tuple[str, str]:
    """Ana buys, returns, pays with points, holds; Ben owes and climbs. Ends at `LATER`.

    `among_others`: Cai gets presents, Cem stays away too long, Dia holds vouchers, Eda tickets,
    four win, others earn badges or play a wheel, Fay is told things. Two checkpoints are taken, on
    the first and on the last day.
    Returns the ids of Ana and Ben.
    """
    open_shop(tx)
    add_rule(tx, "item", 3, categories=["coffee"], points_per_period_max=10)
    add_rule(tx, "item", 1, categories=["tea"], unit="stars")
    ana, ben = add_member(tx), add_member(tx)
    _first_day_of_ana(tx, ana)
    _all_days_of_ben(tx, ben)
    if among_others:
        _presents_of_cai(tx, add_member(tx))
        _first_day_of_cem(tx, add_member(tx))
        earn_badges(tx, add_member(tx))
        _games_of_dora(tx, add_member(tx))
        hold_vouchers(tx, add_member(tx))
        _gift_of_eve(tx)
        play_the_wheel(tx, add_member(tx))
        hold_tickets(tx, add_member(tx))
        draw_four(tx)
    take_checkpoint(tx, VAULT, NOW)
    _last_day_of_ana(tx, ana, LATER)
    lapse_vouchers(tx, LATER, 10)
    take_checkpoint(tx, VAULT, LATER)
    if among_others:
        tell_fay(tx, LATER)
    return ana, ben


def _first_day_of_ana(tx: Connection, ana: str) -> None:
    adjust(tx, ana, POINTS, 40, cause(note="welcome"), Term(NOW, NOW + DAY))
    give(tx, ana, 40, expires_at=NOW + 2 * DAY)
    rows = (line(30_00, 3, category="coffee"), line(70_00, 1))
    bought = buy(tx, ana, 100_00, lines=rows)
    give_back(tx, bought, 25_00)
    give_back(tx, bought, lines=(back(0, 1),))
    held = hold(tx, ana, 12, minutes=60)
    paid = buy(tx, ana, 50_00, redemption_ids=(held.id,))
    give_back(tx, paid, 20_00)
    captured, released = hold(tx, ana, 9), hold(tx, ana, 3)
    redeem(tx, captured.id, 5, None, recording(tx))
    release_hold(tx, released.id, hold_cause(released.id))
    hold(tx, ana, 6)
    hold(tx, ana, 2, minutes=60 * 24 * 30)
    adjust(tx, ana, POINTS, 7, cause(note="comes tomorrow"), Term(NOW + DAY, None))


def _presents_of_cai(tx: Connection, cai: str) -> None:
    give_back(tx, buy(tx, cai, 9_00, lines=(line(9_00, 3, category="tea"),)), 3_00)
    benefits = (Benefit(BenefitKind.POINTS, 7, "points"), Benefit(BenefitKind.STARS, 2, "stars"))
    for ref in ("kept", "taken"):
        give_benefits(tx, cai, benefits, Reason("test", ref, {"en": "A present"}), "staff:eva", NOW)
    take_back(tx, cai, ("test", "taken"), "staff:eva", NOW)
    install(tx, STAR_CARDS, "two", TWO_STARS, "staff:eva", NOW)
    claim(tx, cai, get_star_card(tx, current_revision(tx), "two"), "staff:eva", NOW)


def _gift_of_eve(tx: Connection) -> None:
    """Eve gives Emil some of her points, which keep their dates."""
    change_settings(tx, NOW, transfers={"account_days_min": 0})
    eve, emil = add_member(tx), add_member(tx)
    give(tx, eve, 9, expires_at=NOW + 30 * DAY)
    give(tx, eve, 9, expires_at=NOW + 40 * DAY)
    give_away(tx, Giving(eve, emil, POINTS, 12), NOW)


def _games_of_dora(tx: Connection, dora: str) -> None:
    """A challenge is done and undone and done again, a quiz answered, and a streak saved."""
    milestones = [{"at": 2, "benefits": POINTS_50}]
    three = open_challenge(tx, target=3, milestones=milestones)
    streak = open_streak(
        tx, milestones=milestones, freezes={"start": 0, "most": 2, "price_points": 9}
    )
    facts = [play(tx, dora, NOW - days * DAY) for days in (9, 8, 7)]
    claim_challenge(tx, dora, three, "member:dora", NOW)
    undo(tx, facts[0], now=NOW)
    buyer = Buyer(dora, (NOW - 7 * DAY).date(), get_calendar(tx))
    buy_freeze(tx, streak, buyer, NOW)
    play(tx, dora, NOW - 5 * DAY)
    claim_challenge(tx, dora, three, "member:dora", NOW)
    quiz = open_quiz(tx)
    answer(tx, dora, quiz, {"bean": frozenset({"yes"})}, ANYBODY, NOW)


def _last_day_of_ana(tx: Connection, ana: str, now: datetime) -> None:
    lapse_holds(tx, now, limit=10)
    while mature_due(tx, now) or expire_due(tx, now):
        pass
    buy(tx, ana, 10_00, now)
    give(tx, ana, -9, now)


def _first_day_of_cem(tx: Connection, cem: str) -> None:
    """Points that mature, and expire because no purchase is made for two days; two orders."""
    book = open_book(tx, cem, POINTS, NOW)
    term = Term(NOW + DAY, None, idle_at=NOW + 2 * DAY)
    book.accrue(7, by_hand(tx, cem, 7), term, Kind.ADJUSTMENT)
    save_book(tx, book)
    orders = [buy(tx, cem, 30_00, awaits_confirmation=True) for _ in range(2)]
    confirm_purchase(tx, orders[0].activity_id, recording(tx))


def _all_days_of_ben(tx: Connection, ben: str) -> None:
    bought = buy(tx, ben, 100_00)
    give(tx, ben, -8)
    give_back(tx, bought)
    buy(tx, ben, 5020_00)
    book = open_book(tx, ben, POINTS, NOW)
    book.accrue(5, by_hand(tx, ben, 5), Term(NOW + 30 * DAY, None), Kind.ADJUSTMENT)
    save_book(tx, book)
