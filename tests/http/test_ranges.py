"""Parts of content (RFC 9110, section 14), the same whether it lies in a row or in the blob store."""

from collections.abc import AsyncIterator
from email.utils import formatdate
from pathlib import Path as FilePath

import pytest
import pytest_asyncio

from tests.conftest import SettableClock
from tests.pod_host import PodHost

SMALL = bytes(range(100))
LARGE = bytes(range(256)) * 8_192  # 2 MiB
JPEG = "image/jpeg"
WHOLE = None
NOTHING = (-1, -1)


@pytest.fixture(params=[SMALL, LARGE], ids=["in a row", "in the blob store"])
def content(request: pytest.FixtureRequest) -> bytes:
    return bytes(request.param)


@pytest_asyncio.fixture
async def host(tmp_path: FilePath, clock: SettableClock, content: bytes) -> AsyncIterator[PodHost]:
    host = PodHost.open(tmp_path, clock)
    assert (await host.anna.put("/anna/photo", content, JPEG)).status_code == 201
    yield host
    await host.aclose()


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("bytes=0-0", (0, 0)),  # 14.1.2: the first byte
        ("bytes=5-24", (5, 24)),
        ("bytes=90-", (90, -1)),  # open-ended
        ("bytes=-7", (-7, -1)),  # a suffix
        ("bytes=-9999999", (0, -1)),  # a suffix longer than the content is all of it
        ("bytes=50-99999999", (50, -1)),  # an end beyond the content is its end
        ("bytes=99999999-", NOTHING),  # a start beyond the content
        ("bytes=-0", NOTHING),
        ("bytes=9-5", WHOLE),  # invalid: ignored (14.2)
        ("lines=1-2", WHOLE),  # an unknown unit: ignored
        ("bytes=0-1,5-6", WHOLE),  # several: a server may ignore them
        ("bytes=x-y", WHOLE),
    ],
)
async def test_a_range_is_served_refused_or_ignored(
    host: PodHost, content: bytes, asked: str, expected: tuple[int, int] | None
) -> None:
    answer = await host.anna.get("/anna/photo", range=asked)
    length = len(content)
    if expected is WHOLE:
        assert (answer.status_code, answer.content == content) == (200, True)
    elif expected == NOTHING:
        assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{length}")
    else:
        first, last = (place % length for place in expected)
        assert (answer.status_code, answer.content == content[first : last + 1]) == (206, True)
        assert answer.headers["content-range"] == f"bytes {first}-{last}/{length}"
        assert answer.headers["content-length"] == str(last - first + 1)
        assert answer.headers["accept-ranges"] == "bytes"


async def test_a_range_is_a_matter_of_get_alone(host: PodHost, content: bytes) -> None:
    """14.2: a Range field with any other method is ignored."""
    head = await host.anna.request("HEAD", "/anna/photo", headers={"range": "bytes=0-1"})
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(content)))


@pytest.mark.parametrize(
    ("validator", "status"),
    [
        ("{etag}", 206),
        ("W/{etag}", 200),  # 13.1.5: the comparison is strong
        ('"another"', 200),
        ("{modified}", 206),
        ("{later}", 200),  # a date matches exactly, or not at all
        ("nonsense", 200),
    ],
)
async def test_a_range_of_something_else_is_the_whole(
    host: PodHost, clock: SettableClock, content: bytes, validator: str, status: int
) -> None:
    head = await host.anna.request("HEAD", "/anna/photo")
    clock.advance(600)
    later = formatdate(clock() - 60, usegmt=True)
    value = validator.format(etag=head.headers["etag"], modified=head.headers["last-modified"], later=later)
    answer = await host.anna.get("/anna/photo", range="bytes=0-9", if_range=value)
    assert answer.status_code == status
    assert answer.content == (content[:10] if status == 206 else content)


async def test_a_date_of_this_minute_is_too_weak_for_a_range(host: PodHost) -> None:
    """8.8.2.2: something else can have been written within the same second."""
    modified = (await host.anna.request("HEAD", "/anna/photo")).headers["last-modified"]
    assert (await host.anna.get("/anna/photo", range="bytes=0-9", if_range=modified)).status_code == 200


async def test_parts_make_the_whole(host: PodHost, content: bytes) -> None:
    step = len(content) // 7 + 1
    parts = [
        (await host.anna.get("/anna/photo", range=f"bytes={start}-{start + step - 1}")).content
        for start in range(0, len(content), step)
    ]
    assert b"".join(parts) == content
