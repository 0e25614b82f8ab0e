"""My data in human form: overview, participation, purchases with readable receipts, value shares, raw documents."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import groupby
from urllib.parse import urljoin, urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from consent.receipts.signing import MAX_RECEIPT
from pods.client import refusal
from vocab.pages import Translator, msg
from vocab.shapes import SHAPES, Property
from wallet import documents
from wallet.documents import Document
from wallet.receiving import IssuerKeys, NotReceived, check
from wallet.records import Value
from wallet.visit import Desk, Visit

_MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,200}")
OTHER = "other"
"""In the place of a month: documents that lie outside of the folders of months."""

KINDS: Mapping[str, str] = {"purchases": "Purchase", "participation": "Participation"}
TRUST: Mapping[bool | None, tuple[str, str, str]] = {
    True: (msg("Signature verified"), "good", msg("These are exactly the bytes that the issuer signed.")),
    False: (
        msg("Signature not valid"),
        "off",
        msg(
            "The signed bytes are missing or were changed. A programme treats this entry as your own statement."
        ),
    ),
    None: (
        msg("Signature not checked"),
        "wait",
        msg("The issuer's keys could not be read just now, so we cannot say whether the signature holds."),
    ),
}


class Data:
    """`/data`, `/data/{purchases,participation}[/month[/name]]`, `/data/value`, `/data/raw`, `/data/export`."""

    def __init__(self, desk: Desk, keys: IssuerKeys) -> None:
        self._desk = desk
        self._keys = keys

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/data", self._overview),
            Route("/data/value", self._value),
            Route("/data/raw", self._raw),
            Route("/data/export", self._export),
            Route("/data/{kind:str}", self._months),
            Route("/data/{kind:str}/{month:str}", self._month),
            Route("/data/{kind:str}/{month:str}/{name:str}", self._one),
        ]

    async def _overview(self, request: Request) -> Response:
        visit = await self._desk.visit(request)
        return self._desk.pages.render(request, "wallet/data.html", active="data", place=visit.place)

    async def _months(self, request: Request) -> Response:
        visit = await self._desk.visit(request)
        kind = request.path_params["kind"]
        if kind not in KINDS:
            return self._missing(request)
        found = await documents.months(visit, KINDS[kind])
        loose = await documents.outside_months(visit, KINDS[kind])
        return self._desk.pages.render(
            request, "wallet/months.html", active="data", kind=kind, years=_by_year(found), loose=len(loose)
        )

    async def _month(self, request: Request) -> Response:
        visit = await self._desk.visit(request)
        kind, month = request.path_params["kind"], request.path_params["month"]
        if kind not in KINDS or not (_MONTH.fullmatch(month) or month == OTHER):
            return self._missing(request)
        read = (
            documents.outside_months(visit, KINDS[kind])
            if month == OTHER
            else documents.of_month(visit, KINDS[kind], month)
        )
        found = await read
        dated = "orderedAt" if kind == "purchases" else "startedAt"
        found.sort(key=lambda document: document.record.text(dated))
        _ = self._desk.pages.translator(request)
        return self._desk.pages.render(
            request,
            f"wallet/{kind}.html",
            active="data",
            month=month,
            entries=[(document, labelled(document, KINDS[kind], _)) for document in found],
            total=sum(document.record.number("total") for document in found),
            minutes=sum(document.record.number("minutes") for document in found),
        )

    async def _one(self, request: Request) -> Response:
        visit = await self._desk.visit(request)
        kind, month, name = (request.path_params[key] for key in ("kind", "month", "name"))
        if kind not in KINDS or not _NAME.fullmatch(name) or not (_MONTH.fullmatch(month) or month == OTHER):
            return self._missing(request)
        folder = visit.place.containers[KINDS[kind]] + ("" if month == OTHER else f"{month}/")
        document = await documents.one(visit, KINDS[kind], folder + name)
        if document is None:
            return self._missing(request)
        _ = self._desk.pages.translator(request)
        title, badge, text = TRUST[await self._verified(visit, document)]
        shape = SHAPES[KINDS[kind]]
        return self._desk.pages.render(
            request,
            "wallet/receipt.html",
            active="data",
            kind=kind,
            month=month,
            document=document,
            values=labelled(document, shape.name, _),
            parts=[_labelled(part, shape.by_name, _) for part in document.record.parts],
            raw_parts=document.record.parts,
            issuer=urlsplit(document.record.text("issuer")).netloc,
            trust=(_(title), badge, _(text)),
            relative=document.address.removeprefix(visit.place.storage),
            received=request.query_params.get("received", ""),
        )

    async def _verified(self, visit: Visit, document: Document) -> bool | None:
        """Return whether the signed bytes beside a document hold; None where the keys cannot be read."""
        source = urljoin(document.address, document.source) if document.source else None
        if source is None or not visit.inside(source):
            return False
        answer = await visit.solid.request("GET", source)
        if answer.is_error or len(answer.content) > MAX_RECEIPT:
            return False
        try:
            await check(answer.content, self._keys)
        except NotReceived as error:
            return None if error.reason == "no-keys" else False
        return True

    async def _value(self, request: Request) -> Response:
        visit = await self._desk.visit(request)
        shares = await documents.below(visit, "ValueShare")
        shares.sort(key=lambda document: document.record.text("issuedAt"), reverse=True)
        return self._desk.pages.render(
            request,
            "wallet/value.html",
            active="data",
            shares=[(share, share.address.removeprefix(visit.place.storage)) for share in shares],
            total=sum(share.record.number("share") for share in shares),
            pool=sum(share.record.number("pool") for share in shares),
        )

    async def _raw(self, request: Request) -> Response:
        """A document as the pod holds it, shown as text."""
        visit = await self._desk.visit(request)
        address = urljoin(visit.place.storage, request.query_params.get("at", ""))
        if not visit.inside(address):
            return self._missing(request)
        answer = await visit.solid.request(
            "GET", address, headers={"accept": "text/turtle, application/jose;q=0.9, */*;q=0.1"}
        )
        if answer.is_error:
            raise refusal(answer)
        headers = {
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        }
        return Response(answer.content, media_type="text/plain; charset=utf-8", headers=headers)

    async def _export(self, request: Request) -> Response:
        visit = await self._desk.visit(request)
        _ = self._desk.pages.translator(request)
        if not visit.place.consent:
            return self._desk.pages.problem(
                request,
                501,
                _("Your provider offers no download of everything"),
                _(
                    "Its server has no Portico service. Use your provider's own export, or the raw documents in “My data”."
                ),
                action=(_("My data"), "/data"),
            )
        content = await visit.owner.export()
        headers = {"Content-Disposition": 'attachment; filename="pod.zip"', "Cache-Control": "no-store"}
        return Response(content, media_type="application/zip", headers=headers)

    def _missing(self, request: Request) -> Response:
        _ = self._desk.pages.translator(request)
        return self._desk.pages.problem(
            request,
            404,
            _("There is nothing at this address"),
            _("Your pod has no such document. It may have been moved or deleted."),
            action=(_("My data"), "/data"),
        )


def _by_year(months: list[str]) -> list[tuple[str, list[str]]]:
    return [(year, list(group)) for year, group in groupby(months, key=lambda month: month[:4])]


def labelled(document: Document, shape: str, _: Translator) -> dict[str, str]:
    """Return the values of a document as people read them: the labels of codes, texts as they are."""
    return _labelled(document.record.values, SHAPES[shape].by_name, _)


def _labelled(values: Mapping[str, Value], known: Mapping[str, Property], _: Translator) -> dict[str, str]:
    return {name: _label(known[name], value, _) for name, value in values.items()}


def _label(item: Property, value: Value, _: Translator) -> str:
    code = item.codes.by_notation.get(str(value)) if item.codes else None
    return (code.label.get(_.language) or code.label["it"]) if code else str(value)
