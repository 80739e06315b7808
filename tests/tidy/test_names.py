"""Names say what a thing is; a few words say nothing and are refused."""

import ast
import re

from tests.tidy.tree import functions_in, python_files, syntax_of

EMPTY_WORDS = {"utils", "util", "helpers", "helper", "common", "misc", "stuff"}
EMPTY_VERBS = re.compile(r"_?(handle|process|do|manage)_")
# SQLAlchemy calls these two by name on every column type.
GIVEN_NAMES = {"process_bind_param", "process_result_value"}
PLAIN_WORDS = {"at", "birthday"}  # an instant of its own row; a date whatever it is called


def test_no_file_or_folder_is_a_drawer_for_everything():
    drawers = [
        str(path)
        for path in python_files("server", "tests")
        if EMPTY_WORDS & set(re.split(r"[_/.]", path.as_posix()))
    ]
    assert drawers == []


def test_functions_are_named_for_what_they_do():
    vague = [
        f"{path}:{node.lineno} {node.name}"
        for path, node in functions_in("server", "tests")
        if EMPTY_VERBS.match(node.name) and node.name not in GIVEN_NAMES
    ]
    assert vague == []


def test_instants_end_in_at_and_dates_in_on():
    endings = {"UTCDateTime": "_at", "Date": "_on"}
    wrong = [
        f"{path} {name}"
        for path in python_files("server")
        for name, kind in columns_in(path)
        if name not in PLAIN_WORDS and not name.endswith(endings.get(kind, ""))
    ]
    assert wrong == []


def columns_in(path):
    """Yield name and type of every `name: Mapped[...] = mapped_column(Type, ...)` of a file."""
    for node in ast.walk(syntax_of(path)):
        match node:
            case ast.AnnAssign(
                target=ast.Name(id=name),
                value=ast.Call(func=ast.Name(id="mapped_column"), args=[kind, *_]),
            ):
                yield name, ast.unparse(kind).partition("(")[0]
