"""Public pages: programmes, statements of runs, and the ballot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from apps.site.frame import Site
from apps.valueback.addresses import Addresses
from apps.valueback.figures import SMALL, RunFigures
from apps.valueback.model import BadVote, Missing, Phase, Programme
from apps.valueback.pages.words import PHASES, UNITS, quantity, text
from apps.valueback.programme import rate_text
from apps.valueback.service import ValueBack
from consent.receipts.keys import jwks
from pods.model import Clock
from vocab.pages import msg

ANYBODY = {"Access-Control-Allow-Origin": "*"}
MAX_BALLOT = 8 * 1024  # a credential has some 300 characters


class PublicPages:
    """What everybody may see; nothing here tells about a person."""

    def __init__(self, site: Site, service: ValueBack, addresses: Addresses, *, clock: Clock) -> None:
        self._site = site
        self._pages = site.pages
        self._service = service
        self._addresses = addresses
        self._clock = clock

    def routes(self, prefix: str) -> list[BaseRoute]:
        programme = f"{prefix}/programmes/{{name}}/{{version:int}}"
        return [
            Route(f"{prefix}/", self._home),
            Route(programme, self._programme),
            Route(f"{programme}/books.beancount", self._books),
            Route(f"{prefix}/runs/{{run}}", self._run),
            Route(f"{prefix}/runs/{{run}}/vote", self._ballot, methods=["GET"]),
            Route(f"{prefix}/runs/{{run}}/vote", self._cast, methods=["POST"]),
            Route(f"{prefix}/shops/{{name}}/jwks.json", self._keys),
            Route(f"{prefix}/shops/{{name}}", self._organisation),
            Route(f"{prefix}/organisations/{{name}}", self._organisation),
        ]

    async def _home(self, request: Request) -> Response:
        _ = self._pages.translator(request)
        found = await run_in_threadpool(self._service.programmes)
        newest = {one.name: one for one in reversed(found)}
        shown = [
            {"title": text(one.title, _), "text": text(one.text, _), "href": one.iri, **self._period(one)}
            for one in sorted(newest.values(), key=lambda one: -one.published_at)
        ]
        return self._pages.render(request, "valueback/home.html", active="programmes", programmes=shown)

    async def _programme(self, request: Request) -> Response:
        name, version = request.path_params["name"], request.path_params["version"]
        found, runs = await run_in_threadpool(self._service.programme, name, version)
        if _wants_json(request):
            return JSONResponse(dict(found.document), headers={**ANYBODY, "Vary": "Accept"})
        head = await run_in_threadpool(self._service.ledger_head)
        _ = self._pages.translator(request)
        return self._pages.render(
            request,
            "valueback/programme.html",
            active="programmes",
            programme=found,
            title=text(found.title, _),
            text=text(found.text, _),
            rule={"title": text(found.rule.title, _), "text": text(found.rule.text, _)},
            rate=rate_text(found)[0 if _.language == "it" else 1],
            projects=[{"title": text(one.title, _), "text": text(one.text, _)} for one in found.projects],
            members=sorted(dict.fromkeys(name for _iri, name in found.issuers)),
            runs=[self._shown(request, found, one) for one in runs],
            small=SMALL,
            head=head,
            books=f"{found.iri}/books.beancount",
            cooperative=self._title(found.organisation),
        )

    async def _run(self, request: Request) -> Response:
        found, figures = await run_in_threadpool(self._service.run, request.path_params["run"])
        _ = self._pages.translator(request)
        return self._pages.render(
            request,
            "valueback/run.html",
            active="programmes",
            title=text(found.title, _),
            programme=found,
            run=self._shown(request, found, figures),
            projects=[
                {
                    "title": text(one.title, _),
                    "votes": (figures.votes or {}).get(one.id) if figures.votes is not None else None,
                    "paid": (figures.payout or {}).get(one.id, 0) if figures.payout is not None else None,
                }
                for one in found.projects
            ],
            small=SMALL,
        )

    async def _ballot(self, request: Request) -> Response:
        found, figures = await run_in_threadpool(self._service.run, request.path_params["run"])
        if _wants_json(request):
            return JSONResponse(self._ballot_json(found, figures), headers={**ANYBODY, "Vary": "Accept"})
        return self._ballot_page(request, found, figures)

    def _ballot_json(self, programme: Programme, figures: RunFigures) -> dict[str, Any]:
        """Return the ballot as a wallet reads it. The pool is withheld where it would tell about people."""
        run = figures.run
        return {
            "run": run.id,
            "title": dict(programme.title),
            "closes_at": run.vote_until if run.phase is Phase.VOTING else 0.0,
            "amount": figures.pool or 0,
            "projects": [
                {"id": one.id, "title": dict(one.title), "text": dict(one.text)} for one in programme.projects
            ],
        }

    def _ballot_page(
        self, request: Request, programme: Programme, figures: RunFigures, status: int = 200, **more: Any
    ) -> Response:
        _ = self._pages.translator(request)
        return self._pages.render(
            request,
            "valueback/vote.html",
            status=status,
            active="programmes",
            title=text(programme.title, _),
            programme=programme,
            run=self._shown(request, programme, figures),
            open=figures.run.phase is Phase.VOTING and self._clock() < (figures.run.vote_until or 0),
            projects=[(one.id, text(one.title, _), text(one.text, _)) for one in programme.projects],
            **{"error": "", "done": False, **more},
        )

    async def _cast(self, request: Request) -> Response:
        run_id = request.path_params["run"]
        if request.headers.get("content-type", "").startswith("application/json"):
            return await self._cast_by_program(request, run_id)
        form = await self._pages.guard.form(request)
        found, figures = await run_in_threadpool(self._service.run, run_id)
        ballot, project = str(form.get("ballot", "")), str(form.get("project", ""))
        try:
            await run_in_threadpool(self._service.vote, ballot, project, run_id)
        except BadVote as error:
            return self._ballot_page(
                request, found, figures, error.status, error=error.said(self._pages.translator(request))
            )
        return self._ballot_page(request, found, figures, done=True)

    async def _cast_by_program(self, request: Request, run_id: str) -> Response:
        """Take a wallet's vote. No cookie is read, so there is nothing that another site could borrow."""
        content = await request.body()
        try:
            plain: dict[str, Any] = await request.json() if len(content) <= MAX_BALLOT else {}
            ballot, project = str(plain["ballot"]), str(plain["project"])
        except (ValueError, TypeError, KeyError) as error:
            raise BadVote('send {"ballot": …, "project": …} as application/json') from error
        await run_in_threadpool(self._service.vote, ballot, project, run_id)
        return JSONResponse({"run": run_id}, 201)

    async def _books(self, request: Request) -> Response:
        name, version = request.path_params["name"], request.path_params["version"]
        found, _runs = await run_in_threadpool(self._service.programme, name, version)
        content = await run_in_threadpool(self._service.public_books, found)
        return Response(content, media_type="text/plain; charset=utf-8", headers=ANYBODY)

    async def _keys(self, request: Request) -> Response:
        """The keys with which a shop signs; old receipts are verified with them, so they stay."""
        found = self._site.organisations.named(request.path_params["name"])
        key = found.receipt_key() if found else None
        if key is None:
            raise Missing(msg("this shop signs no receipts here"))
        headers = {**ANYBODY, "Cache-Control": "public, max-age=300"}
        return JSONResponse(jwks([key.public()]), media_type="application/jwk-set+json", headers=headers)

    async def _organisation(self, request: Request) -> Response:
        found = self._site.organisations.named(request.path_params["name"])
        if found is None or not (found.webid or found.receipt_issuer):
            raise Missing(msg("there is no such organisation here"))
        return RedirectResponse(found.webid or f"{found.receipt_issuer}/jwks.json", 303)

    def _shown(self, request: Request, programme: Programme, figures: RunFigures) -> Mapping[str, Any]:
        _, formats = self._pages.translator(request), self._pages.formats(request)
        label, kind = PHASES[figures.run.phase]
        return {
            "id": figures.run.id,
            "href": self._addresses.run(figures.run.id),
            "vote": self._addresses.vote(figures.run.id),
            "first": figures.run.first,
            "last": figures.run.last,
            "phase": _(label),
            "badge": kind,
            "voting": figures.run.phase is Phase.VOTING,
            "closed": figures.run.phase is Phase.CLOSED,
            "vote_until": figures.run.vote_until,
            "unit": _(UNITS[programme.rule.unit]),
            "amount": quantity(programme, figures.amount, formats.money, _),
            "members": figures.members,
            "receipts": figures.receipts,
            "given": figures.given,
            "share": figures.share,
            "pool": figures.pool,
            "paid": sum(figures.payout.values()) if figures.payout is not None else None,
            "disputed": figures.disputed,
        }

    def _period(self, programme: Programme) -> Mapping[str, str]:
        return {
            "first": programme.first,
            "last": programme.last,
            "cooperative": self._title(programme.organisation),
        }

    def _title(self, organisation: str) -> str:
        found = self._site.organisations.named(organisation)
        return found.title if found else organisation


def _wants_json(request: Request) -> bool:
    accept: Sequence[str] = request.headers.get("accept", "").split(",")
    kinds = [part.split(";")[0].strip() for part in accept]
    return "text/html" not in kinds and any(
        kind in ("application/json", "application/ld+json") for kind in kinds
    )
