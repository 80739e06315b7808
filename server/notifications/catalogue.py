"""Every type of message there is: the one list that templates, payloads and apps go by.

A type has the name of the event that it tells of, except where `TOPICS` says otherwise.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from server.notifications.types import Category, Collapse, Field, FieldKind, MessageType

ANNOUNCEMENT = "announcement"
TTL_HOURS_MAX = 28 * 24
_DAY, _WEEK = 24, 7 * 24


def _amount(of: str = "amount") -> Field:
    return Field(FieldKind.AMOUNT, of)


def _number(of: str) -> Field:
    return Field(FieldKind.NUMBER, of)


def _name(of: str) -> Field:
    return Field(FieldKind.NAME, of)


def _day(of: str = "on") -> Field:
    return Field(FieldKind.DAY, of)


def _type(name: str, category: Category, path: str, ttl_hours: int, **more: Any) -> MessageType:
    fields = MappingProxyType(more.pop("fields", {}))
    return MessageType(name, category, path, ttl_hours, fields=fields, **more)


_POINTS = ("home", "balances", "activity")
_SERVICE, _PROGRESS = Category.SERVICE, Category.PROGRESS
_REMINDERS, _OFFERS = Category.REMINDERS, Category.OFFERS
_DEADLINE = Collapse.DEADLINE

_OF_POINTS = (
    _type("points.awarded", _SERVICE, "/activity/{activity_id}", _DAY,
          fields={"amount": _amount()}, entity="activity_id", data=("amount", "unit"),
          changed=_POINTS),
    _type("points.reversed", _SERVICE, "/activity/{activity_id}", 3 * _DAY,
          entity="activity_id", data=("taken", "restored"), changed=_POINTS),
    _type("points.matured", _SERVICE, "/activity", 3 * _DAY,
          fields={"amount": _amount()}, data=("amount", "unit"), changed=_POINTS),
    _type("points.received", _SERVICE, "/activity", 3 * _DAY,
          fields={"amount": _amount()}, data=("amount", "unit"), changed=_POINTS),
    _type("points.expiring", _REMINDERS, "/expirations", _WEEK,
          fields={"amount": _amount(), "on": _day()}, data=("amount", "unit", "on"), until="on",
          collapse=_DEADLINE, changed=("home", "balances", "expirations")),
    _type("birthday.gift", _OFFERS, "/activity", 3 * _DAY,
          fields={"amount": _amount()}, data=("amount", "unit"), changed=_POINTS),
    _type("anniversary.gift", _OFFERS, "/activity", 3 * _DAY,
          fields={"amount": _amount()}, data=("amount", "unit"), changed=_POINTS),
)  # fmt: skip
_OF_STANDING = (
    _type("tier.upgraded", _PROGRESS, "/tier", _WEEK, fields={"tier": _name("to_id")},
          entity="to_id", changed=("home", "tier")),
    _type("tier.almost", _PROGRESS, "/tier", 3 * _DAY, fields={"tier": _name("tier_id")},
          entity="tier_id", data=("remaining",), collapse=Collapse.PROGRESS,
          changed=("home", "tier")),
    _type("tier.at_risk", _REMINDERS, "/tier", _WEEK,
          fields={"tier": _name("tier_id"), "on": _day()}, entity="tier_id",
          data=("remaining", "on"), until="on", collapse=_DEADLINE, changed=("home", "tier")),
    _type("tier.downgraded", _SERVICE, "/tier", _WEEK, entity="to_id", changed=("home", "tier")),
    _type("badge.earned", _PROGRESS, "/badges/{badge_id}", _WEEK,
          fields={"badge": _name("badge_id")}, entity="badge_id", data=("level",),
          changed=("home", "badges")),
)  # fmt: skip
_OF_PLAY = (
    _type("star_card.completed", _PROGRESS, "/star-cards/{card_id}", _WEEK,
          fields={"card": _name("card_id")}, entity="card_id", changed=("home", "star_cards"),
          is_high=True),
    _type("challenge.progressed", _PROGRESS, "/challenges/{challenge_id}", 6,
          entity="challenge_id", data=("pct",), collapse=Collapse.PROGRESS,
          changed=("home", "challenges"), is_silent=True),
    _type("challenge.completed", _PROGRESS, "/challenges/{challenge_id}", _WEEK,
          fields={"challenge": _name("challenge_id")}, entity="challenge_id",
          data=("reward_kind",), until="claim_until_at", changed=("home", "challenges"),
          is_high=True),
    _type("challenge.ending", _REMINDERS, "/challenges/{challenge_id}", _DAY,
          fields={"challenge": _name("challenge_id"), "remaining": _number("remaining")},
          entity="challenge_id", data=("remaining",), until="ends_at", collapse=_DEADLINE),
    _type("streak.at_risk", _REMINDERS, "/streaks", _DAY,
          fields={"streak": _name("streak_id"), "current": _number("current")},
          entity="streak_id", data=("current",), until="due_at", collapse=_DEADLINE, is_high=True),
    _type("streak.saved", _PROGRESS, "/streaks", _DAY,
          fields={"streak": _name("streak_id"), "freezes_left": _number("freezes_left")},
          entity="streak_id", data=("freezes_left",), changed=("home", "streaks")),
    _type("streak.milestone", _PROGRESS, "/streaks", 3 * _DAY,
          fields={"streak": _name("streak_id"), "current": _number("current")},
          entity="streak_id", data=("current",), changed=("home", "streaks")),
)  # fmt: skip
_OF_CHANCE = (
    _type("raffle.ticket_added", _PROGRESS, "/raffles/{raffle_id}", _DAY,
          fields={"raffle": _name("raffle_id"), "tickets": _number("tickets")},
          entity="raffle_id", data=("tickets",), collapse=Collapse.PROGRESS,
          changed=("home", "raffles")),
    _type("raffle.closing", _REMINDERS, "/raffles/{raffle_id}", _DAY,
          fields={"raffle": _name("raffle_id"), "tickets": _number("tickets")},
          entity="raffle_id", data=("tickets",), until="closes_at", collapse=_DEADLINE),
    _type("raffle.drawn", _PROGRESS, "/raffles/{raffle_id}", 3 * _DAY,
          fields={"raffle": _name("raffle_id")}, entity="raffle_id",
          changed=("home", "raffles")),
    _type("raffle.won", _SERVICE, "/prizes/{prize_id}", _WEEK,
          fields={"raffle": _name("raffle_id")}, entity="prize_id", data=("claim_by",),
          until="claim_by", changed=("home", "raffles", "prizes"), is_high=True),
    _type("prize.claim_ending", _SERVICE, "/prizes/{prize_id}", _DAY,
          fields={"raffle": _name("raffle_id")}, entity="prize_id", data=("claim_by",),
          until="claim_by", collapse=_DEADLINE, is_high=True),
)  # fmt: skip
_OF_REWARDS = (
    _type("reward.affordable", _PROGRESS, "/rewards/{reward_id}", 3 * _DAY,
          fields={"reward": _name("reward_id")}, entity="reward_id",
          collapse=Collapse.PROGRESS, changed=("home", "rewards")),
    _type("voucher.issued", _SERVICE, "/vouchers/{voucher_id}", _WEEK,
          fields={"reward": _name("reward_id")}, entity="voucher_id",
          changed=("home", "vouchers")),
    _type("voucher.expiring", _REMINDERS, "/vouchers/{voucher_id}", 3 * _DAY,
          fields={"reward": _name("reward_id"), "on": _day()}, entity="voucher_id", data=("on",),
          until="on", collapse=_DEADLINE, changed=("home", "vouchers")),
    _type("voucher.used", _SERVICE, "/vouchers/{voucher_id}", _DAY,
          fields={"reward": _name("reward_id")}, entity="voucher_id",
          changed=("home", "vouchers")),
    _type("voucher.returned", _SERVICE, "/vouchers/{voucher_id}", _DAY,
          fields={"reward": _name("reward_id")}, entity="voucher_id",
          changed=("home", "vouchers", "balances")),
)  # fmt: skip
_ANNOUNCED = _type(ANNOUNCEMENT, Category.NEWS, "/", _WEEK, collapse=Collapse.PROMO, changed=())

TYPES: Mapping[str, MessageType] = MappingProxyType(
    {
        one.name: one
        for one in (
            *(*_OF_POINTS, *_OF_STANDING, *_OF_PLAY, *_OF_CHANCE, *_OF_REWARDS),
            _ANNOUNCED,
        )
    }
)
TOPICS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("star_card.claimed", ""): "star_card.completed",
        ("greeting.granted", "birthday"): "birthday.gift",
        ("greeting.granted", "anniversary"): "anniversary.gift",
    }
)
"""Events that are told under another name: topic, and the `kind` of its payload if it has one."""


def type_of_event(topic: str, payload: Mapping[str, Any]) -> MessageType | None:
    """Return the type of the message that an event becomes; None: members are not told of it."""
    named = TOPICS.get((topic, str(payload.get("kind") or "")), topic)
    return None if named == ANNOUNCEMENT else TYPES.get(named)
