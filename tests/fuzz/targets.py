"""What is fuzzed: every parser that a stranger reaches, and whole requests on a pod where the public may write."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path as FilePath
from typing import Any

from starlette.types import ASGIApp

from pods.authz import acl
from pods.errors import PodError
from pods.main import application, open_core
from pods.model import Preconditions
from pods.protocol import conditions, dpop, headers, jose, n3_patch, negotiate, rdf, sparql_update, target
from pods.provision import create_pod, webid_for
from pods.settings import PodSettings

ORIGIN = "http://localhost:8080"
ADDRESS = f"{ORIGIN}/anna/doc"
AT = 1_790_000_000.0
_N3 = b"@prefix solid: <http://www.w3.org/ns/solid/terms#>. @prefix ex: <http://e/>.\n"
_OPEN = (
    "@prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix foaf: <http://xmlns.com/foaf/0.1/>.\n"
    "<#all> a acl:Authorization; acl:agentClass foaf:Agent; acl:mode acl:Read, acl:Write, acl:Control;\n"
    " acl:accessTo <./>; acl:default <./>.\n"
)
_METHODS = (b"GET", b"HEAD", b"PUT", b"POST", b"PATCH", b"DELETE", b"OPTIONS")


@dataclass(frozen=True, slots=True)
class Target:
    """A function that must take any bytes, and bytes to begin with."""

    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]


def path(data: bytes) -> None:
    """A path has one spelling, inside its pod."""
    with suppress(PodError):
        found = target.canonical(data)
        if target.canonical(found.encode("ascii")) != found or "/../" in found:
            raise AssertionError(f"{data!r} became {found!r}")


def document(media_type: str) -> Callable[[bytes], None]:
    """A document that is read can be written, and read again."""

    def run(data: bytes) -> None:
        with suppress(PodError):
            quads = rdf.parse(media_type, data, ADDRESS)
            acl.read(quads)
            rdf.parse(media_type, rdf.serialise(media_type, quads), ADDRESS)

    return run


def n3(data: bytes) -> None:
    """An N3 Patch is read or refused."""
    with suppress(PodError):
        n3_patch.read(data, ADDRESS)


def sparql(data: bytes) -> None:
    """A SPARQL Update is read or refused."""
    with suppress(PodError):
        sparql_update.read(data, ADDRESS)


def fields(data: bytes) -> None:
    """A header field means something, or nothing."""
    value = data.decode("latin-1")
    negotiate.preferred(value, rdf.OFFERED)
    headers.types_of_link(value)
    headers.byte_range(value, 10)
    conditions.not_modified(Preconditions(value, value, value, value), "a", 1)
    target.segment_from_slug(value)


def token(data: bytes) -> None:
    """A token or a proof is read or refused."""
    text = data.decode("latin-1")
    with suppress(jose.BadJose):
        jose.parse(text)
    with suppress(dpop.BadProof, UnicodeEncodeError):
        dpop.check_proof(text, "GET", ADDRESS, at=AT, access_token=text)


def request(data: bytes) -> None:
    """Method, path, header lines and body in this order, each but the body ended by a newline and the lines by an empty one."""
    loop, app = _host()
    first, _, rest = data.partition(b"\n")
    head, _, body = rest.partition(b"\n\n")
    pairs = [tuple(line.split(b":", 1)) for line in head.split(b"\n") if b":" in line]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "method": _METHODS[first[0] % len(_METHODS)].decode() if first else "GET",
        "path": "/anna/" + first[1:].decode("latin-1"),
        "raw_path": b"/anna/" + first[1:],
        "query_string": b"",
        "headers": [(name.strip().lower(), value.strip()) for name, value in pairs]
        + [(b"content-length", str(len(body)).encode()), (b"host", b"localhost:8080")],
    }
    status = loop.run_until_complete(asyncio.wait_for(_status(app, scope, body), 10))
    if status >= 500:
        raise AssertionError(f"{status} for {data!r}")


async def _status(app: ASGIApp, scope: Mapping[str, Any], body: bytes) -> int:
    found: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            found.append(message["status"])

    await app({**scope}, receive, send)
    return found[0]


@cache
def _host() -> tuple[asyncio.AbstractEventLoop, ASGIApp]:
    folder = FilePath(tempfile.mkdtemp(prefix="portico-fuzz-"))
    core = open_core(PodSettings(data=folder, pod_url=ORIGIN), lambda: AT)
    with core.store.writing() as tx:
        owner = webid_for(ORIGIN, "anna")
        pod = create_pod(tx, "anna", owner, base=ORIGIN, issuer=ORIGIN + "/", display_name="Anna", at=AT)
        tx.write(target.acl_of(pod.root), rdf.TURTLE, _OPEN.encode(), AT)
    return asyncio.new_event_loop(), application(core)


TARGETS: Mapping[str, Target] = {
    "path": Target(path, (b"/anna/a%20b/c", b"/anna/%2e%2e/x", b"/anna/caf%C3%A9/")),
    "turtle": Target(
        document(rdf.TURTLE), (b'@prefix e: <http://e/>. <#a> e:b "c"@it, 1.5, [ e:d ( 1 2 ) ].',)
    ),
    "json-ld": Target(
        document(rdf.JSON_LD),
        (b'{"@context":{"e":"http://e/"},"@id":"#a","e:b":[{"@list":[1,true,"x"]},{"@id":"_:c"}]}',),
    ),
    "n3-patch": Target(
        n3, (_N3 + b"_:p a solid:InsertDeletePatch; solid:where {?a ex:b 1.}; solid:inserts {?a ex:c ?a.}.",)
    ),
    "sparql-update": Target(
        sparql,
        (
            b"PREFIX e: <http://e/> DELETE {?a e:b 1} INSERT {?a e:c 2} WHERE {?a e:b 1}; INSERT DATA {<#a> a e:T}",
        ),
    ),
    "fields": Target(
        fields,
        (b'<http://www.w3.org/ns/ldp#BasicContainer>; rel="type"', b"bytes=1-2", b"text/turtle;q=0.9, */*"),
    ),
    "token": Target(token, (b"eyJhbGciOiJFUzI1NiIsInR5cCI6ImRwb3Arand0In0.e30.AAAA",)),
    "request": Target(
        request,
        (
            b"\x02doc\ncontent-type: text/turtle\n\n<#a> <#b> 1.",
            b"\x04doc\ncontent-type: text/n3\nif-match: *\n\n"
            + _N3
            + b"_:p a solid:InsertDeletePatch; solid:inserts {ex:a ex:b 1.}.",
            b"\x03\nslug: name\nlink: <http://www.w3.org/ns/ldp#BasicContainer>; rel=type\n\n",
            b"\x00doc\naccept: application/ld+json\nrange: bytes=0-3\nif-none-match: *\n\n",
        ),
    ),
}
