"""May this agent hear of this event, and what is said? Asked in one transaction, for every event and recipient."""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from pods import activity
from pods.authz.base import Authorizer, Rights
from pods.errors import PodError, StoreError
from pods.model import Agent, Clock, Mode, Path
from pods.notify import channels_sql, times
from pods.notify.model import ACTIVITY_CONTEXT, STATE, Channel, Event, Message
from pods.protocol import headers, negotiate, rdf, target
from pods.refusing import Unlearned
from pods.representation import tags
from pods.storage.base import Commits, Store, Transaction

T = TypeVar("T")

MAX_ATTEMPTS = 5  # each fetches groups that the list names by then
REASON = "notification"
"""What the owner's log says beside a read that was a notification."""
_OFFERED = (rdf.JSON_LD, rdf.TURTLE, rdf.N_TRIPLES)
_MESSAGES = uuid.UUID(
    "6c1f0a5e-5f0e-4d0c-9c3c-0a6f4f3b7a51"
)  # the name space of message ids; any constant does


class Lost(PodError):
    """The recipient may not, or not any more, hear of the topic."""

    code = "forbidden"


def needed(topic: Path) -> Mode:
    """Return the mode that hearing of a topic needs: what reading it needs."""
    return Mode.CONTROL if target.is_acl(topic) else Mode.READ


def rights(authorizer: Authorizer, agent: Agent, topic: Path, tx: Transaction) -> Rights | None:
    """Return the rights of an agent who may hear of a topic, None if it may not.

    Whoever sees a resource through a view is told nothing of it: a notification says that the whole has
    changed and what its tag is, which is more than the view shows (decision 0015). Raises Unlearned where
    groups elsewhere must be known first.
    """
    found = authorizer.rights(agent, topic, tx)
    wanted = needed(topic)
    if found.unknown and wanted not in found.user:
        raise Unlearned(found.unknown)
    if wanted not in found.user or found.view is not None or agent.claims:
        return None
    if wanted is Mode.CONTROL and headers.is_managed(topic):
        return None
    return found


async def once_learned(authorizer: Authorizer, ask: Callable[[], Awaitable[T]]) -> T:
    """Return what `ask` says when it knows the groups that it needs; they are fetched outside transactions."""
    for _ in range(MAX_ATTEMPTS):
        try:
            return await ask()
        except Unlearned as missing:
            await authorizer.learn(missing.groups)
    raise StoreError("The groups that an ACL names change too fast; try again.")


class Teller:
    """Makes notifications for recipients that may have them."""

    def __init__(
        self, store: Store, commits: Commits, authorizer: Authorizer, *, base: str, clock: Clock
    ) -> None:
        self._store = store
        self._commits = commits
        self._authorizer = authorizer
        self._base = base
        self._clock = clock

    async def message(self, channel: Channel, event: Event) -> Message | None:
        """Return the notification of an event; None if there is nothing to say; raise Lost.

        Read is checked in the transaction that reads the state. What is not public leaves a line in the
        owner's log first (design, rule 3), in a transaction that checks Read again.
        """
        found = await once_learned(self._authorizer, lambda: self._asked(channel, event))
        if isinstance(found, _Refused):
            # The topic is lost for good: Read that comes back later is subscribed to anew.
            await self._commits.submit(lambda tx: channels_sql.drop_topic(tx, channel.id, event.topic))
            raise Lost(f"{event.topic} is not for this channel any more")
        return found if isinstance(found, Message) else None

    async def _asked(self, channel: Channel, event: Event) -> Message | _Refused | _NeedsLine | None:
        found = await self._store.read(lambda tx: self._said(channel, event, tx, log=False))
        if isinstance(found, _NeedsLine):
            return await self._commits.submit(lambda tx: self._said(channel, event, tx, log=True))
        return found

    def _said(
        self, channel: Channel, event: Event, tx: Transaction, *, log: bool
    ) -> Message | _Refused | _NeedsLine | None:
        at = self._clock()
        if not channels_sql.listens(tx, channel.id, event.topic, at):
            return _REFUSED
        allowed = rights(self._authorizer, channel.agent, event.topic, tx)
        pod = tx.pod(target.pod_name(event.topic))
        if allowed is None or pod is None:
            return _REFUSED
        stored = tx.get(event.topic)
        kind, etag = event.kind, stored.etag if stored is not None else None
        if kind == STATE:
            if etag is not None and (channel.state or "").strip('"') in tags(etag):
                return None
            kind = "Delete" if etag is None else "Update"
        if not allowed.owner and needed(event.topic) not in allowed.public:
            if not log:
                return _NEEDS_LINE
            activity.append(
                tx,
                pod.key,
                agent=channel.agent,
                path=event.topic,
                action="read",
                decision=activity.PERMIT,
                reason=REASON,
                grant=allowed.grant,
                purpose=allowed.purpose,
                at=at,
            )
        return self._written(channel, event, kind, None if kind == "Delete" else etag)

    def _written(self, channel: Channel, event: Event, kind: str, etag: str | None) -> Message:
        # The same event gets the same id however often it is sent: receivers can tell a repetition.
        name = f"{channel.id} {event.seq} {event.topic} {event.kind}"
        document: dict[str, Any] = {
            "@context": [ACTIVITY_CONTEXT, channel.context],
            "id": uuid.uuid5(_MESSAGES, name).urn,
            "type": kind,
            "object": self._base + event.object,
        }
        if event.object != event.topic:
            document["target"] = self._base + event.topic
        if etag is not None:
            document["state"] = etag
        document["published"] = times.date_time(event.at)
        content = json.dumps(document).encode()
        wanted = negotiate.preferred(channel.accept, _OFFERED) or rdf.JSON_LD
        if wanted != rdf.JSON_LD:
            content = rdf.convert(rdf.JSON_LD, wanted, content, self._base)
        return Message(document["id"], wanted, content)


class _Refused:
    """No Read, no channel or no pod."""


class _NeedsLine:
    """The log must say so first, which takes a write transaction."""


_REFUSED, _NEEDS_LINE = _Refused(), _NeedsLine()
