"""Who was served on this host and lives on another: told in their own inbox, and heard when they answer."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import httpx
import pytest_asyncio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from consent.client.rights import RightsClient
from consent.main import extension, schemas
from consent.rights import outgoing_sql
from consent.rights.escalation import STAGES, Escalation
from consent.rights.model import RightKind
from consent.rights.outgoing import FIRST_RETRY, GIVE_UP_AFTER, Carrier
from pods import activity
from pods.client import SolidClient
from pods.guard import guarded_client
from pods.identity.tokens import access_token_claims
from pods.main import Core, application, open_core
from pods.model import Agent, Path, WebId
from pods.notify.sender import Sender
from pods.protocol.dpop import DpopKey
from pods.provision import create_pod, webid_for
from pods.settings import PodSettings
from tests.conftest import SettableClock
from tests.consent_host import WALLET
from tests.databases import database_of
from tests.identity_host import IdentityHost, identity_host
from tests.notified_host import receiver
from tests.serving import bound_socket, serving


@dataclass(frozen=True, slots=True)
class TwoHosts:
    """Our host with anna, and another with the association that was served what is hers; both on loopback."""

    core: Core
    carrier: Carrier
    anna: RightsClient
    there: IdentityHost
    served: RightsClient
    """The association at our host, with the token of its own issuer."""
    clock: SettableClock

    def queue(self) -> list[outgoing_sql.Outgoing]:
        with self.core.store.reading() as tx:
            return outgoing_sql.undelivered(tx)

    def inbox(self) -> list[Any]:
        """What lies in the association's inbox, as it reads it at home."""
        with self.there.store.reading() as tx:
            return [
                tx.get(entry.path) for entry in tx.children(Path("/assoc/inbox/")) if ".acl" not in entry.path
            ]

    def let_senders(self, mode: str) -> None:
        """Change what the association's inbox lets others do."""
        with self.there.store.writing() as tx:
            rules = tx.get(Path("/assoc/inbox/.acl"))
            assert rules is not None
            content = re.sub(
                rb"(#senders.*?acl:mode )acl:\w+", rb"\1acl:" + mode.encode(), rules.content, flags=re.S
            )
            tx.write(rules.path, rules.media_type, content, self.clock())


class Tokens:
    """Tokens of a person of our host for the wallet."""

    def __init__(self, core: Core, webid: WebId) -> None:
        self.key = DpopKey.generate()
        self._core = core
        self._webid = webid

    async def access_token(self) -> str:
        at = self._core.clock()
        issuer = self._core.settings.issuer
        claims = access_token_claims(issuer, self._webid, WALLET, self.key.thumbprint(), "webid", at)
        return self._core.keys.sign(claims, "at+jwt")


@pytest_asyncio.fixture
async def hosts(tmp_path: FilePath, clock: SettableClock) -> AsyncIterator[TwoHosts]:
    with closing(bound_socket()) as ours, closing(bound_socket()) as theirs:
        origin, other = (f"http://localhost:{one.getsockname()[1]}" for one in (ours, theirs))
        both = tuple(one.removeprefix("http://") for one in (origin, other))
        core = open_core(
            PodSettings(
                data=tmp_path / "here",
                pod_url=origin,
                database=database_of(tmp_path / "here"),
                trusted_hosts=both,
            ),
            clock,
            schemas=schemas(),
        )
        added = extension(core)
        app = application(core, authorizer=added.authorizer, observers=added.observers, routes=added.routes)
        sender = Sender(core.keys, both, base=origin, clock=clock)
        carrier = Carrier(core.store, core.commits, core.http, sender, clock=clock)
        async with (
            identity_host(tmp_path / "there", clock, origin=other, trusted=both) as there,
            httpx.AsyncClient(trust_env=False, timeout=20) as http,
        ):
            credentials = there.credentials(http, there.add_account("assoc"))
            webid = webid_for(origin, "anna")
            with core.store.writing() as tx:
                pod = create_pod(
                    *(tx, "anna", webid),
                    base=origin,
                    issuer=core.settings.issuer,
                    display_name="Anna",
                    at=clock(),
                )
                agent = Agent(webid=there.webid("assoc"), client_id="https://app.example/id")
                activity.append(
                    *(tx, pod.key),
                    agent=agent,
                    path=Path("/anna/purchases/2017-10/b77.ttl"),
                    action="read",
                    decision=activity.PERMIT,
                    at=clock(),
                )
            with serving(app, listener=ours), serving(there.app, listener=theirs):
                yield TwoHosts(
                    core,
                    carrier,
                    RightsClient(SolidClient(http, Tokens(core, webid), clock=clock), origin),
                    there,
                    RightsClient(SolidClient(http, credentials, clock=clock), origin),
                    clock,
                )
                await sender.aclose()


