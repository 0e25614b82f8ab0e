"""Routes by which the log is verified: its stored lines and their proof for the owner, checkpoints for everybody."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute

from consent.http.callers import PRIVATE, json_answer, own_pod
from consent.http.ground import Ground, Routes
from pods.activity import reading, tree_sql
from pods.activity.checkpoints import Checkpoints
from pods.activity.proving import proof_of
from pods.errors import BadRequest, NotFound
from pods.http.openapi import LIST, NUMBER, OBJECT, described
from pods.storage.base import Transaction
from pods.transparency import merkle, wire

MOST = 500  # lines or checkpoints of one page
_TEXT = ("text/plain",)


class LogRoutes(Routes):
    """What somebody needs who does not trust the host's word that a log is whole."""

    def __init__(self, ground: Ground, checkpoints: Checkpoints) -> None:
        super().__init__(ground)
        self._checkpoints = checkpoints

    def routes(self) -> list[BaseRoute]:
        """Return the routes below `/.consent`."""
        router = APIRouter(prefix="/.consent", tags=["log"])
        pages = {"after": NUMBER, "limit": NUMBER}
        for path, endpoint, said in (
            ("/log/records", self.records, described(LIST, query=pages, token=True)),
            ("/log/proof", self.proof, described(OBJECT, query={"seen": NUMBER}, token=True)),
            ("/checkpoints", self.checkpoints, described(LIST, query=pages)),
            ("/checkpoints/latest", self.latest, described(OBJECT, media_types=_TEXT)),
            ("/checkpoints/key", self.key, described(OBJECT, media_types=_TEXT)),
            (
                "/checkpoints/consistency",
                self.consistency,
                described(OBJECT, query={"from": NUMBER, "to": NUMBER}),
            ),
        ):
            router.add_api_route(path, endpoint, methods=["GET"], **said)
        return list(router.routes)

    async def records(self, request: Request) -> Response:
        """The lines of the caller's log as they are stored: sealed, with their digests, the first ones first."""
        _, webid = await self._callers.known(request)
        after, limit = number(request, "after", 0), min(number(request, "limit", MOST), MOST)
        found = await self._store.read(
            lambda tx: reading.stored(tx, own_pod(tx, webid).key, after=after, limit=limit)
        )
        return json_answer([wire.record_json(record) for record in found])

    async def proof(self, request: Request) -> Response:
        """The keys of the caller's log and its proof, up to this moment; `seen` is the tree's size of the last one."""
        _, webid = await self._callers.known(request)
        seen = number(request, "seen", 0)
        await self._store.read(lambda tx: own_pod(tx, webid))  # before anything is signed for the caller
        await self._checkpoints.up_to_date()
        proof = await self._store.read(lambda tx: proof_of(tx, own_pod(tx, webid).key, seen))
        return json_answer(wire.proof_json(proof))

    async def checkpoints(self, request: Request) -> Response:
        """The signed checkpoints in order, for whoever keeps copies elsewhere; `after` is the last size seen."""
        after, limit = number(request, "after", -1), min(number(request, "limit", MOST), MOST)
        found = await self._store.read(lambda tx: tree_sql.checkpoints(tx, after=after, limit=limit))
        return json_answer([{"size": one.size, "at": int(one.at), "note": one.note} for one in found])

    async def latest(self, _: Request) -> Response:
        """The newest checkpoint, a signed note."""
        found = await self._store.read(tree_sql.newest)
        if found is None:
            raise NotFound("This host has signed no checkpoint yet.")
        return PlainTextResponse(found.note, headers=PRIVATE)

    async def key(self, _: Request) -> Response:
        """The public key of the checkpoints, in the one line that witnesses use."""
        return PlainTextResponse(self._checkpoints.verifier_key + "\n")

    async def consistency(self, request: Request) -> Response:
        """What shows that one checkpoint's tree is the beginning of another's (RFC 9162 section 2.1.4)."""
        old, new = number(request, "from", 0), number(request, "to", 0)
        path = await self._store.read(lambda tx: _consistency(tx, old, new))
        return json_answer({"from": old, "to": new, "path": [step.hex() for step in path]})


def _consistency(tx: Transaction, old: int, new: int) -> list[bytes]:
    for size in (old, new):
        if not tree_sql.has_checkpoint(tx, size):
            raise NotFound(f"There is no checkpoint of {size} entries; /.consent/checkpoints lists them.")
    if old > new:
        raise BadRequest("?from= must not be larger than ?to=.")
    return merkle.consistency(tree_sql.node(tx), old, new)


def number(request: Request, name: str, default: int) -> int:
    """Return a whole number of the query; raise BadRequest for anything else."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise BadRequest(f"?{name}= must be a whole number, not {text[:20]!r}.")
    return int(text)
