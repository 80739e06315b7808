"""Secrets at rest open only where they belong."""

import pytest

from server.core.crypto import SealBroken, Vault, hash_secret

OLD, NEW = "o" * 40, "n" * 40


def test_what_is_sealed_opens_in_its_context_only():
    vault = Vault(NEW)
    sealed = vault.seal("ana@example.com", "member_identifier.value")
    assert "ana" not in sealed
    assert vault.open(sealed, "member_identifier.value") == "ana@example.com"
    with pytest.raises(SealBroken):
        vault.open(sealed, "mail.to")


def test_the_same_text_is_never_sealed_alike():
    vault = Vault(NEW)
    assert vault.seal("x", "c") != vault.seal("x", "c")


@pytest.mark.parametrize("change", ["", "v1.", "v1.AAAA", "junk", "v1.£"])
def test_a_broken_seal_is_noticed(change):
    with pytest.raises(SealBroken):
        Vault(NEW).open(change, "c")


def test_one_changed_character_breaks_the_seal():
    vault = Vault(NEW)
    sealed = vault.seal("balance", "c")
    other = "A" if sealed[20] != "A" else "B"
    with pytest.raises(SealBroken):
        vault.open(sealed[:20] + other + sealed[21:], "c")


def test_after_a_change_of_the_secret_the_previous_one_still_opens():
    before = Vault(OLD)
    sealed, signed = before.seal("x", "c"), before.sign("p", b"m")
    rotated = Vault(NEW, OLD)
    assert rotated.open(sealed, "c") == "x"
    assert rotated.verify("p", b"m", signed)
    assert rotated.seal("x", "c") != sealed
    with pytest.raises(SealBroken):
        before.open(rotated.seal("x", "c"), "c")
    with pytest.raises(SealBroken):
        Vault(NEW).open(sealed, "c")


def test_a_blind_index_is_stable_and_bound_to_its_kind_and_secret():
    index = Vault(OLD).blind_index("phone", "+37255512345")
    assert index == Vault(OLD).blind_index("phone", "+37255512345")
    assert len(index) == 64
    assert index != Vault(OLD).blind_index("email", "+37255512345")
    assert index != Vault(NEW).blind_index("phone", "+37255512345")
    assert Vault(NEW, OLD).blind_indexes("phone", "+37255512345")[1] == index


def test_a_signature_is_bound_to_purpose_and_message():
    vault = Vault(NEW)
    signed = vault.sign("cursor", b"m")
    assert vault.verify("cursor", b"m", signed)
    assert vault.verify("cursor", b"m", signed[:16])
    assert not vault.verify("cursor", b"m", signed[:15])
    assert not vault.verify("cursor", b"n", signed)
    assert not vault.verify("other", b"m", signed)
    assert not vault.verify("cursor", b"m", b"")


def test_keys_are_derived_by_hkdf():
    """The vector fixes the derivation for ever: a change would lose every sealed value."""
    assert Vault("fairstar").key("seal").hex() == (
        "675a1ea2d83504630d1b2ee339093cfce4f5c41d141bf283b5d0d9a392dc3612"
    )


def test_a_hashed_token_is_sha256():
    assert hash_secret("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
