"""docs/threats.md and docs/compliance.md name tests and modules that exist, and claim nothing without a test."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
PAGES = [ROOT / "docs" / "threats.md", ROOT / "docs" / "compliance.md"]
NAMED = re.compile(r"^([A-Z]\d+) (\S+\.py)::(\w+)$", re.MULTILINE)
KEY = re.compile(r"\b[A-Z]\d+\b")
MODULE = re.compile(r"`((?:apps|consent|pods|vocab|wallet)(?:/\w+)+\.(?:py|ttl))`")
STATES = ("yes", "partly", "not yet")


@cache
def collected(path: Path) -> frozenset[str]:
    """Return the tests of a file as pytest would collect them, read without importing the file."""
    if not path.is_file():
        return frozenset()
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            found.add(node.name)
        elif isinstance(node, ast.Assign):  # a state machine: TestX = X.TestCase
            names = (target.id for target in node.targets if isinstance(target, ast.Name))
            found.update(name for name in names if name.startswith("Test"))
    return frozenset(found)


def missing(text: str) -> list[str]:
    """Return the tests that a page names and that are not there."""
    named = [(file, name) for _, file, name in NAMED.findall(text)]
    return [f"{file}::{name}" for file, name in named if name not in collected(TESTS / file)]


def rows(text: str) -> Iterator[list[str]]:
    """Give the cells of every row of every table, headings left out."""
    heading = True
    for line in text.splitlines():
        if not line.startswith("|"):
            heading = True
        elif set(line) <= set("|- "):
            heading = False
        elif not heading:
            yield [cell.strip() for cell in line.strip("|").split("|")]


def keys_of(text: str) -> Mapping[str, int]:
    """Return how often each key is defined."""
    defined = [key for key, _, _ in NAMED.findall(text)]
    return {key: defined.count(key) for key in defined}


def pages() -> list[object]:
    return [pytest.param(page.read_text(encoding="utf-8"), id=page.name) for page in PAGES]


@pytest.mark.parametrize("text", pages())
def test_every_test_that_is_named_exists(text: str) -> None:
    assert len(NAMED.findall(text)) > 50
    assert missing(text) == []


def test_a_test_that_is_gone_is_noticed() -> None:
    here = "docs/test_evidence.py"
    text = (
        f"A1 {here}::test_a_test_that_is_gone_is_noticed\nA2 {here}::test_gone\nA3 docs/test_no.py::test_x\n"
    )
    assert missing(text) == [f"{here}::test_gone", "docs/test_no.py::test_x"]


@pytest.mark.parametrize("text", pages())
def test_every_key_stands_for_one_test_and_is_used(text: str) -> None:
    defined = keys_of(text)
    used = {key for cells in rows(text) for key in KEY.findall(cells[-1])}
    assert sorted(key for key, times in defined.items() if times > 1) == []
    assert sorted(used ^ set(defined)) == []


@pytest.mark.parametrize("text", pages())
def test_what_is_said_to_be_done_has_a_test(text: str) -> None:
    judged = [(cells[-2], cells) for cells in rows(text) if cells[-2] in STATES]
    assert len(judged) > 30
    assert [cells for state, cells in judged if state == "yes" and not KEY.search(cells[-1])] == []


@pytest.mark.parametrize("text", pages())
def test_every_module_that_is_named_exists(text: str) -> None:
    assert [module for module in MODULE.findall(text) if not (ROOT / module).is_file()] == []