async def test_a_recipient_elsewhere_is_told_at_home_and_its_answer_comes_back(hosts: TwoHosts) -> None:
    asked = await hosts.anna.ask(RightKind.ERASURE, hosts.anna.host, "")
    assert [duty.notice for duty in asked.duties] == ["waiting"]
    assert await hosts.carrier.send_some() == 1
    (notice,) = hosts.inbox()
    assert b"anna" not in notice.content, "a notice that travels names nobody"
    (told,) = (await hosts.anna.one(asked.id)).duties
    assert (told.notice, told.acknowledged_at) == ("delivered", None)
    (duty,) = await hosts.served.duties()
    assert hosts.anna.host + ".consent/rights/duties/" + duty["id"] in notice.content.decode()
    assert (await hosts.served.duty(duty["id"]))["kind"] == "erasure"
    await hosts.served.acknowledge(duty["id"], "Cancellato tutto.")
    (told,) = (await hosts.anna.one(asked.id)).duties
    assert (told.statement, told.acknowledged_at) == ("Cancellato tutto.", hosts.clock())


async def test_what_is_not_taken_is_sent_again_later_and_once(hosts: TwoHosts) -> None:
    hosts.let_senders("Read")
    asked = await hosts.anna.ask(RightKind.ERASURE, hosts.anna.host, "")
    assert await hosts.carrier.send_some() == 1
    assert await hosts.carrier.send_some() == 0, "not again at once"
    assert [(one.failures, one.why) for one in hosts.queue()] == [(1, "the receiver answered 403")]
    hosts.let_senders("Append")
    hosts.clock.advance(FIRST_RETRY)
    assert await hosts.carrier.send_some() == 1
    assert len(hosts.inbox()) == 1
    hosts.clock.advance(GIVE_UP_AFTER)
    assert await hosts.carrier.send_some() == 0
    assert [duty.notice for duty in (await hosts.anna.one(asked.id)).duties] == ["delivered"]


async def test_two_workers_send_a_notice_once(hosts: TwoHosts) -> None:
    await hosts.anna.ask(RightKind.ERASURE, hosts.anna.host, "")
    sent = await asyncio.gather(*(hosts.carrier.send_some() for _ in range(4)))
    assert sum(sent) == 1
    assert len(hosts.inbox()) == 1


async def test_who_cannot_be_reached_is_given_up_and_the_person_and_the_operator_see_it(
    hosts: TwoHosts,
) -> None:
    hosts.let_senders("Read")
    asked = await hosts.anna.ask(RightKind.ERASURE, hosts.anna.host, "")
    await hosts.carrier.send_some()
    hosts.clock.advance(GIVE_UP_AFTER)
    await hosts.carrier.send_some()
    assert [duty.notice for duty in (await hosts.anna.one(asked.id)).duties] == ["undeliverable"]
    (given_up,) = hosts.queue()
    assert given_up.given_up_at == hosts.clock()
    # Its time to answer runs all the same, and each reminder tries anew.
    hosts.clock.now = asked.due_at + STAGES[1].offset
    with hosts.core.store.writing() as tx:
        assert Escalation(hosts.anna.host.rstrip("/")).remind_some(tx, hosts.clock()) == 2, (
            "and of the request"
        )
    assert await hosts.carrier.send_some() == 1
    assert (await hosts.anna.one(asked.id)).duties[0].overdue is False
    hosts.clock.now = asked.due_at
    assert (await hosts.anna.one(asked.id)).duties[0].overdue is True


async def test_what_waits_to_be_sent_goes_with_the_pod_that_it_is_about(hosts: TwoHosts) -> None:
    await hosts.anna.ask(RightKind.ERASURE, hosts.anna.host, "")
    with hosts.core.store.writing() as tx:
        pod = tx.pod("anna")
        assert pod is not None
        for layer in extension(hosts.core).leaving:
            layer.leaving(tx, pod)
    assert await hosts.carrier.send_some() == 0


async def test_attack_16_a_profile_cannot_point_the_hosts_notices_at_an_inner_address(
    hosts: TwoHosts,
) -> None:
    """Attack 16: whoever reads under a WebID chooses where the host sends; the guard decides whether it does."""
    asked = await hosts.anna.ask(RightKind.ERASURE, hosts.anna.host, "")
    with receiver() as inner, closing(bound_socket()) as theirs:
        profile = f"http://localhost:{theirs.getsockname()[1]}"
        link = {"link": f'<{inner.url}>; rel="http://www.w3.org/ns/ldp#inbox"'}

        async def page(_: Request) -> Response:
            return Response("", media_type="text/turtle", headers=link)

        with hosts.core.store.writing() as tx:
            tx.execute("UPDATE notice_out SET recipient = ?", (f"{profile}/#me",))
        trusted = (profile.removeprefix("http://"),)
        sender = Sender(hosts.core.keys, trusted, base=hosts.anna.host.rstrip("/"), clock=hosts.clock)
        http = guarded_client(trusted)
        with serving(Starlette(routes=[Route("/", page)]), listener=theirs):
            carrier = Carrier(hosts.core.store, hosts.core.commits, http, sender, clock=hosts.clock)
            assert await carrier.send_some() == 1
        await sender.aclose()
        await http.aclose()
        assert inner.quiet
    (refused,) = hosts.queue()
    assert "https on port 443 only" in refused.why
    assert [duty.notice for duty in (await hosts.anna.one(asked.id)).duties] == ["waiting"]
