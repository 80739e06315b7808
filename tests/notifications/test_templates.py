"""Words: every type in every language, real plural forms, and faults told to whoever writes."""

import pytest

from server.core.i18n import LOCALES
from server.gamification.definitions.errors import DefinitionInvalid
from server.gamification.programme.types import Unit
from server.notifications.catalogue import ANNOUNCEMENT, TYPES
from server.notifications.rendering import (
    BODY_MAX,
    TITLE_MAX,
    NameMissing,
    Words,
    faults_in,
    render,
    values_of,
)
from server.notifications.templates import built_in, read_template
from server.notifications.types import Text

POINTS = Unit(
    "points",
    {
        "en": {"one": "point", "other": "points"},
        "ru": {"one": "балл", "few": "балла", "many": "баллов", "other": "балла"},
        "et": {"one": "punkt", "other": "punkti"},
    },
)
NAMES = {"rfl_1": {"en": "Christmas draw", "ru": "Рождественский розыгрыш", "et": "Jõululoos"}}


def words(locale):
    return Words(locale, {"points": POINTS}, NAMES)


def test_every_type_has_words_in_every_language():
    assert set(built_in()) == set(TYPES) - {ANNOUNCEMENT}
    for name, template in built_in().items():
        (variant,) = template.variants
        assert set(variant.titles) == set(variant.bodies) == set(LOCALES)
        for locale in LOCALES:
            for text in (variant.titles[locale], variant.bodies[locale]):
                assert list(faults_in(text, TYPES[name].fields, locale)) == [], (name, locale)


@pytest.mark.parametrize(
    ("locale", "tickets", "said"),
    [
        ("en", 1, "You have 1 ticket now."),
        ("en", 2, "You have 2 tickets now."),
        ("ru", 1, "Теперь у вас 1 билет."),
        ("ru", 3, "Теперь у вас 3 билета."),
        ("ru", 11, "Теперь у вас 11 билетов."),
        ("ru", 21, "Теперь у вас 21 билет."),
        ("et", 1, "Sul on nüüd 1 pilet."),
        ("et", 7, "Sul on nüüd 7 piletit."),
    ],
)
def test_nouns_fit_their_number(locale, tickets, said):
    kind = TYPES["raffle.ticket_added"]
    values = values_of(kind, {"raffle_id": "rfl_1", "tickets": tickets}, words(locale))
    text = built_in()[kind.name].for_member("mem_1").text_in(locale)
    assert render(text, values, locale).body == said


def test_amounts_and_days_are_written_in_the_language():
    payload = {"unit": "points", "amount": 1240, "on": "2026-11-30"}
    values = values_of(TYPES["points.expiring"], payload, words("ru"))
    assert values["amount"].text.replace("\xa0", " ") == "1 240 баллов"
    assert values["on"].text.startswith("30 ноября 2026")


def test_a_name_that_is_gone_is_said():
    with pytest.raises(NameMissing):
        values_of(TYPES["raffle.drawn"], {"raffle_id": "rfl_gone"}, words("en"))


def test_long_texts_are_cut():
    text = render(Text("т" * 500, "б" * 500), {}, "ru")
    assert (len(text.title), len(text.body)) == (TITLE_MAX, BODY_MAX)
    assert text.title.endswith("…")


@pytest.mark.parametrize(
    ("locale", "text", "fault"),
    [
        ("en", "{who} won", "There is no field who; there are: raffle, tickets."),
        ("ru", "{tickets|билет|билета}", "tickets needs 3 forms of its noun in ru."),
        ("en", "{raffle|a|b}", "raffle is no number, so no noun can follow it."),
        ("en", "{tickets", "Braces are for fields, such as {amount}."),
        ("en", "{tickets!r}", "Braces are for fields, such as {amount}."),
    ],
)
def test_faults_of_a_text_are_told(locale, text, fault):
    assert list(faults_in(text, TYPES["raffle.closing"].fields, locale)) == [fault]


def test_a_template_is_read_or_refused_with_all_faults():
    variant = {"name": "warm", "titles": {"en": "{tickets}"}, "bodies": {"en": "Hurry"}}
    read = read_template("tpl_1", "k", {"type": "raffle.closing", "variants": [variant]})
    assert (read.type, read.is_sent, read.variants[0].weight) == ("raffle.closing", True, 1)
    bad = {"type": "raffle.closed", "variants": [variant, variant], "x": 1}
    with pytest.raises(DefinitionInvalid) as refused:
        read_template("tpl_1", "k", bad)
    pointers = [error["pointer"] for error in refused.value.errors]
    assert {"/type", "/variants", "/x", "/variants/0/titles/en"} <= set(pointers)
