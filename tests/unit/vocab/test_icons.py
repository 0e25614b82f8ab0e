"""Every icon that a page names is in the sprite: a missing one leaves a hole and no error."""

from __future__ import annotations

import re
from pathlib import Path

from vocab.pages.statics import VENDOR

ROOT = Path(__file__).resolve().parents[3]
NAMED = re.compile(r"[\"'](it-[a-z0-9-]+)[\"']")


def test_every_icon_is_in_the_sprite() -> None:
    sprite = (VENDOR / "bootstrap-italia" / "svg" / "sprites.svg").read_text("utf-8")
    known = set(re.findall(r'id="(it-[a-z0-9-]+)"', sprite))
    pages = [
        page for package in ("apps", "pods", "vocab", "wallet") for page in (ROOT / package).rglob("*.html")
    ]
    used = {name: page for page in pages for name in NAMED.findall(page.read_text("utf-8"))}
    assert used
    assert {name: str(page.relative_to(ROOT)) for name, page in used.items() if name not in known} == {}
