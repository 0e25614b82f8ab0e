"""Consent about data on a server that knows access control lists only: given, kept apart from others' rules, withdrawn."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from rdflib import Graph, URIRef

from consent.client import PurposeKey, ServiceClient
from consent.foreign import LIMITS, ForeignError, ForeignGrants, ForeignState
from consent.foreign.rules import ACL
from pods.client import SolidClient, SolidError
from tests.conftest import SettableClock
from tests.identity_host import IdentityHost, identity_host

PURPOSE = "https://host.example/.consent/purposes/mobility/1"
NOTE, OTHER = "notes/one.ttl", "notes/two.ttl"
FRIENDS = """@prefix acl: <http://www.w3.org/ns/auth/acl#>.
<#me> a acl:Authorization; acl:agent <{owner}>; acl:accessTo <{at}>; acl:mode acl:Read, acl:Write, acl:Control.
<#friend> a acl:Authorization; acl:agent <https://friend.example/#me>; acl:accessTo <{at}>; acl:mode acl:Read.
"""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A plain Solid server where anna's data lie, and a service that has an account there."""

    host: IdentityHost
    http: httpx.AsyncClient
    anna: SolidClient
    service: SolidClient
    clock: SettableClock

    @property
    def storage(self) -> str:
        return f"{self.host.origin}/anna/"

    @property
    def agent(self) -> str:
        return str(self.host.webid("service"))

    def grants(self, solid: SolidClient | None = None) -> ForeignGrants:
        return ForeignGrants(solid or self.anna, self.storage, clock=self.clock)

    async def reads(self, name: str = NOTE) -> int:
        """Return the status that the service gets."""
        return (await self.service.request("GET", self.storage + name)).status_code

    async def rules(self, name: str = NOTE) -> Graph | None:
        """Return the list of a document, None if it has none of its own."""
        answer = await self.anna.request("GET", self.storage + name + ".acl")
        if answer.status_code == 404:
            return None
        return Graph().parse(data=answer.content, format="turtle", publicID=self.storage + name + ".acl")


@pytest_asyncio.fixture
async def elsewhere(tmp_path: Path, clock: SettableClock) -> AsyncIterator[Elsewhere]:
    """A host of ours without consent: pods and access control lists alone."""
    async with identity_host(tmp_path, clock, origin="http://there.example") as host, host.browser() as http:
        anna, service = (
            SolidClient(http, host.credentials(http, host.add_account(name)), clock=clock)
            for name in ("anna", "service")
        )
        for name in (NOTE, OTHER):
            await anna.put(f"{host.origin}/anna/{name}", "<#it> <#says> 'hello'.", "text/turtle")
        yield Elsewhere(host, http, anna, service, clock)


async def given(there: Elsewhere, *names: str, days: float = 30) -> str:
    resources = [there.storage + name for name in names or (NOTE,)]
    grant = await there.grants().give(PURPOSE, there.agent, resources, there.clock() + days * 86_400)
    assert grant.state is ForeignState.GIVEN
    return grant.id


async def test_the_service_reads_what_was_given_until_it_is_withdrawn(elsewhere: Elsewhere) -> None:
    assert await elsewhere.reads() == 403
    grant = await given(elsewhere)
    assert await elsewhere.reads() == 200
    done = await elsewhere.grants().withdraw(grant)
    assert (done.state, done.open_still) == (ForeignState.WITHDRAWN, ())
    assert await elsewhere.reads() == 403


async def test_the_client_of_services_reads_there_with_its_ordinary_token(elsewhere: Elsewhere) -> None:
    """Such a server says no way in by UMA: the list alone decides."""
    credentials = elsewhere.host.credentials(elsewhere.http, elsewhere.host.add_account("coop"))
    service = ServiceClient(
        elsewhere.http,
        credentials,
        PurposeKey.generate(),
        clock=elsewhere.clock,
        host="https://host.example",
    )
    place, agent = elsewhere.storage + NOTE, str(elsewhere.host.webid("coop"))
    assert (await service.read(place, PURPOSE)).status_code == 403
    grant = await elsewhere.grants().give(PURPOSE, agent, [place], 2e9)
    assert b"hello" in (await service.read(place, PURPOSE)).content
    await elsewhere.grants().withdraw(grant.id)
    assert (await service.read(place, PURPOSE)).status_code == 403


async def test_nothing_but_reading_and_nothing_beside_it_is_given(elsewhere: Elsewhere) -> None:
    """Attack 14: exact documents, Read only."""
    await given(elsewhere)
    assert await elsewhere.reads(OTHER) == 403
    assert (await elsewhere.service.request("GET", elsewhere.storage + "notes/")).status_code == 403
    for method in ("PUT", "DELETE"):
        answer = await elsewhere.service.request(
            method, elsewhere.storage + NOTE, content="<> <#x> 1.", headers={"content-type": "text/turtle"}
        )
        assert answer.status_code == 403


