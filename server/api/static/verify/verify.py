#!/usr/bin/env python3
"""Check a raffle: python verify.py proof.json entries.csv [--rules FILE] [--key HEX]

Draws it again with nothing but the standard library. See README.md beside this file.
"""

import argparse
import hashlib
import hmac
import json
import re
import sys
from datetime import datetime, timezone
from pathlib import Path

FORMAT, VOID_FORMAT = "fairstar/raffle/v1", "fairstar/raffle/void/v1"
SIGNED = "raffle_id rules_hash N T Wm Wc pool_root ledger_checkpoint chain_hash round".split()
SEEDING = "raffle_id rules_hash pool_root N T chain_hash round".split()
LINE = re.compile(r"([0-9a-f]{32}),([0-9a-f]{64}),([0-9a-f]{0,64})")
QUICKNET = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
GENESIS, PERIOD, LINKS_MAX = 1692803367, 3, 100_000


class Wrong(ValueError):
    """One thing in the files does not hold."""


def require(holds, what):
    if not holds:
        raise Wrong(what)


def sha256(content):
    return hashlib.sha256(content).digest()


def verify(proof, entries, rules=None, key=None):
    """Return notes on what could not be checked here; raise an error where something fails."""
    manifest, beacon, notes = proof["manifest"], proof["beacon"], []
    require(proof["algorithm"] == FORMAT, "the algorithm is another one")
    tickets = read_entries(entries, manifest)
    n, t, main, second = (manifest[name] for name in ("N", "T", "Wm", "Wc"))
    require(4 * second >= n - main or n <= main or t <= 4 * main, "too few prizes for a quarter")
    statement = canonical([FORMAT, *(manifest[name] for name in SIGNED)])
    signed = is_signed(manifest["public_key"], statement, manifest["signature"])
    require(signed, "the signature is not of this manifest")
    require(key in {None, manifest["public_key"]}, "the manifest is signed by another key")
    notes += [] if key else [f"signed by {manifest['public_key']}: compare it with the organiser's"]
    notes += [] if rules is not None else ["the rules were not given, so they were not compared"]
    same_rules = rules is None or sha256(rules).hex() == manifest["rules_hash"]
    require(same_rules, "the rules are not those that were sealed")
    notes += check_beacon(manifest, beacon)
    void = check_void(proof, tickets)
    fields = [FORMAT, *(manifest[name] for name in SEEDING), beacon["signature"]]
    texts = [str(field).encode() for field in fields]
    seed = sha256(b"".join(len(text).to_bytes(4, "big") + text for text in texts))
    require(proof["seed"] == seed.hex(), "the seed does not follow from manifest and round")
    main, second = draw(manifest, [one for one in tickets if not void & set(one)], seed)
    require(proof["main"] == main, "the winners of the main prizes are others")
    require(proof["second"] == second, "the winners of the consolation prizes are others")
    return notes


def read_entries(entries, manifest):
    """Return (ticket, entrant) of every line, after checking form, order, counts and root."""
    header, *lines = entries.split("\n")
    require(header == "ticket,entrant,nonce" and lines[-1:] == [""], "the list has another form")
    found = [LINE.fullmatch(line) for line in lines[:-1]]
    require(None not in found, "a line of the list has another form")
    tickets = [(one[1], one[2]) for one in found]
    require([t for t, _ in tickets] == sorted({t for t, _ in tickets}), "the list is out of order")
    require(len(tickets) == manifest["T"], "not as many tickets as sealed")
    require(len({who for _, who in tickets}) == manifest["N"], "not as many entrants as sealed")
    level = [sha256(b"\0" + line.encode()) for line in lines[:-1]] or [sha256(b"")]
    while len(level) > 1:  # RFC 6962: pairs are joined level by level, a lone last one moves up
        pairs = zip(level[::2], level[1::2])
        level = [sha256(b"\1" + a + b) for a, b in pairs] + level[len(level) & ~1 :]
    require(level[0].hex() == manifest["pool_root"], "the list is not the one that was sealed")
    return tickets


def keyed(seed, text):
    return hmac.digest(seed, text.encode(), "sha256")


def canonical(fields):
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()


