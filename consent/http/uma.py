"""Routes of the authorization server: discovery and the token endpoint (UMA 2.0 grant, Solid-OIDC)."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import parse_qsl

import orjson
from fastapi import APIRouter
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from consent.client.uma import DISCOVERY, GRANT_TYPE, ID_TOKEN_FORMAT
from consent.http.callers import json_answer, media_type
from consent.http.ground import Ground, Routes
from consent.purpose_claim import CLAIM_FORMAT
from consent.uma import TOKEN_PATH, AuthorizationServer
from consent.uma_messages import Asking, Push, error
from pods.authn.replay import ReplayGuard, first_use
from pods.errors import PodError
from pods.http.callers import limited_body
from pods.http.openapi import FORM, OBJECT, described, form
from pods.protocol.dpop import BadProof, Proof, check_proof
from pods.protocol.jose import ALGORITHMS

MAX_FORM = 64 * 1024  # bytes; ticket and claim have some KiB each
log = logging.getLogger(__name__)
_FIELDS = ("grant_type", "ticket", "claim_token", "claim_token_format")
_NEEDED = _FIELDS[:2]  # whoever polls pushes no claim


class UmaRoutes(Routes):
    """The authorization server of the host at `origin`."""

    def __init__(
        self, ground: Ground, server: AuthorizationServer, replay: ReplayGuard, *, issuer: str
    ) -> None:
        super().__init__(ground)
        self._server = server
        self._replay = replay
        self._issuer = issuer

    def routes(self) -> list[BaseRoute]:
        """Return discovery and token endpoint."""
        router = APIRouter(tags=["uma"])
        router.add_api_route(DISCOVERY, self.configuration, methods=["GET"], **described(OBJECT))
        # UMA grant, 2: "formed by concatenating the string /.well-known/uma2-configuration to the issuer", which
        # ends with a slash here, as Solid-OIDC has it. RFC 8414 section 3.1 takes the slash away; clients do either.
        router.add_api_route(f"/{DISCOVERY}", self.configuration, methods=["GET"], include_in_schema=False)
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
            "issuer": self._issuer,
            "jwks_uri": self._origin + "/.oidc/jwks",
            "token_endpoint": self._origin + TOKEN_PATH,
            "grant_types_supported": [GRANT_TYPE],
            "response_types_supported": [],  # RFC 8414 section 2 requires it; nothing is authorized in a browser
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
        missing = [name for name in _NEEDED if not form.get(name)]
        claim, claim_format = form.get("claim_token"), form.get("claim_token_format")
        # RFC 6749 section 3.2: parameters must not be included more than once. UMA grant, 3.3.1: a claim comes
        # with its format.
        if missing or len(form) != len(pairs) or bool(claim) != bool(claim_format):
            return _bad(
                "invalid_request",
                "grant_type and ticket are needed once, and claim_token and claim_token_format together",
            )
        try:
            proof = await self._proof(request)
        except BadProof as error:
            return _bad("invalid_dpop_proof", str(error))
        push = Push(
            *(form["grant_type"], form["ticket"], claim or None, claim_format or None, proof),
            scopes=tuple(form.get("scope", "").split()),
        )
        await self._server.learn(push, self._clock())
        reply = await self._commits.submit(lambda tx: self._server.push(tx, push, self._clock()))
        answer = json_answer(reply.body, reply.status)
        if reply.asking is not None:
            answer.background = BackgroundTask(self._ask, reply.asking)
        return answer

    async def _ask(self, asking: Asking) -> None:
        try:
            await self._commits.submit(lambda tx: self._server.ask(tx, asking, self._clock()))
        except PodError:
            # The client has its answer, and each of its polls asks again where nobody was asked yet.
            log.warning("a person could not be asked")

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
    return json_answer(error(code, description), 400)
