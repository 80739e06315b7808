"""Texts for people: every one translated, every plural form there, numbers and dates by locale."""

import string
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from babel.messages.extract import extract_from_dir
from babel.numbers import format_currency, get_currency_precision

from server.api.catalogue import published_refusals
from server.api.user_messages import SENTENCES
from server.core.i18n import (
    LOCALES,
    PLURALS,
    catalogue,
    format_date,
    format_instant,
    format_money,
    format_number,
    gettext,
    negotiate,
    ngettext,
    plural_category,
    unit_text,
)
from tests.tidy.tree import ROOT

KEYWORDS = {"message": None, "gettext": (2,), "ngettext": (2, 3)}
TRANSLATED = [locale for locale in LOCALES if locale != "en"]
POINTS = {
    "en": {"one": "point", "other": "points"},
    "ru": {"one": "балл", "few": "балла", "many": "баллов", "other": "балла"},
    "et": {"one": "punkt", "other": "punkti"},
}


def used_messages() -> set:
    """Every message id in the code, and the titles of refusals that have no sentence."""
    found = extract_from_dir(str(ROOT / "server"), [("**.py", "python")], keywords=KEYWORDS)
    texts = {message if isinstance(message, str) else message[:2] for _, _, message, _, _ in found}
    return texts | {cls.title for cls in published_refusals() if cls.code not in SENTENCES}


@pytest.mark.parametrize("locale", TRANSLATED)
def test_every_text_is_translated_and_no_translation_is_left_over(locale):
    entries = [entry for entry in catalogue(locale) if entry.id]
    known = {entry.id for entry in entries}
    used = used_messages()
    assert used - known == set(), f"not in {locale}"
    assert known - used == set(), f"no longer used, in {locale}"


@pytest.mark.parametrize("locale", TRANSLATED)
def test_translations_are_complete_and_keep_their_placeholders(locale):
    for entry in catalogue(locale):
        if not entry.id:
            continue
        forms = [entry.string] if isinstance(entry.string, str) else list(entry.string or ())
        assert len(forms) == (1 if isinstance(entry.id, str) else len(PLURALS[locale]))
        source = entry.id if isinstance(entry.id, str) else entry.id[1]
        assert all(forms), entry.id
        for form in forms:
            assert placeholders(form) <= placeholders(source), entry.id
        assert not entry.fuzzy, entry.id


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize(
    ("amount", "en", "ru", "et"),
    [
        (0, "0 points", "0 баллов", "0 punkti"),
        (1, "1 point", "1 балл", "1 punkt"),
        (2, "2 points", "2 балла", "2 punkti"),
        (5, "5 points", "5 баллов", "5 punkti"),
        (11, "11 points", "11 баллов", "11 punkti"),
        (21, "21 points", "21 балл", "21 punkti"),
        (-3, "-3 points", "-3 балла", "-3 punkti"),
    ],
)
def test_amounts_of_units_have_the_right_plural(amount, en, ru, et):
    said = [unit_text(locale, POINTS, amount) for locale in ("en", "ru", "et")]
    assert said == [en, ru, et]


def test_a_unit_without_the_locale_is_said_in_english():
    assert unit_text("et", {"en": POINTS["en"]}, 2) == "2 points"


def test_plural_messages_without_translation_stay_english():
    one, many = "{number} sheep", "{number} sheep!"
    assert ngettext("ru", one, many, 21) == "21 sheep!"
    assert ngettext("en", one, many, 1) == "1 sheep"


def test_a_message_without_translation_stays_english():
    text = "Hello {name}, untranslated"
    assert gettext("ru", text, name="Ana") == "Hello Ana, untranslated"


def test_plural_categories_are_those_of_cldr():
    said = [plural_category("ru", number) for number in (1, 2, 5, 21, 112)]
    assert said == ["one", "few", "many", "one", "many"]


def test_numbers_and_money_follow_the_locale():
    numbers = [format_number(locale, 1234567) for locale in LOCALES]
    assert numbers == ["1,234,567", "1\xa0234\xa0567", "1\xa0234\xa0567"]
    assert format_money("en", 1480, "EUR") == "€14.80"
    assert format_money("ru", 1480, "EUR") == "14,80\xa0€"
    assert format_money("en", 1480, "JPY") == "JP¥1,480"


def test_dates_follow_the_locale_and_instants_the_zone():
    dates = [format_date(locale, date(2026, 11, 30)) for locale in LOCALES]
    assert dates == ["30 November 2026", "30 ноября 2026\u202fг.", "30. november 2026"]
    instant = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)
    said = format_instant("en", instant, ZoneInfo("Europe/Tallinn"))
    assert said.startswith("23 Nov 2026")


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        ("et-EE,ru;q=0.8", "et"),
        ("ru;q=0.8,et", "et"),
        ("de-DE,de;q=0.9,ru;q=0.1", "ru"),
        ("en-GB", "en"),
        ("RU", "ru"),
        ("ru;q=0, en;q=0.1", "en"),
        ("*", "en"),
        ("de", None),
        ("", None),
        (",;q=x,=", None),
        ("x" * 100_000, None),
    ],
)
def test_the_wanted_language_is_found(header, locale):
    assert negotiate(header) == locale


@pytest.mark.parametrize("currency", ["EUR", "USD", "SEK", "CHF", "JPY", "KWD", "XXX"])
@pytest.mark.parametrize("locale", LOCALES)
def test_money_is_written_as_babel_writes_it(locale, currency):
    precision = get_currency_precision(currency)
    written_in = "en_GB" if locale == "en" else locale
    for minor in (0, 5, 10, 65, 99, 100, 705, 99_999, 100_000, 1_234_567, -1, -12_345):
        amount = Decimal(minor).scaleb(-precision)
        plain = format_currency(amount, currency, locale=written_in)
        assert format_money(locale, minor, currency) == plain
