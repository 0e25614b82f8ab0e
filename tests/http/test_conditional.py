"""Conditional requests and many clients at once: nothing is lost, nothing is made twice."""

import asyncio

import pytest

from tests.pod_host import PodHost

DOCUMENT = "<#a> <#b> <#c>."
PARALLEL = 100


async def test_a_hundred_creations_give_one_resource(host: PodHost) -> None:
    answers = await asyncio.gather(
        *(host.anna.put("/anna/new.ttl", f"<#a> <#b> {n} .", if_none_match="*") for n in range(PARALLEL))
    )
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(201), statuses.count(412)) == (1, PARALLEL - 1)
    winner = statuses.index(201)
    assert (await host.anna.get("/anna/new.ttl")).text == f"<#a> <#b> {winner} ."


async def test_a_hundred_inserts_are_all_there(host: PodHost) -> None:
    patch = "@prefix solid: <http://www.w3.org/ns/solid/terms#>. _:p a solid:InsertDeletePatch; solid:inserts {{ <#a> <#b> {n} }}."
    answers = await asyncio.gather(
        *(host.anna.patch("/anna/all.ttl", patch.format(n=n)) for n in range(PARALLEL))
    )
    assert sorted({answer.status_code for answer in answers}) == [201, 204]
    lines = (await host.anna.get("/anna/all.ttl", accept="application/n-triples")).text.splitlines()
    assert len(lines) == PARALLEL


async def test_of_writers_who_saw_the_same_state_one_wins(host: PodHost) -> None:
    tag = (await host.anna.put("/anna/x.ttl", DOCUMENT)).headers["etag"]
    answers = await asyncio.gather(
        *(host.anna.put("/anna/x.ttl", f"<#a> <#b> {n} .", if_match=tag) for n in range(20))
    )
    assert sorted(answer.status_code for answer in answers) == [204] + [412] * 19


@pytest.mark.parametrize("accept", ["text/turtle", "application/ld+json", "application/n-triples"])
async def test_the_tag_of_any_representation_allows_a_write(host: PodHost, accept: str) -> None:
    await host.anna.put("/anna/x.ttl", DOCUMENT)
    tag = (await host.anna.get("/anna/x.ttl", accept=accept)).headers["etag"]
    assert (await host.anna.put("/anna/x.ttl", "<#a> <#b> 2 .", if_match=tag)).status_code == 204
    assert (await host.anna.put("/anna/x.ttl", "<#a> <#b> 3 .", if_match=tag)).status_code == 412


async def test_a_creation_that_comes_too_late_changes_nothing(host: PodHost) -> None:
    await host.anna.put("/anna/x.ttl", DOCUMENT)
    assert (await host.anna.put("/anna/x.ttl", "<#other> <#b> 2 .", if_none_match="*")).status_code == 412
    assert (await host.anna.get("/anna/x.ttl")).text == DOCUMENT


async def test_what_the_client_has_is_not_sent_again(host: PodHost) -> None:
    tag = (await host.anna.put("/anna/x.ttl", DOCUMENT)).headers["etag"]
    answer = await host.anna.get("/anna/x.ttl", if_none_match=tag)
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    assert "Origin" in answer.headers["vary"]


async def test_a_listing_is_not_sent_again_either(host: PodHost) -> None:
    tag = (await host.anna.get("/anna/inbox/")).headers["etag"]
    assert (await host.anna.get("/anna/inbox/", if_none_match=tag)).status_code == 304
    await host.bob.post("/anna/inbox/", DOCUMENT)
    assert (await host.anna.get("/anna/inbox/", if_none_match=tag)).status_code == 200


async def test_a_delete_can_be_conditional(host: PodHost) -> None:
    tag = (await host.anna.put("/anna/x.ttl", DOCUMENT)).headers["etag"]
    assert (await host.anna.delete("/anna/x.ttl", if_match='"other"')).status_code == 412
    assert (await host.anna.delete("/anna/x.ttl", if_match=tag)).status_code == 204
