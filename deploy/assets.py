"""Front-end files: install the pinned npm packages and copy what we serve into vocab/static/vendor.

Nothing is fetched at run time: every page of Portico loads its styles, scripts, icons and fonts from its own
origin. The manifest lists each copied file with its SHA-256, and tells make that the work is done.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.node import install_packages

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
TARGET = ROOT / "vocab" / "static" / "vendor"

# (path in node_modules, path below vocab/static/vendor); the fonts are found by pattern.
COPIES = (
    ("bootstrap-italia/dist/css/bootstrap-italia.min.css", "bootstrap-italia/css/bootstrap-italia.min.css"),
    (
        "bootstrap-italia/dist/js/bootstrap-italia.bundle.min.js",
        "bootstrap-italia/js/bootstrap-italia.bundle.min.js",
    ),
    ("bootstrap-italia/dist/svg/sprites.svg", "bootstrap-italia/svg/sprites.svg"),
    ("bootstrap-italia/LICENSE", "bootstrap-italia/LICENSE"),
    ("bootstrap-italia/dist/fonts/Titillium_Web/OFL.txt", "fonts/Titillium_Web-OFL.txt"),
    ("bootstrap-italia/dist/fonts/Lora/OFL.txt", "fonts/Lora-OFL.txt"),
    ("bootstrap-italia/dist/fonts/Roboto_Mono/LICENSE.txt", "fonts/Roboto_Mono-LICENSE.txt"),
    ("htmx.org/dist/htmx.min.js", "htmx/htmx.min.js"),
    ("htmx.org/LICENSE", "htmx/LICENSE"),
    ("htmx-ext-sse/dist/sse.min.js", "htmx/sse.min.js"),
    ("leaflet/dist/leaflet.js", "leaflet/leaflet.js"),
    ("leaflet/dist/leaflet.css", "leaflet/leaflet.css"),
    ("leaflet/dist/images/layers.png", "leaflet/images/layers.png"),
    ("leaflet/dist/images/layers-2x.png", "leaflet/images/layers-2x.png"),
    ("leaflet/dist/images/marker-icon.png", "leaflet/images/marker-icon.png"),
    ("leaflet/dist/images/marker-icon-2x.png", "leaflet/images/marker-icon-2x.png"),
    ("leaflet/dist/images/marker-shadow.png", "leaflet/images/marker-shadow.png"),
    ("leaflet/LICENSE", "leaflet/LICENSE"),
)
FONT_FILES = "bootstrap-italia/dist/fonts/*/*.woff2"
FONT_NAME = re.compile(r"-latin-ext_latin-(?P<weight>\d{3}|regular)?(?P<style>italic)?\.woff2$")
# A reference to a map that we do not serve would be a 404 in every developer's console.
SOURCE_MAP = re.compile(rb"\s*(//|/\*)# ?sourceMappingURL=\S+( ?\*/)?\s*$")


@dataclass(frozen=True, slots=True)
class FontFace:
    """One @font-face rule: a family at one weight and style, from one file."""

    family: str
    weight: str
    style: str
    file: str

    def css(self) -> str:
        """Return the rule; `swap` keeps the text readable while the font loads."""
        return (
            f'@font-face {{ font-family: "{self.family}"; font-weight: {self.weight}; '
            f"font-style: {self.style}; font-display: swap; "
            f'src: url("fonts/{self.file}") format("woff2"); }}\n'
        )


def font_faces(files: Iterator[Path]) -> list[FontFace]:
    """Return the rules for font files named like `titillium-web-v10-latin-ext_latin-700italic.woff2`."""
    faces = []
    for file in sorted(files):
        found = FONT_NAME.search(file.name)
        if found is None:
            raise SystemExit(f"{file}: the name tells no weight and style; adapt FONT_NAME in {__file__}")
        weight = found["weight"] or "regular"
        faces.append(
            FontFace(
                family=file.parent.name.replace("_", " "),
                weight="400" if weight == "regular" else weight,
                style=found["style"] or "normal",
                file=file.name,
            )
        )
    return faces


def copy() -> None:
    """Lay vocab/static/vendor anew from node_modules."""
    shutil.rmtree(TARGET, ignore_errors=True)
    fonts = sorted(MODULES.glob(FONT_FILES))
    copies = [(MODULES / source, TARGET / target) for source, target in COPIES]
    copies += [(font, TARGET / "fonts" / font.name) for font in fonts]
    for source, target in copies:
        target.parent.mkdir(parents=True, exist_ok=True)
        content = source.read_bytes()
        if target.suffix in {".js", ".css"}:
            content = SOURCE_MAP.sub(b"\n", content)
        target.write_bytes(content)
    rules = "".join(face.css() for face in font_faces(iter(fonts)))
    (TARGET / "fonts.css").write_text("/* The fonts of Bootstrap Italia, from this origin. */\n" + rules)


def write_manifest() -> None:
    """Write the list of files with their digests; it comes last, so that make repeats a broken run."""
    files = sorted(path for path in TARGET.rglob("*") if path.is_file())
    digests = {
        path.relative_to(TARGET).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }
    (TARGET / "manifest.json").write_text(json.dumps(digests, indent=1) + "\n")


if __name__ == "__main__":
    install_packages(ROOT)
    copy()
    write_manifest()
