"""Two years of one member's life on the ladder, night by night, on both databases."""

from datetime import date, timedelta

from server.core.clock import start_of_day
from server.gamification.activities.configuration import get_configuration
from server.gamification.invariants.service import check_all
from server.gamification.presets.service import apply_preset
from server.gamification.standings.assigning import Assignment, assign_tier
from server.gamification.standings.queries import get_standing
from server.gamification.tiers.rules import current_tier
from tests.builders.nights import ZONE, at, nights, review_night, told, topics
from tests.builders.purchases import add_member, buy, change_settings, give_back

FIRST, LAST = "2027-01-02", "2028-12-31"
EVA = "staff:eva"


class Life:
    """One member of the beauty club, with a diary of what changed on which day."""

    def __init__(self, tx, **scheme):
        start = at(FIRST, 0)
        apply_preset(tx, "beauty_three_tiers", start)
        if scheme:
            kept = {"basis": "spend", "window": {"kind": "calendar", "months": 12}} | scheme
            change_settings(tx, start, tiers=kept)
        self.tx, self.ana, self.diary = tx, add_member(tx, start), []
        self.bought, self.before = {}, self.where()

    def where(self):
        standing = get_standing(self.tx, self.ana)
        tier = current_tier(get_configuration(self.tx).ladder, standing)
        assert tier is not None
        keep = standing.grace_until_on or standing.keep_until_on
        return f"{tier.key} {keep or '-'}"

    def live(self, deeds, last=LAST):
        """Do what the deeds say on their days, and let every night pass."""
        for night in nights(FIRST, last):
            review_night(self.tx, night)
            self._note(night)
            day = night.isoformat()
            if day in deeds:
                deeds[day](self, at(day))
                self._note(night)
        assert check_all(self.tx, start_of_day(night + timedelta(days=1), ZONE)) == []
        return self.diary

    def _note(self, day):
        now = self.where()
        if now != self.before:
            self.diary.append(f"{day} {now}")
        self.before = now


def spend(euros, name=None):
    def deed(life, now):
        life.bought[name] = buy(life.tx, life.ana, euros * 100, now)

    return deed


def bring_back(name):
    return lambda life, now: give_back(life.tx, life.bought[name], None, now)


def give(key, **how):
    return lambda life, now: assign_tier(life.tx, life.ana, Assignment(key, "so", EVA, **how), now)


def test_two_years_by_the_calendar(tx):
    life = Life(tx, keep="next_period", downgrade="one_step", grace_days=20)
    deeds = {
        "2027-02-10": spend(290),
        "2027-02-11": spend(20),
        "2027-06-01": spend(700, "dress"),
        "2027-06-20": bring_back("dress"),
        "2027-12-31": spend(690),
        "2028-02-29": spend(400),
        "2028-11-15": spend(550),
        "2028-12-20": spend(60, "cream"),
        "2028-12-22": bring_back("cream"),
    }
    assert life.live(deeds) == [
        "2027-02-11 ruby 2028-12-31",
        "2027-06-01 diamond 2028-12-31",
        "2027-06-20 ruby 2028-12-31",
        "2027-12-31 diamond 2028-12-31",
        "2028-12-20 diamond 2029-12-31",
        "2028-12-22 diamond 2028-12-31",
    ]
    assert topics(tx, life.ana) == [
        "almost",
        "upgraded",
        "upgraded",
        "downgraded",
        "upgraded",
        "at_risk",
        "renewed",
        "at_risk",
    ]
    missing = [said["remaining"] for topic, said in told(tx, life.ana) if "remaining" in said]
    assert missing == [10_00, 50_00, 50_00]
    review_night(tx, date(2029, 1, 1))
    assert life.where() == "diamond 2029-01-20"
    review_night(tx, date(2029, 1, 21))
    assert life.where() == "ruby 2029-12-31"


def test_two_years_of_a_rolling_year(tx):
    life = Life(tx, window={"kind": "rolling", "months": 12}, keep="period")
    deeds = {
        "2027-02-28": spend(300),
        "2027-09-01": spend(250),
        "2028-02-10": spend(100),
        "2028-02-29": spend(1000, "coat"),
        "2028-05-05": bring_back("coat"),
    }
    assert life.live(deeds) == [
        "2027-02-28 ruby 2028-02-27",
        "2028-02-20 ruby 2028-08-31",
        "2028-02-29 diamond 2029-02-28",
        "2028-05-05 ruby 2028-08-31",
        "2028-09-01 rose -",
    ]
    risks = [said["on"] for topic, said in told(tx, life.ana) if topic == "tier.at_risk"]
    assert risks == ["2028-02-27", "2028-08-31", "2028-08-31"]


def test_two_years_with_a_fee_a_lock_and_want_of_visits(tx):
    life = Life(tx, idle_months=3)
    deeds = {
        "2027-03-01": give("ruby", until_on=date(2027, 8, 31)),
        "2027-05-01": spend(1000),
        "2027-10-15": spend(1),
        "2028-01-10": give("diamond", is_locked=True, until_on=date(2028, 6, 30)),
        "2028-03-01": spend(2000),
    }
    assert life.live(deeds) == [
        "2027-03-01 ruby -",
        "2027-05-01 diamond 2027-12-31",
        "2027-08-02 ruby -",
        "2027-09-01 ruby 2027-12-31",
        "2027-10-15 diamond 2027-12-31",
        "2028-01-01 rose -",
        "2028-01-10 diamond -",
        "2028-07-01 diamond 2028-12-31",
        "2028-10-02 ruby 2028-12-31",
        "2028-12-02 rose -",
    ]
    assert topics(tx, life.ana).count("upgraded") == 4
