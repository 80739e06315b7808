"""No folder and no module exists only to be filled later; no test exists that cannot fail."""

import ast
import re
from pathlib import Path

from tests.tidy.tree import Function, functions_in, project_files, python_files, syntax_of, text_of


def test_every_module_holds_something():
    hollow = [
        str(path)
        for path in python_files("server", "tests")
        if path.name != "__init__.py" and _is_only_docstring(syntax_of(path).body)
    ]
    assert hollow == []


def test_every_package_holds_more_than_its_own_introduction():
    files = set(project_files())
    hollow = [
        str(path.parent)
        for path in python_files("server", "tests")
        if path.name == "__init__.py"
        and _is_only_docstring(syntax_of(path).body)
        and not any(path.parent in other.parents and other != path for other in files)
    ]
    assert hollow == []


def test_every_server_folder_with_code_is_a_package():
    files = set(project_files())
    imported = [path for path in python_files("server") if "static" not in path.parts]
    folders = {path.parent for path in imported} - {Path("server/migrations")}
    assert [str(f) for f in folders if f / "__init__.py" not in files] == []


def test_no_test_is_skipped_or_expected_to_fail():
    mark = re.compile(r"pytest\.(mark\.)?(skip|skipif|xfail|importorskip)\b")
    this = "test_nothing_is_hollow.py"
    marked = [str(p) for p in python_files("tests") if p.name != this and mark.search(text_of(p))]
    assert marked == []


def test_every_test_asserts_something():
    silent = [
        f"{path}:{node.lineno} {node.name}"
        for path, node in functions_in("tests")
        if node.name.startswith("test_") and not _can_fail(node)
    ]
    assert silent == []


def _is_only_docstring(body: list[ast.stmt]) -> bool:
    return all(isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant) for s in body)


def _can_fail(function: Function) -> bool:
    """A test asserts itself, expects a refusal, or calls something named for what it asserts."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).rsplit(".", 1)[-1]
            if name in {"raises", "fail"} or name.lstrip("_").startswith(("assert_", "check")):
                return True
    return False
