"""All routes of the identity provider, put together."""

from __future__ import annotations

from starlette.routing import BaseRoute

from pods.identity.account_pages import AccountPages
from pods.identity.authorize import Authorize
from pods.identity.documents import Documents
from pods.identity.endpoints import Endpoints
from pods.identity.host import Host
from pods.identity.linked_pages import LinkedPages
from pods.identity.log_in import LogIn
from pods.identity.log_out import LogOut
from pods.identity.passkey_pages import PasskeyPages
from pods.identity.passkeys import Passkeys
from pods.identity.pod_pages import PodPages
from pods.identity.recovery import Recovery
from pods.identity.registration import Registration
from pods.identity.security_pages import SecurityPages
from pods.identity.site import STATIC, Site
from pods.removal import Removal
from vocab.pages import about_routes, static_routes


def identity_routes(host: Host, removal: Removal) -> list[BaseRoute]:
    """Return the routes of discovery, tokens, log-in and account pages."""
    documents = Documents(host.http, clock=host.clock)
    site = Site(host)
    passkeys = Passkeys(host.settings.pod_url, clock=host.clock)
    security = SecurityPages(site, passkeys)
    parts = (
        Endpoints(host, documents),
        Authorize(site, documents),
        LogIn(site),
        LogOut(site, documents),
        Registration(site),
        AccountPages(site),
        PodPages(site, removal),
        LinkedPages(site),
        security,
        PasskeyPages(site, passkeys, security),
        Recovery(site),
    )
    return [
        *(route for part in parts for route in part.routes()),
        *static_routes(STATIC),
        *about_routes(site.pages),
    ]