@pytest.mark.parametrize("name", ["notes/", "", "notes/one.ttl?x", "notes/one.ttl#it"])
async def test_attack_14_containers_cannot_be_given(elsewhere: Elsewhere, name: str) -> None:
    """Attack 14: a container's rule would grow with it."""
    with pytest.raises(ForeignError, match="one by one"):
        await elsewhere.grants().give(PURPOSE, elsewhere.agent, [elsewhere.storage + name], 2e9)


async def test_attack_18_no_condition_is_ever_written(elsewhere: Elsewhere) -> None:
    """Attack 18: a server that does not know a condition grants more than the list says."""
    await given(elsewhere)
    found = await elsewhere.rules()
    assert found is not None
    assert list(found.triples((None, ACL.condition, None))) == []


async def test_the_owner_keeps_all_rights_on_a_document_that_had_no_list(elsewhere: Elsewhere) -> None:
    await given(elsewhere)
    await elsewhere.anna.put(elsewhere.storage + NOTE, "<#it> <#says> 'bye'.", "text/turtle")
    found = await elsewhere.rules()
    assert found is not None
    assert (None, ACL.mode, ACL.Control) in found


async def test_a_list_that_came_with_the_grant_goes_with_it(elsewhere: Elsewhere) -> None:
    grant = await given(elsewhere)
    assert await elsewhere.rules() is not None
    await elsewhere.grants().withdraw(grant)
    assert await elsewhere.rules() is None


async def friends(there: Elsewhere) -> None:
    """Let a friend read the note by a list of its own."""
    rules = FRIENDS.format(owner=there.host.webid("anna"), at=there.storage + NOTE)
    await there.anna.put(there.storage + NOTE + ".acl", rules, "text/turtle")


async def test_everybody_elses_rules_stay_as_they_were(elsewhere: Elsewhere) -> None:
    await friends(elsewhere)
    before = await elsewhere.rules()
    grant = await given(elsewhere)
    during = await elsewhere.rules()
    assert before is not None
    assert during is not None
    assert set(before) < set(during)
    await elsewhere.grants().withdraw(grant)
    after = await elsewhere.rules()
    assert after is not None
    assert set(after) == set(before)


async def test_a_rule_that_was_added_meanwhile_stays(elsewhere: Elsewhere) -> None:
    grant = await given(elsewhere)
    found = await elsewhere.rules()
    assert found is not None
    friend, at = URIRef("https://friend.example/#me"), URIRef(elsewhere.storage + NOTE)
    for predicate, value in ((ACL.agent, friend), (ACL.accessTo, at), (ACL.mode, ACL.Read)):
        found.add((URIRef(f"{at}.acl#friend"), predicate, value))
    await elsewhere.anna.put(f"{at}.acl", found.serialize(format="turtle"), "text/turtle")
    await elsewhere.grants().withdraw(grant)
    after = await elsewhere.rules()
    assert after is not None
    assert (None, ACL.agent, friend) in after
    assert await elsewhere.reads() == 403


class Meddling(SolidClient):
    """Anna's client, beside which something else happens before some of its requests."""

    def __init__(self, there: Elsewhere, before: Callable[[str, str], bool]) -> None:
        self._there = there
        self._before = before

    async def request(self, method: str, url: str, **more: Any) -> httpx.Response:
        if self._before(method, url):
            await friends(self._there)
        return await self._there.anna.request(method, url, **more)


async def test_a_change_between_reading_and_writing_is_not_lost(elsewhere: Elsewhere) -> None:
    """Somebody else's rule arrives after we read the list: If-Match fails, and we begin again."""
    await friends(elsewhere)
    seen: list[str] = []

    def first_write(method: str, url: str) -> bool:
        if method == "PUT" and url.endswith(".acl"):
            seen.append(url)
        return method == "PUT" and url.endswith(".acl") and len(seen) == 1

    solid = Meddling(elsewhere, first_write)
    await elsewhere.anna.put(
        elsewhere.storage + NOTE + ".acl",
        FRIENDS.format(owner=elsewhere.host.webid("anna"), at=elsewhere.storage + NOTE).replace(
            "friend", "aunt"
        ),
        "text/turtle",
    )
    await elsewhere.grants(solid).give(PURPOSE, elsewhere.agent, [elsewhere.storage + NOTE], 2e9)
    found = await elsewhere.rules()
    assert found is not None
    assert len(seen) == 2
    assert (None, ACL.agent, URIRef("https://friend.example/#me")) in found
    assert await elsewhere.reads() == 200


class Failing(SolidClient):
    """Anna's client, which loses the server at the requests that are chosen."""

    def __init__(self, there: Elsewhere, when: Callable[[str, str], bool]) -> None:
        self._there = there
        self._when = when

    async def request(self, method: str, url: str, **more: Any) -> httpx.Response:
        if self._when(method, url):
            raise httpx.ConnectError("gone")
        return await self._there.anna.request(method, url, **more)


