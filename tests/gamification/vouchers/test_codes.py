"""Codes: hard to guess, easy to read, and a slip of the finger is noticed."""

import pytest

from server.core.crypto import Vault
from server.gamification.vouchers import codes

VAULT = Vault("one secret of this installation")
CODE = codes.code_of(VAULT, "vch_1", "7F4K2")


def test_a_code_belongs_to_one_voucher_and_one_installation():
    assert codes.is_code_of(VAULT, "vch_1", "7F4K2", CODE)
    assert not codes.is_code_of(VAULT, "vch_2", "7F4K2", CODE)
    assert not codes.is_code_of(Vault("another secret"), "vch_1", "7F4K2", CODE)
    assert codes.is_code_of(
        Vault("a newer secret", "one secret of this installation"), "vch_1", "7F4K2", CODE
    )


def test_a_code_has_sixty_secret_bits_and_no_look_alikes():
    assert len(codes.ALPHABET) == len(set(codes.ALPHABET)) == 32
    assert not set("ILOU") & set(codes.ALPHABET)
    assert codes.SECRET_LENGTH * 5 >= 60
    made = {codes.code_of(VAULT, f"vch_{number}", "7F4K2") for number in range(2000)}
    assert len({code[5:17] for code in made}) == 2000
    assert {character for code in made for character in code[5:17]} == set(codes.ALPHABET)


def test_every_wrong_character_is_noticed():
    for place, right in enumerate(CODE):
        for wrong in set(codes.ALPHABET) - {right}:
            assert not codes.has_code_form(CODE[:place] + wrong + CODE[place + 1 :])


def test_every_two_characters_that_changed_places_are_noticed():
    for first in range(len(CODE) - 1):
        for second in range(first + 1, len(CODE)):
            mixed = list(CODE)
            mixed[first], mixed[second] = mixed[second], mixed[first]
            same = mixed[first] == mixed[second]
            assert codes.has_code_form("".join(mixed)) is same


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        (" 7f4k22-qd9xmp-a3k2t1 ", "7F4K22QD9XMPA3K2T1"),
        ("L1V.7F4K22QD9XMPA3K2T1", "7F4K22QD9XMPA3K2T1"),
        ("oil O0", "01100"),
        ("", ""),
    ],
)
def test_what_is_typed_is_read_generously(typed, normal):
    assert codes.normal_code(typed) == normal


def test_codes_are_written_in_groups():
    assert codes.written(CODE).replace("-", "") == CODE
    assert [len(group) for group in codes.written(CODE).split("-")] == [6, 6, 6]
    assert codes.written("of-somebody-else") == "of-somebody-else"


def test_locators_are_random():
    assert len({codes.new_locator() for _ in range(200)}) > 195
