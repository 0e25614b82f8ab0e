"""What webhooks are still to be sent, to whom, and which process sends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pods.model import Path
from pods.notify import channels_sql
from pods.notify.model import Channel, Event
from pods.storage.base import Transaction

MOST_PENDING = (
    10_000  # events that a receiver may be behind; what is further behind must read everything anyway
)
_LEAD = "webhooks"
_LIVE = "c.host IS NOT NULL AND c.disabled IS NULL AND c.end_at > ?"
_NEXT = (
    "SELECT c.id, c.kind, c.webid, c.client, c.issuer, c.origin, c.start_at, c.end_at, c.rate, c.state, c.accept, "  # noqa: S608  # constants only
    "c.context, c.told, c.send_to, c.disabled, e.seq, e.topic, e.kind, e.object, e.at, c.confirmed, c.failures, "
    "c.failing_since FROM notify_event AS e JOIN notify_channel AS c ON c.id = e.channel "
    f"WHERE {_LIVE} AND c.host = ? AND c.next_at <= ? ORDER BY e.seq LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Due:
    """The next event for a receiver, with how sending to it went so far."""

    channel: Channel
    event: Event
    confirmed: bool
    failures: int
    failing_since: float | None


def exist(tx: Transaction, at: float) -> bool:
    """Say whether any webhook is alive."""
    return bool(tx.execute(f"SELECT 1 FROM notify_channel AS c WHERE {_LIVE} LIMIT 1", (at,)))  # noqa: S608


def unconfirmed(tx: Transaction, host: str, at: float) -> int:
    """Return how many live webhooks of a host have never taken a notification."""
    rows = tx.execute(
        f"SELECT count(*) FROM notify_channel AS c WHERE {_LIVE} AND c.host = ? AND c.confirmed = 0",  # noqa: S608
        (at, host),
    )
    return int(rows[0][0])


def take_lead(tx: Transaction, holder: str, at: float, until: float) -> int | None:
    """Become, or stay, the process that sends webhooks; return how far the outbox is dealt with, None if another is it."""
    rows = tx.execute("SELECT holder, until, seq FROM notify_lead WHERE name = ?", (_LEAD,))
    if rows and rows[0][0] != holder and rows[0][1] > at:
        return None
    # Nobody led while there were no webhooks: what happened then is nobody's to hear, and may be pruned.
    oldest = tx.execute(f"SELECT min(told) FROM notify_channel AS c WHERE {_LIVE}", (at,))[0][0]  # noqa: S608
    first = int(oldest) if oldest is not None else channels_sql.last_change(tx)
    seq = max(first, int(rows[0][2])) if rows else first
    tx.execute(
        "INSERT INTO notify_lead (name, holder, until, seq) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until, seq = excluded.seq",
        (_LEAD, holder, until, seq),
    )
    return seq


def renew_lead(tx: Transaction, holder: str, until: float, seq: int) -> bool:
    """Stay the process that sends, and remember how far it read; False if another took over."""
    tx.execute(
        "UPDATE notify_lead SET until = ?, seq = ? WHERE name = ? AND holder = ?", (until, seq, _LEAD, holder)
    )
    return tx.row_count == 1


def give_up_lead(tx: Transaction, holder: str) -> None:
    """Let another process send from now on."""
    tx.execute("UPDATE notify_lead SET until = 0 WHERE name = ? AND holder = ?", (_LEAD, holder))


def pending_from(tx: Transaction) -> int | None:
    """Return the line up to which the outbox was made into events, None if nobody ever did."""
    rows = tx.execute("SELECT seq FROM notify_lead WHERE name = ?", (_LEAD,))
    return int(rows[0][0]) if rows else None


def concerned(tx: Transaction, events: Sequence[Event], at: float) -> list[tuple[str, float | None, Event]]:
    """Return each event with a webhook that it is for, and the webhook's rate."""
    topics = list(dict.fromkeys(event.topic for event in events))
    marks = ", ".join("?" * len(topics))
    rows = tx.execute(
        "SELECT t.path, c.id, c.told, c.start_at, c.rate FROM notify_topic AS t "  # noqa: S608
        f"JOIN notify_channel AS c ON c.id = t.channel WHERE t.path IN ({marks}) AND {_LIVE}",
        (*topics, at),
    )
    of_topic: dict[str, list[tuple[str, int, float | None, float | None]]] = {}
    for path, *channel in rows:
        of_topic.setdefault(path, []).append((channel[0], channel[1], channel[2], channel[3]))
    return [
        (channel_id, rate, event)
        for event in events
        for channel_id, told, start_at, rate in of_topic.get(event.topic, ())
        if event.seq > told and (start_at is None or event.at >= start_at)
    ]


