"""Writing the story of the café into an empty database, through the services of every day."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, desc, select

from server.core.crypto import Vault
from server.core.errors import Refusal
from server.core.ids import EXAMPLE_MEMBER_ID, new_id
from server.demo.badges import award_badges, configured
from server.demo.games import turn_the_wheel
from server.demo.people import Person
from server.demo.raffles import hold_raffles
from server.demo.rewards import take_rewards
from server.demo.story import Comeback, Day, Visit
from server.demo.treats import treat
from server.gamification.activities.configuration import get_configuration
from server.gamification.activities.types import Purchase, Recording, Return, ReturnLine
from server.gamification.facts.models import MEMBER_FACTS
from server.gamification.games.editions import open_editions
from server.gamification.holds.service import place_hold, release_hold
from server.gamification.ledger.queries import spendable_now
from server.gamification.ledger.service import open_book
from server.gamification.ledger.sweeping import expire_due
from server.gamification.ledger.types import Cause
from server.gamification.members.rules import normal_identifier
from server.gamification.members.service import enrol_all
from server.gamification.members.types import Enrolment, IdentifierKind, Profile, Source
from server.gamification.partners.service import add_location
from server.gamification.playing.joining import welcome
from server.gamification.playing.returning import return_purchase
from server.gamification.playing.service import record_purchase, record_purchases
from server.gamification.presets.service import apply_preset, install_definitions
from server.gamification.programme.service import change_settings
from server.gamification.programme.types import POINTS
from server.gamification.standings.assigning import Assignment, assign_tier
from server.gamification.vouchers.types import Till

NAME, CURRENCY, REGION = "Kohvik Täht", "EUR", "EE"
PLACES = ("Rotermanni", "Kadriorg")
ACTOR = "system:demo"
SPENT_MIN, SPENT_MAX = 100, 1000
REWARDED = 30
PLAYERS = 12
HOLD_LENGTH = timedelta(minutes=15)
THANKED = 3


@dataclass(slots=True)
class Cafe:
    """The café so far: ids of its members by number, of its places, of receipts by number."""

    vault: Vault
    now: datetime
    places: list[str] = field(default_factory=list)
    members: dict[int, str] = field(default_factory=dict)
    receipts: dict[str, str] = field(default_factory=dict)

    def found(self, tx: Connection, at: datetime) -> None:
        """Set the programme up and open both places."""
        apply_preset(tx, "everyday_points", at, {"name": NAME, "currency_code": CURRENCY})
        install_definitions(tx, configured(), ACTOR, at)
        open_editions(tx, self.vault, at)
        change_settings(tx, {"transfers": {"account_days_min": 7}}, ACTOR, at)
        self.places = [add_location(tx, f"{NAME}, {place}", at).id for place in PLACES]

    def live(self, tx: Connection, day: Day) -> None:
        """Write one day, as far as it lies in the past."""
        if day.joining and day.opens_at <= self.now:
            self._enrol(tx, day)
        for comeback in day.comebacks:
            if comeback.at <= self.now:
                self._take_back(tx, comeback)
        self.receipts.clear()
        visits = [visit for visit in day.visits if visit.at <= self.now]
        spenders = [visit for visit in visits if visit.pays_with_points]
        for visit in spenders:
            self._sell_for_points(tx, visit)
        closed_at = min(day.closes_at, self.now)
        others = [visit for visit in visits if visit.receipt not in self.receipts]
        self._sell_all(tx, others, closed_at)
        guests = [self.members[number] for number in sorted({v.person.number for v in visits})]
        till = Till(ACTOR, self.places[0])
        treat(tx, guests, day.opens_at.toordinal(), till, closed_at)
        if day.invites:
            self._invite(tx, day.invites, closed_at)

    def look_back(self, tx: Connection) -> None:
        """Give the badges that the past has earned; the first few members are thanked and take some
        of the rewards, the newest turn the wheel and enter raffles. What has expired by now is
        written off.
        """
        while expire_due(tx, self.now):
            pass
        thanked = [self.members[number] for number in sorted(self.members)[:THANKED]]
        award_badges(tx, thanked, ACTOR, self.now)
        first = [self.members[number] for number in sorted(self.members)[:REWARDED]]
        take_rewards(tx, self.vault, first, Till(ACTOR, self.places[0]), self.now)
        newest = [self.members[number] for number in sorted(self.members)[1:][-PLAYERS:]]
        turn_the_wheel(tx, self.vault, newest, self.now)
        hold_raffles(tx, self.vault, newest, ACTOR, self.now)

    def _enrol(self, tx: Connection, day: Day) -> None:
        enrolments = [self._enrolment(person) for person in day.joining]
        ids = enrol_all(tx, self.vault, enrolments, day.opens_at)
        self.members |= zip((person.number for person in day.joining), ids, strict=True)
        for member_id in ids:
            welcome(tx, member_id, ACTOR, day.opens_at)

    def _enrolment(self, person: Person) -> Enrolment:
        given = ((IdentifierKind.PHONE, person.phone), (IdentifierKind.EMAIL, person.email))
        contacts = [normal_identifier(kind, text, REGION) for kind, text in given if text]
        profile = Profile(
            person.first_name, person.last_name, person.birthday, locale=person.locale
        )
        return Enrolment(
            Source.TILL,
            profile,
            tuple(contacts),
            location_id=self.places[0],
            member_id=None if person.number else EXAMPLE_MEMBER_ID,
        )

    def _purchase(self, visit: Visit) -> Purchase:
        place = self.places[visit.place]
        return Purchase(
            member_id=self.members[visit.person.number],
            source=place,
            external_id=visit.receipt,
            occurred_at=visit.at,
            amount_minor=visit.amount_minor,
            currency_code=CURRENCY,
            lines=visit.lines,
            location_id=place,
        )

    def _sell_all(self, tx: Connection, visits: list[Visit], at: datetime) -> None:
        """Record the receipts of a day, which the tills send when the café closes."""
        if not visits:
            return
        purchases = [self._purchase(visit) for visit in visits]
        outcomes = record_purchases(tx, purchases, _recording(tx, at))
        for visit, outcome in zip(visits, outcomes, strict=True):
            if isinstance(outcome, Refusal):
                raise outcome
            self.receipts[visit.receipt] = outcome.activity_id

    def _sell_for_points(self, tx: Connection, visit: Visit) -> None:
        """Let a member pay a part with points; every tenth thinks better of it at the till."""
        member_id, at = self.members[visit.person.number], visit.at
        worth = get_configuration(tx).programme.units[POINTS].worth_minor
        most = min(SPENT_MAX, visit.amount_minor // worth)
        points = min(most, spendable_now(tx, member_id, POINTS, at))
        if points < SPENT_MIN:
            return
        hold_id = new_id("hld", at)
        cause = Cause("hold", hold_id, ACTOR, at, at)
        place_hold(tx, open_book(tx, member_id, POINTS, at), points, cause, HOLD_LENGTH)
        if visit.person.number % 10 == 9:
            release_hold(tx, hold_id, cause)
            return
        rest = visit.amount_minor - points * worth
        paid = replace(self._purchase(visit), amount_minor=rest, redemption_ids=(hold_id,))
        self.receipts[visit.receipt] = record_purchase(tx, paid, _recording(tx, at)).activity_id

    def _take_back(self, tx: Connection, comeback: Comeback) -> None:
        lines = () if comeback.line is None else (ReturnLine(comeback.line, 1),)
        back = Return(f"back-{comeback.receipt}", lines, is_cancellation=comeback.is_mistake)
        activity_id = self.receipts.get(comeback.receipt)
        if activity_id is not None:
            return_purchase(tx, activity_id, back, _recording(tx, comeback.at))

    def _invite(self, tx: Connection, count: int, at: datetime) -> None:
        """Invite those who have spent the most into the highest tier."""
        facts = MEMBER_FACTS.c
        best = select(facts.member_id).order_by(desc(facts.spend_minor), facts.member_id)
        for member_id in tx.execute(best.limit(count)).scalars().all():
            assign_tier(tx, member_id, Assignment("platinum", "the best customers", ACTOR), at)


def _recording(tx: Connection, at: datetime) -> Recording:
    return Recording(get_configuration(tx), ACTOR, at)
