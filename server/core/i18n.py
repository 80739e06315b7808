"""Text for people: catalogues, plural forms, numbers, money and dates by locale.

English is the message id. The catalogues are plain .po files under `server/locales/`, parsed once
per process. Plural forms follow CLDR (Russian needs three, Estonian two).
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from babel import Locale, negotiate_locale
from babel.dates import format_date as babel_date
from babel.dates import format_datetime as babel_datetime
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, get_currency_precision

SOURCE = "en"
LOCALES = ("en", "ru", "et")
FOLDER = Path(__file__).parent.parent / "locales"
PLURALS = {"en": ("one", "other"), "ru": ("one", "few", "many"), "et": ("one", "other")}
"""The CLDR categories of whole numbers, in the order of `msgstr[n]`."""

UnitForms = Mapping[str, Mapping[str, str]]
Length = Literal["short", "medium", "long"]


def message(msgid: str) -> str:
    """Mark `msgid` for translation where it is defined; it is translated where it is used."""
    return msgid


def gettext(locale: str, msgid: str, **params: Any) -> str:
    """Return `msgid` in `locale` (English when there is no translation), `{name}`s filled in."""
    text = _texts(locale).get(msgid, msgid)
    return text.format(**params) if params else text


def ngettext(locale: str, singular: str, plural: str, number: int, **params: Any) -> str:
    """Return the form of the message that `number` needs; `{number}` is the formatted number."""
    forms = _plurals(locale).get(singular)
    if forms is None:
        text = singular if number == 1 else plural
    else:
        text = forms[PLURALS[locale].index(plural_category(locale, number))]
    return text.format(number=format_number(locale, number), **params)


@lru_cache(maxsize=8192)
def plural_category(locale: str, number: int) -> str:
    """Return the CLDR plural category of a whole number: "one", "few", "many" or "other"."""
    return str(_locale(locale).plural_form(abs(number)))


def unit_text(locale: str, forms: UnitForms, amount: int) -> str:
    """Return an amount of a unit in words, such as "24 points" or «3 звезды».

    `forms` maps locale to plural category to the noun; English stands in for a missing locale.
    """
    nouns = forms.get(locale) or forms.get(SOURCE) or next(iter(forms.values()))
    used = locale if locale in forms else SOURCE
    noun = nouns.get(plural_category(used, amount)) or nouns["other"]
    return f"{format_number(locale, amount)} {noun}"


def in_language(texts: Mapping[str, str], locale: str) -> str:
    """Return the text in a language, else in English, else in whatever language there is."""
    return texts.get(locale) or texts.get(SOURCE) or next(iter(texts.values()), "")


@lru_cache(maxsize=8192)
def format_number(locale: str, number: int) -> str:
    """Return a whole number with the group separators of `locale`."""
    if -1000 < number < 1000:
        return str(number) if number >= 0 else f"-{-number}"
    return format_decimal(number, locale=_locale(locale))


@lru_cache(maxsize=1024)
def format_hundredths(locale: str, hundredths: int) -> str:
    """Return hundredths as a number without needless zeros: 150 gives "1.5", 500 gives "5"."""
    return format_decimal(Decimal(hundredths).scaleb(-2), locale=_locale(locale))


@lru_cache(maxsize=8192)
def format_money(locale: str, amount_minor: int, currency: str) -> str:
    """Return an amount of minor units as money, such as "€14.80" or «14,80 €»."""
    form = _small_money(locale, currency)
    if form is not None and 0 <= amount_minor < 100_000:
        return form % divmod(amount_minor, 100)
    precision = get_currency_precision(currency)
    amount = Decimal(amount_minor).scaleb(-precision)
    return format_currency(amount, currency, locale=_locale(locale))


@cache
def _small_money(locale: str, currency: str) -> str | None:
    """Return how whole and hundredths are written while nothing is grouped: "€%d.%02d".

    It is read off one sum that Babel wrote, and takes a fiftieth of Babel's time. None for
    currencies without hundredths, and where digits are not the usual ones.
    """
    if get_currency_precision(currency) != 2:
        return None
    sample = format_currency(Decimal("7.65"), currency, locale=_locale(locale))
    form = sample.replace("%", "%%").replace("7", "%d", 1).replace("65", "%02d", 1)
    return form if form.count("%d") == form.count("%02d") == 1 else None


@lru_cache(maxsize=4096)
def format_date(locale: str, day: date, length: Length = "long") -> str:
    """Return a calendar date, such as "30 November 2026"."""
    return babel_date(day, length, locale=_locale(locale))


def format_instant(locale: str, instant: datetime, zone: ZoneInfo) -> str:
    """Return an instant as date and time of day in `zone`."""
    return babel_datetime(instant, "medium", tzinfo=zone, locale=_locale(locale))


@lru_cache(maxsize=1024)
def negotiate(accept_language: str, supported: Sequence[str] = LOCALES) -> str | None:
    """Return the supported locale that an Accept-Language header prefers, or None.

    A regional variant stands for its language: `et-EE,ru;q=0.8` gives "et".
    """
    wanted = [tag for tag, weight in _weighted(accept_language) if weight > 0]
    tags = [tag.lower().replace("-", "_") for tag in wanted]
    found = negotiate_locale(tags, list(supported))
    if found is None and "*" in wanted:
        return supported[0]
    return found


def _weighted(header: str) -> list[tuple[str, float]]:
    """Return the language tags of an Accept-Language header, the most wanted first."""
    found: list[tuple[str, float]] = []
    for part in header[:500].split(","):
        tag, _, rest = part.strip().partition(";")
        try:
            weight = float(rest.strip().removeprefix("q=")) if rest.strip() else 1.0
        except ValueError:
            weight = 0.0
        if tag:
            found.append((tag.strip(), weight))
    return sorted(found, key=lambda pair: -pair[1])


@cache
def _locale(locale: str) -> Locale:
    """The CLDR data of a locale; plain English dates and numbers are those of Great Britain."""
    return Locale.parse("en_GB" if locale == SOURCE else locale)


@cache
def catalogue(locale: str) -> Catalog:
    """Return the parsed catalogue of a locale; English has an empty one."""
    path = FOLDER / locale / "LC_MESSAGES" / "messages.po"
    if locale == SOURCE or not path.exists():
        return Catalog(locale=SOURCE)
    with path.open("rb") as file:
        return read_po(file, locale=locale, abort_invalid=True)


@cache
def _texts(locale: str) -> dict[str, str]:
    entries = [entry for entry in catalogue(locale) if isinstance(entry.id, str) and entry.id]
    return {str(entry.id): str(entry.string) for entry in entries if entry.string}


@cache
def _plurals(locale: str) -> dict[str, tuple[str, ...]]:
    entries = [(entry.id, entry.string) for entry in catalogue(locale)]
    return {
        ids[0]: tuple(forms)
        for ids, forms in entries
        if isinstance(ids, (list, tuple)) and isinstance(forms, (list, tuple)) and all(forms)
    }
