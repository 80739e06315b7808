"""Balances: what a wallet holds, in numbers and in words."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from server.api.schemas import Day, Integer, Money, Nested, Text
from server.api.schemas import ResponseSchema as Out
from server.core.clock import local_date
from server.core.i18n import format_date, gettext, unit_text
from server.core.statements import Later, at_once
from server.gamification.ledger.queries import ask_wallets
from server.gamification.ledger.types import Wallet
from server.gamification.points.ladders import Ladder, ask_expiry_ladders
from server.gamification.programme.types import POINTS, Programme, Unit

Held = tuple[list[Wallet], dict[str, Ladder]]
"""A member's wallets, and what of them expires when, by unit."""


class Expiring(Out):
    """The next points or stars to expire; `on` is the last day on which they can be used."""

    unit = Text(required=True)
    amount = Integer(required=True)
    on = Day(required=True)
    text = Text(required=True)


class Balance(Out):
    """What the member has in one unit. `reserved` is held by open redemptions."""

    unit = Text(required=True)
    amount = Integer(required=True, metadata={"description": "Can be spent now."})
    pending = Integer(required=True)
    reserved = Integer(required=True)
    debt = Integer(required=True, metadata={"description": "Owed after a return."})
    display = Text(required=True)
    worth = Nested(Money, required=True, allow_none=True)
    expiring = Nested(Expiring, required=True, allow_none=True)


class BalanceUpdate(Out):
    """A balance as it is after a write."""

    unit = Text(required=True)
    amount = Integer(required=True)
    pending = Integer(required=True)
    reserved = Integer(required=True)
    debt = Integer(required=True)
    display = Text(required=True)


def read_balances(
    tx: Connection, member_id: str, programme: Programme, locale: str, now: datetime
) -> list[dict[str, Any]]:
    """Return the member's balances, one for each unit of the programme, exact at `now`."""
    with at_once(tx):
        asked = ask_balances(tx, member_id)
    return present_balances(member_id, asked(), units_of(programme, locale, now))


def ask_balances(tx: Connection, member_id: str) -> Later[Held]:
    """Send the questions for a member's wallets and what expires of them."""
    wallets = ask_wallets(tx, member_id)
    ladders = ask_expiry_ladders(tx, member_id)
    return lambda: (wallets(), ladders())


def present_balances(
    member_id: str, held: Held, units: list[tuple[str, "UnitView"]]
) -> list[dict[str, Any]]:
    """Return the balances of a member: always the points, and what else there is."""
    wallets, ladders = {wallet.unit: wallet for wallet in held[0]}, held[1]
    return [
        present_balance(
            wallets.get(code) or empty_wallet(member_id, code), ladders.get(code, []), view
        )
        for code, view in units
        if code == POINTS or code in wallets
    ]


class UnitView:
    """A unit as one reader sees it: the programme, the reader's language, and when."""

    __slots__ = ("locale", "now", "programme", "unit")

    def __init__(self, programme: Programme, unit: Unit, locale: str, now: datetime) -> None:
        self.programme, self.unit, self.locale, self.now = programme, unit, locale, now

    def text(self, amount: int) -> str:
        """Return an amount in words: "24 points"."""
        return unit_text(self.locale, self.unit.names, amount)


def units_of(programme: Programme, locale: str, now: datetime) -> list[tuple[str, UnitView]]:
    """Return the programme's units by code, as a reader sees them."""
    return [
        (code, UnitView(programme, unit, locale, now)) for code, unit in programme.units.items()
    ]


def points_view(programme: Programme, locale: str, now: datetime) -> UnitView:
    """Return points as a reader sees them."""
    unit = programme.units.get(POINTS) or Unit(POINTS, {"en": {"one": "point", "other": "points"}})
    return UnitView(programme, unit, locale, now)


def unit_view(programme: Programme, code: str, locale: str, now: datetime) -> UnitView:
    """Return any unit as a reader sees it; one that the programme does not name keeps its code."""
    unit = programme.units.get(code) or Unit(code, {"en": {"one": code, "other": code}})
    return UnitView(programme, unit, locale, now)


def empty_wallet(member_id: str, unit: str) -> Wallet:
    """Return the wallet of a member who has never had anything in this unit."""
    return Wallet("", member_id, unit)


def present_balance(wallet: Wallet, ladder: Ladder, view: UnitView) -> dict[str, Any]:
    """Return a balance; lots past their date no longer count, though still in the books."""
    gone = sum(amount for expires_at, amount in ladder if expires_at <= view.now)
    return balance_update(wallet, view, gone) | {
        "worth": _worth(wallet.available - gone, view),
        "expiring": _expiring(ladder, view),
    }


def balance_update(wallet: Wallet, view: UnitView, gone: int = 0) -> dict[str, Any]:
    """Return a balance as an update; `gone` points have expired and are not yet written off."""
    amount = wallet.available - gone
    return {
        "unit": wallet.unit,
        "amount": amount,
        "pending": wallet.pending,
        "reserved": wallet.held,
        "debt": wallet.debt,
        "display": view.text(amount),
    }


def _worth(amount: int, view: UnitView) -> dict[str, Any] | None:
    if not view.unit.worth_minor:
        return None
    currency = view.programme.currency_code
    return {"amount_minor": amount * view.unit.worth_minor, "currency": currency}


def _expiring(ladder: Ladder, view: UnitView) -> dict[str, Any] | None:
    """Return the next points to expire, or None when nothing does."""
    coming = next(((at, amount) for at, amount in ladder if at > view.now), None)
    return expiration(*coming, view) if coming else None


def expiration(expires_at: datetime, amount: int, view: UnitView) -> dict[str, Any]:
    """Return points that expire at an instant, with the last day on which they are valid."""
    day = local_date(expires_at - timedelta(microseconds=1), view.programme.zone)
    text = gettext(
        view.locale,
        "{points} can be used until {date}",
        points=view.text(amount),
        date=format_date(view.locale, day),
    )
    return {"unit": view.unit.code, "amount": amount, "on": day, "text": text}