def check_void(proof, tickets):
    """Return the ids that are skipped; each is in the list, and the void list is signed."""
    rows, signature, manifest = proof["void"], proof["void_signature"], proof["manifest"]
    require(bool(rows) == bool(signature), "the void list and its signature do not go together")
    if not rows:
        return set()
    texts = sorted([row["scope"], row["id"], row["reason"]] for row in rows)
    require(signature["public_key"] == manifest["public_key"], "the void list is of another key")
    statement = canonical([VOID_FORMAT, manifest["raffle_id"], texts])
    signed = is_signed(signature["public_key"], statement, signature["signature"])
    require(signed, "the signature is not of this void list")
    known = {("ticket", one) for one, _ in tickets} | {("entrant", who) for _, who in tickets}
    require({(scope, one) for scope, one, _ in texts} <= known, "what is void is not in the list")
    return {one for _, one, _ in texts}


def check_beacon(manifest, beacon):
    """Return notes on the round, after checking that it is the one that was fixed."""
    number, signature = manifest["round"], bytes.fromhex(beacon["signature"])
    same = (beacon["chain_hash"], beacon["round"]) == (manifest["chain_hash"], number)
    require(same, "the round is not the one that was fixed")
    require(sha256(signature).hex() == beacon["randomness"], "the randomness is another")
    if beacon["source"] == "local":
        require(0 < number <= LINKS_MAX and len(signature) == 32, "not a link of a local chain")
        for _ in range(number):
            signature = sha256(signature)
        require(signature.hex() == manifest["chain_hash"], "not a link to the published tail")
        return ["operator-trusted: the organiser could know the randomness beforehand"]
    known = beacon["source"] in {"drand", "fixture"} and manifest["chain_hash"] == QUICKNET
    require(known, "an unknown source of randomness")
    public = datetime.fromtimestamp(GENESIS + (number - 1) * PERIOD, timezone.utc)
    notes = [f"the round became public at {public}: the manifest must have been there before"]
    try:
        from quicknet import is_signed_round
    except ImportError:
        where = f"https://api.drand.sh/{QUICKNET}/public/{number}"
        return [*notes, f"the beacon's signature is NOT checked (needs py_ecc): compare {where}"]
    require(is_signed_round(number, signature), "the signature is not drand's of this round")
    return notes


def draw(manifest, tickets, seed):
    """Return the winners: tickets in the order of their hashes, then all others in theirs."""
    first = {}
    for ticket, who in sorted(tickets, key=lambda one: keyed(seed, "main|" + one[0])):
        first.setdefault(who, ticket)
    winners = list(first.items())[: manifest["Wm"]]
    rest = sorted(set(first) - dict(winners).keys(), key=lambda who: keyed(seed, "second|" + who))
    main = [{"place": n, "ticket": t, "entrant": who} for n, (who, t) in enumerate(winners, 1)]
    return main, [{"place": n, "entrant": who} for n, who in enumerate(rest[: manifest["Wc"]], 1)]


P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # Ed25519, RFC 8032
D = -121665 * pow(121666, -1, P) % P


def add(a, b):
    """Add two points, as (X, Y, Z, T) in extended coordinates."""
    e1, e2 = (a[1] - a[0]) * (b[1] - b[0]), (a[1] + a[0]) * (b[1] + b[0])
    c, d = 2 * a[3] * D * b[3] % P, 2 * a[2] * b[2] % P
    e, f, g, h = e2 - e1, d - c, d + c, e2 + e1
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number, point):
    total = (0, 1, 1, 0)
    for bit in f"{number:b}":
        total = add(total, total)
        total = total if bit == "0" else add(total, point)
    return total


def point_of(text):
    y, sign = int.from_bytes(text, "little") % 2**255, text[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    require(len(text) == 32 and y < P and (x * x - square) % P == 0, "not a point of the curve")
    x = x if x % 2 == sign else P - x
    return x, y, 1, x * y % P


def is_signed(key, message, signature):
    public, given = bytes.fromhex(key), bytes.fromhex(signature)
    number, base = int.from_bytes(given[32:], "little"), point_of(b"\x58" + b"\x66" * 31)
    hashed = int.from_bytes(hashlib.sha512(given[:32] + public + message).digest(), "little") % L
    left, right = times(number, base), add(point_of(given[:32]), times(hashed, point_of(public)))
    same = all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))
    return len(given) == 64 and number < L and same


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("proof", "entries"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--rules", type=Path)
    parser.add_argument("--key")
    asked = parser.parse_args()
    try:
        rules = asked.rules.read_bytes() if asked.rules else None
        proof, entries = json.loads(asked.proof.read_bytes()), asked.entries.read_bytes().decode()
        for note in verify(proof, entries, rules, asked.key):
            print(f"note: {note}")
    except (KeyError, TypeError, ValueError, IndexError, OSError) as error:
        sys.exit(f"WRONG: {error if isinstance(error, Wrong) else repr(error)}")
    print("RIGHT: the winners follow from the files")


if __name__ == "__main__":
    main()
