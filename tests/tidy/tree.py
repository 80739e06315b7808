"""The files of the project as the tidy tests see them: what git tracks or would track."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def project_files() -> tuple[Path, ...]:
    """Every file of the project, relative to its root; ignored and deleted files are absent."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    names = {Path(name) for name in listed.stdout.split("\0") if name}
    return tuple(sorted(name for name in names if (ROOT / name).is_file()))


def python_files(*tops: str) -> list[Path]:
    """Hand-written Python files below the folders `tops`; migrations are written once and kept."""
    return [
        path
        for path in project_files()
        if path.suffix == ".py" and path.parts[0] in tops and "versions" not in path.parts
    ]


@cache
def text_of(path: Path) -> str:
    """The text of a project file; empty for files that are not text."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@cache
def syntax_of(path: Path) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(text_of(path), str(path))


def functions_in(*tops: str) -> Iterator[tuple[Path, Function]]:
    """Every function and method below the folders `tops` with the file it stands in."""
    for path in python_files(*tops):
        for node in ast.walk(syntax_of(path)):
            if isinstance(node, Function):
                yield path, node


def length_of(function: Function) -> int:
    """Lines from `def` to the last line, without decorators and without the docstring."""
    whole = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is None or len(function.body) == 1:
        return whole
    return whole - ((first.end_lineno or first.lineno) - first.lineno + 1)
