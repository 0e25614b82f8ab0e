"""Carries notices to inboxes on other hosts (Linked Data Notifications, 3.2): found, posted, tried again, given up."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

import httpx
import orjson

from consent.rights import outgoing_sql
from consent.rights.outgoing_sql import Outgoing
from pods.errors import PodError
from pods.model import Clock
from pods.notify.sender import Outcome
from pods.protocol import rdf
from pods.recurring import recurring
from pods.storage.base import Commits, Store, Transaction

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/ld+json"
INBOX = "http://www.w3.org/ns/ldp#inbox"
AT_ONCE = 20  # of one round; one slow receiver holds up so many at most
EVERY_SECONDS = 15.0  # between two looks; deadlines are days
CLAIM_SECONDS = 120.0  # a process that died in the middle of sending leaves it to another after so long
FIRST_RETRY = 60.0  # seconds; doubled with each failure
LONGEST_RETRY = 6 * 3_600.0
GIVE_UP_AFTER = (
    14 * 86_400.0
)  # half of the month that the recipient has; the operator is told by the list then


class Posts(Protocol):
    """Sends what the host says as the host, through the guard; `pods.notify.sender.Sender` is one."""

    async def post(self, url: str, content: bytes, media_type: str, link: str) -> Outcome: ...
    async def aclose(self) -> None: ...


class NoInbox(Exception):
    """A profile cannot be read or names no inbox; the message says which."""


class Carrier:
    """Looks after the queue while the host serves. Several workers may: who claims a notice sends it."""

    def __init__(
        self, store: Store, commits: Commits, http: httpx.AsyncClient, sender: Posts, *, clock: Clock
    ) -> None:
        self._store = store
        self._commits = commits
        self._http = http
        self._sender = sender
        self._clock = clock

    async def send_some(self) -> int:
        """Send what is due now; return how many notices that were, taken or not."""
        at = self._clock()
        count = 0
        for notice in await self._store.read(lambda tx: outgoing_sql.due(tx, at, AT_ONCE)):
            until = at + CLAIM_SECONDS
            if await self._commits.submit(
                lambda tx, one=notice, until=until: outgoing_sql.claim(tx, one, until)  # type: ignore[misc]  # bound defaults
            ):
                await self._send(notice)
                count += 1
        return count

    @asynccontextmanager
    async def alongside(self) -> AsyncIterator[None]:
        """Send notices now and then."""
        try:
            async with recurring(self._send_all, EVERY_SECONDS, "notices to other hosts"):
                yield
        finally:
            await self._sender.aclose()

    async def _send_all(self) -> None:
        while await self.send_some() == AT_ONCE:
            pass

    async def _send(self, notice: Outgoing) -> None:
        try:
            inbox = await find_inbox(self._http, notice.recipient)
        except NoInbox as error:
            outcome = Outcome(taken=False, why=str(error))
        else:
            subject = orjson.loads(notice.content)["object"]
            link = f'<{subject}>; rel="about"'
            outcome = await self._sender.post(inbox, notice.content.encode(), MEDIA_TYPE, link)
        await self._commits.submit(lambda tx: self._settle(tx, notice, outcome))

    def _settle(self, tx: Transaction, notice: Outgoing, outcome: Outcome) -> None:
        at = self._clock()
        if outcome.taken:
            outgoing_sql.taken(tx, notice.name, at)
        elif outcome.gone or at - notice.made_at >= GIVE_UP_AFTER:
            outgoing_sql.given_up(tx, notice.name, outcome.why, at)
        else:
            pause = min(FIRST_RETRY * 2.0 ** min(notice.failures, 20), LONGEST_RETRY)
            outgoing_sql.failed(tx, notice.name, outcome.why, at + max(pause, outcome.retry_after))


async def find_inbox(http: httpx.AsyncClient, webid: str) -> str:
    """Return the inbox that a WebID's document names; `http` is a guarded client. Raises NoInbox."""
    document = webid.partition("#")[0]
    try:
        answer = await http.get(document, headers={"accept": "text/turtle, application/ld+json;q=0.5"})
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NoInbox(f"the profile cannot be read: {str(error) or type(error).__name__}") from error
    if not answer.is_success:
        raise NoInbox(f"the profile cannot be read: its host answered {answer.status_code}")
    # LDN, 3.1: the Link header "or" the statement in the document; the header costs no parsing.
    linked = answer.links.get(INBOX, {}).get("url")
    if linked is not None:
        return str(httpx.URL(document).join(linked))
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not rdf.is_rdf(media_type):
        raise NoInbox(f"the profile is {media_type or 'of no stated type'} and names no inbox in its header")
    try:
        quads = rdf.parse(media_type, answer.content, document)
    except PodError as error:
        raise NoInbox("the profile is no RDF that can be read") from error
    for quad in quads:
        if (quad.subject, quad.predicate) == (rdf.node(webid), rdf.node(INBOX)) and isinstance(
            quad.object, rdf.NamedNode
        ):
            return quad.object.value
    raise NoInbox("the profile names no inbox")
