"""Styles, scripts, icons and fonts, served from our own origin with a long life in caches."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_HERE = Path(__file__).resolve().parent
VENDOR = _HERE.parent / "static" / "vendor"
OWN = _HERE / "static"


class _Files(StaticFiles):
    """Static files that browsers may keep for an hour and must then revalidate."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=3600"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def static_routes(url: str = "/static", folders: Mapping[str, Path] | None = None) -> list[BaseRoute]:
    """Return the routes `{url}/vendor/…`, `{url}/pages/…` and one for each further folder."""
    served = {"vendor": VENDOR, "pages": OWN, **(folders or {})}
    return [
        Mount(f"{url}/{name}", _Files(directory=folder, check_dir=False)) for name, folder in served.items()
    ]
