"""JSON-LD of notifications: read subscription requests, write services and channels."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pods.errors import BadContent, PodError, Unprocessable, UnsupportedMedia
from pods.model import Path
from pods.notify import times
from pods.notify.model import (
    CONTEXT,
    FEATURES,
    MOST_TOPICS,
    NOTIFY,
    OTHER_CONTEXT,
    Channel,
    ChannelType,
    Wanted,
)
from pods.protocol import negotiate, rdf, target

ACCEPT_POST = ", ".join((rdf.JSON_LD, rdf.TURTLE, rdf.N_TRIPLES))
"""Notifications demands JSON-LD; clients that are built on RDF libraries send Turtle."""

MAX_REQUEST = 16 * 1024  # bytes; a request has some hundreds
_MAX_TEXT = 1_024  # characters of a state or an Accept
_PROFILE = re.compile(r';\s*profile\s*=\s*(?:"([^"]*)"|([^;\s]+))', re.IGNORECASE)
_JSON_LD_FORMS = "http://www.w3.org/ns/json-ld#"
_PROFILES = frozenset(
    {CONTEXT, OTHER_CONTEXT, *(_JSON_LD_FORMS + form for form in ("expanded", "compacted", "flattened"))}
)
# "The URI of the subscription type is http://www.w3.org/ns/solid/notification#WebSocketChannel2023", says that
# specification, without the s of the vocabulary; both are in use.
_OTHER_NOTIFY = "http://www.w3.org/ns/solid/notification#"


def media_type_of(content_type: str) -> str:
    """Return the type of a body; raise UnsupportedMedia unless it is RDF, and of a profile that we read."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type not in rdf.OFFERED:
        raise UnsupportedMedia(
            f"Subscribe with a body of {rdf.JSON_LD}.", headers=(("accept-post", ACCEPT_POST),)
        )
    for quoted, plain in _PROFILE.findall(content_type):
        unknown = set((quoted or plain).split()) - _PROFILES
        if unknown:
            # Notifications, Subscription: "MUST respond with a 415 ... for unsupported values in the profile
            # parameter".
            raise UnsupportedMedia(f"The profile {sorted(unknown)[0]} is not supported.")
    return media_type


