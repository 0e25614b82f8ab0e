"""docs/settings.md lists every setting that the code reads, and no other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("apps", "consent", "pods", "vocab", "wallet")
VARIABLE = re.compile(r"\bPORTICO_[A-Z][A-Z0-9_]*[A-Z0-9]\b")


def modules() -> Iterator[ast.Module]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def settings_in_code() -> set[str]:
    """Return the fields of every `…Settings` class as variables, and each variable that a string names."""
    found = set()
    for module in modules():
        for node in ast.walk(module):
            if isinstance(node, ast.ClassDef) and node.name.endswith("Settings"):
                fields = (line.target for line in node.body if isinstance(line, ast.AnnAssign))
                found |= {f"PORTICO_{field.id.upper()}" for field in fields if isinstance(field, ast.Name)}
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= set(VARIABLE.findall(node.value)) if VARIABLE.fullmatch(node.value) else set()
    return found


def settings_in_docs() -> set[str]:
    return set(VARIABLE.findall((ROOT / "docs" / "settings.md").read_text(encoding="utf-8")))


def test_every_setting_is_documented() -> None:
    assert sorted(settings_in_code() - settings_in_docs()) == []


def test_no_documented_setting_is_gone_from_the_code() -> None:
    assert sorted(settings_in_docs() - settings_in_code()) == []


def test_the_settings_of_the_pod_host_are_found() -> None:
    assert {"PORTICO_DATA", "PORTICO_POD_URL", "PORTICO_CONFIG"} <= settings_in_code()
