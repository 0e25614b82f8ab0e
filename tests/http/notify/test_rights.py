"""Who hears of what, where rights come from groups, apps or grants, and when a pod goes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from pods import activity
from pods.authz.base import Authorizer, Rights
from pods.errors import StoreError
from pods.main import removal_of
from pods.model import Agent, Mode
from pods.model import Path as ResourcePath
from pods.notify import channels_sql, live, telling
from pods.notify.model import Channel, ChannelType, Event, Message
from pods.notify.telling import Lost, Teller
from pods.protocol.dpop import DpopKey
from pods.refusing import Unlearned
from pods.storage.base import Transaction
from tests.conftest import SettableClock
from tests.notified_host import CONTEXT, PATIENCE, WEB_SOCKET, notified_host, share, subscribe
from tests.pod_host import ORIGIN, PodHost

NOTE = ResourcePath("/anna/notes/one.ttl")
SERVICE = f"{ORIGIN}/.notifications/{WEB_SOCKET}/"
REQUEST = json.dumps({"@context": CONTEXT, "type": WEB_SOCKET, "topic": ORIGIN + NOTE})
GROUP = "@prefix v: <http://www.w3.org/2006/vcard/ns#>.\n"


async def test_a_token_for_a_grant_opens_no_channel(host: PodHost) -> None:
    """A grant shows a filtered part for seconds; that the whole has changed is not part of it."""
    key, now = DpopKey.generate(), int(host.core.clock())
    token = host.core.keys.sign(
        {
            "iss": f"{ORIGIN}/",
            "sub": host.bob.webid,
            "webid": host.bob.webid,
            "aud": ["solid"],
            "cnf": {"jkt": key.thumbprint()},
            "iat": now,
            "exp": now + 60,
            "grant": f"{ORIGIN}/.consent/grants/1",
            "permissions": [{"resource_id": ORIGIN + NOTE, "resource_scopes": ["read"]}],
        },
        "at+jwt",
    )
    share(host, NOTE, "acl:agentClass foaf:Agent; acl:mode acl:Read")
    answer = await host.http.post(
        SERVICE,
        content=REQUEST,
        headers={
            "content-type": "application/ld+json",
            "authorization": f"DPoP {token}",
            "dpop": key.proof("POST", SERVICE, at=now, access_token=token),
        },
    )
    assert answer.status_code == 403
    assert "grant" in answer.json()["detail"]


class Deciding:
    """An authorizer that decides what a test tells it to."""

    def __init__(self, *decisions: Rights) -> None:
        self._decisions: Iterator[Rights] = iter(decisions)
        self.learned: list[str] = []

    def rights(self, agent: Agent, path: ResourcePath, tx: Transaction) -> Rights:
        return next(self._decisions)

    def challenge(self, agent: Agent, path: ResourcePath, needed: Mode, tx: Transaction) -> str | None:
        return None

    async def learn(self, groups: Collection[str]) -> None:
        self.learned += groups


class Part:
    """A view that shows a part of things."""

    def document(self, stored, tx):  # type: ignore[no-untyped-def]  # never called
        raise AssertionError("nothing is shown")

    def members(self, entries, tx):  # type: ignore[no-untyped-def]  # never called
        raise AssertionError("nothing is shown")


def told(host: PodHost, authorizer: Authorizer) -> tuple[Teller, Channel, Event]:
    """Return who tells, a channel of bob's in the database, and an event for it."""
    core = host.core
    host.write(NOTE, "<#it> <urn:x:is> 1 .")
    end_at = core.clock() + 60
    channel = Channel("abc", ChannelType.WEB_SOCKET, Agent(host.bob.webid), (NOTE,), end_at, 0)
    with core.store.writing() as tx:
        channels_sql.add(tx, channel, at=core.clock(), secret="x", host=None)
    teller = Teller(core.store, core.commits, authorizer, base=ORIGIN, clock=core.clock)
    return teller, channel, Event(1, NOTE, "Update", NOTE, core.clock())


async def test_whoever_sees_a_filtered_part_is_told_nothing(host: PodHost) -> None:
    through_a_view = Rights(Mode.READ, Mode.NONE, view=Part())
    with host.core.store.reading() as tx:
        assert telling.rights(Deciding(through_a_view), Agent(host.bob.webid), NOTE, tx) is None
    teller, channel, event = told(host, Deciding(through_a_view))
    with pytest.raises(Lost):
        await teller.message(channel, event)


