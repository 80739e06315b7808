"""The rules of a raffle in words, made from its settings in each language, and frozen with them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from babel import Locale

from server.core.i18n import (
    LOCALES,
    format_instant,
    format_money,
    format_number,
    gettext,
    in_language,
    message,
    ngettext,
    unit_text,
)
from server.gamification.beacons.types import Source
from server.gamification.definitions.types import Settings
from server.gamification.programme.types import Programme
from server.gamification.raffles.checklist import entrants_limit, first_announced
from server.gamification.raffles.rounds import FixedRound
from server.gamification.raffles.types import Period, Policy, Raffle

Section = tuple[str, list[str]]
_PERIODS = {
    Period.ONCE: message("once"),
    Period.DAY: message("once a day"),
    Period.WEEK: message("once a week"),
    Period.MONTH: message("once a month"),
}


@dataclass(frozen=True, slots=True)
class _Speech:
    """A raffle and the language in which its rules are said."""

    raffle: Raffle
    programme: Programme
    fixed: FixedRound
    tiers: Mapping[str, Mapping[str, str]]
    locale: str

    def say(self, text: str, **params: Any) -> str:
        """Return a message in the language."""
        return gettext(self.locale, text, **params)

    def amount(self, unit: str, amount: int) -> str:
        """Return an amount of a unit in words."""
        return unit_text(self.locale, self.programme.units[unit].names, amount)

    def money(self, minor: int) -> str:
        """Return an amount of money."""
        return format_money(self.locale, minor, self.programme.currency_code)

    def number(self, number: int) -> str:
        """Return a whole number."""
        return format_number(self.locale, number)


def rules_document(
    raffle: Raffle,
    programme: Programme,
    fixed: FixedRound,
    tiers: Mapping[str, Mapping[str, str]],
    settings: Settings,
) -> str:
    """Return the frozen rules as canonical JSON: the settings, and their text in each language.

    `tiers` are the names of tiers by key. Raise `KeyError` for a unit or a tier that is not there.
    """
    texts = {
        locale: [
            {"title": title, "lines": lines}
            for title, lines in _sections(_Speech(raffle, programme, fixed, tiers, locale))
        ]
        for locale in LOCALES
    }
    document = {
        "format": "fairstar/raffle/rules/v1",
        "raffle_id": raffle.id,
        "names": dict(raffle.names),
        "settings": dict(settings),
        "texts": texts,
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _sections(of: _Speech) -> Iterator[Section]:
    yield of.say(message("Organiser")), [of.raffle.organiser.name, of.raffle.organiser.contact]
    yield of.say(message("Dates")), _dates(of)
    yield of.say(message("Who may enter")), _who(of)
    yield of.say(message("How to get tickets")), _tickets(of)
    yield of.say(message("Main prizes")), _prizes(of)
    yield of.say(message("Odds")), _odds(of)
    yield of.say(message("How winners are found")), _drawing(of)
    yield of.say(message("Receiving prizes")), _receiving(of)
    yield of.say(message("If something goes wrong")), _trouble(of)


def _dates(of: _Speech) -> list[str]:
    zone = of.programme.zone
    opens, closes, draws = (
        format_instant(of.locale, at, zone)
        for at in (of.raffle.opens_at, of.raffle.closes_at, of.fixed.public_at)
    )
    names = Locale.parse(of.locale).territories
    where = ", ".join(names.get(region, region) for region in of.raffle.regions)
    text = message("One can enter from {opens} until {closes} ({zone}). Drawn after {draws}.")
    said = of.say(text, opens=opens, closes=closes, zone=zone.key, draws=draws)
    return [said, of.say(message("Where: {where}."), where=where)]


def _who(of: _Speech) -> list[str]:
    entry, lines = of.raffle.entry, [of.say(message("Members of the programme."))]
    if entry.age_min:
        lines.append(of.say(message("From {age} years of age."), age=entry.age_min))
    if entry.tiers:
        names = ", ".join(in_language(of.tiers[key], of.locale) for key in entry.tiers)
        lines.append(of.say(message("Of these tiers: {tiers}."), tiers=names))
    if entry.words:
        lines.append(in_language(entry.words, of.locale))
    if entry.needs_phone:
        lines.append(of.say(message("With a confirmed phone number.")))
    return lines


def _tickets(of: _Speech) -> list[str]:
    raffle, lines = of.raffle, []
    if raffle.price is not None:
        price = of.amount(raffle.price.unit, raffle.price.amount)
        lines.append(of.say(message("A ticket costs {price}."), price=price))
    if raffle.purchases is not None:
        text = message("Each full {money} of a purchase gives {tickets}, at most {most}.")
        paid, given = of.money(raffle.purchases.per_minor), raffle.purchases.tickets
        most = of.number(raffle.purchases.most)
        lines.append(of.say(text, money=paid, tickets=tickets_text(of.locale, given), most=most))
    if raffle.is_given:
        lines.append(of.say(message("Challenges, badges and the like may give tickets.")))
    if raffle.free_entry is not None:
        text = message("Entering for nothing in the app, {often}: {tickets}.")
        often = of.say(_PERIODS[raffle.free_entry.period])
        free = tickets_text(of.locale, raffle.free_entry.tickets)
        lines.append(of.say(text, often=often, tickets=free))
    text = message("One person holds at most {tickets}, and may give them back until the end.")
    lines.append(of.say(text, tickets=tickets_text(of.locale, raffle.cap)))
    return lines


def tickets_text(locale: str, tickets: int) -> str:
    """Return a number of tickets in words."""
    return ngettext(locale, "{number} ticket", "{number} tickets", tickets)


def _prizes(of: _Speech) -> list[str]:
    lines = [
        f"{of.number(one.quantity)} × {in_language(one.names, of.locale)} "
        f"({of.money(one.value_minor)})"
        for one in of.raffle.prizes
    ]
    return [*lines, of.say(message("One person wins at most one main prize."))]


def _odds(of: _Speech) -> list[str]:
    raffle, most = of.raffle, of.number(entrants_limit(of.raffle))
    if raffle.policy is Policy.CAPPED:
        text = message(
            "There are at most {tickets}, four for each prize:"
            " who enters wins with odds of at least 1 in 4."
        )
        return [of.say(text, tickets=tickets_text(of.locale, 4 * raffle.main_prizes))]
    assert raffle.consolation is not None
    prize = of.amount(raffle.consolation.unit, raffle.consolation.amount)
    lines = [
        message("Who enters wins something with odds of at least 1 in 4, whatever others hold."),
        message(
            "Of those who win no main prize every fourth, rounded up, wins {prize}; at least"
            " {least} of them. This number never falls."
        ),
        message("At most {most} people may enter."),
    ]
    least = of.number(first_announced(raffle))
    return [of.say(line, prize=prize, least=least, most=most) for line in lines]


def _drawing(of: _Speech) -> list[str]:
    lines = [
        message("The list of tickets is sealed and published, without names, when it closes."),
        message("Anybody can check the result: the page of the raffle does it, and a program."),
    ]
    if of.raffle.beacon is Source.DRAND:
        beacon = message(
            "Round {round} of the public randomness of drand (chain {chain}) decides,"
            " which nobody knows or can change before."
        )
    else:
        beacon = message("A chain of numbers of the organiser decides: one has to trust them.")
    said = of.say(beacon, round=of.fixed.number, chain=of.fixed.chain_hash)
    return [of.say(lines[0]), said, of.say(lines[1])]


def _receiving(of: _Speech) -> list[str]:
    text = message(
        "A main prize is claimed within {days} days, else the next entrant in order has it."
        " Claiming never costs points or money."
    )
    lines = [*in_language(of.raffle.receiving, of.locale).splitlines()]
    lines.append(of.say(text, days=of.raffle.claim_days))
    text = message("Main prizes are handed over after {days} days, in which one may complain.")
    return [*lines, of.say(text, days=of.raffle.complaint_days)]


def _trouble(of: _Speech) -> list[str]:
    lines = [
        of.say(message("The rules do not change after the first ticket.")),
        of.say(
            message(
                "If it is cancelled before it closes, what tickets cost comes back and is good for"
                " 30 days at least. After that it cannot be cancelled."
            )
        ),
    ]
    if of.raffle.entrants_min:
        text = message("With fewer than {least} entrants it does not take place.")
        lines.append(of.say(text, least=of.number(of.raffle.entrants_min)))
    return lines
