"""Give and withdraw on a server without UMA, with the person's own token: written first, done, and looked at again."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace

import httpx
from rdflib import Graph, URIRef

from consent.foreign import rules
from consent.foreign.errors import Fault, ForeignError
from consent.foreign.lists import AccessList, AccessLists
from consent.foreign.notes import ForeignGrant, ForeignState, Notes, moved
from consent.foreign.telling import Telling
from pods.client import SolidClient, SolidError
from pods.model import Clock

log = logging.getLogger(__name__)

ATTEMPTS = 5  # readings of a list that others change at the same time


class ForeignGrants:
    """Consent of the person whose client this is, about data in their storage on somebody else's server.

    Nobody else holds a token of theirs: what fails or comes due while they are away is done by `finish`, which
    a wallet calls at each visit.
    """

    def __init__(
        self,
        solid: SolidClient,
        storage: str,
        *,
        clock: Clock,
        telling: Telling | None = None,
        new_id: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        """`telling` tells organisations what they were given; without it they find out by reading."""
        self._lists = AccessLists(solid)
        self._telling = telling
        self._notes = Notes(solid, storage)
        self._storage = storage.rstrip("/") + "/"
        self._clock = clock
        self._new_id = new_id

    async def give(
        self,
        purpose: str,
        agent: str,
        resources: Sequence[str],
        expires_at: float,
        *,
        title: str = "",
        organisation: str = "",
        notice: str = "",
        language: str = "",
        read: str = "",
    ) -> ForeignGrant:
        """Let an agent read some documents until the person withdraws; the caller has named the LIMITS before.

        `title`, `organisation`, the digest `notice`, and `language` and the digest `read` of exactly the words in
        it, are what the person was shown, and stand in the note.

        Raises ForeignError for what a list cannot say exactly, SolidError if the server refuses. What was begun
        then is undone by `finish`.
        """
        for resource in resources:
            # A container's rule would grow with it, and show its members: documents are named one by one.
            if resource.endswith("/") or not resource.startswith(self._storage) or set("?#") & set(resource):
                raise ForeignError(
                    Fault.NOT_A_DOCUMENT,
                    f"{resource} is no document of {self._storage}; name documents one by one.",
                )
        grant = ForeignGrant(
            *(self._new_id(), purpose, agent, tuple(resources), expires_at),
            state=ForeignState.GIVING,
            changed_at=self._clock(),
            title=title,
            organisation=organisation,
            notice=notice,
            language=language,
            read=read,
        )
        await self._notes.write(grant)
        for resource in resources:
            grant = await self._open(grant, resource)
        return await self._told(await self._notes.write(moved(grant, ForeignState.GIVEN, self._clock())))

    async def withdraw(self, grant_id: str) -> ForeignGrant:
        """Take the rules of a grant out of all lists, and look that they are gone. Twice is as good as once.

        When this raises, the note says `withdrawing` if the server took it, and `finish` goes on from there.
        """
        grant = await self._notes.read(grant_id)
        if grant is None:
            raise ForeignError(Fault.UNKNOWN_GRANT, f"There is no consent {grant_id} in {self._storage}.")
        if grant.state is ForeignState.WITHDRAWN:
            return await self._told(grant)
        grant = await self._notes.write(moved(grant, ForeignState.WITHDRAWING, self._clock()))
        still: list[str] = []
        try:
            still = [resource for resource in grant.resources if await self._close(grant, resource)]
        finally:
            # The rules come first, for they stop the reading; where they cannot be changed now, who may read
            # must know all the more that the person took it back.
            grant = await self._told(grant)
        done = moved(grant, ForeignState.WITHDRAWN, self._clock(), open_still=tuple(still))
        return await self._notes.write(done)

    async def finish(self) -> list[ForeignGrant]:
        """Do what was left undone or came due since the last visit; return the grants that this ended.

        A grant that was only begun is taken back: the person did not see it succeed. One that cannot be ended now
        keeps no other from it; the first error is raised when all were tried.
        """
        now = self._clock()
        ended: list[ForeignGrant] = []
        failed: Exception | None = None
        for grant in await self._notes.all():
            if grant.under_way or (grant.state is ForeignState.GIVEN and grant.expires_at <= now):
                try:
                    ended.append(await self.withdraw(grant.id))
                except (ForeignError, SolidError, httpx.HTTPError) as error:
                    failed = failed or error
            else:
                await self._told(grant)
        if failed is not None:
            raise failed
        return ended

    async def all(self) -> list[ForeignGrant]:
        """Return every grant in this storage, the latest change first."""
        return await self._notes.all()

    async def _told(self, grant: ForeignGrant) -> ForeignGrant:
        """Tell the organisation what it does not know yet; what fails is tried again by `finish`."""
        state = self._telling.owed(grant) if self._telling is not None else ""
        if not state or self._telling is None:
            return grant
        try:
            await self._telling.tell(grant, state)
            return await self._notes.write(replace(grant, told=state))
        except (SolidError, httpx.HTTPError) as error:
            log.info("an organisation was not told of a grant elsewhere: %s", type(error).__name__)
            return grant

    async def _open(self, grant: ForeignGrant, resource: str) -> ForeignGrant:
        """Add the rule of a grant to a list; return the grant, which notes a new list before there is one."""
        for _ in range(ATTEMPTS):
            known = await self._lists.of(resource)
            if known.rules is None and known.place not in grant.made:
                made = (*grant.made, known.place)
                grant = await self._notes.write(moved(grant, ForeignState.GIVING, self._clock(), made=made))
            before = known.rules if known.rules is not None else await self._inherited(resource, known)
            if not rules.keeps_control(before, resource):
                raise ForeignError(
                    Fault.NO_CONTROL,
                    f"Nobody could withdraw what is given on {resource}; nothing was changed.",
                )
            after = rules.with_grant(before, _mark(known, grant), resource, grant.agent)
            if await self._lists.replace(known, after):
                await self._require(resource, after)
                return grant
        raise ForeignError(Fault.BUSY, f"The rules of {resource} change all the time; try again later.")

    async def _close(self, grant: ForeignGrant, resource: str) -> bool:
        """Take the rule of a grant out of a list; say whether the agent may read by somebody else's rule."""
        for _ in range(ATTEMPTS):
            known = await self._lists.of(resource)
            if known.rules is None:  # the list went meanwhile, and our rule with it
                return False
            mark = _mark(known, grant)
            after = rules.without_grant(known.rules, mark)
            if len(after) == len(known.rules):
                return rules.opens(known.rules, resource, grant.agent)
            if await self._taken_out(grant, resource, known, after):
                continue  # look once more: only what was read again counts as gone
        raise ForeignError(
            Fault.BUSY, f"The rules of {resource} change all the time; the withdrawal goes on later."
        )

    async def _taken_out(self, grant: ForeignGrant, resource: str, known: AccessList, after: Graph) -> bool:
        if known.place in grant.made and rules.same(after, await self._inherited(resource, known)):
            return await self._lists.remove(known)  # nobody added a rule: the resource inherits as before
        return await self._lists.replace(known, after)

    async def _inherited(self, resource: str, known: AccessList) -> Graph:
        container, above = await self._lists.above(resource)
        return rules.inherited(above, container, resource, known.place)

    async def _require(self, resource: str, wanted: Graph) -> None:
        found = await self._lists.of(resource)
        if found.rules is None or not rules.same(found.rules, wanted):
            raise ForeignError(
                Fault.NOT_KEPT, f"The server did not keep the rules of {resource} as they were written."
            )


def _mark(known: AccessList, grant: ForeignGrant) -> URIRef:
    """Return the name of the rule of a grant: only what bears it is ever taken out."""
    return URIRef(f"{known.place}#consent-{grant.id}")