async def test_groups_elsewhere_are_asked_after_before_somebody_is_refused(host: PodHost) -> None:
    group = "https://elsewhere.example/group#it"
    authorizer = Deciding(Rights(Mode.NONE, Mode.NONE, unknown=(group,)), *[Rights(Mode.READ, Mode.NONE)] * 2)
    teller, channel, event = told(host, authorizer)
    assert isinstance(await teller.message(channel, event), Message)
    assert authorizer.learned == [group]
    with host.core.store.reading() as tx, pytest.raises(Unlearned):
        telling.rights(Deciding(Rights(Mode.NONE, Mode.NONE, unknown=(group,))), Agent(None), NOTE, tx)


async def test_groups_that_change_without_end_are_given_up(host: PodHost) -> None:
    unknown = Rights(Mode.NONE, Mode.NONE, unknown=("https://elsewhere.example/group#it",))
    teller, channel, event = told(host, Deciding(*[unknown] * telling.MAX_ATTEMPTS))
    with pytest.raises(StoreError):
        await teller.message(channel, event)


async def test_a_member_who_leaves_a_group_hears_nothing_more(tmp_path: Path) -> None:
    async with notified_host(tmp_path) as host:
        host.write("/anna/groups.ttl", f"{GROUP}<#friends> v:hasMember <{host.bob.webid}>.")
        group = f"{host.origin}/anna/groups.ttl#friends"
        share(host, NOTE, f"acl:agentGroup <{group}>; acl:mode acl:Read")
        made = await subscribe(host.bob, host.origin, WEB_SOCKET, NOTE)
        async with connect(made["receiveFrom"]) as socket:
            await host.anna.put(NOTE, "<#it> <urn:x:is> 1 .")
            await asyncio.wait_for(socket.recv(), PATIENCE)
            await host.anna.put("/anna/groups.ttl", f"{GROUP}<#friends> v:hasMember <urn:x:carla>.")
            await host.anna.put(NOTE, "<#it> <urn:x:is> 2 .")
            with pytest.raises(ConnectionClosed):
                await asyncio.wait_for(socket.recv(), PATIENCE)


async def test_an_app_hears_only_where_its_origin_may_read(host: PodHost) -> None:
    share(
        host,
        NOTE,
        f"acl:agent <{host.bob.webid}>; acl:mode acl:Read; acl:origin <https://app.example>",
    )
    statuses = [
        (await host.bob.post(SERVICE, REQUEST, "application/ld+json", origin=origin)).status_code
        for origin in ("https://app.example", "https://evil.example")
    ]
    assert statuses == [200, 403]
    with host.core.store.reading() as tx:
        assert tx.execute("SELECT origin FROM notify_channel") == [("https://app.example",)]


async def test_a_pod_that_is_removed_takes_its_channels_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.0)
    async with notified_host(tmp_path) as host:
        share(host, NOTE, "acl:agentClass foaf:Agent; acl:mode acl:Read")
        made = await subscribe(host.bob, host.origin, WEB_SOCKET, NOTE)
        own = await subscribe(host.anna, host.origin, WEB_SOCKET, NOTE)
        async with connect(made["receiveFrom"]) as of_bob, connect(own["receiveFrom"]) as of_anna:
            with host.core.store.writing() as tx:
                pod = tx.pod("anna")
                assert pod is not None
                removal_of(host.core).close(tx, pod)
            for socket in (of_bob, of_anna):
                with pytest.raises(ConnectionClosed):
                    await asyncio.wait_for(socket.recv(), PATIENCE)


async def test_the_log_is_not_filled_by_refusals(host: PodHost, clock: SettableClock) -> None:
    for _ in range(30):
        assert (await host.bob.post(SERVICE, REQUEST, "application/ld+json")).status_code == 403
    with host.core.store.reading() as tx:
        pod = tx.pod("anna")
        assert pod is not None
        lines = activity.lines(tx, pod.key, limit=99)
    assert 0 < len([line for line in lines if line.decision == activity.DENY]) < 25