def read_request(content: bytes, kind: ChannelType, base: str) -> Wanted:
    """Return what a subscription request asks for; raise BadContent for no JSON, Unprocessable for the rest."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadContent(f"The body is not JSON: {error}") from error
    if not isinstance(document, dict | list):
        raise BadContent("The body is not a JSON-LD document.")
    from vocab import jsonld  # here: pyld is slow to import, and few workers need it at their start

    try:
        nodes = jsonld.expand(document, base + kind.service)
    except jsonld.BadJsonLd as error:
        # "... 422 when unable to process the contained instructions, including unrecognised JSON-LD context"
        raise Unprocessable(f"The subscription request cannot be read: {error}") from error
    found = [node for node in nodes if isinstance(node, dict) and NOTIFY + "topic" in node]
    if len(found) != 1:
        raise Unprocessable("A subscription request describes one channel, with a topic; see " + CONTEXT)
    node = found[0]
    try:
        return Wanted(
            kind=_kind(node, kind, base),
            topics=_topics(node, base),
            send_to=_one(node, "sendTo", "@id"),
            start_at=_moment(node, "startAt"),
            end_at=_moment(node, "endAt"),
            rate=_rate(node),
            state=_one(node, "state", "@value"),
            accept=_accept(node),
            context=_context_of(document),
        )
    except (ValueError, OverflowError) as error:
        raise Unprocessable(f"The subscription request cannot be processed: {error}") from error


def service(kind: ChannelType, base: str) -> dict[str, Any]:
    """Return the description of a subscription service."""
    return {
        "@context": [CONTEXT],
        "id": base + kind.service,
        # A full IRI: the published context names no channel types.
        "channelType": NOTIFY + kind.value,
        "feature": list(FEATURES),
    }


def services(base: str, description: str) -> str:
    """Return Turtle that names the subscription services in a description resource of a storage."""
    listed = [f"<{base}{kind.service}>" for kind in ChannelType]
    features = ", ".join(f"notify:{name}" for name in FEATURES)
    lines = [f"@prefix notify: <{NOTIFY}>.\n<{description}> notify:subscription {', '.join(listed)}.\n"]
    lines += [
        f"<{base}{kind.service}> notify:channelType notify:{kind.value};\n    notify:feature {features}.\n"
        for kind in ChannelType
    ]
    return "".join(lines)


def described(channel: Channel, base: str, **further: str) -> dict[str, Any]:
    """Return a channel as its creator sees it; `further` are members that depend on its type."""
    topics = [base + topic for topic in channel.topics]
    document: dict[str, Any] = {
        "@context": [channel.context],
        "id": base + channel.path,
        "type": NOTIFY + channel.kind.value,
        "topic": topics[0] if len(topics) == 1 else topics,
    }
    if channel.send_to is not None:
        document["sendTo"] = channel.send_to
    document |= further
    if channel.start_at is not None:
        document["startAt"] = times.date_time(channel.start_at)
    document["endAt"] = times.date_time(channel.end_at)
    if channel.rate is not None:
        document["rate"] = times.duration(channel.rate)
    if channel.state is not None:
        document["state"] = channel.state
    if channel.accept != "*/*":
        document["accept"] = channel.accept
    return document


def _kind(node: Mapping[str, Any], kind: ChannelType, base: str) -> ChannelType:
    accepted = {NOTIFY + kind.value, _OTHER_NOTIFY + kind.value, kind.value, base + kind.service + kind.value}
    # What came from Turtle states its type by the property, as JSON-LD may.
    types = [*node.get("@type", []), *(item.get("@id") for item in node.get(rdf.RDF_TYPE.value, []))]
    if len(types) != 1 or types[0] not in accepted:
        raise ValueError(f"the type here is {NOTIFY}{kind.value}, and no other")
    return kind


def _topics(node: Mapping[str, Any], base: str) -> tuple[Path, ...]:
    found = list(dict.fromkeys(_values(node, "topic", "@id")))
    if not 1 <= len(found) <= MOST_TOPICS:
        raise ValueError(f"a channel has 1 to {MOST_TOPICS} topics")
    topics = []
    for topic in found:
        path = topic.removeprefix(base)
        if path == topic or not path.startswith("/") or path.startswith("/.") or path == "/":
            raise ValueError(f"the topic {topic} is no resource of {base}")
        try:
            topics.append(target.canonical(path.encode("ascii")))
        except (PodError, UnicodeEncodeError) as error:
            raise ValueError(f"the topic {topic} is no address here: {error}") from error
    return tuple(dict.fromkeys(topics))


def _moment(node: Mapping[str, Any], name: str) -> float | None:
    stated = _one(node, name, "@value")
    return None if stated is None else times.moment(stated)


def _rate(node: Mapping[str, Any]) -> float | None:
    stated = _one(node, "rate", "@value")
    return None if stated is None else times.seconds(stated)


def _accept(node: Mapping[str, Any]) -> str:
    stated = _one(node, "accept", "@value") or "*/*"
    if negotiate.preferred(stated, (rdf.JSON_LD, rdf.TURTLE, rdf.N_TRIPLES)) is None:
        raise ValueError(f"accept: notifications are {', '.join((rdf.JSON_LD, rdf.TURTLE, rdf.N_TRIPLES))}")
    return stated


def _one(node: Mapping[str, Any], name: str, key: str) -> str | None:
    found = _values(node, name, key)
    if len(found) > 1:
        raise ValueError(f"{name} is stated more than once")
    return found[0] if found else None


def _values(node: Mapping[str, Any], name: str, key: str) -> list[str]:
    # Spelled as a full IRI, a member escapes what the context says of it, and an address comes as a text.
    values = [item.get(key, item.get("@value")) for item in node.get(NOTIFY + name, [])]
    texts = [value for value in values if isinstance(value, str) and len(value) <= _MAX_TEXT * 2]
    if len(texts) != len(values) or (key == "@value" and any(len(text) > _MAX_TEXT for text in texts)):
        raise ValueError(f"{name} is not what the context {CONTEXT} says")
    return texts


def _context_of(document: Any) -> str:
    """Return the context to answer in: the one that the client knows."""
    stated = document.get("@context") if isinstance(document, dict) else None
    named = stated if isinstance(stated, list) else [stated]
    return OTHER_CONTEXT if OTHER_CONTEXT in named and CONTEXT not in named else CONTEXT
