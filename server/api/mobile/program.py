"""The programme, for everyone: brand, units, languages and how it works."""

from typing import Any

from server.api.endpoint import Call, Reply
from server.api.mobile import member
from server.api.presenters.balances import points_view
from server.api.presenters.tiers import BenefitOut, TierView, benefits_of
from server.api.schemas import Boolean, Integer, Items, Money, Nested, Text
from server.api.schemas import ResponseSchema as Out
from server.core.i18n import PLURALS
from server.gamification.activities.configuration import get_configuration
from server.gamification.programme.errors import ProgrammeMissing
from server.gamification.programme.types import Unit


class PluralForms(Out):
    """The names of a unit in one language by plural category; absent categories are null."""

    locale = Text(required=True)
    one = Text(required=True, allow_none=True)
    few = Text(required=True, allow_none=True)
    many = Text(required=True, allow_none=True)
    other = Text(required=True)


class UnitOut(Out):
    """A unit of the programme and what one of it is worth as money, if anything."""

    code = Text(required=True)
    names = Items(Nested(PluralForms), required=True)
    worth = Nested(Money, required=True, allow_none=True)


class EarnRuleOut(Out):
    """One way to earn, in words."""

    id = Text(required=True)
    title = Text(required=True)


class ProgramTier(Out):
    """A tier, as told to everybody."""

    id = Text(required=True)
    name = Text(required=True)
    entry = Text(required=True)
    threshold = Integer(required=True, allow_none=True)
    benefits = Items(Nested(BenefitOut), required=True)


class Features(Out):
    """What is switched on."""

    self_enrolment = Boolean(required=True)
    transfers = Boolean(required=True, metadata={"description": "Members give each other points."})


class Program(Out):
    """The programme of this shop."""

    name = Text(required=True)
    currency = Text(required=True)
    time_zone = Text(required=True)
    locales = Items(Text(), required=True)
    default_locale = Text(required=True)
    units = Items(Nested(UnitOut), required=True)
    earn_rules = Items(Nested(EarnRuleOut), required=True)
    tiers = Items(Nested(ProgramTier), required=True)
    sign_in_methods = Items(Text(), required=True)
    features = Nested(Features, required=True)


@member.get(
    "/program", "getProgram", public=True, answers={200: Program}, refuses=(ProgrammeMissing,)
)
def get_program(call: Call) -> Reply:
    """Get what the programme is: its units, languages, ways to earn and tiers."""
    configuration = get_configuration(call.tx)
    programme = configuration.programme
    view = TierView(configuration.ladder, points_view(programme, call.locale, call.now))
    body: dict[str, Any] = {
        "name": programme.name,
        "currency": programme.currency_code,
        "time_zone": programme.zone.key,
        "locales": list(programme.locales),
        "default_locale": programme.default_locale,
        "units": [
            _present_unit(unit, programme.currency_code) for unit in programme.units.values()
        ],
        "earn_rules": [
            {"id": rule.id, "title": view.name(rule.names)} for rule in configuration.rules
        ],
        "tiers": [_present_tier(tier, view) for tier in configuration.ladder.tiers],
        "sign_in_methods": ["otp_email", "partner_assertion"],
        "features": {
            "self_enrolment": programme.policies.self_enrolment,
            "transfers": programme.policies.transfers is not None,
        },
    }
    return Reply(body)


def _present_unit(unit: Unit, currency: str) -> dict[str, Any]:
    categories = ("one", "few", "many", "other")
    worth = {"amount_minor": unit.worth_minor, "currency": currency} if unit.worth_minor else None
    return {
        "code": unit.code,
        "names": [
            {"locale": locale, **{name: unit.names[locale].get(name) for name in categories}}
            for locale in PLURALS
            if locale in unit.names
        ],
        "worth": worth,
    }


def _present_tier(tier: Any, view: TierView) -> dict[str, Any]:
    by_threshold = tier.entry == "threshold"
    return {
        "id": tier.id,
        "name": view.name(tier.names),
        "entry": tier.entry,
        "threshold": tier.threshold if by_threshold else None,
        "benefits": benefits_of(tier, view),
    }
