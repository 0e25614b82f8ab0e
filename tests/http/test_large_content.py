"""Content over 1 MiB lies in the blob store: written and read like any other, counted, and removed when unused."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path as FilePath

import httpx
import pytest
import pytest_asyncio

from pods.http.arriving import IN_MEMORY
from pods.model import Path
from pods.storage import blobs_sql
from pods.storage.base import Usage
from pods.storage.transaction import DROPPED_SECONDS, ENTRY_BYTES
from pods.sweeper import Sweeper
from pods.uploads import LEASE_SECONDS
from tests.conftest import SettableClock
from tests.pod_host import PodHost

MIB = 1024 * 1024
LARGE = bytes(range(256)) * (12 * 1024)  # 3 MiB
JPEG = "image/jpeg"
QUOTA = 10 * MIB


@pytest_asyncio.fixture
async def host(tmp_path: FilePath, clock: SettableClock) -> AsyncIterator[PodHost]:
    host = PodHost.open(tmp_path, clock, quota=QUOTA, max_body=20 * MIB)
    yield host
    await host.aclose()


def files(host: PodHost) -> list[FilePath]:
    """Return what lies in the blob store."""
    return sorted(file for file in (host.core.settings.data / "blobs").rglob("*") if file.is_file())


def usage(host: PodHost, name: str = "anna") -> Usage:
    with host.core.store.reading() as tx:
        pod = tx.pod(name)
        assert pod is not None
        return tx.usage(pod.key)


async def swept(host: PodHost) -> int:
    return await Sweeper(host.core.blobs, host.core.commits, host.core.clock).sweep()


async def in_chunks(content: bytes, size: int = 100_000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def put_in_chunks(host: PodHost, path: str, content: bytes) -> httpx.Response:
    url = host.origin + path
    return await host.http.put(
        url, content=in_chunks(content), headers={**host.anna.credentials("PUT", url), "content-type": JPEG}
    )


@pytest.mark.parametrize("size", [0, 1, IN_MEMORY - 1, IN_MEMORY, IN_MEMORY + 1, 3 * MIB])
@pytest.mark.parametrize("chunked", [False, True])
async def test_content_of_any_size_comes_back_as_it_went_in(host: PodHost, size: int, chunked: bool) -> None:
    content = LARGE[:size]
    put = (
        put_in_chunks(host, "/anna/photo", content)
        if chunked
        else host.anna.put("/anna/photo", content, JPEG)
    )
    assert (await put).status_code == 201
    got = await host.anna.get("/anna/photo")
    assert (got.status_code, got.content == content, got.headers["content-type"]) == (200, True, JPEG)
    assert got.headers["content-length"] == str(size)
    assert len(files(host)) == (1 if size > IN_MEMORY else 0)


async def test_the_entity_tag_does_not_tell_where_content_lies(host: PodHost) -> None:
    large = await host.anna.put("/anna/a", LARGE, JPEG)
    host.write("/anna/b", LARGE, JPEG)
    assert large.headers["etag"] == (await host.anna.get("/anna/b")).headers["etag"]


async def test_a_blob_is_its_operators_alone(host: PodHost) -> None:
    await host.anna.put("/anna/photo", LARGE, JPEG)
    (file,) = files(host)
    assert file.read_bytes() == LARGE
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


async def test_a_large_member_is_posted(host: PodHost) -> None:
    made = await host.anna.post("/anna/", LARGE, JPEG, slug="photo")
    assert made.status_code == 201
    assert (await host.anna.get(made.headers["location"])).content == LARGE


async def test_head_describes_a_blob_without_opening_it(host: PodHost) -> None:
    await host.anna.put("/anna/photo", LARGE, JPEG)
    for file in files(host):
        file.unlink()
    head = await host.anna.request("HEAD", "/anna/photo")
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(LARGE)), b"")


async def test_head_of_a_container_makes_no_listing(host: PodHost) -> None:
    head = await host.anna.request("HEAD", "/anna/")
    got = await host.anna.get("/anna/")
    assert "content-length" not in head.headers
    assert head.headers["etag"] == got.headers["etag"]
    assert head.headers["content-type"] == got.headers["content-type"]


async def test_a_blob_that_is_lost_is_the_hosts_failure_and_never_empty_content(host: PodHost) -> None:
    await host.anna.put("/anna/photo", LARGE, JPEG)
    for file in files(host):
        file.unlink()
    got = await host.anna.get("/anna/photo")
    assert (got.status_code, got.json()["code"]) == (500, "store-error")


async def test_conditions_hold_for_large_bodies(host: PodHost) -> None:
    first = await host.anna.put("/anna/photo", LARGE, JPEG, if_none_match="*")
    assert first.status_code == 201
    again = await host.anna.put("/anna/photo", LARGE[::-1], JPEG, if_none_match="*")
    stale = await host.anna.put("/anna/photo", LARGE[::-1], JPEG, if_match='"other"')
    assert (again.status_code, stale.status_code) == (412, 412)
    assert (await host.anna.get("/anna/photo")).content == LARGE
    right = await host.anna.put("/anna/photo", LARGE[::-1], JPEG, if_match=first.headers["etag"])
    assert right.status_code == 204
    assert (await host.anna.get("/anna/photo")).content == LARGE[::-1]
    unchanged = await host.anna.get("/anna/photo", if_none_match=right.headers["etag"])
    assert unchanged.status_code == 304


async def test_of_a_hundred_parallel_creations_one_succeeds_and_the_others_leave_nothing(
    host: PodHost,
) -> None:
    bodies = [bytes([number]) * (IN_MEMORY + 1) for number in range(6)]
    answers = await asyncio.gather(
        *(host.anna.put("/anna/photo", body, JPEG, if_none_match="*") for body in bodies)
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [412] * 5
    await swept(host)
    (file,) = files(host)
    assert file.read_bytes() in bodies


@pytest.mark.parametrize("replacement", [b"small", LARGE[::-1], None])
async def test_replaced_and_deleted_content_is_removed_after_a_while(
    host: PodHost, clock: SettableClock, replacement: bytes | None
) -> None:
    await host.anna.put("/anna/photo", LARGE, JPEG)
    (before,) = files(host)
    if replacement is None:
        await host.anna.delete("/anna/photo")
    else:
        await host.anna.put("/anna/photo", replacement, JPEG)
        assert (await host.anna.get("/anna/photo")).content == replacement
    assert await swept(host) == 0
    clock.advance(DROPPED_SECONDS)
    assert await swept(host) == 1
    assert before not in files(host)
    assert len(files(host)) == (1 if replacement == LARGE[::-1] else 0)


async def test_a_stranger_stores_no_byte(host: PodHost) -> None:
    asked = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal asked
        while True:
            asked += 1
            yield bytes(MIB)

    for person, status in ((host.stranger, 401), (host.bob, 403)):
        url = f"{host.origin}/anna/photo"
        fields = {**person.credentials("PUT", url), "content-type": JPEG}
        answer = await host.http.put(url, content=endless(), headers=fields)
        assert (answer.status_code, answer.headers["connection"]) == (status, "close")
    assert files(host) == []
    assert asked < 20  # a moment's worth, thrown away, so that the answer arrives


async def test_a_stranger_is_refused_before_a_declared_body_is_read(host: PodHost) -> None:
    async def untouched() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield pytest.fail("the body was read")

    url = f"{host.origin}/anna/photo"
    fields = {"content-type": JPEG, "content-length": str(5 * MIB), "expect": "100-continue"}
    answer = await host.http.put(url, content=untouched(), headers=fields)
    assert answer.status_code == 401


async def test_a_body_over_the_hosts_limit_is_too_large(host: PodHost) -> None:
    declared = await host.anna.put("/anna/photo", bytes(20 * MIB + 1), JPEG)
    with host.core.store.writing() as tx:
        tx.execute("UPDATE pod SET quota = 0")
    chunked = await put_in_chunks(host, "/anna/photo", bytes(20 * MIB + 1))
    assert (declared.status_code, chunked.status_code) == (413, 413)
    assert (await host.anna.get("/anna/photo")).status_code == 404
    await swept(host)
    assert files(host) == []


async def test_rdf_is_never_a_blob_and_has_a_limit(host: PodHost) -> None:
    turtle = b"<#a> <#b> <#c>.\n" + b"# so much to say\n" * 100_000
    assert len(turtle) > IN_MEMORY
    assert (await host.anna.put("/anna/text", turtle)).status_code == 201
    assert files(host) == []
    assert (await host.anna.get("/anna/text")).content == turtle
    assert (await put_in_chunks(host, "/anna/text.acl", LARGE)).status_code == 415


async def test_a_container_takes_no_large_content(host: PodHost) -> None:
    assert (await host.anna.put("/anna/folder/", LARGE, JPEG)).status_code == 415
    await swept(host)
    assert files(host) == []
    assert (await host.anna.get("/anna/folder/")).status_code == 404


async def test_a_full_pod_takes_nothing_more_and_is_left_as_it_was(host: PodHost) -> None:
    before = usage(host)
    room = QUOTA - before.used - ENTRY_BYTES
    assert (await host.anna.put("/anna/fits", bytes(room), JPEG)).status_code == 201
    full = usage(host)
    assert full.used == QUOTA
    listing = (await host.anna.get("/anna/")).headers["etag"]
    for answer in (
        await host.anna.put("/anna/more", b"", JPEG),
        await host.anna.put("/anna/more", LARGE, JPEG),
        await put_in_chunks(host, "/anna/more", LARGE),
        await host.anna.post("/anna/", b"<> <#p> 1 .", "text/turtle"),
        await host.anna.patch(
            "/anna/more.ttl",
            "@prefix s: <http://www.w3.org/ns/solid/terms#>. <> a s:InsertDeletePatch; s:inserts {<#a> <#b> 1}.",
        ),
    ):
        assert (answer.status_code, answer.json()["code"]) == (507, "quota-exceeded")
        assert "Delete something" in answer.json()["detail"]
    assert usage(host) == full
    assert (await host.anna.get("/anna/")).headers["etag"] == listing
    await swept(host)
    assert len(files(host)) == 1


async def test_a_pod_over_its_quota_can_be_made_smaller(host: PodHost) -> None:
    await host.anna.put("/anna/a", LARGE, JPEG)
    with host.core.store.writing() as tx:
        tx.execute("UPDATE pod SET quota = 1000 WHERE name = 'anna'")
    assert (await host.anna.put("/anna/a", LARGE + b"x", JPEG)).status_code == 507
    assert (await host.anna.put("/anna/a", LARGE[:-1], JPEG)).status_code == 204
    assert (await host.anna.put("/anna/a", b"x", JPEG)).status_code == 204
    assert (await host.anna.delete("/anna/a")).status_code == 204


async def test_a_pods_own_quota_stands_before_the_hosts(host: PodHost) -> None:
    with host.core.store.writing() as tx:
        tx.execute("UPDATE pod SET quota = ? WHERE name = 'anna'", (usage(host).used + 2 * MIB,))
    assert (await host.anna.put("/anna/a", LARGE, JPEG)).status_code == 507
    with host.core.store.writing() as tx:
        tx.execute("UPDATE pod SET quota = 0 WHERE name = 'anna'")
    for name in "abcd":
        assert (await host.anna.put(f"/anna/{name}", LARGE, JPEG)).status_code == 201


@pytest.mark.parametrize("size", [1_000_000, 2_000_000])
async def test_parallel_writes_never_exceed_the_quota(host: PodHost, size: int) -> None:
    content = bytes(size)
    answers = await asyncio.gather(*(host.anna.put(f"/anna/{n}", content, JPEG) for n in range(14)))
    made = [answer for answer in answers if answer.status_code == 201]
    assert {answer.status_code for answer in answers} == {201, 507}
    assert len(made) == (QUOTA - 20_000) // (size + ENTRY_BYTES)
    assert usage(host).used <= QUOTA


async def test_an_upload_that_fails_halfway_leaves_nothing_visible(host: PodHost) -> None:
    async def breaks() -> AsyncIterator[bytes]:
        yield LARGE
        raise OSError("the network is gone")

    url = f"{host.origin}/anna/photo"
    fields = {**host.anna.credentials("PUT", url), "content-type": JPEG}
    assert (await host.http.put(url, content=breaks(), headers=fields)).status_code == 500
    assert (await host.anna.get("/anna/photo")).status_code == 404
    await swept(host)
    assert files(host) == []


async def test_an_upload_that_nobody_finished_is_swept_when_its_time_is_over(
    host: PodHost, clock: SettableClock
) -> None:
    """What a host that was killed leaves: the note of an upload, and a part of a file."""
    key = "0123456789abcdef" * 2
    with host.core.store.writing() as tx:
        blobs_sql.expect(tx, key, clock() + LEASE_SECONDS)
    host.core.blobs.create(key).write(b"half")
    assert await swept(host) == 0
    assert len(files(host)) == 1
    clock.advance(LEASE_SECONDS)
    assert await swept(host) == 1
    assert files(host) == []


async def test_what_is_in_use_is_never_swept(host: PodHost, clock: SettableClock) -> None:
    await host.anna.put("/anna/photo", LARGE, JPEG)
    clock.advance(10 * LEASE_SECONDS)
    assert await swept(host) == 0
    assert (await host.bob.get("/anna/photo")).status_code == 403
    with host.core.store.reading() as tx:
        stored = tx.get(Path("/anna/photo"))
        assert stored is not None
        assert stored.blob is not None
        assert host.core.blobs.size(stored.blob) == len(LARGE)
