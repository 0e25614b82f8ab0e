"""Two pod hosts that have never heard of each other: a token of one opens resources on the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from pods.client import SolidClient
from tests.conftest import SettableClock
from tests.identity_host import IdentityHost, identity_host
from tests.serving import bound_socket, serving

ACL = """@prefix acl: <http://www.w3.org/ns/auth/acl#>.
<#owner> a acl:Authorization; acl:agent <{owner}>; acl:accessTo <{to}>; acl:mode acl:Read, acl:Write, acl:Control.
<#friend> a acl:Authorization; acl:agent <{friend}>; acl:accessTo <{to}>; acl:mode acl:Read.
"""


@pytest.fixture
async def hosts(tmp_path: Path, clock: SettableClock) -> AsyncIterator[tuple[IdentityHost, IdentityHost]]:
    sockets = [bound_socket(), bound_socket()]
    places = [f"localhost:{listener.getsockname()[1]}" for listener in sockets]
    async with AsyncExitStack() as stack:
        opened = []
        for number, listener in enumerate(sockets):
            origin = f"http://{places[number]}"
            folder = tmp_path / str(number)
            host = await stack.enter_async_context(
                identity_host(folder, clock, origin=origin, trusted=tuple(places))
            )
            stack.enter_context(serving(host.app, listener=listener))
            opened.append(host)
        yield opened[0], opened[1]


async def test_a_friend_with_an_account_elsewhere_reads_what_was_shared(
    hosts: tuple[IdentityHost, IdentityHost],
) -> None:
    here, there = hosts
    note = f"{here.origin}/anna/note.ttl"
    async with httpx.AsyncClient() as http:
        anna = SolidClient(http, here.credentials(http, here.add_account("anna")), clock=here.clock)
        bruno = SolidClient(http, there.credentials(http, there.add_account("bruno")), clock=there.clock)
        carla = SolidClient(http, there.credentials(http, there.add_account("carla")), clock=there.clock)
        await anna.put(note, "<#it> a <#note>.", "text/turtle")
        rules = ACL.format(owner=here.webid("anna"), friend=there.webid("bruno"), to=note)
        await anna.put(f"{note}.acl", rules, "text/turtle")
        assert (await bruno.request("GET", note)).status_code == 200
        assert (await carla.request("GET", note)).status_code == 403


async def test_a_host_cannot_speak_for_the_people_of_another(
    hosts: tuple[IdentityHost, IdentityHost],
) -> None:
    here, there = hosts
    here.add_account("anna")
    with there.store.writing() as tx:
        account = there.accounts.create(tx, "mallory", webid=here.webid("anna"))
        credentials = there.accounts.credentials(tx, account.webid, "forged")
    async with httpx.AsyncClient() as http:
        mallory = SolidClient(http, there.credentials(http, credentials), clock=there.clock)
        answer = await mallory.request("GET", f"{here.origin}/anna/settings/prefs.ttl")
    assert answer.status_code == 401
