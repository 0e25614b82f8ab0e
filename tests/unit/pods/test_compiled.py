"""Compiled modules are used only where they were made of the source that stands there."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.compile import MODULES
from pods.compiled import FOLDER, OFF, STAMP, SUFFIX, Compiled, digest, found

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A source of two packages, compiled."""
    for package in ("pods", "vocab"):
        (tmp_path / package / "inner").mkdir(parents=True)
        (tmp_path / package / "inner" / "one.py").write_text("ONE = 1\n")
    (tmp_path / f"pods.inner.one{SUFFIX}").write_bytes(b"machine code")
    (tmp_path / STAMP).write_text(digest(tmp_path) + "\n")
    return tmp_path


def test_what_was_made_of_this_source_is_found_by_its_name(root: Path) -> None:
    assert found(root, root) == {"pods.inner.one": root / f"pods.inner.one{SUFFIX}"}


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "pods/inner/one.py").write_text("ONE = 2\n"),
        lambda root: (root / "vocab/inner/one.py").write_text("ONE = 2\n"),
        lambda root: (root / "pods/inner/two.py").write_text(""),
        lambda root: (root / "vocab/inner/one.py").unlink(),
        lambda root: (root / "pods/inner/one.py").rename(root / "pods/inner/two.py"),
        lambda root: (root / STAMP).unlink(),
        lambda root: (root / STAMP).write_text(""),
    ],
    ids=[
        "a byte",
        "a byte in vocab",
        "a new module",
        "one less",
        "another name",
        "no stamp",
        "an empty stamp",
    ],
)
def test_after_any_change_the_source_is_run(root: Path, change: Callable[[Path], object]) -> None:
    change(root)
    assert found(root, root) == {}


def test_what_was_made_for_another_interpreter_is_not_looked_at(root: Path) -> None:
    (root / "pods.inner.two.cpython-300-another-machine.so").write_bytes(b"machine code")
    assert set(found(root, root)) == {"pods.inner.one"}


def test_only_compiled_modules_are_spoken_for(root: Path) -> None:
    finder = Compiled(found(root, root))
    spec = finder.find_spec("pods.inner.one")
    assert spec is not None
    assert spec.origin == str(root / f"pods.inner.one{SUFFIX}")
    assert finder.find_spec("pods.inner.two") is None


@pytest.mark.parametrize("off", [False, True])
def test_a_process_runs_what_was_compiled_unless_it_is_told_not_to(off: bool) -> None:
    names = [module.removesuffix(".py").replace("/", ".") for module in MODULES]
    ask = f"import importlib\nfor name in {names!r}:\n    print(importlib.import_module(name).__file__)"
    environment = {**os.environ, OFF: "1" if off else ""}
    done = subprocess.run(
        [sys.executable, "-c", ask], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    compiled = {} if off else found(FOLDER, ROOT)
    assert [file.endswith(SUFFIX) for file in done.stdout.split()] == [name in compiled for name in names]
