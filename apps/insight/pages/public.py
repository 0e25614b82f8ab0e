"""Pages for everybody: programmes, the register of questions, releases."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from apps.insight.asking import measure_key
from apps.insight.charts import chart
from apps.insight.fields import FUNCTIONS, in_language, label, measure_label
from apps.insight.host import Host
from apps.insight.pages.words import OUTCOMES, UNITS, last_part, sentence
from apps.insight.tables import code_label, table
from apps.site.frame import Site
from vocab.pages.language import language_of

FORMATS: Mapping[str, str] = {"csv": "text/csv", "ttl": "text/turtle", "json": "application/json"}
NEWEST = 50  # questions on the page of all programmes


class PublicPages:
    """What citizens read; everything on these pages is in the pod host's public register."""

    def __init__(self, site: Site, host: Host) -> None:
        self._pages = site.pages
        self._host = host

    def routes(self, prefix: str) -> list[BaseRoute]:
        """Return the routes of the public pages."""
        return [
            Route(f"{prefix}/", self._programmes),
            Route(f"{prefix}/questions", self._questions),
            Route(f"{prefix}/programmes/{{name}}", self._programme),
            Route(f"{prefix}/releases/{{name}}", self._release),
            Route(f"{prefix}/releases/{{name}}/chart.svg", self._chart),
            Route(f"{prefix}/releases/{{name}}/table.{{format}}", self._written),
        ]

    async def _programmes(self, request: Request) -> Response:
        language = language_of(request)
        found = await self._host.programmes()
        return self._pages.render(
            request,
            "insight/programmes.html",
            active="programmes",
            programmes=[summary(one, language) for one in found],
        )

    async def _questions(self, request: Request) -> Response:
        found = await self._host.programmes()
        lists = await asyncio.gather(*(self._host.questions(last_part(one["id"])) for one in found))
        titles = {one["id"]: in_language(one["title"], language_of(request)) for one in found}
        every = sorted((one for listed in lists for one in listed), key=_asked_at, reverse=True)
        return self._pages.render(
            request,
            "insight/questions.html",
            active="questions",
            questions=self.entries(request, every[:NEWEST], titles),
        )

    async def _programme(self, request: Request) -> Response:
        name = request.path_params["name"]
        found, asked = await asyncio.gather(self._host.programme(name), self._host.questions(name))
        language = language_of(request)
        return self._pages.render(
            request,
            "insight/programme.html",
            active="programmes",
            programme={**summary(found, language), **terms(found["terms"], language)},
            ledger=len(found["ledger"]),
            questions=self.entries(request, asked, {}),
        )

    async def _release(self, request: Request) -> Response:
        name = request.path_params["name"]
        document = await self._host.release(name)
        if "cells" not in document:
            return self._pages.render(request, "insight/head_count.html", active="questions", count=document)
        language = language_of(request)
        _ = self._pages.translator(request)
        shown = table(document, language)
        programme = await self._host.programme(last_part(document["programme"]))
        return self._pages.render(
            request,
            "insight/release.html",
            active="questions",
            release=document,
            name=name,
            table=shown,
            unit=_(UNITS[shown.unit]),
            question=sentence(document["query"], language, _),
            conditions=[
                (
                    label(one["property"], language),
                    [code_label(one["property"], code, language) for code in one["in"]],
                )
                for one in document["query"]["where"]
            ],
            programme=summary(programme, language),
            has_chart=0 < len(shown.rows) - shown.withheld <= 60,
        )

    async def _chart(self, request: Request) -> Response:
        document = await self._host.release(request.path_params["name"])
        language = language_of(request)
        _ = self._pages.translator(request)
        shown = table(document, language)
        title = sentence(document["query"], language, _)
        svg = await asyncio.to_thread(chart, shown, title, _(UNITS[shown.unit]))
        if svg is None:
            return Response(status_code=404)
        headers = {"Cache-Control": "public, max-age=86400", "Vary": "Accept-Language, Cookie"}
        return Response(svg, media_type="image/svg+xml", headers=headers)

    async def _written(self, request: Request) -> Response:
        name, suffix = request.path_params["name"], request.path_params["format"]
        media_type = FORMATS.get(suffix)
        if media_type is None:
            return Response(status_code=404)
        content = await self._host.written(name, media_type)
        headers = {"Content-Disposition": f'attachment; filename="{name}.{suffix}"'}
        return Response(content, media_type=media_type, headers=headers)

    def entries(
        self, request: Request, found: Sequence[Mapping[str, Any]], titles: Mapping[str, str]
    ) -> list[dict[str, Any]]:
        """Return questions of the register for a table."""
        language = language_of(request)
        _ = self._pages.translator(request)
        return [
            {
                "at": one["asked_at"],
                "by": one["asked_by_name"],
                "programme": titles.get(one["programme"], ""),
                "programme_name": last_part(one["programme"]),
                "question": sentence(one["query"], language, _),
                "outcome": _(outcome),
                "badge": badge,
                "rho": one["rho"],
                "reason": one["reason"],
                "release": last_part(one["release"]) if one["release"] else None,
            }
            for one in found
            for outcome, badge in [OUTCOMES[one["outcome"]]]
        ]


def summary(programme: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Return a programme for a card."""
    budget = programme["budget"]
    return {
        "name": last_part(programme["id"]),
        "title": in_language(programme["title"], language),
        "text": in_language(programme["text"], language),
        "by": programme["controller_name"],
        "controller": programme["controller"],
        "purpose": programme["purpose"],
        "participants": programme["participants"],
        "budget": budget,
        "left": budget["rho_left"] / budget["rho_total"],
        "period": programme["terms"]["period"],
        "valid_until": programme["valid_until"],
        "k_min": programme["terms"]["k_min"],
        "min_participants": programme["terms"]["min_participants"],
    }


def terms(document: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Return what a programme may be asked, in words."""
    return {
        "dimensions": [label(name, language) for name in document["dimensions"]],
        "measures": [
            {
                "key": measure_key(one),
                "function": FUNCTIONS[one["function"]],
                "of": measure_label(one, language),
                "upper": one.get("upper"),
            }
            for one in document["measures"]
        ],
        "l0": document["l0"],
    }


def _asked_at(question: Mapping[str, Any]) -> str:
    return str(question["asked_at"])
