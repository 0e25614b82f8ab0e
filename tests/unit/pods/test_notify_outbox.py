"""The outbox behind notifications: what a line means, who sends webhooks, and what may be forgotten."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path as FilePath

import pytest

from pods.main import Core, open_core
from pods.model import Agent, Path, WebId
from pods.notify import channels_sql, feed, upkeep, webhooks_sql
from pods.notify.deliveries import FIRST_RETRY, LONGEST_RETRY, retry_after
from pods.notify.model import DAY, Channel, ChannelType, Event
from pods.notify.upkeep import Upkeep
from pods.settings import PodSettings
from pods.storage.base import Change
from tests.conftest import SettableClock
from tests.databases import database_of

ANNA = WebId("http://localhost:8080/anna/profile/card#me")
NOTE = Path("/anna/notes/one.ttl")


@pytest.fixture
def core(tmp_path: FilePath, clock: SettableClock) -> Iterator[Core]:
    core = open_core(PodSettings(data=tmp_path, database=database_of(tmp_path)), clock)
    with core.store.writing() as tx:
        tx.add_pod("anna", ANNA, clock())
    yield core
    core.close()


def channel(core: Core, name: str, kind: ChannelType, told: int, ends_in: float = 30 * DAY) -> Channel:
    made = Channel(name, kind, Agent(ANNA), (NOTE,), core.clock() + ends_in, told)
    webhook = kind is ChannelType.WEBHOOK
    made = dataclasses.replace(made, send_to="https://receiver.example/" if webhook else None)
    host = "receiver.example" if webhook else None
    with core.store.writing() as tx:
        channels_sql.add(tx, made, at=core.clock(), secret=name, host=host)
    return made


def write(core: Core, times: int) -> None:
    for number in range(times):
        with core.store.writing() as tx:
            tx.write(NOTE, "text/plain", b"%d" % number, core.clock())
    core.store.settle()


def lines(core: Core) -> list[int]:
    with core.store.reading() as tx:
        return [seq for (seq,) in tx.execute("SELECT seq FROM change ORDER BY seq")]


@pytest.mark.parametrize(
    ("path", "kind", "expected"),
    [
        ("/anna/x", "Create", [("/anna/x", "Create"), ("/anna/", "Add")]),
        ("/anna/x", "Update", [("/anna/x", "Update")]),
        ("/anna/c/", "Delete", [("/anna/c/", "Delete"), ("/anna/", "Remove")]),
        ("/anna/x.acl", "Create", [("/anna/x.acl", "Create")]),
        ("/anna/x.meta", "Delete", [("/anna/x.meta", "Delete")]),
        ("/anna/", "Create", [("/anna/", "Create")]),
    ],
)
def test_a_line_of_the_outbox_concerns_the_resource_and_its_container(
    path: str, kind: str, expected: list[tuple[str, str]]
) -> None:
    found = feed.events(Change(1, 1, Path(path), kind, 0.0))
    assert [(event.topic, event.kind) for event in found] == expected
    assert {event.object for event in found} == {path}


def test_one_process_leads_until_its_time_is_over_or_it_gives_up(core: Core, clock: SettableClock) -> None:
    channel(core, "hook", ChannelType.WEBHOOK, 2)
    with core.store.writing() as tx:
        assert webhooks_sql.take_lead(tx, "one", clock(), clock() + 6) == 2
        assert webhooks_sql.take_lead(tx, "two", clock() + 5, clock() + 11) is None
        assert webhooks_sql.renew_lead(tx, "one", clock() + 8, 3)
        assert webhooks_sql.take_lead(tx, "two", clock() + 7, clock() + 13) is None
        assert webhooks_sql.take_lead(tx, "two", clock() + 8, clock() + 14) == 3
        assert not webhooks_sql.renew_lead(tx, "one", clock() + 20, 9)
        webhooks_sql.give_up_lead(tx, "two")
        assert webhooks_sql.take_lead(tx, "one", clock() + 9, clock() + 15) == 3


def test_a_webhook_hears_only_of_what_came_after_it(core: Core, clock: SettableClock) -> None:
    channel(core, "hook", ChannelType.WEBHOOK, 5)
    events = [Event(seq, NOTE, "Update", NOTE, clock()) for seq in (4, 5, 6)]
    with core.store.reading() as tx:
        found = webhooks_sql.concerned(tx, events, clock())
    assert [event.seq for _, _, event in found] == [6]


def test_a_queue_that_grows_without_end_is_given_up(
    core: Core, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks_sql, "MOST_PENDING", 50)
    channel(core, "hook", ChannelType.WEBHOOK, 0)
    with core.store.writing() as tx:
        for seq in range(1, 101):
            webhooks_sql.add(tx, "hook", None, Event(seq, NOTE, "Update", NOTE, clock()))
        disabled = channels_sql.by_id(tx, "hook", clock())
        assert tx.execute("SELECT * FROM notify_event") == []
    assert disabled is not None
    assert "waiting" in (disabled.disabled or "")


async def test_the_outbox_is_kept_a_week_and_the_newest_line_always(core: Core, clock: SettableClock) -> None:
    write(core, 5)
    last = lines(core)[-1]
    clock.advance(7 * DAY - 1)
    await Upkeep(core.store, core.commits, clock=clock).tidy()
    assert len(lines(core)) > 5
    clock.advance(2)
    await Upkeep(core.store, core.commits, clock=clock).tidy()
    # A number is never given twice: the next line goes on after the newest one.
    assert lines(core) == [last]
    write(core, 1)
    assert lines(core)[-1] == last + 1


@pytest.mark.parametrize("kind", [ChannelType.WEB_SOCKET, ChannelType.WEBHOOK])
async def test_what_a_live_channel_was_not_told_is_kept(
    core: Core, clock: SettableClock, kind: ChannelType
) -> None:
    write(core, 5)
    told = lines(core)[-3]
    channel(core, "one", kind, told)
    if kind is ChannelType.WEBHOOK:
        with core.store.writing() as tx:
            webhooks_sql.take_lead(tx, "one", clock(), clock() + 6)
    clock.advance(8 * DAY)
    await Upkeep(core.store, core.commits, clock=clock).tidy()
    assert lines(core) == [told + 1, told + 2]
    clock.advance(30 * DAY)
    await Upkeep(core.store, core.commits, clock=clock).tidy()
    assert lines(core) == [told + 2]


async def test_many_old_lines_go_in_steps(
    core: Core, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "LINES", 3)
    write(core, 11)
    clock.advance(8 * DAY)
    await Upkeep(core.store, core.commits, clock=clock).tidy()
    assert len(lines(core)) == 1


async def test_channels_that_have_ended_are_removed(core: Core, clock: SettableClock) -> None:
    channel(core, "one", ChannelType.WEB_SOCKET, 0, ends_in=DAY)
    channel(core, "two", ChannelType.WEB_SOCKET, 0)
    clock.advance(DAY)
    await Upkeep(core.store, core.commits, clock=clock).tidy()
    with core.store.reading() as tx:
        assert tx.execute("SELECT id FROM notify_channel") == [("two",)]
        assert tx.execute("SELECT channel FROM notify_topic") == [("two",)]


def test_channels_go_with_their_creator_and_their_pod(core: Core, clock: SettableClock) -> None:
    channel(core, "one", ChannelType.WEB_SOCKET, 0)
    with core.store.writing() as tx:
        pod = tx.pod("anna")
        assert pod is not None
        channels_sql.delete_of(tx, ANNA, pod.key)
        assert tx.execute("SELECT * FROM notify_channel") == tx.execute("SELECT * FROM notify_topic") == []


def test_pauses_grow_up_to_an_hour_and_are_spread() -> None:
    assert retry_after(1, 0.5) == FIRST_RETRY
    assert retry_after(2, 0.5) == 2 * FIRST_RETRY
    assert retry_after(60, 0.5) == LONGEST_RETRY
    assert retry_after(3, 0.0) < retry_after(3, 0.5) < retry_after(3, 1.0)
