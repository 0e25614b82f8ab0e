"""Subscribe, look at a channel, end it: authorised and stored in one transaction."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace

from pods import activity
from pods.authz.base import Authorizer
from pods.errors import (
    Forbidden,
    NotFound,
    PodError,
    TooManyRequests,
    Unauthenticated,
    Unprocessable,
)
from pods.model import Agent, Clock, Path
from pods.notify import channels_sql, telling, webhooks_sql
from pods.notify.model import ANONYMOUS, LIFETIMES, STATE, Channel, ChannelType, Event, Wanted
from pods.protocol import target
from pods.refusals import Refusals
from pods.storage.base import Commits, Store, Transaction

MOST_OF_AGENT = 200  # live channels; a page that shows a hundred documents needs a hundred
MOST_OF_POD = 10_000  # of known agents: so many rows are looked at when the pod is removed
MOST_ANONYMOUS = 200  # of unknown ones: these must not use up what known agents may have
MOST_UNCONFIRMED = 20  # webhooks of one host that may be no receiver at all
_SECRET_BYTES = 32  # of a receiveFrom address, which anybody who knows it may use
_ID_BYTES = 16


class Subscriptions:
    """Keeps channels. `reachable` raises Unprocessable for a sendTo that no request of ours may go to."""

    def __init__(
        self,
        store: Store,
        commits: Commits,
        authorizer: Authorizer,
        reachable: Callable[[str], Awaitable[str]],
        webhook_made: Callable[[], None],
        *,
        clock: Clock,
    ) -> None:
        self._store = store
        self._commits = commits
        self._authorizer = authorizer
        self._reachable = reachable
        self._webhook_made = webhook_made
        self._refusals = Refusals()
        self._clock = clock

    async def subscribe(self, agent: Agent, wanted: Wanted) -> tuple[Channel, str]:
        """Return a new channel with the secret of its receiveFrom address; raise a PodError.

        Read on each topic is needed (Control where it is an ACL), and will be at each event.
        """
        if agent.claims:
            # A grant shows a part of a resource for seconds; what a notification says is not part of it.
            raise Forbidden("A token for one grant opens no channel: notifications are not part of a grant.")
        if wanted.kind is ChannelType.WEBHOOK and agent.webid is None:
            # WebhookChannel2023, 3: "Subscription client MUST perform authenticated subscription request".
            raise Unauthenticated("Log in first: a webhook needs an access token with a DPoP proof.")
        host = await self._receiver(wanted)
        channel = self._new(agent, wanted)
        # What was committed before the request is before the channel, whether it has its number yet or not.
        await asyncio.to_thread(self._store.settle)
        secret = secrets.token_urlsafe(_SECRET_BYTES)

        def store(tx: Transaction) -> Channel:
            for topic in channel.topics:
                if telling.rights(self._authorizer, agent, topic, tx) is None or _pod(topic, tx) is None:
                    raise _Denied(topic)
            self._require_room(channel, host, tx)
            made = replace(channel, told=channels_sql.last_change(tx))
            channels_sql.add(tx, made, at=self._clock(), secret=None if host else secret, host=host)
            if host is not None and made.state is not None:
                topic = made.topics[0]
                webhooks_sql.add(tx, made.id, None, Event(made.told, topic, STATE, topic, self._clock()))
            return made

        try:
            made = await telling.once_learned(self._authorizer, lambda: self._commits.submit(store))
            if host is not None:
                self._webhook_made()
            return made, secret
        except _Denied as denied:
            topic = denied.topic
        raise await self._commits.submit(lambda tx: self._refusal(agent, topic, tx))

    async def channel(self, agent: Agent, kind: ChannelType, channel_id: str) -> Channel:
        """Return a channel to its creator; raise NotFound for anybody else."""
        found = await self._store.read(lambda tx: channels_sql.by_id(tx, channel_id, self._clock()))
        return _own(found, agent, kind)

    async def end(self, agent: Agent, kind: ChannelType, channel_id: str) -> None:
        """Remove a channel for its creator; raise NotFound for anybody else."""

        def remove(tx: Transaction) -> None:
            _own(channels_sql.by_id(tx, channel_id, self._clock()), agent, kind)
            channels_sql.delete(tx, channel_id)

        await self._commits.submit(remove)

    async def _receiver(self, wanted: Wanted) -> str | None:
        """Return the host of a webhook, None for other channels; raise Unprocessable."""
        if wanted.kind is not ChannelType.WEBHOOK:
            if wanted.send_to is not None:
                raise Unprocessable(f"sendTo is for webhooks; a {wanted.kind.value} is received from here.")
            return None
        if wanted.send_to is None:
            raise Unprocessable("A webhook needs sendTo, the https address that takes the notifications.")
        return await self._reachable(wanted.send_to)

    def _new(self, agent: Agent, wanted: Wanted) -> Channel:
        now = self._clock()
        lifetime = LIFETIMES[wanted.kind] if agent.webid is not None else ANONYMOUS
        end_at = min(wanted.end_at or now + lifetime.usual, now + lifetime.longest)
        if end_at <= now or (wanted.start_at is not None and wanted.start_at >= end_at):
            raise Unprocessable("endAt must lie in the future, and after startAt.")
        if wanted.state is not None and len(wanted.topics) > 1:
            raise Unprocessable("state is that of one topic; subscribe to the topics one by one.")
        return Channel(
            id=secrets.token_urlsafe(_ID_BYTES),
            kind=wanted.kind,
            agent=agent,
            topics=wanted.topics,
            end_at=end_at,
            told=0,
            start_at=wanted.start_at,
            rate=wanted.rate,
            state=wanted.state,
            accept=wanted.accept,
            context=wanted.context,
            send_to=wanted.send_to,
        )

    def _require_room(self, channel: Channel, host: str | None, tx: Transaction) -> None:
        now, webid = self._clock(), channel.agent.webid
        if host is not None and webhooks_sql.unconfirmed(tx, host, now) >= MOST_UNCONFIRMED:
            raise TooManyRequests(f"{MOST_UNCONFIRMED} webhooks of {host} have taken no notification yet.")
        if webid is not None and channels_sql.count_of_agent(tx, webid, now) >= MOST_OF_AGENT:
            raise TooManyRequests(f"You have {MOST_OF_AGENT} channels here; end one, or wait until one ends.")
        most = MOST_OF_POD if webid is not None else MOST_ANONYMOUS
        for pod in {_pod(topic, tx) for topic in channel.topics} - {None}:
            if channels_sql.count_of_pod(tx, pod or 0, now, anonymous=webid is None) >= most:
                raise TooManyRequests(f"This pod has {most} channels already; try again later.")

    def _refusal(self, agent: Agent, topic: Path, tx: Transaction) -> PodError:
        pod = _pod(topic, tx)
        mode = "Control" if target.is_acl(topic) else "Read"
        said = f"This needs {mode} on {topic}, which was not given."
        if agent.webid is None:
            return Unauthenticated(said)
        more = self._refusals.count(pod, agent.webid, self._clock()) if pod is not None else None
        if pod is not None and more is not None:
            activity.append(
                tx,
                pod,
                agent=agent,
                path=topic,
                action="read",
                decision=activity.DENY,
                reason=f"{telling.REASON}: {said}{more}",
                at=self._clock(),
            )
        return Forbidden(said)


class _Denied(Forbidden):
    """A refusal inside the transaction; it is logged before the client sees it."""

    def __init__(self, topic: Path) -> None:
        super().__init__("no Read")
        self.topic = topic


def _pod(topic: Path, tx: Transaction) -> int | None:
    pod = tx.pod(target.pod_name(topic))
    return pod.key if pod is not None else None


def _own(channel: Channel | None, agent: Agent, kind: ChannelType) -> Channel:
    if agent.webid is None:
        raise Unauthenticated("Log in first: a channel is its creator's alone.")
    # Somebody else's channel and none at all look the same: its address tells what somebody listens to.
    if channel is None or channel.kind is not kind or channel.agent.webid != agent.webid or agent.claims:
        raise NotFound("You have no channel of this address; it may have ended.")
    return channel
