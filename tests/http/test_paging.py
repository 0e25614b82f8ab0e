"""Large containers: pages with stable cursors, the container without its members, and whole lists that hold nobody up."""

import asyncio
import json
import os
import re
import time

import pytest
from pyoxigraph import RdfFormat, parse

from pods.long_listings import AT_ONCE, SLICE
from pods.model import Path
from pods.protocol import rdf
from tests.pod_host import ORIGIN, Person, PodHost

LDP = "http://www.w3.org/ns/ldp#"
BOX = "/anna/box/"
# As many as issue 3 asks for where there is time: PORTICO_TEST_MEMBERS=300000.
MANY = int(os.environ.get("PORTICO_TEST_MEMBERS", "3000"))
PAGE = 'return=representation; max-member-count="{}"'
LINK = re.compile(r'<([^>]*)>; rel="([^"]*)"')


def fill(host: PodHost, count: int, path: str = BOX) -> None:
    with host.core.store.writing() as tx:
        pod = tx.pod("anna")
        assert pod is not None
        tx.write(Path(path), rdf.TURTLE, b"", host.core.clock())
        tx.execute_many(
            "INSERT INTO resource (name, container, parent, pod, media_type, etag, modified, size, content) "
            "VALUES (?, 0, ?, ?, 'text/turtle', ?, 0, 0, ?)",
            ((f"{path}{n:06}.ttl", path, pod.key, f"{n:024}", b"") for n in range(count)),
        )


def members_of(content: str, media_type: str = rdf.TURTLE) -> list[str]:
    quads = rdf.parse(media_type, content.encode(), ORIGIN + BOX)
    found = [str(quad.object)[1:-1] for quad in quads if quad.predicate.value == LDP + "contains"]
    return sorted(member.removeprefix(ORIGIN + BOX) for member in found)


def links(header: str) -> dict[str, str]:
    return {rel: address for address, rel in LINK.findall(header)}


async def leaf(person: Person, address: str, way: str = "next") -> list[list[str]]:
    """Return the members of each page that links lead to."""
    pages = []
    while address:
        answer = await person.get(address)
        assert answer.status_code == 200
        pages.append(members_of(answer.text))
        address = links(answer.headers["link"]).get(way, "")
    return pages


async def test_a_client_that_asks_for_few_gets_the_first_page_and_the_way_on(host: PodHost) -> None:
    fill(host, 25)
    answer = await host.anna.get(BOX, prefer=PAGE.format(10))
    assert (answer.status_code, len(members_of(answer.text))) == (200, 10)
    assert answer.headers["preference-applied"] == "return=representation"
    assert "Prefer" in answer.headers["vary"]
    led = links(answer.headers["link"])
    assert led["canonical"] == ORIGIN + BOX
    assert f'<{LDP}Page>; rel="type"' in answer.headers["link"]
    assert "prev" not in led
    first = await host.anna.get(answer.headers["content-location"])
    assert members_of(first.text) == members_of(answer.text)
    pages = await leaf(host.anna, led["first"])
    assert [len(page) for page in pages] == [10, 10, 5]
    assert [name for page in pages for name in page] == [f"{n:06}.ttl" for n in range(25)]


async def test_pages_can_be_leafed_from_the_end(host: PodHost) -> None:
    fill(host, 25)
    answer = await host.anna.get(BOX, prefer=PAGE.format(10))
    pages = await leaf(host.anna, links(answer.headers["link"])["last"], "prev")
    assert sorted(name for page in pages for name in page) == [f"{n:06}.ttl" for n in range(25)]
    assert pages[0] == [f"{n:06}.ttl" for n in range(15, 25)]


async def test_a_cursor_stays_right_while_members_come_and_go(host: PodHost) -> None:
    fill(host, 25)
    led = links((await host.anna.get(BOX, prefer=PAGE.format(10))).headers["link"])
    await host.anna.delete(BOX + "000003.ttl")
    await host.anna.put(BOX + "000000-early.ttl", "")
    await host.anna.delete(BOX + "000009.ttl")  # the one that the next page begins after
    assert members_of((await host.anna.get(led["next"])).text) == [f"{n:06}.ttl" for n in range(10, 20)]


async def test_each_page_has_a_tag_that_a_change_makes_stale(host: PodHost) -> None:
    fill(host, 25)
    answer = await host.anna.get(BOX, prefer=PAGE.format(10))
    led = links(answer.headers["link"])
    tags = {(await host.anna.get(address)).headers["etag"] for address in (led["first"], led["next"], BOX)}
    assert len(tags) == 3
    tag = (await host.anna.get(led["next"])).headers["etag"]
    assert (await host.anna.get(led["next"], if_none_match=tag)).status_code == 304
    await host.anna.put(BOX + "new.ttl", "")
    assert (await host.anna.get(led["next"], if_none_match=tag)).status_code == 200


