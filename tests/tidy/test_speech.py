"""The project speaks of itself only: no path of a machine, no registry behind a lock file."""

import re
from hashlib import sha256

from tests.tidy.tree import project_files, text_of

# Joined here so that this file does not hold what it forbids.
HOME_FOLDERS = "|".join(["work", "root", "home", "farm", "Users"])
MACHINE_PATH = re.compile(r"(?<![\w.})\]/-])/(?:" + HOME_FOLDERS + r")/[\w.]")
REGISTRIES = {
    "a4aa2ac280bb8d1a",
    "4ff05e3c263b36b1",
    "08d54e49cb09e297",
    "f01c5863bec35117",
    "954ad027ab968ca3",
    "10d08ae2bdb80167",
}
"""Names of package registries, as digests: this file may not say them either."""


def digest(name: str) -> str:
    """What stands for a name here."""
    return sha256(name.encode()).hexdigest()[:16]


def hosts_in(text: str, registries: set[str] = REGISTRIES) -> set[str]:
    """The names of registries in a text: two words with a dot between them."""
    pairs = set(re.findall(r"(?=(?<![a-z0-9-])([a-z0-9-]+\.[a-z0-9-]+))", text.lower()))
    return {pair for pair in pairs if digest(pair) in registries}


def test_no_file_names_a_path_of_somebodys_machine():
    found = [
        f"{path}:{number}"
        for path in project_files()
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if MACHINE_PATH.search(line)
    ]
    assert found == []


def test_no_file_names_a_package_registry():
    found = {str(path): hosts for path in project_files() if (hosts := hosts_in(text_of(path)))}
    assert found == {}


def test_a_registry_is_known_wherever_it_stands():
    example = {digest("index.example")}
    assert hosts_in("see https://www.Index.example.net/simple", example) == {"index.example"}
    assert hosts_in("reindex.example index-example index.examples", example) == set()


def test_every_locked_package_is_pinned_by_hash():
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = next(text_of(path) for path in project_files() if str(path) == name)
        packages = re.findall(r"^[a-z0-9].*\n.*", text, re.MULTILINE)
        unpinned = [p for p in packages if "==" not in p or "\n    --hash=sha256:" not in p]
        assert len(packages) > 50
        assert unpinned == []
