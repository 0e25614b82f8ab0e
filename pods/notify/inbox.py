"""Linked Data Notifications: what a stranger may put into an inbox, and where that is written down."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pods.authz.base import Rights
from pods.errors import TooLarge
from pods.model import Operation
from pods.notify.model import PLACE
from pods.protocol import rdf, target

MAX_NOTICE = (
    256 * 1024
)  # bytes; an invitation has some kilobytes, and an inbox is open to everybody with a WebID
_INBOX = "inbox/"
_CONSTRAINTS = PLACE + "inbox"
_DOCUMENT = (
    "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#>.\n"
    f'<> rdfs:comment "A notice that somebody else puts into an inbox has at most {MAX_NOTICE} bytes."@en,\n'
    f'    "Un avviso che altri mettono in una casella ha al massimo {MAX_NOTICE} byte."@it.\n'
)


def require_notice(op: Operation, rights: Rights) -> None:
    """Raise TooLarge for what is too large to be somebody else's notice in an inbox."""
    if op.method != "POST" or rights.owner or op.path != target.pod_root(op.path) + _INBOX or op.body is None:
        return
    # A stream is larger than what is read at once, and that is far larger than a notice.
    if op.body.stream is not None or len(op.body.content) > MAX_NOTICE:
        # LDN, 3.2.1: a receiver "SHOULD advertise [its constraints] ... via an HTTP Link header".
        link = f'<{_CONSTRAINTS}>; rel="http://www.w3.org/ns/ldp#constrainedBy"'
        raise TooLarge(
            f"A notice has at most {MAX_NOTICE} bytes; put the rest elsewhere, and a link to it here.",
            headers=(("link", link),),
        )


def constraints_route() -> Route:
    """Return the route of the document that says what an inbox takes."""

    async def constraints(request: Request) -> Response:
        return Response(_DOCUMENT, media_type=rdf.TURTLE)

    return Route(_CONSTRAINTS, constraints, methods=["GET", "HEAD"])