@pytest.mark.parametrize("asked", ["1", "100000", "0"])
async def test_a_page_has_no_more_members_than_the_host_gives(host: PodHost, asked: str) -> None:
    fill(host, 1_100)
    found = members_of((await host.anna.get(BOX, prefer=PAGE.format(asked))).text)
    assert len(found) == {"1": 1, "100000": 1_000, "0": 1}[asked]


async def test_a_page_that_is_none_of_ours_is_a_bad_request(host: PodHost) -> None:
    host.write(BOX, "")
    for page in ("", "x", "%00", "MTA", "////"):
        assert (await host.anna.get(f"{BOX}?page={page}")).status_code == (400 if page else 200)
    assert (await host.anna.get("/anna/profile/card?page=x")).status_code == 200


async def test_a_page_is_json_ld_too(host: PodHost) -> None:
    fill(host, 25)
    answer = await host.anna.get(BOX, prefer=PAGE.format(10), accept=rdf.JSON_LD)
    assert len(members_of(answer.text, rdf.JSON_LD)) == 10


async def test_a_page_is_for_readers_only(host: PodHost) -> None:
    fill(host, 25)
    address = links((await host.anna.get(BOX, prefer=PAGE.format(10))).headers["link"])["next"]
    assert (await host.bob.get(address)).status_code == 403
    assert (await host.stranger.get(address)).status_code == 401


@pytest.mark.parametrize(
    ("prefer", "members", "applied"),
    [
        (f'return=representation; include="{LDP}PreferMinimalContainer"', False, True),
        (f'return=representation; include="{LDP}PreferEmptyContainer"', False, True),
        (f'return=representation; omit="{LDP}PreferContainment"', False, True),
        (f'return=representation; omit="{LDP}PreferMembership"', True, False),
        (f'return=representation; include="{LDP}PreferContainment"', True, False),
        (f'return=representation; include="{LDP}PreferMinimalContainer {LDP}PreferContainment"', True, False),
        ("return=minimal", True, False),
        ('respond-async, wait=10, handling="lenient', True, False),
    ],
)
async def test_a_client_may_leave_out_the_members(
    host: PodHost, prefer: str, members: bool, applied: bool
) -> None:
    host.write(BOX, '<> <http://purl.org/dc/terms/title> "My box".')
    host.write(BOX + "a.ttl", "")
    answer = await host.anna.get(BOX, prefer=prefer)
    assert ("contains" in answer.text, "a.ttl" in answer.text) == (members, members)
    assert ("My box" in answer.text, "BasicContainer" in answer.text) == (True, True)
    assert ("preference-applied" in answer.headers) == applied
    assert (answer.headers["etag"] == (await host.anna.get(BOX)).headers["etag"]) == members


async def test_the_log_of_accesses_has_pages_too(host: PodHost) -> None:
    await host.bob.get("/anna/settings/prefs.ttl")
    answer = await host.anna.get("/anna/activity/", prefer=PAGE.format(10))
    assert "2026-03.ttl" in answer.text
    assert (await host.anna.get(answer.headers["content-location"])).text == answer.text


@pytest.mark.parametrize("media_type", [rdf.TURTLE, rdf.JSON_LD, rdf.N_TRIPLES])
async def test_a_client_that_does_not_page_gets_every_member(host: PodHost, media_type: str) -> None:
    fill(host, MANY)
    host.write(BOX, '@prefix ldp: <http://evil.example/>. <> <http://purl.org/dc/terms/title> "My box".')
    answer = await host.anna.get(BOX, accept=media_type)
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert "content-length" not in answer.headers
    if media_type == rdf.JSON_LD:
        found = [each["@id"] for node in json.loads(answer.text) for each in node.get(LDP + "contains", ())]
    else:
        # Not by the host's own parser: it takes no document of so many triples from a client.
        syntax = RdfFormat.from_media_type(media_type)
        quads = parse(answer.content, format=syntax, base_iri=ORIGIN + BOX)
        found = [str(quad.object)[1:-1] for quad in quads if quad.predicate.value == LDP + "contains"]
    assert found == [f"{ORIGIN}{BOX}{n:06}.ttl" for n in range(MANY)]
    assert "My box" in answer.text


async def test_a_long_list_holds_nobody_up(host: PodHost) -> None:
    fill(host, MANY)
    listing = asyncio.create_task(host.anna.get(BOX, accept=rdf.JSON_LD))
    waits: list[float] = []
    await asyncio.sleep(0)
    while not listing.done():
        started = time.perf_counter()
        assert (await host.stranger.get("/anna/profile/card")).status_code == 200
        await asyncio.sleep(0)
        waits.append(time.perf_counter() - started)
    assert (await listing).status_code == 200
    # In between each few slices somebody else is served: one who waited for all would be alone here.
    assert len(waits) > MANY / SLICE / 10


