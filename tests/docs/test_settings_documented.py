"""docs/settings.md lists every setting that the code reads, and no other."""

import dataclasses
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("apps", "consent", "pods", "vocab", "wallet")
NAME = r"PORTICO_[A-Z][A-Z0-9_]*[A-Z0-9]"
PATTERN = "PORTICO_NAME"  # how the page explains what a variable is called
QUOTED = re.compile(rf"""["']({NAME})["']""")


def fields() -> Iterator[str]:
    """Give the fields of every dataclass of settings; read_settings() makes a variable of each."""
    for path in sorted(path for package in PACKAGES for path in (ROOT / package).rglob("settings.py")):
        module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        for member in vars(module).values():
            if isinstance(member, type) and dataclasses.is_dataclass(member):
                yield from (field.name for field in dataclasses.fields(member))


def settings_in_code() -> set[str]:
    """Return each variable of a settings class, and each whose name stands alone in a string."""
    sources = (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    named = {name for path in sources for name in QUOTED.findall(path.read_text(encoding="utf-8"))}
    return named | {f"PORTICO_{field.upper()}" for field in fields()}


def settings_in_docs() -> set[str]:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    return set(re.findall(rf"\b{NAME}\b", page)) - {PATTERN}


def test_every_setting_is_documented() -> None:
    assert sorted(settings_in_code() - settings_in_docs()) == []


def test_no_documented_setting_is_gone_from_the_code() -> None:
    assert sorted(settings_in_docs() - settings_in_code()) == []


def test_the_settings_of_the_pod_host_are_found() -> None:
    assert {"PORTICO_DATA", "PORTICO_POD_URL", "PORTICO_CONFIG"} <= settings_in_code()
