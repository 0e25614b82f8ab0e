"""All routes of the identity provider, put together."""

from __future__ import annotations

from starlette.routing import BaseRoute

from pods.guard import guarded_client
from pods.identity.documents import Documents
from pods.identity.endpoints import Endpoints
from pods.identity.host import Host


def identity_routes(host: Host) -> list[BaseRoute]:
    """Return the routes of discovery, tokens, log-in and account pages."""
    documents = Documents(guarded_client(host.settings.trusted_hosts), clock=host.clock)
    return Endpoints(host, documents).routes()
