"""The documentation keeps up: links lead somewhere, settings and slices are all described."""

import re
from dataclasses import fields

from server.config import Settings
from tests.tidy.tree import ROOT, project_files, python_files, text_of

LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
VARIABLE = re.compile(r"\bFAIRSTAR_[A-Z0-9_]+\b")


def test_every_link_resolves():
    broken = [
        f"{path} -> {target}"
        for path in project_files()
        if path.suffix == ".md"
        for target in LINK.findall(FENCE.sub("", text_of(path)))
        if not re.match(r"[a-z]+:", target) and not resolves(path, target)
    ]
    assert broken == []


def test_every_document_can_be_reached_from_the_index():
    index = text_of(ROOT / "docs" / "index.md")
    documents = [
        path.relative_to("docs").as_posix()
        for path in project_files()
        if path.parts[0] == "docs" and path.suffix == ".md" and path.name != "index.md"
    ]
    assert [name for name in documents if f"({name})" not in index] == []


def test_every_setting_is_in_the_example_and_in_the_manual():
    known = {f"FAIRSTAR_{field.name.upper()}" for field in fields(Settings)}
    assert len(known) > 3
    example = set(VARIABLE.findall(text_of(ROOT / ".env.example")))
    manual = set(VARIABLE.findall(text_of(ROOT / "docs/operations/configuration.md")))
    assert known - example == set()
    assert known - manual == set()
    assert example - known == set()


def test_every_example_setting_is_accepted():
    lines = re.findall(r"^#?(FAIRSTAR_\w+)=(.*)$", text_of(ROOT / ".env.example"), re.MULTILINE)
    settings = Settings.from_environment({name: text.strip('"') for name, text in lines})
    assert settings.mail_from == "Fairstar <loyalty@localhost>"


def test_every_slice_is_on_the_map():
    text = text_of(ROOT / "server/gamification/README.md")
    slices = {p.parts[2] for p in python_files("server") if is_in_a_slice(p)}
    assert {name for name in slices if f"{name}/" not in text} == set()


def is_in_a_slice(path):
    return path.parts[1] == "gamification" and len(path.parts) > 3


def resolves(path, target):
    """A link names a file beside the document; an anchor names a heading of that file."""
    name, _, anchor = target.partition("#")
    file = (ROOT / path).parent / name if name else ROOT / path
    if not file.exists():
        return False
    return not anchor or anchor in anchors_of(file)


def anchors_of(file):
    headings = re.findall(r"^#+ (.+)$", text_of(file), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}
