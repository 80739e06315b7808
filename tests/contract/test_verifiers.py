"""Both verifiers draw raffles as the product does, and see any single thing that is changed."""

import importlib
import importlib.util
import json
import subprocess
import sys
from copy import deepcopy
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.builders.proofs import VAULT, Published, golden, random_raffle

HERE = Path(__file__).parent
FOLDER = HERE.parents[1] / "mobile_contract" / "verify"
GOLDEN = HERE / "golden_raffle"
RAFFLES = 1000
FREE_TEXTS = ("entries_url", "verify")  # where to find things; nothing follows from them


@cache
def python_verifier() -> Any:
    spec = importlib.util.spec_from_file_location("fairstar_verify", FOLDER / "verify.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def is_right_in_python(published: Published) -> bool:
    try:
        python_verifier().verify(published.proof, published.entries)
    except (ValueError, KeyError, TypeError, IndexError):
        return False
    return True


def verdicts_in_javascript(many: list[Published], folder: Path) -> list[str | None]:
    """Return for each raffle None, or what is wrong with it."""
    file = folder / "many.json"
    file.write_text(json.dumps([one.files() for one in many]), encoding="utf-8")
    command = ["node", str(HERE / "verify_many.mjs"), str(FOLDER), str(file)]
    found: list[str | None] = json.loads(subprocess.check_output(command))
    return found


@pytest.mark.slow
def test_both_accept_a_thousand_raffles(tmp_path):
    many = [random_raffle(number) for number in range(RAFFLES)]
    assert [n for n, one in enumerate(many) if not is_right_in_python(one)] == []
    assert verdicts_in_javascript(many, tmp_path) == [None] * RAFFLES


@pytest.mark.slow
def test_both_reject_a_thousand_single_changes(tmp_path):
    changed = [changed_somewhere(random_raffle(n), Random(n)) for n in range(RAFFLES)]
    assert [n for n, (where, one) in enumerate(changed) if is_right_in_python(one)] == []
    verdicts = verdicts_in_javascript([one for _, one in changed], tmp_path)
    assert [changed[n][0] for n, verdict in enumerate(verdicts) if verdict is None] == []


def changed_somewhere(one: Published, random: Random) -> tuple[str, Published]:
    """Change one field of the proof, or one line of the list; return where, and the result."""
    if random.random() < 0.2:
        return "entries", Published(one.proof, changed_entries(one.entries, random))
    proof = deepcopy(one.proof)
    places = [place for place in leaves(proof) if place[-1] not in FREE_TEXTS]
    *path, last = random.choice(places)
    holder: Any = proof
    for step in path:
        holder = holder[step]
    before = holder[last]
    holder[last] = changed_value(before, random)
    assert holder[last] != before
    return ".".join(map(str, [*path, last])), Published(proof, one.entries)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value, and of every list as a whole."""
    if isinstance(value, dict):
        return [place for name in value for place in leaves(value[name], (*path, name))]
    if isinstance(value, list):
        inner = [place for at, one in enumerate(value) for place in leaves(one, (*path, at))]
        return [*inner, path]
    return [path]


def changed_value(value: Any, random: Random) -> Any:
    match value:
        case int():
            return value + random.choice([-1, 1])
        case str():
            at = random.randrange(len(value))
            return value[:at] + ("0" if value[at] != "0" else "1") + value[at + 1 :]
        case []:
            return [{"place": 1, "entrant": "0" * 64, "ticket": "0" * 32}]
        case list():
            return value[:-1] if random.random() < 0.5 else [*value, value[-1]]
    return {"public_key": "00" * 32, "signature": "00" * 64}


def changed_entries(entries: str, random: Random) -> str:
    header, *lines = entries.splitlines()
    at = random.randrange(len(lines))
    other = changed_value(lines[at], random)
    ways = [
        [*lines[:at], *lines[at + 1 :]],
        [*lines[:at], other, *lines[at + 1 :]],
        [*lines[: at + 1], *lines[at:]],
        [*lines, "f" * 32 + "," + "0" * 64 + ","],
    ]
    return "\n".join([header, *random.choice(ways), ""])


def test_the_golden_raffle_is_drawn_as_ever():
    kept = Published(
        json.loads((GOLDEN / "proof.json").read_text("utf-8")),
        (GOLDEN / "entries.csv").read_text("utf-8"),
    )
    assert golden() == kept


RUNS = [
    pytest.param([sys.executable, "verify.py"], id="python"),
    pytest.param(["node", "verify-cli.mjs"], id="javascript"),
]


def run(command: list[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    program = [*command[:-1], str(FOLDER / command[-1])]
    return subprocess.run([*program, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", RUNS)
def test_the_golden_raffle_is_right_on_the_command_line(command, tmp_path):
    files = str(GOLDEN / "proof.json"), str(GOLDEN / "entries.csv")
    [key] = VAULT.public_keys("raffle-manifest")
    found = run(command, *files, "--key", key)
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout.splitlines()[-1] == "RIGHT: the winners follow from the files"
    assert "2023-09-15" in found.stdout
    other = run(command, *files, "--key", "ab" * 32)
    assert other.returncode == 1
    assert other.stderr.strip() == "WRONG: the manifest is signed by another key"
    rules = tmp_path / "rules.txt"
    rules.write_text("Everybody wins.")
    assert "rules are not those" in run(command, *files, "--rules", str(rules)).stderr


@pytest.mark.parametrize("command", RUNS)
@pytest.mark.parametrize("text", ["", "null", "[]", "{}", '{"manifest": 1, "beacon": 2}'])
def test_what_is_no_proof_is_wrong(command, text, tmp_path):
    (tmp_path / "proof.json").write_text(text)
    found = run(command, str(tmp_path / "proof.json"), str(GOLDEN / "entries.csv"))
    assert found.returncode == 1
    assert found.stderr.startswith("WRONG: ")


def test_python_checks_the_signature_of_drand_where_it_can(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    one = golden()
    notes = python_verifier().verify(one.proof, one.entries)
    assert not any("NOT checked" in note for note in notes)
    quicknet = importlib.import_module("quicknet")
    signature = bytes.fromhex(one.proof["beacon"]["signature"])
    assert quicknet.is_signed_round(657413, signature)
    assert not quicknet.is_signed_round(657414, signature)


def test_without_py_ecc_it_says_that_the_signature_is_not_checked(monkeypatch):
    monkeypatch.setitem(sys.modules, "quicknet", None)
    one = golden()
    notes = python_verifier().verify(one.proof, one.entries)
    assert any("NOT checked" in note and "/public/657413" in note for note in notes)


def test_the_verifier_fits_on_a_few_pages():
    assert len((FOLDER / "verify.py").read_text("utf-8").splitlines()) < 200
