"""Routes of the authorization server: discovery and the token endpoint (UMA 2.0 grant, Solid-OIDC)."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from consent.client.uma import DISCOVERY, GRANT_TYPE, ID_TOKEN_FORMAT
from consent.http.callers import json_answer, media_type
from consent.purpose_claim import CLAIM_FORMAT
from consent.uma import TOKEN_PATH, AuthorizationServer, Push
from pods.authn.replay import ReplayGuard, first_use
from pods.http.callers import limited_body
from pods.http.openapi import FORM, OBJECT, described, form
from pods.model import Clock
from pods.protocol.dpop import BadProof, Proof, check_proof
from pods.protocol.jose import ALGORITHMS
from pods.storage.base import Commits

MAX_FORM = 64 * 1024  # bytes; ticket and claim have some KiB each
_FIELDS = ("grant_type", "ticket", "claim_token", "claim_token_format")


class UmaRoutes:
    """The authorization server of the host at `origin`."""

    def __init__(
        self, server: AuthorizationServer, replay: ReplayGuard, *, origin: str, commits: Commits, clock: Clock
    ) -> None:
        self._server = server
        self._replay = replay
        self._origin = origin
        self._commits = commits
        self._clock = clock

    def routes(self) -> list[BaseRoute]:
        """Return discovery and token endpoint."""
        router = APIRouter(tags=["uma"])
        router.add_api_route(DISCOVERY, self.configuration, methods=["GET"], **described(OBJECT))
        router.add_api_route(
            TOKEN_PATH,
            self.token,
            methods=["POST"],
            **described(OBJECT, body=form(_FIELDS), body_types=(FORM,), oauth=True),
        )
        return list(router.routes)

    async def configuration(self) -> Response:
        """UMA 2.0 discovery document."""
        document: dict[str, Any] = {
            "issuer": self._origin + "/",
            "jwks_uri": self._origin + "/.oidc/jwks",
            "token_endpoint": self._origin + TOKEN_PATH,
            "grant_types_supported": [GRANT_TYPE],
            "token_endpoint_auth_methods_supported": ["none"],
            "dpop_signing_alg_values_supported": list(ALGORITHMS),
            "uma_profiles_supported": [ID_TOKEN_FORMAT, CLAIM_FORMAT],
        }
        return Response(orjson.dumps(document), media_type="application/json")

    async def token(self, request: Request) -> Response:
        """Trade a ticket and a claim for the next ticket or a token; see the UMA 2.0 grant."""
        if media_type(request) != "application/x-www-form-urlencoded":
            return _bad("invalid_request", "send a form (application/x-www-form-urlencoded)")
        pairs = parse_qsl((await limited_body(request, MAX_FORM)).decode("latin-1"), keep_blank_values=True)
        form = dict(pairs)
        missing = [name for name in _FIELDS if not form.get(name)]
        # RFC 6749 section 3.2: parameters must not be included more than once.
        if missing or len(form) != len(pairs):
            return _bad("invalid_request", f"each of {', '.join(_FIELDS)} is needed once")
        try:
            proof = await self._proof(request)
        except BadProof as error:
            return _bad("invalid_dpop_proof", str(error))
        push = Push(
            form["grant_type"], form["ticket"], form["claim_token"], form["claim_token_format"], proof
        )
        reply = await self._commits.submit(lambda tx: self._server.push(tx, push, self._clock()))
        return json_answer(reply.body, reply.status)

    async def _proof(self, request: Request) -> Proof:
        proofs = request.headers.getlist("dpop")
        if len(proofs) != 1:
            raise BadProof("DPoP: one proof of the client's key is needed")
        at = self._clock()
        proof = check_proof(proofs[0], "POST", self._origin + TOKEN_PATH, at=at)
        if not await first_use(self._replay, proof, at):
            raise BadProof("DPoP: this proof was used before; make one for each request")
        return proof


def _bad(code: str, description: str) -> Response:
    return json_answer({"error": code, "error_description": description}, 400)
