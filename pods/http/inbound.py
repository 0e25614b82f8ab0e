"""From an ASGI request to an Operation."""

from __future__ import annotations

from collections.abc import Mapping

from pods.errors import BadRequest, UnsupportedMedia
from pods.http.arriving import Arriving
from pods.model import NO_CONDITIONS, Agent, Body, Operation, Path, Preconditions
from pods.protocol import headers, media_types

MAX_HEADER = 4_096  # characters of Slug, Link and Accept
WITH_BODY = frozenset({"PUT", "POST", "PATCH"})
_CONDITIONAL = (b"if-match", b"if-none-match", b"if-modified-since", b"if-unmodified-since")
_ANY_CONDITION = frozenset(_CONDITIONAL)


def fields(pairs: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Return header fields by lower-case name; what came more than once is joined (RFC 9110, 5.3)."""
    found = dict(pairs)
    if len(found) != len(pairs):
        found = {}
        for name, value in pairs:
            found[name] = found[name] + b", " + value if name in found else value
    return found


async def operation(
    method: str, path: Path, agent: Agent, request: Mapping[bytes, bytes], arriving: Arriving, query: str = ""
) -> Operation:
    """Return the request as a value; raise BadRequest, RequestTimeout, TooLarge or UnsupportedMedia."""
    accept = request.get(b"accept")
    if method in WITH_BODY:
        if method == "PUT" and b"content-range" in request:
            # RFC 9110, 14.5: taken for the whole, a part would replace what it is a part of.
            raise BadRequest("Content-Range: a part cannot be put; send the whole resource, or a PATCH.")
        slug, link = request.get(b"slug"), request.get(b"link")
        return Operation(
            method,
            path,
            agent,
            accept=accept.decode("latin-1") if accept else "*/*",
            body=await _body(request, arriving),
            slug=_text(slug) if slug else None,
            link_types=headers.types_of_link(_text(link)) if link else frozenset(),
            conditions=_conditions(request),
        )
    wanted, only_if = request.get(b"range"), request.get(b"if-range")
    prefer = request.get(b"prefer")
    language = request.get(b"accept-language") if accept and b"html" in accept else None
    return Operation(
        method,
        path,
        agent,
        accept=accept.decode("latin-1") if accept else "*/*",
        conditions=_conditions(request),
        range=wanted.decode("latin-1") if wanted else None,
        if_range=only_if.decode("latin-1") if only_if else None,
        prefer=prefer.decode("latin-1") if prefer else None,
        query=query,
        language=language.decode("latin-1") if language else "",
    )


def _conditions(request: Mapping[bytes, bytes]) -> Preconditions:
    if _ANY_CONDITION.isdisjoint(request):
        return NO_CONDITIONS
    values = [request.get(name) for name in _CONDITIONAL]
    return Preconditions(*[value.decode("latin-1") if value is not None else None for value in values])


async def _body(request: Mapping[bytes, bytes], arriving: Arriving) -> Body | None:
    if b"content-encoding" in request and request[b"content-encoding"].strip().lower() != b"identity":
        # A small body that unpacks to a huge one is an old attack.
        raise UnsupportedMedia(
            "Content-Encoding is not supported; send the body as it is.",
            headers=(("accept-encoding", "identity"),),  # RFC 9110, 15.5.16
        )
    if b"transfer-encoding" in request and request[b"transfer-encoding"].strip().lower() != b"chunked":
        # RFC 9112, 6.1: a coding that is not undone; kept so, a packed body would stand where the content should.
        raise BadRequest("Transfer-Encoding: only chunked is spoken here; send the body as it is.")
    if b"upgrade" in request:
        # A parser that took the offer for accepted has dropped the content (see `connection`): never store nothing.
        raise BadRequest("Upgrade: no other protocol is spoken here; send the request without it.")
    arriving.require_length()
    media_type = media_types.of_field(request.get(b"content-type", b"").decode("latin-1"))
    content = await arriving.start()
    if not arriving.ended:
        return Body(media_type, b"", arriving.stream(content), arriving.declared)
    if not content and not media_type:
        return None
    return Body(media_type, content)


def _text(value: bytes) -> str:
    if len(value) > MAX_HEADER:
        raise BadRequest(f"A header field is longer than {MAX_HEADER} characters.")
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")
