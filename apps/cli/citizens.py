"""Citizens for the tour and the demo: they log in as by hand and hold what the wallet would hold for them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import httpx

from apps.cli.visitor import Form, LostVisitor, Visitor
from consent.client import OwnerClient
from pods.client import SolidClient
from pods.model import Clock
from pods.relying_party import RelyingParty, SessionTokens

TIMEOUT = 60.0  # seconds; a hundred log-ins at once wait for each other's password checks


@dataclass(frozen=True, slots=True)
class Citizen:
    """A person with the rights that a log-in through the wallet gives."""

    name: str
    webid: str
    solid: SolidClient
    owner: OwnerClient


class LogIn:
    """Logs people in at the pod host as the wallet's browser flow does, page by page."""

    def __init__(self, http: httpx.AsyncClient, *, pod_url: str, wallet_url: str, clock: Clock) -> None:
        self._http = http
        self._pod_url = pod_url
        self._callback = f"{wallet_url}/callback"
        self._clock = clock
        self._party = RelyingParty(
            http, client_id=f"{wallet_url}/client.jsonld", redirect_uri=self._callback, clock=clock
        )

    async def citizen(self, name: str, password: str) -> Citizen:
        """Return the person once logged in; raise LostVisitor if the pages do not lead to the wallet."""
        address, pending = await self._party.begin(self._pod_url, "/")
        async with httpx.AsyncClient(timeout=TIMEOUT) as browser:  # cookies of this person alone
            back = await self._through_the_pages(
                Visitor(browser, stop_at=self._callback), address, name, password
            )
        session = await self._party.complete(pending, dict(parse_qsl(urlsplit(back).query)))
        tokens = SessionTokens(session, self._party.refresh, clock=self._clock)
        solid = SolidClient(self._http, tokens, clock=self._clock)
        return Citizen(name, session.webid, solid, OwnerClient(solid, self._pod_url))

    async def _through_the_pages(self, visitor: Visitor, address: str, name: str, password: str) -> str:
        back = await visitor.open(address)
        if back is None and (login := visitor.form_with("login", "password")) is not None:
            back = await visitor.send(login, login=name, password=password)
        if back is None:
            back = await visitor.send(_asked(visitor), decision="allow")
        if back is None:
            raise LostVisitor(f"{name} could not log in: the pages end before the wallet")
        return back


def _asked(visitor: Visitor) -> Form:
    form = visitor.form_with("decision")
    if form is None:
        raise LostVisitor("the provider did not ask whether the wallet may act")
    return form
