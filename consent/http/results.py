"""Routes of results: the rules anyone may read, what left a pod, and what would leave it, for its owner."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from consent import results
from consent.claims import CLAIM_RULES, Evaluator
from consent.claims.claims_sql import already_counted, one_of_pod
from consent.claims.evaluation import require_declared, summary
from consent.claims.reading import Found
from consent.claims.rules import Rule
from consent.claims.terms import Asked, asked
from consent.http.callers import PRIVATE, json_answer, json_body, own_pod
from consent.http.ground import Ground, Routes, routes_of
from consent.registry_sql import Purposes
from pods.errors import BadContent, BadRequest, NotFound
from pods.http.openapi import LIST, NUMBER, OBJECT, TEXT, described, record
from pods.model import WebId
from pods.storage.base import Pod, Transaction

MOST_RESULTS = 200  # of one page
USUAL_RESULTS = 50
JWS = "application/jose"
PREVIEW = record({"purpose": TEXT, "rule": TEXT, "period": OBJECT, "programme": OBJECT})


class ResultRoutes(Routes):
    """`/.consent/rules` and `/.consent/results`; the second is for the owner of a pod alone."""

    def __init__(self, ground: Ground, evaluator: Evaluator) -> None:
        super().__init__(ground)
        self._evaluator = evaluator
        self._purposes = Purposes(ground.origin)

    def routes(self) -> list[BaseRoute]:
        """Return the routes below `/.consent`."""
        paged = {"limit": NUMBER, "after": NUMBER}
        return routes_of(
            "/.consent",
            "results",
            ("GET", "/rules", self.rules, described(LIST)),
            ("GET", "/rules/{name}/{version}", self.rule, described(OBJECT, places=("name", "version"))),
            ("GET", "/results", self.left, described(LIST, query=paged, token=True)),
            (
                "GET",
                "/results/{number}",
                self.signed,
                described(TEXT, media_types=(JWS,), places=("number",), token=True),
            ),
            ("POST", "/results/preview", self.preview, described(OBJECT, body=PREVIEW, token=True)),
        )

    async def rules(self, request: Request) -> Response:
        """Every rule by which a result may be computed beside a pod; there are no others."""
        return json_answer([_published(rule) for rule in CLAIM_RULES.values()])

    async def rule(self, request: Request) -> Response:
        """One version of a rule, which never changes, with its digest."""
        wanted = f"/{request.path_params['name']}/{request.path_params['version']}"
        for iri, rule in CLAIM_RULES.items():
            if iri.endswith(wanted):
                return json_answer(_published(rule))
        raise NotFound("There is no such version of a rule; see /.consent/rules.")

    async def left(self, request: Request) -> Response:
        """Every result that left the caller's pod: newest first; `after` is the last `number` that was seen."""
        _, webid = await self._callers.known(request)
        limit = _number(request.query_params.get("limit", str(USUAL_RESULTS)))
        after = request.query_params.get("after")
        before = _number(after) if after is not None else None
        found = await self._store.read(
            lambda tx: results.newest(
                tx, self._purposes, own_pod(tx, webid).key, before=before, limit=min(limit, MOST_RESULTS)
            )
        )
        return json_answer([results.left_json(one) for one in found])

    async def signed(self, request: Request) -> Response:
        """The bytes of one result as the host signed them."""
        _, webid = await self._callers.known(request)
        number = _number(str(request.path_params["number"]))
        found = await self._store.read(lambda tx: one_of_pod(tx, own_pod(tx, webid).key, number))
        if found is None or not found.signed:
            raise NotFound("No result of this number left your pod.")
        return Response(found.signed, media_type=JWS, headers=PRIVATE)

    async def preview(self, request: Request) -> Response:
        """What would leave the caller's pod under a purpose, computed now. Nothing leaves, nothing is spent."""
        _, webid = await self._callers.known(request)
        body = await json_body(request)
        if not isinstance(body, dict) or not isinstance(body.get("purpose"), str):
            raise BadContent("preview at /purpose: name the purpose that you were asked about.")
        wanted = asked({name: value for name, value in body.items() if name != "purpose"})
        purpose: str = body["purpose"]
        pod = await self._store.read(lambda tx: self._previewed(tx, webid, purpose, wanted))
        found = await self._evaluator.found(pod, wanted)
        return json_answer(await self._store.read(lambda tx: _would_leave(tx, wanted, found)))

    def _previewed(self, tx: Transaction, webid: WebId, purpose: str, wanted: Asked) -> Pod:
        declared = self._purposes.by_iri(tx, purpose)
        if declared is None:
            raise NotFound("No such purpose is published here.")
        require_declared(declared, wanted)
        return own_pod(tx, webid)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise BadRequest(f"A whole number is needed, not {text[:20]!r}.")
    return int(text)


def _published(rule: Rule) -> dict[str, Any]:
    return {**rule.text.document(), "digest": rule.digest}


def _would_leave(tx: Transaction, wanted: Asked, found: Found) -> dict[str, Any]:
    """Return what `settle` would, without spending a nullifier."""
    known = already_counted(tx, wanted.terms.series, (mark for mark, _ in found.measures))
    fresh: dict[str, int] = {}
    for mark, measure in found.measures:
        if mark not in known:
            fresh.setdefault(mark, measure)
    return {
        **summary(wanted, sum(fresh.values()), len(fresh)),
        "nullifiers": sorted(fresh),
        "counted_before": len(known),
    }
