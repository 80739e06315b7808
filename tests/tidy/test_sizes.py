"""The ceilings of the house: small functions, small files, small slices."""

import re
from collections import Counter
from statistics import median, quantiles

from tests.tidy.tree import functions_in, length_of, project_files, python_files, text_of


def lines_in(path):
    return text_of(path).count("\n")


def test_functions_stay_under_the_ceiling():
    long = [
        f"{path}:{node.lineno} {node.name} has {length_of(node)} lines"
        for path, node in functions_in("server", "tests")
        if length_of(node) > 60
    ]
    assert long == []


def test_test_functions_stay_under_their_ceiling():
    long = [
        f"{path}:{node.lineno} {node.name} has {length_of(node)} lines"
        for path, node in functions_in("tests")
        if node.name.startswith("test_") and length_of(node) > 50
    ]
    assert long == []


def test_most_functions_are_short():
    lengths = [length_of(node) for _, node in functions_in("server")]
    assert median(lengths) <= 8
    assert quantiles(lengths, n=10)[-1] <= 25


def test_functions_take_six_arguments_at_most():
    wide = [
        f"{path}:{node.lineno} {node.name}"
        for path, node in functions_in("server")
        if len({a.arg for a in node.args.args + node.args.kwonlyargs} - {"self", "cls"}) > 6
    ]
    assert wide == []


def test_files_stay_under_the_ceiling():
    long = {str(p): lines_in(p) for p in python_files("server", "tests") if lines_in(p) > 400}
    assert long == {}


def test_templates_stay_under_the_ceiling():
    pages = [
        p for p in project_files() if p.suffix in {".html", ".jinja"} and "vendor" not in p.parts
    ]
    assert {str(p): lines_in(p) for p in pages if lines_in(p) > 200} == {}


def test_slices_stay_under_the_ceiling():
    ceilings = {"invariants": 4000}  # it has a file for each of the other slices
    sizes: Counter[str] = Counter()
    for path in python_files("server"):
        if path.parts[1] == "gamification" and len(path.parts) > 3:
            sizes[path.parts[2]] += lines_in(path)
    assert {name: size for name, size in sizes.items() if size > ceilings.get(name, 1500)} == {}


def test_lines_stay_under_a_hundred_columns():
    wide = [
        f"{path}:{number}"
        for path in python_files("server", "tests")
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if len(re.sub(r"  # (noqa|type: ignore).*", "", line)) > 100
    ]
    assert wide == []