async def test_a_withdrawal_that_broke_off_is_shown_and_finished_at_the_next_visit(
    elsewhere: Elsewhere,
) -> None:
    grant = await given(elsewhere, NOTE, OTHER)
    broken = Failing(elsewhere, lambda method, url: method == "DELETE" and OTHER in url)
    with pytest.raises(httpx.ConnectError):
        await elsewhere.grants(broken).withdraw(grant)
    (note,) = await elsewhere.grants().all()
    assert (note.state, note.under_way) == (ForeignState.WITHDRAWING, True)
    assert (await elsewhere.reads(NOTE), await elsewhere.reads(OTHER)) == (403, 200)
    (done,) = await elsewhere.grants().finish()
    assert done.state is ForeignState.WITHDRAWN
    assert await elsewhere.reads(OTHER) == 403
    assert await elsewhere.grants().finish() == []


@pytest.mark.parametrize("lost", range(2, 9))
async def test_wherever_giving_breaks_off_the_next_visit_leaves_no_right(
    elsewhere: Elsewhere, lost: int
) -> None:
    count = 0

    def when(method: str, url: str) -> bool:
        nonlocal count
        count += 1
        return count > lost

    resources = [elsewhere.storage + NOTE, elsewhere.storage + OTHER]
    with pytest.raises((httpx.ConnectError, SolidError)):
        await elsewhere.grants(Failing(elsewhere, when)).give(PURPOSE, elsewhere.agent, resources, 2e9)
    await elsewhere.grants().finish()
    assert (await elsewhere.reads(NOTE), await elsewhere.reads(OTHER)) == (403, 403)
    assert (await elsewhere.rules(NOTE), await elsewhere.rules(OTHER)) == (None, None)


async def test_a_grant_that_ran_out_is_removed_at_the_next_visit(elsewhere: Elsewhere) -> None:
    await given(elsewhere, days=1)
    elsewhere.clock.advance(2 * 86_400)
    assert await elsewhere.reads() == 200  # what LIMITS tells the person beforehand
    (done,) = await elsewhere.grants().finish()
    assert done.state is ForeignState.WITHDRAWN
    assert await elsewhere.reads() == 403


class Misleading(SolidClient):
    """Anna's client at a server that names another server's list as the one of its documents."""

    def __init__(self, there: Elsewhere) -> None:
        self._there = there
        self.changed: list[str] = []

    async def request(self, method: str, url: str, **more: Any) -> httpx.Response:
        if method not in ("GET", "HEAD") and url.endswith(".acl"):
            self.changed.append(url)
        answer = await self._there.anna.request(method, url, **more)
        if method == "HEAD":
            answer.headers["link"] = '<http://elsewhere.example/bruno/private.acl>; rel="acl"'
        return answer


async def test_a_list_on_another_server_is_not_touched(elsewhere: Elsewhere) -> None:
    solid = Misleading(elsewhere)
    with pytest.raises(ForeignError, match="on another server"):
        await elsewhere.grants(solid).give(PURPOSE, elsewhere.agent, [elsewhere.storage + NOTE], 2e9)
    assert solid.changed == []


async def test_what_another_program_put_among_the_notes_is_passed_over(elsewhere: Elsewhere) -> None:
    await elsewhere.anna.put(elsewhere.storage + "settings/consents/junk", b'{"id": 7}', "application/json")
    grant = await given(elsewhere)
    assert [note.id for note in await elsewhere.grants().all()] == [grant]


async def test_the_person_is_told_if_another_rule_still_lets_the_service_in(elsewhere: Elsewhere) -> None:
    rules = FRIENDS.format(owner=elsewhere.host.webid("anna"), at=elsewhere.storage + NOTE)
    own = rules.replace("https://friend.example/#me", elsewhere.agent)
    await elsewhere.anna.put(elsewhere.storage + NOTE + ".acl", own, "text/turtle")
    done = await elsewhere.grants().withdraw(await given(elsewhere))
    assert done.open_still == (elsewhere.storage + NOTE,)


async def test_withdrawing_twice_is_as_good_as_once(elsewhere: Elsewhere) -> None:
    grant = await given(elsewhere)
    first = await elsewhere.grants().withdraw(grant)
    assert await elsewhere.grants().withdraw(grant) == first
    with pytest.raises(ForeignError, match="no consent"):
        await elsewhere.grants().withdraw("unknown")


async def test_what_such_a_server_cannot_do_is_said_in_each_language() -> None:
    assert [limit.name for limit in LIMITS] == [
        *("purpose", "properties", "output_mode", "log", "end", "latency")
    ]
    assert all(limit.text["it"] and limit.text["en"] for limit in LIMITS)
