"""The sealed list, its root and the proofs in it, and what the manifest's signature covers."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.crypto import Vault
from server.gamification.draws.manifest import (
    is_signed,
    load_manifest,
    manifest_fields,
    manifest_hash,
    sign_manifest,
    sign_void,
    statement_of,
    void_statement,
)
from server.gamification.draws.merkle import Tree, inclusion_proof, is_included
from server.gamification.draws.pool import entries_csv, root_of, sealed_lines, tickets_of
from server.gamification.draws.pseudonyms import pseudonym
from server.gamification.draws.types import Manifest, Scope, Ticket, Void
from server.gamification.proofs.merkle import merkle_root
from tests.builders.pools import make_manifest, make_pool

VAULT = Vault("a secret of this installation only, for tests")
LEAVES = st.lists(st.binary(max_size=8), min_size=1, max_size=40, unique=True)


@given(leaves=LEAVES, which=st.integers(0))
def test_every_leaf_is_proved_to_be_in_the_tree(leaves, which):
    index = which % len(leaves)
    proof = inclusion_proof(leaves, index)
    assert is_included(leaves[index], proof, merkle_root(leaves))
    assert not is_included(leaves[index] + b"x", proof, merkle_root(leaves))


@given(leaves=LEAVES, which=st.integers(0), other=st.integers(1))
def test_a_proof_holds_at_its_own_place_only(leaves, which, other):
    index = which % len(leaves)
    proof = inclusion_proof(leaves, index)
    moved = replace(proof, index=(index + other) % len(leaves))
    if moved.index != index:
        assert not is_included(leaves[index], moved, merkle_root(leaves))
    longer = replace(proof, path=(*proof.path, "00" * 32))
    assert not is_included(leaves[index], longer, merkle_root(leaves))
    if proof.path:
        assert not is_included(
            leaves[index], replace(proof, path=proof.path[1:]), merkle_root(leaves)
        )


def test_a_leaf_that_is_not_there_has_no_proof():
    with pytest.raises(IndexError, match="no such leaf"):
        inclusion_proof([b"a"], 1)
    proof = replace(Tree([b"a"]).proof(0), index=1)
    assert not is_included(b"a", proof, merkle_root([b"a"]))


def test_the_list_is_sealed_by_ticket_and_read_back():
    pool = [*make_pool([2, 3]), Ticket("0" * 32, "f" * 64, "ab" * 16)]
    lines = sealed_lines(reversed(pool))
    assert lines == sealed_lines(pool)
    assert lines[0] == f"{'0' * 32},{'f' * 64},{'ab' * 16}"
    csv = b"".join(entries_csv(lines)).decode()
    assert csv.startswith("ticket,entrant,nonce\n")
    assert sorted(tickets_of(csv), key=lambda t: t.id) == sorted(pool, key=lambda t: t.id)
    assert root_of(lines) == merkle_root(line.encode() for line in csv.splitlines()[1:])


@pytest.mark.parametrize(
    "pool",
    [
        [Ticket("0" * 32, "f" * 64), Ticket("0" * 32, "e" * 64)],
        [Ticket("0" * 31, "f" * 64)],
        [Ticket("A" * 32, "f" * 64)],
        [Ticket("0" * 32, "f" * 64, "00,11")],
    ],
)
def test_tickets_of_another_form_or_twice_are_not_sealed(pool):
    with pytest.raises(ValueError, match="ticket"):
        sealed_lines(pool)


@pytest.mark.parametrize("csv", ["", "ticket,entrant,nonce", "ticket,entrant\n", "x\n"])
def test_another_file_is_no_list_of_entries(csv):
    with pytest.raises(ValueError, match="not a list of entries"):
        tickets_of(csv)


def test_the_statement_is_a_plain_array():
    manifest = Manifest("rfl_one", "aa", 5, 9, 1, 1, "bb", "cc", "dd", 7)
    assert statement_of(manifest) == (
        b'["fairstar/raffle/v1","rfl_one","aa",5,9,1,1,"bb","cc","dd",7]'
    )
    assert manifest_hash(manifest) == (
        "2974ab97c1319e656c3a920652bacd25eee7eb833dc8b76f2c0f9b12b4497780"
    )


@pytest.mark.parametrize("field", Manifest.__dataclass_fields__)
def test_the_signature_covers_every_field(field):
    manifest = make_manifest(make_pool([1, 2]))
    signature = sign_manifest(manifest, VAULT)
    assert is_signed(manifest, signature)
    value = getattr(manifest, field)
    changed = value + (1 if isinstance(value, int) else "0")
    assert not is_signed(replace(manifest, **{field: changed}), signature)


def test_a_manifest_is_read_back_from_its_document():
    manifest = make_manifest(make_pool([1, 2]))
    signature = sign_manifest(manifest, VAULT)
    fields = manifest_fields(manifest, signature)
    assert load_manifest(fields) == (manifest, signature)
    with pytest.raises(ValueError, match="lacks 'Wc'"):
        load_manifest({name: value for name, value in fields.items() if name != "Wc"})


def test_a_void_list_is_signed_whatever_its_order():
    entries = [Void(Scope.TICKET, "b" * 32, "fraud"), Void(Scope.ENTRANT, "a" * 64, "erased")]
    assert void_statement("rfl_one", entries) == void_statement("rfl_one", entries[::-1])
    assert sign_void("rfl_one", entries, VAULT) != sign_void("rfl_two", entries, VAULT)


def test_an_entrant_has_another_name_in_each_raffle():
    names = {pseudonym(key * 32, "mem_1") for key in (b"a", b"b")}
    assert len(names) == 2
    assert pseudonym(b"a" * 32, "mem_1") in names
    with pytest.raises(ValueError, match="32 bytes"):
        pseudonym(b"short", "mem_1")
