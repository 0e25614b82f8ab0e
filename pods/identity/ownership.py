"""Whether somebody controls a WebID on another server: its profile names this issuer and holds a text of ours."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

import httpx

from pods.errors import BadRequest, PodError
from pods.model import WebId
from pods.protocol import rdf
from vocab.pages import msg

SOLID = "http://www.w3.org/ns/solid/terms#"
ISSUER = f"{SOLID}oidcIssuer"
TOKEN = f"{SOLID}oidcIssuerRegistrationToken"
"""The property by which Community Solid Server has WebIDs linked; people find it in other servers' instructions."""

MAX_WEBID = 1000  # characters
_DEFAULT_PORTS = {"http": 80, "https": 443}

NO_WEBID = msg("A WebID is a web address such as https://name.example/profile/card#me.")
OWN = msg("This WebID is of this host: each pod here has its own, which needs no link.")
UNREADABLE = msg("The profile cannot be read. Is it public, and is the address right?")
NOT_NAMED = msg("The profile does not name this provider yet: the first of the two statements is missing.")
NOT_SHOWN = msg("The profile does not hold the text yet: the second of the two statements is missing.")


def external(given: str, origin: str) -> WebId:
    """Return a WebID that somebody typed; raise BadRequest if it is none, or one of this host."""
    webid = given.strip()
    try:
        rdf.NamedNode(webid)
        parts, own = urlsplit(webid), urlsplit(origin)
        place = (parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme))
        here = (own.hostname, own.port or _DEFAULT_PORTS.get(own.scheme))
    except ValueError as error:
        raise BadRequest(NO_WEBID) from error
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.username or len(webid) > MAX_WEBID:
        raise BadRequest(NO_WEBID)
    if place == here:
        raise BadRequest(OWN)
    return WebId(webid)


def statements(webid: str, issuer: str, token: str) -> str:
    """Return what the owner is to add to the profile, in Turtle."""
    return f'<{webid}> <{ISSUER}> <{issuer}> .\n<{webid}> <{TOKEN}> "{token}" .\n'


async def require_control(http: httpx.AsyncClient, webid: WebId, issuer: str, token: str) -> None:
    """Read the profile, through the guarded client, and raise BadRequest unless it says both.

    The issuer alone would let anybody link a WebID whose owner trusts this host: the text says which account.
    """
    document = webid.partition("#")[0]
    try:
        answer = await http.get(document, headers={"accept": ", ".join(rdf.OFFERED)})
        media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if answer.status_code != 200 or not rdf.is_rdf(media_type):
            raise BadRequest(UNREADABLE)
        # It is from elsewhere and nobody's to debug here: whatever is wrong with it, it cannot be read.
        quads = rdf.parse(media_type, answer.content, document)
    except (httpx.HTTPError, httpx.InvalidURL, PodError) as error:
        raise BadRequest(UNREADABLE) from error
    person = rdf.node(webid)
    said = [quad for quad in quads if quad.subject == person and quad.graph_name == rdf.DEFAULT_GRAPH]
    if not any(quad.predicate.value == ISSUER and quad.object == rdf.NamedNode(issuer) for quad in said):
        raise BadRequest(NOT_NAMED)
    if not any(
        quad.predicate.value == TOKEN
        and isinstance(quad.object, rdf.Literal)
        and hmac.compare_digest(quad.object.value.encode(), token.encode())
        for quad in said
    ):
        raise BadRequest(NOT_SHOWN)
