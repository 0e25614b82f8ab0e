"""Routes of what the register is good for beside asking: records of processing and drafts of assessments."""

from __future__ import annotations

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from consent import processor, registry_sql
from consent.http import activities, impact, on_behalf
from consent.http.ground import Ground, Routes, routes_of
from consent.http.pages import RegisterPages
from consent.http.register import HTML, JSON_LD, wanted
from consent.processing import ProcessingRecord, as_jsonld, processing_records
from consent.processor import Operator, ProcessorRecord
from consent.registry_sql import Purposes
from pods.errors import NotFound
from pods.http.openapi import OBJECT, TEXT, described
from pods.storage.base import Transaction

CSV, MARKDOWN = "text/csv", "text/markdown"
_VARY = {"vary": "accept, accept-language, cookie"}
_ON_BEHALF = {CSV: on_behalf.table, MARKDOWN: on_behalf.markdown}
_WRITTEN = {CSV: activities.table, MARKDOWN: activities.markdown}


class ProcessingRoutes(Routes):
    """Readable by everybody, since all of it is made from what is public."""

    def __init__(self, ground: Ground, pages: RegisterPages, *, operator: Operator) -> None:
        super().__init__(ground)
        self._pages = pages
        self._operator = operator
        self._purposes = Purposes(ground.origin)

    def routes(self) -> list[BaseRoute]:
        """Return the routes below `/.consent`."""
        return routes_of(
            "/.consent",
            "register",
            (
                "GET",
                "/processing-records",
                self.records,
                described(OBJECT, query={"controller": TEXT}, media_types=(JSON_LD, HTML, CSV, MARKDOWN)),
            ),
            (
                "GET",
                "/processor-records",
                self.on_behalf,
                described(OBJECT, media_types=(JSON_LD, HTML, CSV, MARKDOWN)),
            ),
            (
                "GET",
                "/purposes/{identifier}/{version}/impact-assessment",
                self.assessment,
                described(OBJECT, media_types=(HTML, MARKDOWN), places=("identifier", "version")),
            ),
        )

    async def records(self, request: Request) -> Response:
        """Records of processing activities (GDPR, art. 30): all, or with `?controller=IRI` of one controller."""
        controller = request.query_params.get("controller")
        found = [
            record
            for record in await self._all()
            if controller is None or record.controller.iri == controller
        ]
        kind = wanted(request, (JSON_LD, HTML, CSV, MARKDOWN))
        if kind == HTML:
            _ = self._pages.translator(request)
            return self._pages.records(
                request, found, lambda record: activities.particulars(record, _), activities.INTRODUCTION
            )
        if kind in _WRITTEN:
            text = _WRITTEN[kind](found, self._pages.translator(request))
            return Response(text, media_type=kind, headers=_VARY)
        content = orjson.dumps(as_jsonld(found, activities.measures))
        return Response(content, media_type=JSON_LD, headers=_VARY)

    async def on_behalf(self, request: Request) -> Response:
        """Records of the operator as a processor (GDPR, art. 30(2)): for whom, what, transfers, measures."""

        def read(tx: Transaction) -> list[ProcessorRecord]:
            known = registry_sql.controllers(tx), self._purposes.all(tx)
            return processor.processor_records(*known, self._clock())

        found, operator = await self._store.read(read), self._operator
        kind = wanted(request, (JSON_LD, HTML, CSV, MARKDOWN))
        _ = self._pages.translator(request)
        if kind == HTML:
            shared = on_behalf.of_operator(operator, _)
            each = [(record, on_behalf.of_controller(record, _)) for record in found]
            return self._pages.on_behalf(request, shared, each, on_behalf.TITLE, on_behalf.INTRODUCTION)
        if kind in _ON_BEHALF:
            return Response(_ON_BEHALF[kind](operator, found, _), media_type=kind, headers=_VARY)
        content = processor.as_jsonld(operator, found, on_behalf.processing, on_behalf.MEASURES)
        return Response(orjson.dumps(content), media_type=JSON_LD, headers=_VARY)

    async def assessment(self, request: Request) -> Response:
        """A draft of an impact assessment (GDPR, art. 35) for one version of a purpose."""
        identifier, version = request.path_params["identifier"], request.path_params["version"]
        for record in await self._all():
            if (record.purpose.identifier, str(record.purpose.version)) == (identifier, version):
                break
        else:
            raise NotFound("There is no such version of a purpose; GET /.consent/purposes lists them.")
        if wanted(request, (HTML, MARKDOWN)) == HTML:
            return self._pages.assessment(
                request, record, lambda _: impact.draft(record, _), impact.DISCLAIMER
            )
        text = impact.markdown(record, self._pages.translator(request))
        return Response(text, media_type=MARKDOWN, headers=_VARY)

    async def _all(self) -> list[ProcessingRecord]:
        def read(tx: Transaction) -> list[ProcessingRecord]:
            return processing_records(registry_sql.controllers(tx), self._purposes.all(tx), self._clock())

        return await self._store.read(read)
