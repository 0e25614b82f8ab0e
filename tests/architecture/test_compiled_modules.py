"""What mypyc does otherwise than the interpreter stays out of the modules that it compiles (docs/decisions/0035)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.compile import MODULES

ROOT = Path(__file__).resolve().parents[2]

# Compiled code has no limit of recursion: who calls himself must be bounded by something else.
BOUNDED = {
    ("pods/protocol/patch.py", "extend"): "by MAX_PATTERNS",
    ("pods/protocol/rdf.py", "_names_a_context"): "by the nesting that the JSON parser takes",
    ("pods/protocol/target.py", "_acls_from"): "by the segments of a path",
}
# A tuple has no identity there. These are objects of classes.
SAME_OBJECT = {"op.conditions is NO_CONDITIONS", "failure is not error", "self._coming is coming"}


def functions(module: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse((ROOT / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def called(node: ast.Call) -> str | None:
    """Return the name of a function of the module, or of a method of the same object, that is called."""
    match node.func:
        case ast.Name(name) | ast.Attribute(ast.Name("self"), name):
            return name
    return None


def constant(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool))


@pytest.mark.parametrize("module", MODULES)
def test_whoever_calls_himself_is_bounded(module: str) -> None:
    recursive = {
        (module, function.name)
        for function in functions(module)
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and called(node) == function.name
    }
    assert recursive <= BOUNDED.keys()


@pytest.mark.parametrize("module", MODULES)
def test_nothing_hangs_on_the_identity_of_a_tuple(module: str) -> None:
    compared = {
        ast.unparse(node)
        for node in ast.walk(ast.parse((ROOT / module).read_text(encoding="utf-8")))
        if isinstance(node, ast.Compare)
        and any(isinstance(operator, ast.Is | ast.IsNot) for operator in node.ops)
        and not constant(node.comparators[0])
        and not ast.unparse(node.left).startswith("type(")
    }
    assert compared <= SAME_OBJECT


@pytest.mark.parametrize("module", MODULES)
def test_errors_of_two_kinds_of_ours_have_two_names_in_a_function(module: str) -> None:
    for function in functions(module):
        kinds: dict[str, set[str]] = {}
        for node in ast.walk(function):
            if isinstance(node, ast.ExceptHandler) and node.name and node.type:
                kinds.setdefault(node.name, set()).add(ast.unparse(node.type))
        for name, types in kinds.items():
            ours = {
                kind
                for kind in types
                if kind not in {"Exception", "sqlite3.Error", "(ValueError, RecursionError)"}
            }
            assert len(ours) < 2, f"{function.name}: {name} is {' and '.join(sorted(ours))}"


def test_each_bound_is_one_of_a_function_that_is_there() -> None:
    for module, name in BOUNDED:
        assert name in {function.name for function in functions(module)}