async def test_head_of_a_large_container_lists_nothing(host: PodHost) -> None:
    fill(host, MANY)
    started = time.perf_counter()
    answer = await host.anna.request("HEAD", BOX)
    assert (answer.status_code, answer.content) == (200, b"")
    assert time.perf_counter() - started < 0.5
    tag = answer.headers["etag"]
    assert (await host.anna.get(BOX, if_none_match=tag)).status_code == 304


async def test_a_long_list_ends_when_the_right_to_read_it_does(host: PodHost) -> None:
    fill(host, MANY)
    acl = "@prefix acl: <http://www.w3.org/ns/auth/acl#>.\n<#r> a acl:Authorization; acl:accessTo <./>; acl:mode acl:Read"
    host.write(BOX + ".acl", f"{acl}; acl:agent <{host.bob.webid}>.")
    chunks = 0

    async def send(message: dict[str, object]) -> None:
        nonlocal chunks
        if message["type"] == "http.response.body" and message.get("body"):
            chunks += 1
            if chunks == 2:
                host.write(BOX + ".acl", f"{acl}; acl:agent <{host.anna.webid}>.")

    async def receive() -> dict[str, object]:
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    fields = host.bob.credentials("GET", ORIGIN + BOX)
    scope = {
        "type": "http",
        "method": "GET",
        "path": BOX,
        "raw_path": BOX.encode(),
        "query_string": b"",
        "headers": [(b"host", b"localhost:8080"), *((k.encode(), v.encode()) for k, v in fields.items())],
    }
    await host.app(scope, receive, send)  # type: ignore[arg-type]  # plain dictionaries
    assert 2 <= chunks <= 3 < MANY / SLICE


async def test_a_member_of_a_large_container_is_written_and_deleted_at_once(host: PodHost) -> None:
    fill(host, MANY)
    started = time.perf_counter()
    assert (await host.anna.put(BOX + "one.ttl", "<#a> <#b> <#c>.")).status_code == 201
    assert (await host.anna.post(BOX, "<#a> <#b> <#c>.")).status_code == 201
    assert (await host.anna.delete(BOX + "000001.ttl")).status_code == 204
    assert (await host.anna.delete(BOX)).status_code == 409
    assert time.perf_counter() - started < 1


async def test_many_members_is_more_than_what_is_listed_in_one_go() -> None:
    assert MANY > 2 * AT_ONCE


async def test_a_write_to_a_large_container_looks_at_no_member_that_it_does_not_name(host: PodHost) -> None:
    fill(host, MANY)
    title = '<> <http://purl.org/dc/terms/title> "My box".'
    patch = (
        "@prefix solid: <http://www.w3.org/ns/solid/terms#>.\n"
        "_:p a solid:InsertDeletePatch; solid:inserts { <> <http://e/kind> 'large' }."
    )
    started = time.perf_counter()
    assert (await host.anna.put(BOX, title)).status_code == 204
    assert (await host.anna.patch(BOX, patch)).status_code == 204
    assert time.perf_counter() - started < 1
    minimal = (await host.anna.get(BOX, prefer=f'return=representation; omit="{LDP}PreferContainment"')).text
    assert ("My box" in minimal, "large" in minimal) == (True, True)


@pytest.mark.parametrize(
    "claim",
    [
        f"<> <{LDP}contains> <ghost>",
        "<000001.ttl> <http://www.w3.org/ns/posix/stat#size> 17",
        "<000001.ttl> <http://purl.org/dc/terms/modified> 1",
    ],
)
async def test_what_a_large_container_holds_is_the_hosts_to_state(host: PodHost, claim: str) -> None:
    fill(host, MANY)
    assert (await host.anna.put(BOX, claim + " .")).status_code == 409
    sparql = "application/sparql-update"
    assert (await host.anna.patch(BOX, f"INSERT DATA {{ {claim} }}", sparql)).status_code == 409
    gone = f"DELETE DATA {{ <> <{LDP}contains> <000001.ttl> }}"
    assert (await host.anna.patch(BOX, gone, sparql)).status_code == 409
    same = f"<> <{LDP}contains> <000001.ttl> ."
    assert (await host.anna.put(BOX, same)).status_code == 204


async def test_a_write_to_a_large_container_names_only_so_many_members(host: PodHost) -> None:
    fill(host, MANY)
    named = ", ".join(f"<{n:06}.ttl>" for n in range(AT_ONCE + 1))
    assert (await host.anna.put(BOX, f"<> <{LDP}contains> {named} .")).status_code == 422
