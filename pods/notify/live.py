"""Channels whose receiver holds a connection to this process: each gets what the outbox says since it was told."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from pods.errors import StoreError, TooManyRequests
from pods.model import Clock, Path
from pods.notify import channels_sql, feed
from pods.notify.model import STATE, Channel, Event, Message
from pods.notify.telling import Lost, Teller
from pods.notify.waiting import either
from pods.storage.base import Commits, Store
from pods.storage.wakeups import Wakeups

log = logging.getLogger(__name__)

MOST_CONNECTIONS = 5_000  # of one process; each costs a socket and some kilobytes
MOST_WAITING = 1_000  # events that a reader may be behind
LOOK_SECONDS = 5.0  # between two looks for channels that have ended, while nothing is committed


class Ended(Exception):
    """The channel says nothing any more; the message says why."""

    def __init__(self, why: str, *, as_agreed: bool = False) -> None:
        super().__init__(why)
        self.as_agreed = as_agreed
        """Whether its time has come, or its creator ended it: nothing went wrong, and nothing is to be tried again."""


class Connection:
    """One receiver that listens to one channel."""

    def __init__(self, channel: Channel, teller: Teller, *, clock: Clock) -> None:
        self.channel = channel
        self.position = channel.told
        """Up to which line of the outbox it was looked at for this receiver."""
        self._teller = teller
        self._clock = clock
        self._waiting: deque[Event] = deque()
        self._changed = asyncio.Event()
        self._ended: Ended | None = None
        self._next_at = 0.0
        self._in_hand: Event | None = None
        if channel.state is not None:
            self._waiting.append(Event(channel.told, channel.topics[0], STATE, channel.topics[0], clock()))

    @property
    def told(self) -> int:
        """Up to which line of the outbox the receiver has been sent everything."""
        return self._waiting[0].seq - 1 if self._waiting else self.position

    def offer(self, event: Event) -> None:
        """Put an event into the queue; a reader that is too far behind is given up."""
        if self.channel.start_at is not None and event.at < self.channel.start_at:
            return
        if self.channel.rate is not None:
            # What waits for its time is overtaken by what happened to the same resource since.
            for older in [
                one for one in self._waiting if (one.topic, one.object) == (event.topic, event.object)
            ]:
                self._waiting.remove(older)
        if len(self._waiting) >= MOST_WAITING:
            self.end("the receiver reads too slowly")
            return
        self._waiting.append(event)
        self._changed.set()

    def end(self, why: str, *, as_agreed: bool = False) -> None:
        """Let the receiver hear nothing more."""
        self._ended = Ended(why, as_agreed=as_agreed)
        self._changed.set()

    async def next(self, seconds: float) -> Message | None:
        """Return the next notification, None if there was none for so long; raise Ended.

        Asking for the next one says that the last one was sent: what was not is told to the next receiver.
        """
        self._acknowledge()
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            now = self._clock()
            if now >= self.channel.end_at:
                raise Ended("the channel has ended", as_agreed=True)
            if self._ended is not None:
                raise self._ended
            if self._waiting and now >= self._next_at:
                message = await self._first()
                if message is not None:
                    return message
                continue
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                return None
            self._changed.clear()
            pause = min(left, self.channel.end_at - now)
            if self._waiting:
                pause = min(pause, self._next_at - now)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), pause)

    async def _first(self) -> Message | None:
        self._in_hand = event = self._waiting[0]
        try:
            message = await self._teller.message(self.channel, event)
        except Lost as lost:
            raise Ended("Read was withdrawn, or the channel was ended") from lost
        if message is None:
            self._acknowledge()
        elif self.channel.rate is not None:
            self._next_at = self._clock() + self.channel.rate
        return message

    def _acknowledge(self) -> None:
        # Another event may have taken its place while it was asked whether it may be told.
        if self._waiting and self._waiting[0] is self._in_hand:
            self._waiting.popleft()
        self._in_hand = None


class Live:
    """The connections of this process, and the one task that reads the outbox for all of them."""

    def __init__(
        self, store: Store, commits: Commits, wakeups: Wakeups, teller: Teller, *, clock: Clock
    ) -> None:
        self._store = store
        self._commits = commits
        self._wakeups = wakeups
        self._teller = teller
        self._clock = clock
        self._connections: set[Connection] = set()
        self._by_topic: defaultdict[Path, set[Connection]] = defaultdict(set)
        self._joined = asyncio.Event()
        self._checked = 0.0

    @property
    def count(self) -> int:
        """How many receivers are connected to this process."""
        return len(self._connections)

    @asynccontextmanager
    async def connected(self, channel: Channel) -> AsyncIterator[Connection]:
        """Listen to a channel; what was not told before the block ends is told to the next receiver."""
        if len(self._connections) >= MOST_CONNECTIONS:
            raise TooManyRequests("Too many receivers are connected; try again in a moment.")
        connection = Connection(channel, self._teller, clock=self._clock)
        self._connections.add(connection)
        for topic in channel.topics:
            self._by_topic[topic].add(connection)
        self._joined.set()
        try:
            yield connection
        finally:
            self._connections.discard(connection)
            for topic in channel.topics:
                self._by_topic[topic].discard(connection)
                if not self._by_topic[topic]:
                    del self._by_topic[topic]
            with suppress(StoreError):  # the host is shutting down: the next receiver hears something twice
                await self._commits.submit(lambda tx: channels_sql.told(tx, channel.id, connection.told))

    def ended(self, channel_id: str) -> None:
        """Cut the receivers of a channel that was ended here; other processes notice at their next look."""
        for connection in self._connections:
            if connection.channel.id == channel_id:
                connection.end("the channel was ended by its creator", as_agreed=True)

    async def run(self) -> None:
        """Read the outbox for as long as somebody listens; sleep while nobody does."""
        while True:
            await self._joined.wait()
            try:
                await self._follow()
            except Exception:
                # One line that cannot be told must not end this silently: nobody would hear anything again.
                log.exception("notifications could not be read from the outbox")
                await asyncio.sleep(LOOK_SECONDS)

    async def _follow(self) -> None:
        while self._connections:
            self._joined.clear()
            seen = self._wakeups.count
            await self._look()
            await either(self._wakeups.wait(LOOK_SECONDS, seen=seen), self._joined.wait())
            await self._cut_what_ended()
        self._joined.clear()

    async def _look(self) -> None:
        """Offer what the outbox holds to everybody who has not been offered it."""
        while self._connections:
            # The one who joined last may be behind the others; lines that these know are not offered again.
            position = min(connection.position for connection in self._connections)
            changes = await feed.after(self._store, position)
            for change in changes:
                for event in feed.events(change):
                    for connection in self._by_topic.get(event.topic, ()):
                        if connection.position < change.seq:
                            connection.offer(event)
            if not changes:
                return
            for connection in self._connections:
                if connection.position >= position:
                    connection.position = max(connection.position, changes[-1].seq)

    async def _cut_what_ended(self) -> None:
        """End the connections of channels that another process removed, also where nothing happens any more."""
        time = asyncio.get_running_loop().time()
        if time < self._checked + LOOK_SECONDS:
            return
        self._checked = time
        now, listed = self._clock(), list(self._connections)
        alive = await self._store.read(
            lambda tx: [channels_sql.alive(tx, connection.channel.id, now) for connection in listed]
        )
        for connection, is_alive in zip(listed, alive, strict=True):
            if not is_alive:
                connection.end("the channel has ended", as_agreed=True)
