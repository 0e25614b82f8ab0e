"""What notifications are made of: channel types, channels and the events that they carry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from pods.model import Agent, Path

NOTIFY = "http://www.w3.org/ns/solid/notifications#"
CONTEXT = "https://www.w3.org/ns/solid/notifications-context/v1"
"""The context that Notifications 0.3 names in its data model."""
OTHER_CONTEXT = "https://www.w3.org/ns/solid/notification/v1"
"""The same under the name that the three channel types and Community Solid Server give it."""
ACTIVITY_CONTEXT = "https://www.w3.org/ns/activitystreams"

PLACE = "/.notifications/"
FEATURES = ("accept", "endAt", "rate", "startAt", "state")
HOUR, DAY = 3_600.0, 86_400.0
MOST_TOPICS = 20  # of one channel; each is looked up at each of its changes


class ChannelType(Enum):
    """A kind of channel; its value is the local name of its IRI."""

    WEB_SOCKET = "WebSocketChannel2023"
    WEBHOOK = "WebhookChannel2023"
    STREAMING = "StreamingHTTPChannel2023"

    @property
    def service(self) -> str:
        """Path of the resource at which one subscribes."""
        return f"{PLACE}{self.value}/"


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a channel lives unless its subscriber says otherwise, and at the longest, in seconds."""

    usual: float
    longest: float


LIFETIMES: Mapping[ChannelType, Lifetime] = {
    # The address of such a channel is a bearer secret: it should not outlive the page that asked for it by much.
    ChannelType.WEB_SOCKET: Lifetime(DAY, 7 * DAY),
    ChannelType.STREAMING: Lifetime(DAY, 7 * DAY),
    # A webhook belongs to a service that renews it; what nobody renews must not be sent for ever.
    ChannelType.WEBHOOK: Lifetime(14 * DAY, 90 * DAY),
}
ANONYMOUS = Lifetime(HOUR, HOUR)
"""Of a channel that nobody can be asked to end."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A subscription request after reading: what is asked for, nothing of it decided."""

    kind: ChannelType
    topics: tuple[Path, ...]
    send_to: str | None = None
    start_at: float | None = None
    end_at: float | None = None
    rate: float | None = None
    state: str | None = None
    accept: str = "*/*"
    context: str = CONTEXT


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as it is stored. `told` is the last line of the outbox that it has dealt with."""

    id: str
    kind: ChannelType
    agent: Agent
    topics: tuple[Path, ...]
    end_at: float
    told: int
    start_at: float | None = None
    rate: float | None = None
    state: str | None = None
    accept: str = "*/*"
    context: str = CONTEXT
    send_to: str | None = None
    disabled: str | None = None
    """Why a webhook is not called any more; None while it is."""

    @property
    def path(self) -> str:
        """Path of the channel as a resource."""
        return self.kind.service + self.id


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a topic. `kind` is a type of ActivityStreams, or STATE."""

    seq: int
    topic: Path
    kind: str
    object: Path
    at: float


STATE = "State"
"""Not an activity: a question whether the subscriber knows the topic's present state."""


@dataclass(frozen=True, slots=True)
class Message:
    """A notification ready to be sent."""

    id: str
    media_type: str
    content: bytes
