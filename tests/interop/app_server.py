"""An application of somebody else, bundled from npm, at an origin of its own."""

import subprocess
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from deploy import node
from tests.interop.packages import HERE, MODULES

PAGES = HERE / "apps"


def bundled(script: str, folder: Path) -> bytes:
    """Return a script with everything that it imports, as a browser can run it."""
    made = folder / script
    esbuild = [*node.command("node"), str(MODULES / "esbuild" / "bin" / "esbuild")]
    options = ["--bundle", "--format=esm", "--platform=browser", "--log-level=warning", f"--outfile={made}"]
    subprocess.run([*esbuild, str(PAGES / script), *options], check=True, cwd=HERE)
    return made.read_bytes()


def application(script: bytes, origin: str) -> Starlette:
    """Return the application: its page, its script, and the document that says who it is."""
    page = (PAGES / "page.html").read_text("utf-8")

    async def show(_: Request) -> Response:
        return HTMLResponse(page)

    async def run(_: Request) -> Response:
        return Response(script, media_type="text/javascript")

    async def introduce(_: Request) -> Response:
        return JSONResponse(document(origin), media_type="application/ld+json")

    return Starlette(
        routes=[Route("/", show), Route("/app.js", run), Route("/client.jsonld", introduce)],
    )


def document(origin: str) -> dict[str, Any]:
    """Return the client-id document (Solid-OIDC section 3.1)."""
    return {
        "@context": "https://www.w3.org/ns/solid/oidc-context.jsonld",
        "client_id": f"{origin}/client.jsonld",
        "client_name": "Interop",
        "redirect_uris": [f"{origin}/"],
        "post_logout_redirect_uris": [f"{origin}/"],
        "scope": "openid webid offline_access",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    }
