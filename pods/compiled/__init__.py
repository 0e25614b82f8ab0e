"""Modules that were compiled from our own source (mypyc), for as long as that source is the one that stands here.

Compiled modules read each other's objects without asking, and constants of others are written into them. So it is all
of them or none: a byte that changed in `pods` or `vocab` means that the interpreter runs the source, until `make setup`
has compiled it anew (docs/decisions/0035).
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Sequence
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).parent
STAMP = "sources.sha256"
SUFFIX = EXTENSION_SUFFIXES[0]  # names interpreter and machine: what was made for another is not looked at
OFF = "PORTICO_UNCOMPILED"


class Compiled:
    """Finds compiled modules before the interpreter looks for their source (importlib.abc.MetaPathFinder)."""

    def __init__(self, files: dict[str, Path]) -> None:
        self._files = files

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where a compiled module is, None if there is none of this name."""
        file = self._files.get(name)
        return spec_from_file_location(name, file) if file is not None else None


def digest(root: Path) -> str:
    """Return a digest of all that compiled modules were made of: names and bytes of the source below `root`."""
    made_of = hashlib.sha256()
    for package in ("pods", "vocab"):
        for file in sorted((root / package).rglob("*.py")):
            content = file.read_bytes()
            made_of.update(f"{file.relative_to(root)} {len(content)}\n".encode() + content)
    return made_of.hexdigest()


def found(folder: Path, root: Path) -> dict[str, Path]:
    """Return the compiled modules in a folder by their names; none if they were made of another source."""
    try:
        stamp = (folder / STAMP).read_text(encoding="ascii").strip()
    except OSError:
        return {}
    if stamp != digest(root):
        return {}
    return {file.name.removesuffix(SUFFIX): file for file in folder.glob(f"*{SUFFIX}")}


def use() -> None:
    """Let the modules of this process be the compiled ones, where there are such."""
    if os.environ.get(OFF):
        return
    files = found(FOLDER, FOLDER.parent.parent)
    if files:
        sys.meta_path.insert(0, Compiled(files))
