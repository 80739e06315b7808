from datetime import date

import pytest

from server.core.errors import ValidationFailed
from server.gamification.members.rules import (
    birthday_hint,
    check_birthday,
    check_zone,
    clean_name,
    display_name,
    hint,
    index_text,
    normal_email,
    normal_external_id,
    normal_phone,
    why_not_served,
)
from server.gamification.members.types import Identifier, IdentifierKind


@pytest.mark.parametrize(
    "text",
    [
        "+3725551234",
        "+372 555 1234",
        "00372 555-1234",
        "555 1234",
        "  5551234 ",
        "(555) 12 34",
        "tel:+372-555-1234",
        "+372 ٥٥٥١٢٣٤",
    ],
)
def test_a_phone_number_has_one_normal_form_however_it_is_written(text):
    assert normal_phone(text, "EE") == "+3725551234"


@pytest.mark.parametrize(
    ("text", "region", "normal"),
    [
        ("8 (912) 345-67-89", "RU", "+79123456789"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("+371 20 000 000", "EE", "+37120000000"),
        ("5551234 ext. 9", "EE", "+3725551234"),
    ],
)
def test_a_number_without_plus_belongs_to_the_region_of_the_programme(text, region, normal):
    assert normal_phone(text, region) == normal


@pytest.mark.parametrize("text", ["", "hello", "+", "12", "+372", "+999 555 1234", "1" * 39])
def test_what_is_no_phone_number_is_refused(text):
    with pytest.raises(ValidationFailed) as refused:
        normal_phone(text, "EE")
    assert refused.value.errors[0]["pointer"] == "/phone"
    assert refused.value.errors[0]["code"] == "invalid_phone"


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("ana@example.com", "ana@example.com"),
        (" Ana.K@EXAMPLE.com ", "Ana.K@example.com"),
        ("ana+stars@example.com", "ana+stars@example.com"),
        ("õie@näide.ee", "õie@näide.ee"),
    ],
)
def test_an_email_keeps_its_local_part_and_lowers_its_domain(text, normal):
    assert normal_email(text) == normal


@pytest.mark.parametrize("text", ["", "ana", "ana@", "@example.com", "a b@example.com", "a@b@c.d"])
def test_what_is_no_email_is_refused(text):
    with pytest.raises(ValidationFailed):
        normal_email(text)


def test_email_addresses_are_compared_without_case():
    upper = Identifier(IdentifierKind.EMAIL, "Ana@example.com")
    assert index_text(upper) == "ana@example.com"


@pytest.mark.parametrize("text", ["", "   ", "x" * 101, "a\nb"])
def test_an_external_id_is_a_short_printable_text(text):
    with pytest.raises(ValidationFailed):
        normal_external_id(text)


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("phone", "+3725551234", "•••1234"),
        ("email", "ana@example.com", "a•••@example.com"),
        ("external", "customer-4711", "•••4711"),
        ("external", "4711", "•••"),
    ],
)
def test_a_hint_hides_most_of_an_identifier(kind, value, shown):
    assert hint(Identifier(IdentifierKind(kind), value)) == shown


@pytest.mark.parametrize(
    ("first", "last", "shown"),
    [
        ("Ana", "Kask", "Ana K."),
        ("Ana", None, "Ana"),
        (None, "kask", "K."),
        (None, None, None),
        ("Õie", "õun", "Õie Õ."),
    ],
)
def test_a_cashier_sees_a_first_name_and_an_initial(first, last, shown):
    assert display_name(first, last) == shown


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("  Ana   Maria ", "Ana Maria"),
        ("\t", None),
        (None, None),
        ("A\nna\u202e", "A na"),
        ("é", "é"),
    ],
)
def test_names_are_cleaned(text, clean):
    assert clean_name(text) == clean


@pytest.mark.parametrize(
    ("birthday", "today", "expected"),
    [
        (date(1990, 11, 22), date(2026, 11, 22), "today"),
        (date(1990, 11, 28), date(2026, 11, 22), "this_week"),
        (date(1990, 11, 29), date(2026, 11, 22), None),
        (date(1990, 11, 21), date(2026, 11, 22), None),
        (date(1990, 1, 2), date(2026, 12, 30), "this_week"),
        (date(1992, 2, 29), date(2027, 3, 1), "today"),
        (date(1992, 2, 29), date(2028, 2, 29), "today"),
        (date(1992, 2, 29), date(2028, 3, 1), None),
        (None, date(2026, 11, 22), None),
    ],
)
def test_a_birthday_is_near_for_a_week(birthday, today, expected):
    assert birthday_hint(birthday, today) == expected


@pytest.mark.parametrize("day", [date(1899, 12, 31), date(2026, 11, 23)])
def test_nobody_alive_was_born_then(day):
    with pytest.raises(ValidationFailed):
        check_birthday(day, date(2026, 11, 22))


@pytest.mark.parametrize("name", ["Europe/Nowhere", "../etc/passwd", "", "Europe", "/etc/hosts"])
def test_unknown_zones_are_refused(name):
    with pytest.raises(ValidationFailed):
        check_zone(name)


@pytest.mark.parametrize(
    ("status", "code"),
    [("blocked", "member_blocked"), ("merged", "member_merged"), ("erased", "not_found")],
)
def test_only_active_members_are_served(status, code):
    refusal = why_not_served(status, "mem_new")
    assert refusal is not None
    assert refusal.code == code
    assert refusal.params == ({"new_member_id": "mem_new"} if status == "merged" else {})
    assert why_not_served("active") is None
