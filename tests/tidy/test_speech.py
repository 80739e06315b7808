"""The project speaks of itself only: no path of a machine, no registry behind a lock file."""

import re

from tests.tidy.tree import project_files, text_of

# Joined here so that this file does not hold what it forbids.
HOME_FOLDERS = "|".join(["work", "root", "home", "farm", "Users"])
MACHINE_PATH = re.compile(r"(?<![\w.})\]/-])/(?:" + HOME_FOLDERS + r")/[\w.]")
HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("files", "pythonhosted"),
        ("registry", "npmjs"),
        ("registry", "yarnpkg"),
        ("deb", "debian"),
        ("proxy", "golang"),
    )
]


def test_no_file_names_a_path_of_somebodys_machine():
    found = [
        f"{path}:{number}"
        for path in project_files()
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if MACHINE_PATH.search(line)
    ]
    assert found == []


def test_no_file_names_a_package_registry():
    found = [
        f"{path} names {host}"
        for path in project_files()
        for host in HOSTS
        if host in text_of(path)
    ]
    assert found == []


def test_every_locked_package_is_pinned_by_hash():
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = next(text_of(path) for path in project_files() if str(path) == name)
        packages = re.findall(r"^[a-z0-9].*\n.*", text, re.MULTILINE)
        unpinned = [p for p in packages if "==" not in p or "\n    --hash=sha256:" not in p]
        assert len(packages) > 50
        assert unpinned == []
