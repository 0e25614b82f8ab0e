"""The socket over which workers of one machine hand questions to the one that has the projection."""

from __future__ import annotations

import asyncio
import os
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Message

from consent.aggregation import relay
from consent.aggregation.errors import QuestionLost
from consent.aggregation.relay import LONGEST, SOCKET, Relay
from pods.errors import PodError, StoreUnavailable

SENT = {"authorization": "DPoP a", "dpop": "proof", "cookie": "session=1", "x-forwarded-for": "1.2.3.4"}


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as made:  # the path of a socket has at most some hundred bytes
        yield Path(made)


def request(path: str = "/.consent/queries") -> Request:
    async def nothing() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    fields = [(name.encode(), value.encode()) for name, value in SENT.items()]
    return Request({"type": "http", "method": "POST", "path": path, "headers": fields}, nothing)


async def echo(given: Request) -> Response:
    body = (await given.body()).decode()
    told = {"body": body, "fields": sorted(set(given.headers) & set(SENT))}
    return JSONResponse(told, 202, headers={"retry-after": "5", "location": "/there"})


async def failing(_: Request) -> Response:
    raise ValueError("what nobody foresaw")


@asynccontextmanager
async def listening(folder: Path) -> AsyncIterator[Relay]:
    """Let a process have the projection, and another one that reaches it."""
    places = {"queries": echo, "fails": failing}
    app = Starlette(routes=[Route(f"/.consent/{name}", to, methods=["POST"]) for name, to in places.items()])
    owner = Relay(folder)
    async with owner.open(app):
        await owner.listen()
        await owner.listen()
        yield owner


async def test_a_question_arrives_with_what_proves_it_and_nothing_else(folder: Path) -> None:
    async with listening(folder):
        answer = await Relay(folder).answered(request(), b"a question")
    assert answer is not None
    assert (answer.status_code, answer.headers["retry-after"], answer.headers["location"]) == (
        202,
        "5",
        "/there",
    )
    assert answer.body == b'{"body":"a question","fields":["authorization","dpop"]}'


async def test_the_socket_is_for_its_owner_alone_and_gone_with_it(folder: Path) -> None:
    async with listening(folder) as owner:
        assert (folder / SOCKET).stat().st_mode & 0o777 == 0o600
        assert await owner.answered(request(), b"") is None, "it hands nothing to itself"
    assert not (folder / SOCKET).exists()
    assert await Relay(folder).answered(request(), b"") is None


async def test_a_socket_that_a_dead_process_left_is_no_answer_and_in_nobodys_way(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(folder / SOCKET))
    assert await Relay(folder).answered(request(), b"") is None
    async with listening(folder):
        assert await Relay(folder).answered(request(), b"") is not None


async def test_a_process_that_hangs_up_has_lost_the_question(folder: Path) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.close()

    async with await asyncio.start_unix_server(hang_up, folder / SOCKET):
        with pytest.raises(QuestionLost, match="public register"):
            await Relay(folder).answered(request(), b"a question")


async def test_a_process_that_stands_still_is_not_waited_for_for_ever_and_the_log_names_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(relay, "ANSWER_SECONDS", 0.05)
    with socket.socket(socket.AF_UNIX) as standing_still:
        standing_still.bind(str(folder / SOCKET))
        standing_still.listen()
        with pytest.raises(StoreUnavailable, match="ask the same again"):
            await Relay(folder).answered(request(), b"a question")
        assert f"process {os.getpid()}, which is running, has the projection" in caplog.text


async def test_a_failure_there_tells_nothing_about_itself(folder: Path) -> None:
    async with listening(folder):
        with pytest.raises(PodError, match="the operator can see what") as told:
            await Relay(folder).answered(request("/.consent/fails"), b"")
    assert "foresaw" not in str(told.value)


async def test_a_folder_whose_path_is_too_long_has_no_socket(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * LONGEST)
    deep.mkdir()
    async with listening(deep):
        assert list(deep.iterdir()) == []
        assert await Relay(deep).answered(request(), b"") is None
