"""The bare ceiling: what an ASGI callable reaches here that proves a key and touches the database, and nothing else.

A read verifies one ES256 proof and makes two indexed reads in one transaction; a write verifies one and makes one
row durable, with all that arrived meanwhile in the same commit. No rights, no replay guard, no RDF, no negotiation,
no conditions, no change feed, no log: the distance from here is what a Solid server costs above crypto, socket and
database. It runs under the server, the loop and the settings of `portico serve`.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import secrets
import sqlite3
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pyoxigraph
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from starlette.types import ASGIApp, Receive, Scope, Send

from apps.cli.serve import Listener, run_until_stopped, serve_together
from tests.bench.proofs import ProofKey
from tests.bench.servers import Access, clean, free_port, running
from tests.bench.works import JSON_LD, LISTED, MEMBERS, READ, TURTLE, forty_triples

DATABASE = "ceiling.sqlite"
FOLDER = "CEILING_DATA"
TOKEN_BYTES = 500  # as long as the access tokens of the others
STORAGE = "/bench/"
_ES256 = ec.ECDSA(Prehashed(SHA256()))
_HALF = 32


class Bare:
    """The callable. One connection reads, one writes; a thread waits for the disk."""

    def __init__(self, file: Path) -> None:
        self._reader = _connection(file)
        self._writer = _connection(file)
        self._thread = ThreadPoolExecutor(1)
        self._keys: dict[bytes, ec.EllipticCurvePublicKey] = {}
        self._waiting: list[tuple[str, bytes, asyncio.Future[None]]] = []
        self._worker: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await _lifespan(receive, send)
            return
        fields = dict(scope["headers"])
        status, content = 401, b""
        if b"dpop" in fields and self._proved(fields[b"dpop"]):
            if scope["method"] == "GET":
                content = self._read(scope["path"])
                status = 200 if content else 404
            else:
                await self._write(scope["path"], (await receive())["body"])
                status = 204
        answer = [(b"content-type", b"text/turtle"), (b"content-length", b"%d" % len(content))]
        await send({"type": "http.response.start", "status": status, "headers": answer if content else []})
        await send({"type": "http.response.body", "body": content})

    def _proved(self, proof: bytes) -> bool:
        signing_input, _, signature = proof.rpartition(b".")
        header = signing_input.partition(b".")[0]
        key = self._keys.get(header)
        if key is None:
            key = self._keys[header] = _key(header)
        raw = _decoded(signature)
        der = encode_dss_signature(int.from_bytes(raw[:_HALF]), int.from_bytes(raw[_HALF:]))
        try:
            key.verify(der, sha256(signing_input).digest(), _ES256)
        except InvalidSignature:
            return False
        return True

    def _read(self, path: str) -> bytes:
        execute = self._reader.execute
        execute("BEGIN")
        execute("SELECT content FROM resource WHERE name = ?", (STORAGE + ".acl",)).fetchone()
        row = execute("SELECT content FROM resource WHERE name = ?", (path,)).fetchone()
        execute("ROLLBACK")
        return bytes(row[0]) if row else b""

    async def _write(self, path: str, content: bytes) -> None:
        loop = asyncio.get_running_loop()
        durable: asyncio.Future[None] = loop.create_future()
        self._waiting.append((path, content, durable))
        if self._worker is None or self._worker.done():
            self._worker = loop.create_task(self._commit())
        await durable

    async def _commit(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting, []
            self._writer.execute("BEGIN IMMEDIATE")
            for path, content, _ in batch:
                self._writer.execute(
                    "INSERT INTO resource (name, content) VALUES (?, ?)"
                    " ON CONFLICT (name) DO UPDATE SET content = excluded.content",
                    (path, content),
                )
            await loop.run_in_executor(self._thread, self._writer.execute, "COMMIT")
            for _, _, durable in batch:
                if not durable.done():
                    durable.set_result(None)


def create_app() -> ASGIApp:
    """Return the callable over the database of this run."""
    return Bare(Path(os.environ[FOLDER]) / DATABASE)


def fill(file: Path) -> None:
    """Put there what is read: the same bytes, or as many, as the servers give."""
    turtle = forty_triples().encode()
    quads = pyoxigraph.parse(turtle, format=pyoxigraph.RdfFormat.TURTLE, base_iri="http://localhost/")
    json_ld = pyoxigraph.serialize(quads, format=pyoxigraph.RdfFormat.JSON_LD)
    member = "<member-000.ttl> a ldp:Resource; dc:modified 0; stat:size 0; stat:mtime 0; dc:format 0 .\n"
    rows = {
        STORAGE + ".acl": b"<#owner> a <#Authorization> .",
        STORAGE + READ[TURTLE]: turtle,
        STORAGE + READ[JSON_LD]: json_ld,
        STORAGE + LISTED: (member * MEMBERS).encode(),
    }
    connection = _connection(file)
    connection.execute("CREATE TABLE resource (id INTEGER PRIMARY KEY, name TEXT UNIQUE, content BLOB)")
    connection.executemany("INSERT INTO resource (name, content) VALUES (?, ?)", rows.items())
    connection.close()


@contextmanager
def bare_ceiling(folder: Path) -> Iterator[Access]:
    """Run the callable in a process of its own."""
    port = free_port()
    fill(clean(folder) / DATABASE)
    command = [sys.executable, "-m", "tests.bench.ceiling", str(port)]
    root = str(Path(__file__).resolve().parents[2])
    environment = {FOLDER: str(folder), "PYTHONPATH": root}
    with running(command, folder, f"http://localhost:{port}", environment):
        storage = f"http://localhost:{port}{STORAGE}"
        yield Access(storage, secrets.token_urlsafe(TOKEN_BYTES), ProofKey.new())


def _connection(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _key(header: bytes) -> ec.EllipticCurvePublicKey:
    jwk = json.loads(_decoded(header))["jwk"]
    x, y = (int.from_bytes(_decoded(jwk[name].encode())) for name in ("x", "y"))
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()


def _decoded(segment: bytes) -> bytes:
    return base64.urlsafe_b64decode(segment + b"=" * (-len(segment) % 4))


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


if __name__ == "__main__":
    at = Listener("tests.bench.ceiling:create_app", ("127.0.0.1",), int(sys.argv[1]))
    run_until_stopped(serve_together([at]))
