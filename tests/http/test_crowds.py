"""Requests that come in crowds: each has its own proof, and its own answer."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from pathlib import Path

from pods.authn.signatures import has_room
from tests.conftest import SettableClock
from tests.pod_host import ORIGIN, Person, PodHost
from tests.signature_processes import processes

PATH = "/anna/note.ttl"
Fields = dict[str, str]


def good(person: Person, method: str = "GET", path: str = PATH) -> Fields:
    return person.credentials(method, ORIGIN + path)


def forged(person: Person, method: str) -> Fields:
    """Return a proof with the signature of another one."""
    fields, other = good(person, method), good(person, method)["dpop"]
    return fields | {"dpop": fields["dpop"].rpartition(".")[0] + "." + other.rpartition(".")[2]}


async def test_each_request_of_a_crowd_is_judged_by_its_own_proof(
    tmp_path: Path, clock: SettableClock
) -> None:
    host = PodHost.open(tmp_path, clock, workers=1)
    host.write(PATH, "<#it> <#is> 1 .")
    anna, bob = host.anna, host.bob

    async def status(method: str, fields: Fields) -> int:
        headers = {"content-type": "text/turtle", **fields}
        answer = await host.http.request(method, ORIGIN + PATH, headers=headers, content="<#it> <#is> 2 .")
        return answer.status_code

    async def crowd(*requests: tuple[str, Fields]) -> list[int]:
        return await asyncio.gather(*(status(*request) for request in requests))

    async with host.core.signatures.running():
        while has_room(1, len(os.sched_getaffinity(0))) and not host.core.signatures.in_crowd():
            assert set(await crowd(*(("GET", good(anna)) for _ in range(8)))) == {200}
        used = good(anna)
        assert await crowd(
            ("GET", good(anna)),
            ("GET", forged(anna, "GET")),
            ("GET", good(bob)),
            ("GET", good(anna, "PUT")),
            ("GET", good(anna, path="/anna/other.ttl")),
            ("GET", good(anna) | {"authorization": good(bob)["authorization"]}),
            ("GET", {}),
            ("GET", good(anna)),
        ) == [200, 401, 403, 401, 401, 401, 401, 200]
        assert Counter(await crowd(*(("GET", used) for _ in range(8)))) == {200: 1, 401: 7}
        assert await crowd(*(("PUT", forged(anna, "PUT")) for _ in range(8))) == [401] * 8
        assert (await anna.get(PATH)).text == "<#it> <#is> 1 ."
        assert set(await crowd(*(("PUT", good(anna, "PUT")) for _ in range(8)))) == {204}
    assert set(await crowd(*(("GET", good(anna)) for _ in range(8)))) == {200}
    await host.aclose()


async def test_the_end_of_the_process_beside_fails_no_request(tmp_path: Path, clock: SettableClock) -> None:
    host = PodHost.open(tmp_path, clock, workers=1)
    host.write(PATH, "<#it> <#is> 1 .")
    room, before, seen = has_room(1, len(os.sched_getaffinity(0))), processes(), set[int]()

    async def crowd() -> list[int]:
        pairs = [good(host.anna), forged(host.anna, "GET"), good(host.bob), good(host.anna)]
        answers = (host.http.get(ORIGIN + PATH, headers=fields) for fields in pairs)
        return [answer.status_code for answer in await asyncio.gather(*answers)]

    async with host.core.signatures.running(), asyncio.timeout(60):
        while len(seen) < (2 if room else 0):
            assert await crowd() == [200, 401, 403, 200]
            if host.core.signatures.in_crowd():
                asked = asyncio.ensure_future(crowd())
                await asyncio.sleep(0)
                for process in processes() - before - seen:
                    os.kill(process, signal.SIGKILL)
                    seen.add(process)
                assert await asked == [200, 401, 403, 200]
        assert await crowd() == [200, 401, 403, 200]
    assert processes() == before
    await host.aclose()
