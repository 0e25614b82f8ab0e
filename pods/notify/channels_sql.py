"""Channels in the database."""

from __future__ import annotations

import hashlib
from typing import Any

from pods.model import Agent, Path, WebId
from pods.notify.model import Channel, ChannelType
from pods.storage.base import Transaction

_COLUMNS = "id, kind, webid, client, issuer, origin, start_at, end_at, rate, state, accept, context, told, send_to, disabled"
_BY_ID = f"SELECT {_COLUMNS} FROM notify_channel WHERE id = ? AND end_at > ?"  # noqa: S608  # constants only
_BY_CAPABILITY = f"SELECT {_COLUMNS} FROM notify_channel WHERE capability = ? AND end_at > ?"  # noqa: S608
_INSERT = (
    f"INSERT INTO notify_channel ({_COLUMNS}, created, capability, host) "  # noqa: S608
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def hashed(secret: str) -> bytes:
    """Return what is stored of the secret in a receiveFrom address; it has 256 random bits, so no salt is needed."""
    return hashlib.sha256(secret.encode()).digest()


def add(tx: Transaction, channel: Channel, *, at: float, secret: str | None, host: str | None) -> None:
    """Store a new channel with its topics, each of which lies in a pod."""
    agent = channel.agent
    tx.execute(
        _INSERT,
        (
            *(channel.id, channel.kind.value, agent.webid, agent.client_id, agent.issuer, agent.origin),
            *(channel.start_at, channel.end_at, channel.rate, channel.state, channel.accept, channel.context),
            *(channel.told, channel.send_to, channel.disabled),
            *(at, hashed(secret) if secret is not None else None, host),
        ),
    )
    tx.execute_many(
        "INSERT INTO notify_topic (channel, path, pod) SELECT ?, ?, key FROM pod WHERE name = ?",
        [(channel.id, topic, topic.split("/", 2)[1]) for topic in channel.topics],
    )


def by_id(tx: Transaction, channel_id: str, at: float) -> Channel | None:
    """Return a channel that has not ended."""
    return _first(tx, tx.execute(_BY_ID, (channel_id, at)))


def by_secret(tx: Transaction, secret: str, at: float) -> Channel | None:
    """Return the channel whose receiveFrom address holds this secret, unless it has ended."""
    return _first(tx, tx.execute(_BY_CAPABILITY, (hashed(secret), at)))


def listens(tx: Transaction, channel_id: str, topic: Path, at: float) -> bool:
    """Say whether a channel is alive and still has a topic."""
    return bool(
        tx.execute(
            "SELECT 1 FROM notify_topic JOIN notify_channel ON id = channel "
            "WHERE channel = ? AND path = ? AND end_at > ? AND disabled IS NULL",
            (channel_id, topic, at),
        )
    )


def alive(tx: Transaction, channel_id: str, at: float) -> bool:
    """Say whether a channel has not ended, and still listens to something."""
    return bool(
        tx.execute(
            "SELECT 1 FROM notify_channel WHERE id = ? AND end_at > ? "
            "AND EXISTS (SELECT 1 FROM notify_topic WHERE channel = id)",
            (channel_id, at),
        )
    )


def drop_topic(tx: Transaction, channel_id: str, topic: Path) -> None:
    """Take a topic from a channel; a channel without topics is gone."""
    tx.execute("DELETE FROM notify_topic WHERE channel = ? AND path = ?", (channel_id, topic))
    tx.execute("DELETE FROM notify_event WHERE channel = ? AND topic = ?", (channel_id, topic))
    if not tx.execute("SELECT 1 FROM notify_topic WHERE channel = ? LIMIT 1", (channel_id,)):
        delete(tx, channel_id)


def delete(tx: Transaction, channel_id: str) -> None:
    """Remove a channel with all that belongs to it."""
    tx.execute("DELETE FROM notify_channel WHERE id = ?", (channel_id,))


def delete_of(tx: Transaction, webid: WebId, pod: int) -> None:
    """Remove the channels that somebody made, and whatever listens to a pod; for the end of an account."""
    tx.execute("DELETE FROM notify_channel WHERE webid = ?", (webid,))
    tx.execute(
        "DELETE FROM notify_event WHERE EXISTS (SELECT 1 FROM notify_topic AS t WHERE t.pod = ? "
        "AND t.channel = notify_event.channel AND t.path = notify_event.topic)",
        (pod,),
    )
    tx.execute("DELETE FROM notify_topic WHERE pod = ?", (pod,))


def told(tx: Transaction, channel_id: str, seq: int) -> None:
    """Remember how far a channel was told; its state was compared by then."""
    tx.execute(
        "UPDATE notify_channel SET told = ?, state = NULL WHERE id = ? AND told <= ?", (seq, channel_id, seq)
    )


def count_of_agent(tx: Transaction, webid: str, at: float) -> int:
    """Return how many live channels an agent has."""
    return _number(tx, "SELECT count(*) FROM notify_channel WHERE webid = ? AND end_at > ?", (webid, at))


def count_of_pod(tx: Transaction, pod: int, at: float, *, anonymous: bool) -> int:
    """Return how many live channels of known agents, or of unknown ones, have a topic in a pod."""
    condition = "IS NULL" if anonymous else "IS NOT NULL"
    return _number(
        tx,
        "SELECT count(DISTINCT channel) FROM notify_topic JOIN notify_channel ON id = channel "  # noqa: S608
        f"WHERE notify_topic.pod = ? AND end_at > ? AND webid {condition}",
        (pod, at),
    )


def last_change(tx: Transaction) -> int:
    """Return the number of the newest line of the outbox."""
    return _number(tx, "SELECT coalesce(max(seq), 0) FROM change", ())


def _number(tx: Transaction, sql: str, parameters: tuple[Any, ...]) -> int:
    return int(tx.execute(sql, parameters)[0][0])


def _first(tx: Transaction, rows: list[tuple[Any, ...]]) -> Channel | None:
    if not rows:
        return None
    row = rows[0]
    topics = tx.execute("SELECT path FROM notify_topic WHERE channel = ? ORDER BY path", (row[0],))
    return channel_of(row, tuple(Path(path) for (path,) in topics))


def channel_of(row: tuple[Any, ...], topics: tuple[Path, ...]) -> Channel:
    """Return the channel in a row of all its columns."""
    return Channel(
        id=row[0],
        kind=ChannelType(row[1]),
        agent=Agent(WebId(row[2]) if row[2] is not None else None, row[3], row[4], origin=row[5]),
        topics=topics,
        start_at=row[6],
        end_at=row[7],
        rate=row[8],
        state=row[9],
        accept=row[10],
        context=row[11],
        told=row[12],
        send_to=row[13],
        disabled=row[14],
    )
