"""How a raffle is configured. What cannot keep its promise is refused, with what is wrong."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType

from server.gamification.beacons.types import Source
from server.gamification.conditions.reading import read_condition
from server.gamification.conditions.rules import compiled, needs_activity
from server.gamification.definitions.images import read_image
from server.gamification.definitions.reading import Reader
from server.gamification.definitions.types import Settings
from server.gamification.programme.types import POINTS
from server.gamification.raffles.checklist import blame_unfit
from server.gamification.raffles.types import (
    Consolation,
    Entry,
    ForPurchases,
    FreeEntry,
    Organiser,
    Period,
    Policy,
    Price,
    Prize,
    Raffle,
)

AMOUNT_MAX = 1_000_000_000
ENTRANTS_MAX = 10_000_000
CAP_MAX = 1000
PRIZES_MAX = 10_000
DAYS_MAX = 365
AGE_MAX = 99
_REGION = re.compile("[A-Z]{2}")
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def read_raffle(definition_id: str, key: str, settings: Settings) -> Raffle:
    """Return a raffle from its settings. Raise `DefinitionInvalid`, also where odds of one in
    four, the budget or what the law asks for cannot be kept.
    """
    reader = Reader(settings)
    reader.required("opens_at", "closes_at", "cap", "prizes", "organiser", "regions")
    accepted = _read_accepted(reader.nested("accepted"))
    raffle = Raffle(
        id=definition_id,
        key=key,
        names=reader.localised("names", required=True),
        texts=reader.localised("texts", lines=True),
        image=read_image(reader),
        policy=reader.choice("policy", Policy, Policy.SECOND_CHANCE),
        opens_at=reader.instant("opens_at") or _NEVER,
        closes_at=reader.instant("closes_at") or _NEVER,
        price=_read_price(reader),
        cap=reader.integer("cap", 1, least=1, most=CAP_MAX),
        free_entry=_read_free_entry(reader),
        purchases=_read_purchases(reader),
        is_given=reader.flag("given"),
        entry=_read_entry(reader.nested("who")),
        prizes=reader.each("prizes", _read_prize),
        consolation=_read_consolation(reader),
        budget=reader.integer("budget", most=AMOUNT_MAX),
        entrants_max=reader.integer("entrants_max", most=ENTRANTS_MAX),
        entrants_min=reader.integer("entrants_min", most=ENTRANTS_MAX),
        accepted=accepted[0],
        accepted_by=accepted[1],
        beacon=reader.choice("beacon", Source, Source.DRAND),
        claim_days=reader.integer("claim_days", 30, least=1, most=DAYS_MAX),
        complaint_days=reader.integer("complaint_days", 7, most=DAYS_MAX),
        regions=_read_regions(reader),
        organiser=_read_organiser(reader.nested("organiser")),
        receiving=reader.localised("receiving", required=True, lines=True),
    )
    if not reader.errors:
        blame_unfit(reader, raffle)
    reader.close()
    return replace(raffle, receiving=MappingProxyType(dict(raffle.receiving)))


def _read_price(reader: Reader) -> Price | None:
    if not reader.has("price"):
        reader.raw("price")
        return None
    price = reader.nested("price")
    price.required("amount")
    read = Price(
        price.text("unit", POINTS, most=20), price.integer("amount", 1, least=1, most=AMOUNT_MAX)
    )
    price.refuse_unknown()
    return read


def _read_free_entry(reader: Reader) -> FreeEntry | None:
    if not reader.has("free_entry"):
        reader.raw("free_entry")
        return None
    free = reader.nested("free_entry")
    read = FreeEntry(
        free.integer("tickets", 1, least=1, most=CAP_MAX),
        free.choice("period", Period, Period.ONCE),
    )
    free.refuse_unknown()
    return read


def _read_purchases(reader: Reader) -> ForPurchases | None:
    if not reader.has("purchases"):
        reader.raw("purchases")
        return None
    of = reader.nested("purchases")
    of.required("per_minor")
    read = ForPurchases(
        of.integer("per_minor", 1, least=1, most=AMOUNT_MAX),
        of.integer("tickets", 1, least=1, most=CAP_MAX),
        of.integer("most", CAP_MAX, least=1, most=CAP_MAX),
    )
    of.refuse_unknown()
    return read


def _read_entry(reader: Reader) -> Entry:
    condition = read_condition(reader)
    if condition is not None and needs_activity(condition):
        reader.blame("condition", "invalid", "Nothing is being bought when somebody enters.")
        condition = None
    reader.required("age_min")
    read = Entry(
        tiers=reader.texts("tiers"),
        age_min=reader.integer("age_min", most=AGE_MAX),
        needs_phone=reader.flag("verified_phone"),
        words=reader.localised("words", required=condition is not None),
        holds=compiled(condition) if condition is not None else None,
    )
    reader.refuse_unknown()
    return read


def _read_prize(reader: Reader) -> Prize:
    reader.required("value_minor")
    return Prize(
        reader.localised("names", required=True),
        reader.integer("quantity", 1, least=1, most=PRIZES_MAX),
        reader.integer("value_minor", 0, most=AMOUNT_MAX),
        reader.text("reward", "", most=40),
        read_image(reader),
    )


def _read_consolation(reader: Reader) -> Consolation | None:
    if not reader.has("consolation"):
        reader.raw("consolation")
        return None
    prize = reader.nested("consolation")
    prize.required("amount", "value_minor")
    read = Consolation(
        prize.text("unit", POINTS, most=20),
        prize.integer("amount", 1, least=1, most=AMOUNT_MAX),
        prize.integer("value_minor", 0, most=AMOUNT_MAX),
    )
    prize.refuse_unknown()
    return read


def _read_accepted(reader: Reader) -> tuple[tuple[str, ...], str]:
    read = reader.texts("findings"), reader.text("by", "", most=80)
    reader.refuse_unknown()
    return read


def _read_organiser(reader: Reader) -> Organiser:
    reader.required("name", "contact")
    read = Organiser(reader.text("name", "", most=120), reader.text("contact", "", most=200))
    reader.refuse_unknown()
    return read


def _read_regions(reader: Reader) -> tuple[str, ...]:
    regions = reader.texts("regions")
    for region in regions:
        if not _REGION.fullmatch(region):
            reader.blame("regions", "unknown", "Must be a code of a country, such as EE.")
    return regions
