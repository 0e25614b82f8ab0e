"""The front-end files are the ones that were copied, and need nothing from elsewhere."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from deploy.assets import font_faces

VENDOR = Path(__file__).resolve().parents[2] / "vocab" / "static" / "vendor"
REMOTE = re.compile(r"""url\(\s*["']?(https?:)?//|@import\s+["'](https?:)?//""")


def test_manifest_tells_the_digest_of_every_file() -> None:
    manifest = json.loads((VENDOR / "manifest.json").read_text(encoding="utf-8"))
    files = {path for path in VENDOR.rglob("*") if path.is_file() and path.name != "manifest.json"}
    digests = {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }
    assert manifest == digests


@pytest.mark.parametrize("sheet", sorted(VENDOR.rglob("*.css")), ids=lambda sheet: sheet.name)
def test_style_sheet_loads_nothing_from_another_origin(sheet: Path) -> None:
    assert REMOTE.findall(sheet.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("sheet", sorted(VENDOR.rglob("*.css")), ids=lambda sheet: sheet.name)
def test_what_a_style_sheet_names_is_there(sheet: Path) -> None:
    names = re.findall(r"""url\(\s*["']?(?!data:|#)([^"')]+)""", sheet.read_text(encoding="utf-8"))
    assert [name for name in names if not (sheet.parent / name).is_file()] == []


def test_no_file_points_to_a_source_map() -> None:
    served = [path for path in VENDOR.rglob("*") if path.suffix in {".css", ".js"}]
    assert served
    assert [path.name for path in served if b"sourceMappingURL" in path.read_bytes()[-200:]] == []


@pytest.mark.parametrize("package", ["bootstrap-italia", "htmx", "leaflet"])
def test_each_package_brings_its_licence(package: str) -> None:
    assert (VENDOR / package / "LICENSE").is_file()


def test_weight_and_style_of_a_font_come_from_its_name() -> None:
    (face,) = font_faces(iter([Path("Titillium_Web/titillium-web-v10-latin-ext_latin-700italic.woff2")]))
    assert (face.family, face.weight, face.style) == ("Titillium Web", "700", "italic")


def test_a_font_without_weight_in_its_name_is_refused() -> None:
    with pytest.raises(SystemExit, match="no weight"):
        font_faces(iter([Path("Lora/lora.woff2")]))
