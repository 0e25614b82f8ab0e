"""The till as a page: what was bought goes in, a QR code comes out. Also the list of a shop's tills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from apps.database import Database
from apps.handover.routes import Handover
from apps.organisations import Organisation
from apps.site.frame import Site
from apps.valueback import tills_sql
from apps.valueback.till import AlreadyIssued, BadSale, SaleLine, Till, cents, fresh_number
from pods.model import Clock
from vocab.pages import msg
from vocab.trade import CATEGORY

ROWS = 4
MOST_ROWS = 40
_COLUMNS = ("category", "name", "quantity", "price")
_EMPTY = dict.fromkeys(_COLUMNS, "")


class TillPages:
    """Pages for the staff of a shop."""

    def __init__(
        self, site: Site, till: Till, handover: Handover, database: Database, *, clock: Clock
    ) -> None:
        self._site = site
        self._pages = site.pages
        self._till = till
        self._handover = handover
        self._database = database
        self._clock = clock

    def routes(self, prefix: str) -> list[BaseRoute]:
        return [
            Route(f"{prefix}/till", self._show, methods=["GET"]),
            Route(f"{prefix}/till", self._sell, methods=["POST"]),
            Route(f"{prefix}/till/devices", self._devices, methods=["GET"]),
            Route(f"{prefix}/till/devices", self._add_device, methods=["POST"]),
            Route(f"{prefix}/till/devices/{{till}}/revoke", self._revoke, methods=["POST"]),
        ]

    async def _show(self, request: Request) -> Response:
        shop = self._site.staff(request)
        wanted = request.query_params.get("rows", "")
        rows = min(int(wanted), MOST_ROWS) if wanted.isdecimal() and int(wanted) else ROWS
        return self._form(request, shop, rows=[_EMPTY] * rows)

    def _form(
        self,
        request: Request,
        shop: Organisation,
        *,
        rows: Sequence[Mapping[str, str]],
        number: str = "",
        error: str = "",
    ) -> Response:
        _ = self._pages.translator(request)
        categories = [
            (code.notation, code.label.get(_.language) or code.label["it"]) for code in CATEGORY.codes
        ]
        return self._pages.render(
            request,
            "valueback/till.html",
            status=422 if error else 200,
            active="till",
            shop=shop.title,
            signs=shop.receipt_key() is not None,
            categories=categories,
            rows=rows,
            more=min(len(rows) + ROWS, MOST_ROWS),
            number=number or fresh_number(),
            error=error,
        )

    async def _sell(self, request: Request) -> Response:
        shop = self._site.staff(request)
        form = await self._pages.guard.form(request)
        rows, number = _rows(form), str(form.get("number", ""))
        try:
            lines = _lines(rows)
            signed = await run_in_threadpool(self._till.receipt, shop, number, lines)
        except (BadSale, AlreadyIssued) as error:
            fresh = "" if isinstance(error, AlreadyIssued) else number
            return self._form(request, shop, rows=rows, number=fresh, error=self._said(request, error))
        token = await run_in_threadpool(self._till.offer, signed)
        _ = self._pages.translator(request)
        return self._pages.render(
            request,
            "valueback/receipt.html",
            active="till",
            shop=shop.title,
            total=sum(line.amount for line in lines),
            number=number,
            qr=self._handover.qr(token, _("QR code of the receipt")),
            link=self._handover.link(token),
            wallet=self._handover.open_in_wallet(token),
        )

    async def _devices(self, request: Request) -> Response:
        shop = self._site.staff(request)
        return await self._device_page(request, shop)

    async def _device_page(self, request: Request, shop: Organisation, token: str = "") -> Response:
        devices = await run_in_threadpool(self._of_shop, shop)
        return self._pages.render(
            request, "valueback/devices.html", active="till", shop=shop.title, devices=devices, token=token
        )

    async def _add_device(self, request: Request) -> Response:
        shop = self._site.staff(request)
        form = await self._pages.guard.form(request)
        label = " ".join(str(form.get("label", "")).split())[:60]
        token = await run_in_threadpool(self._till.new_device, shop, label or shop.title)
        return await self._device_page(request, shop, token)

    async def _revoke(self, request: Request) -> Response:
        shop = self._site.staff(request)
        await self._pages.guard.form(request)
        await run_in_threadpool(self._forget, shop, request.path_params["till"])
        return RedirectResponse(request.url.path.rpartition("/devices/")[0] + "/devices", 303)

    def _of_shop(self, shop: Organisation) -> list[tuple[str, str, float]]:
        with self._database.reading() as tx:
            return tills_sql.of_shop(tx, shop.name)

    def _forget(self, shop: Organisation, till: str) -> None:
        with self._database.writing() as tx:
            tills_sql.revoke(tx, shop.name, till, at=self._clock())

    def _said(self, request: Request, error: BadSale | AlreadyIssued) -> str:
        _ = self._pages.translator(request)
        if isinstance(error, AlreadyIssued):
            return _("This receipt was given out already. Here is a new one: check it and issue it.")
        return _("The receipt could not be made: {reason}", reason=error.said(_))


def _rows(form: FormData) -> list[dict[str, str]]:
    """Return the rows of the form as they were typed, so that nothing has to be typed again."""
    columns: dict[str, list[Any]] = {name: form.getlist(name) for name in _COLUMNS}
    length = min(max((len(column) for column in columns.values()), default=0), MOST_ROWS)
    return [
        {name: str(column[row]) if row < len(column) else "" for name, column in columns.items()}
        for row in range(length)
    ]


def _lines(rows: Sequence[Mapping[str, str]]) -> list[SaleLine]:
    """Return the lines of a sale; a row without a price is an empty one."""
    lines = []
    for number, row in enumerate(rows, start=1):
        if not row["price"].strip():
            continue
        quantity = row["quantity"].strip() or "1"
        if not quantity.isdecimal():
            raise BadSale(msg("line {line}: the quantity is a whole number"), line=number)
        price = cents(row["price"], number)
        lines.append(SaleLine(row["category"], int(quantity), price * int(quantity), row["name"]))
    return lines