def add(tx: Transaction, channel_id: str, rate: float | None, event: Event) -> None:
    """Put an event into a webhook's queue; one that is too far behind is disabled."""
    if rate is not None:
        # What waits for its time is overtaken by what happened to the same resource since.
        tx.execute(
            "DELETE FROM notify_event WHERE channel = ? AND topic = ? AND object = ?",
            (channel_id, event.topic, event.object),
        )
    tx.execute(
        "INSERT INTO notify_event (channel, seq, topic, kind, object, at) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (channel, seq, topic) DO NOTHING",
        (channel_id, event.seq, event.topic, event.kind, event.object, event.at),
    )
    if event.seq % 100 == 0:  # counting each time would make a long queue slow
        rows = tx.execute("SELECT count(*) FROM notify_event WHERE channel = ?", (channel_id,))
        if int(rows[0][0]) > MOST_PENDING:
            disable(tx, channel_id, f"more than {MOST_PENDING} notifications were waiting")


def hosts_due(tx: Transaction, at: float) -> list[str]:
    """Return the hosts to which something may be sent now."""
    rows = tx.execute(
        "SELECT DISTINCT c.host FROM notify_channel AS c "  # noqa: S608
        f"WHERE {_LIVE} AND c.next_at <= ? AND EXISTS (SELECT 1 FROM notify_event WHERE channel = c.id)",
        (at, at),
    )
    return [str(host) for (host,) in rows]


def next_time(tx: Transaction, at: float) -> float | None:
    """Return when the next webhook that has something waiting may be called again."""
    rows = tx.execute(
        "SELECT min(c.next_at) FROM notify_channel AS c "  # noqa: S608
        f"WHERE {_LIVE} AND c.next_at > ? AND EXISTS (SELECT 1 FROM notify_event WHERE channel = c.id)",
        (at, at),
    )
    return None if rows[0][0] is None else float(rows[0][0])


def next_due(tx: Transaction, host: str, at: float) -> Due | None:
    """Return the oldest event that may be sent to a host now."""
    rows = tx.execute(_NEXT, (at, host, at))
    if not rows:
        return None
    row = rows[0]
    event = Event(row[15], Path(row[16]), row[17], Path(row[18]), row[19])
    channel = channels_sql.channel_of(row[:15], (event.topic,))
    return Due(channel, event, bool(row[20]), row[21], row[22])


def sent(tx: Transaction, channel_id: str, event: Event, next_at: float) -> None:
    """The receiver took the notification."""
    said_nothing(tx, channel_id, event)
    tx.execute(
        "UPDATE notify_channel SET confirmed = 1, failures = 0, failing_since = NULL, next_at = ? WHERE id = ?",
        (next_at, channel_id),
    )


def said_nothing(tx: Transaction, channel_id: str, event: Event) -> None:
    """There was nothing to say of an event after all."""
    tx.execute(
        "DELETE FROM notify_event WHERE channel = ? AND seq = ? AND topic = ?",
        (channel_id, event.seq, event.topic),
    )


def failed(tx: Transaction, channel_id: str, failures: int, failing_since: float, next_at: float) -> None:
    """The receiver did not take it; it is called again at `next_at`."""
    tx.execute(
        "UPDATE notify_channel SET failures = ?, failing_since = ?, next_at = ? WHERE id = ?",
        (failures, failing_since, next_at, channel_id),
    )


def disable(tx: Transaction, channel_id: str, why: str) -> None:
    """Call the receiver no more; its creator sees why at the channel."""
    tx.execute("DELETE FROM notify_event WHERE channel = ?", (channel_id,))
    tx.execute("UPDATE notify_channel SET disabled = ? WHERE id = ?", (why, channel_id))
