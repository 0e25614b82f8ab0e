"""One visit: the person who asks for a page, their pod, and what the wallet may do for them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
from rdflib import URIRef
from starlette.requests import Request

from consent.client import OwnerClient
from consent.client.people import Delegated, PeopleClient
from consent.foreign import ForeignError, ForeignGrants, Telling
from pods.client import SolidClient, SolidError
from pods.model import Clock
from pods.relying_party import LoggedIn, Login, Session, SessionTokens
from vocab.pages import Pages
from vocab.terms import LDP
from wallet import acting
from wallet.acting import Acting, ActingOver, OnlyForOneself
from wallet.discovery import Place, discover

CATCH_UP_SECONDS = 300.0  # between two looks, while somebody clicks, for permissions that must be taken back
MOST_REMEMBERED = 1_000
AT_ONCE = 8  # requests to one pod host at a time for one page; browsers allow themselves six

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Visit:
    """The person behind a request, with clients that act for them."""

    person: LoggedIn
    place: Place
    solid: SolidClient
    owner: OwnerClient
    now: float
    acting: Acting | None = None
    """For whom the person acts; `place` and `owner` are theirs then."""
    desk: PeopleClient | None = None
    """Where those may live for whom somebody acts whose own data is elsewhere: the pod host of this wallet."""

    @property
    def whose(self) -> str:
        """Return the WebID to name to the host as the one acted for; empty for oneself."""
        return self.acting.person if self.acting is not None else ""

    @property
    def people(self) -> PeopleClient:
        """Return the client for delegations, which are always those of who logged in."""
        return PeopleClient(self.solid, self.place.host)

    async def mandates(self) -> list[tuple[PeopleClient, Delegated]]:
        """Return for whom the person may act, each with the host to speak to about it: their own, and the wallet's."""
        hosts = [self.people] if self.place.consent else []
        found = [(host, one) for host in hosts for one in (await host.listed()).people]
        if self.desk is not None:
            # The wallet's host need not take tokens of every issuer; then nobody there waits for this person.
            with suppress(SolidError):
                found += [(self.desk, one) for one in (await self.desk.listed()).people]
        return found

    async def about(self, delegation: str) -> PeopleClient:
        """Return the client of the host that knows a delegation: the wallet's if it is there, else the person's own."""
        if self.desk is not None:
            for host, one in await self.mandates():
                if one.id == delegation:
                    return host
        return self.people

    def may(self, power: str) -> bool:
        """Say whether the person holds a power here: all of them over what is their own."""
        return self.acting is None or power in self.acting.powers

    def inside(self, address: str) -> bool:
        """Say whether an address lies in the person's storage: nothing else is fetched with their token."""
        return address.startswith(self.place.storage) and "/../" not in address

    async def members(self, container: str) -> list[str]:
        """Return the addresses in a container in order; none where there is no container."""
        try:
            graph = await self.solid.get_graph(container)
        except SolidError as error:
            if error.status == httpx.codes.NOT_FOUND:
                return []
            raise
        return sorted(str(member) for member in graph.objects(URIRef(container), LDP.contains))

    async def each(self, things: Iterable[T], work: Callable[[T], Awaitable[R]]) -> list[tuple[T, R]]:
        """Do the same for each thing, several at once; the first error ends it."""
        gate, failed = asyncio.Semaphore(AT_ONCE), asyncio.Event()

        async def one(thing: T) -> tuple[T, R]:
            async with gate:
                if failed.is_set():
                    raise asyncio.CancelledError  # the page is lost already: spare the pod host the rest
                try:
                    return thing, await work(thing)
                except BaseException:
                    failed.set()
                    raise

        # All of them end before this does: a request left behind would outlive the visit, and its client.
        results = await asyncio.gather(*(one(thing) for thing in things), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, asyncio.CancelledError):
                raise result
        return [result for result in results if not isinstance(result, BaseException)]


class Desk:
    """What every page of the wallet works with."""

    def __init__(
        self, pages: Pages, login: Login, http: httpx.AsyncClient, *, host: str, clock: Clock
    ) -> None:
        self._host = host
        self.pages = pages
        self.login = login
        self.http = http
        self.clock = clock
        self._caught_up: OrderedDict[str, float] = OrderedDict()

    async def visit(self, request: Request) -> Visit:
        """Return the visit; raise LoginNeeded, or what discovery raises where the pod could not be read yet.

        Where the person acts for somebody it raises ActingOver or OnlyForOneself rather than show a page of theirs.
        """
        person = self.login.required(request)
        solid = SolidClient(self.http, person.tokens, clock=self.clock)
        known, kept = acting.own(person.known), acting.kept(person.known)
        if known:
            place = Place(**known)
        else:
            place = await discover(solid, person.session.webid)
            self.login.remember(request, place.plain())
        if not place.consent:
            await self._catch_up(solid, place)
        if kept is not None:
            return await self._for(request, person, place, solid, kept)
        desk = PeopleClient(solid, self._host) if place.host != self._host else None
        return Visit(person, place, solid, OwnerClient(solid, place.host), self.clock(), desk=desk)

    async def _for(
        self, request: Request, person: LoggedIn, place: Place, solid: SolidClient, kept: Acting
    ) -> Visit:
        """Return the visit of somebody who acts for another, after the host said that they still may."""
        host = acting.host_of(kept.storage)
        if host not in (place.host, self._host):  # nobody else is told anything with the person's token
            raise ActingOver
        listed = (await PeopleClient(solid, host).listed()).people
        found = next((one for one in listed if one.id == kept.id and one.flows), None)
        if found is None or acting.host_of(found.storage) != host:
            raise ActingOver
        now = acting.of_delegation(found)
        if not now.may_open(request.method, request.url.path):
            raise OnlyForOneself
        request.state.acting = now  # a refusal of the host means something else meanwhile
        theirs = Place(now.person, now.name, now.storage, {}, consent=True)
        owner = OwnerClient(solid, host, whose=now.person)
        return Visit(person, theirs, solid, owner, self.clock(), now)

    async def _catch_up(self, solid: SolidClient, place: Place) -> None:
        """Take away, on a plain Solid server, what came due or was left undone; `/elsewhere` shows what is left.

        Nobody else holds a token of the person, so each visit is the next try.
        """
        now = self.clock()
        if now - self._caught_up.get(place.webid, 0.0) < CATCH_UP_SECONDS:
            return
        self._caught_up[place.webid] = now
        while len(self._caught_up) > MOST_REMEMBERED:
            self._caught_up.popitem(last=False)
        with suppress(ForeignError, SolidError, httpx.HTTPError):
            telling = Telling(solid, self._host)
            await ForeignGrants(solid, place.storage, clock=self.clock, telling=telling).finish()

    async def enrich(self, session: Session, tokens: SessionTokens) -> dict[str, Any]:
        """Return what to remember of a person who just logged in; nothing if the pod does not answer now."""
        solid = SolidClient(self.http, tokens, clock=self.clock)
        try:
            return (await discover(solid, session.webid)).plain()
        except (SolidError, httpx.HTTPError):
            return {}
