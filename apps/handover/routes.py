"""The address behind a one-time link: a page for people, the signed receipt, once, for a wallet."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from apps.database import Database
from apps.handover.links import Links, LinkUnknown, LinkUsed
from pods.model import Clock
from vocab.pages.qr import qr_svg
from vocab.pages.rendering import Pages

FOLDER = Path(__file__).resolve().parent
"""Where templates and catalogue are, for `Pages`."""

JOSE = "application/jose"


class Handover:
    """One app's one-time links, below `{base}/r/`."""

    def __init__(
        self, database: Database, links: Links, pages: Pages, *, base: str, wallet: str, clock: Clock
    ) -> None:
        self._database = database
        self._links = links
        self._pages = pages
        self._base = base
        self._wallet = wallet
        self._clock = clock

    def link(self, token: str) -> str:
        return f"{self._base}/r/{token}"

    def open_in_wallet(self, token: str) -> str:
        """Return the address that opens a wallet with this receipt."""
        return f"{self._wallet}/receive?{urlencode({'url': self.link(token)})}"

    def qr(self, token: str, label: str) -> Markup:
        return qr_svg(self.link(token), label)

    def routes(self, path: str) -> list[BaseRoute]:
        return [Route(f"{path}/r/{{token}}", self._receive, methods=["GET"])]

    async def _receive(self, request: Request) -> Response:
        token = request.path_params["token"]
        # A phone's camera, a browser or a link preview must not use up what only a wallet can keep.
        shown = request.method == "HEAD" or "text/html" in request.headers.get("accept", "")
        try:
            content = await run_in_threadpool(self._look if shown else self._take, token)
        except LinkUnknown:
            return self._refusal(request, 404)
        except LinkUsed:
            return self._refusal(request, 410)
        if content is None:
            return self._pages.render(
                request, "handover/receive.html", wallet=self.open_in_wallet(token), form_targets=()
            )
        return Response(content, media_type=JOSE, headers={"Cache-Control": "no-store"})

    def _look(self, token: str) -> None:
        with self._database.reading() as tx:
            self._links.waiting(tx, token, at=self._clock())

    def _take(self, token: str) -> bytes:
        with self._database.writing() as tx:
            return self._links.take(tx, token, at=self._clock())

    def _refusal(self, request: Request, status: int) -> Response:
        _ = self._pages.translator(request)
        if status == 410:
            title, detail = (
                _("This receipt was fetched already"),
                _("A link works once. The receipt is in the wallet that fetched it first."),
            )
        else:
            title, detail = (
                _("There is no receipt at this address"),
                _("A link works for 15 minutes. Ask for a new one where you got it."),
            )
        return self._pages.problem(request, status, title, detail, headers={"Cache-Control": "no-store"})
