"""Receive a receipt: from a one-time link or pasted, checked, and put into the pod."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pods.client import SolidError
from vocab.pages import msg
from wallet.receiving import IssuerKeys, NotReceived, OneTimeLinks, Received, Shelf, check, pasted, shape_of
from wallet.views.data import KINDS
from wallet.visit import Desk

FAILURES: Mapping[str, str] = {
    "address": msg(
        "This is neither the address of a receipt nor a receipt. Copy it whole, from https:// to the end."
    ),
    "unreachable": msg(
        "The shop or association does not answer at that address. Try again, or ask for a new link."
    ),
    "unknown": msg(
        "There is no receipt at that address. A link works for 15 minutes: ask for a new one where you got it."
    ),
    "used": msg("This link was used already. The receipt is in the wallet that fetched it first."),
    "no-receipt": msg("What stands at that address is not a signed receipt."),
    "bad": msg(
        "The signature of this receipt does not hold, so it was not put into your pod. Ask for a new one."
    ),
    "no-keys": msg(
        "The issuer's public keys cannot be read, so the receipt cannot be checked. It was not put into your pod."
    ),
    "not-stored": msg("Your pod did not take the receipt just now. It is below: send it again in a moment."),
}
_PATHS = {shape: kind for kind, shape in KINDS.items()}


class Receive:
    """`/receive?url=…` asks first: following a link must not change a pod."""

    def __init__(self, desk: Desk, links: OneTimeLinks, keys: IssuerKeys) -> None:
        self._desk = desk
        self._links = links
        self._keys = keys

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/receive", self._ask, methods=["GET"]),
            Route("/receive", self._take, methods=["POST"]),
        ]

    async def _ask(self, request: Request) -> Response:
        await self._desk.visit(request)
        return self._page(request, request.query_params.get("url", ""))

    def _page(self, request: Request, address: str, failure: str = "", status: int = 200) -> Response:
        _ = self._desk.pages.translator(request)
        return self._desk.pages.render(
            request,
            "wallet/receive.html",
            status=status,
            active="receive",
            address=address,
            host=urlsplit(address).netloc if not failure else "",
            error=_(FAILURES[failure]) if failure else "",
        )

    async def _take(self, request: Request) -> Response:
        form = await self._desk.pages.guard.form(request)
        visit = await self._desk.visit(request)
        given = str(form.get("receipt", ""))
        try:
            content = pasted(given)
            jws = content if isinstance(content, bytes) else await self._links.fetch(content)
            # From here on the link is used up: whatever fails below, the form shows the signed bytes to send again.
            given = jws.decode("ascii", "replace")
            receipt = await check(jws, self._keys)
            kept = await Shelf(visit.solid, visit.place.containers).keep(jws, receipt)
        except NotReceived as error:
            return self._page(request, given, error.reason, 422)
        except SolidError:
            return self._page(request, given, "not-stored", 502)
        return RedirectResponse(_place(kept), 303)


def _place(kept: Received) -> str:
    month, name = kept.address.split("/")[-2:]
    return f"/data/{_PATHS[shape_of(kept.receipt)]}/{month}/{quote(name)}?received={'again' if kept.already else 'new'}"
