"""All routes of the identity provider, put together."""

from __future__ import annotations

from starlette.routing import BaseRoute

from pods.identity.account_pages import AccountPages
from pods.identity.authorize import Authorize
from pods.identity.documents import Documents
from pods.identity.endpoints import Endpoints
from pods.identity.host import Host
from pods.identity.log_in import LogIn
from pods.identity.log_out import LogOut
from pods.identity.pod_pages import PodPages
from pods.identity.registration import Registration
from pods.identity.site import STATIC, Site
from pods.removal import Removal
from vocab.pages import about_routes, static_routes


def identity_routes(host: Host, removal: Removal) -> list[BaseRoute]:
    """Return the routes of discovery, tokens, log-in and account pages."""
    documents = Documents(host.http, clock=host.clock)
    site = Site(host)
    parts = (
        Endpoints(host, documents),
        Authorize(site, documents),
        LogIn(site),
        LogOut(site, documents),
        Registration(site),
        AccountPages(site),
        PodPages(site, removal),
    )
    return [
        *(route for part in parts for route in part.routes()),
        *static_routes(STATIC),
        *about_routes(site.pages),
    ]
