"""How often a write asks SQLite: each statement takes some microseconds of the one who may write, and all others wait."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from pods.main import application, open_core
from pods.settings import PodSettings
from pods.storage.sqlite import SqliteStore
from tests.conftest import SettableClock
from tests.pod_host import ORIGIN, PodHost

INSERT = (
    "@prefix solid: <http://www.w3.org/ns/solid/terms#>.\n"
    "_:patch a solid:InsertDeletePatch; solid:inserts { <#it> <#is> <#new> }."
)
TURTLE = "<#it> <#is> <#there> ."


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What SQLite is asked from now on, without the frame of transactions."""
    seen: list[str] = []
    connect = SqliteStore.connect

    def note(statement: str) -> None:
        word = statement.split(maxsplit=1)[0]
        if word in ("SELECT", "INSERT", "UPDATE", "DELETE"):
            seen.append(word)

    def traced(store: SqliteStore, *, wait: float = 1.0) -> sqlite3.Connection:
        connection = connect(store, wait=wait)
        connection.set_trace_callback(note)
        return connection

    monkeypatch.setattr(SqliteStore, "connect", traced)
    return seen


@pytest_asyncio.fixture
async def host(tmp_path: Path, clock: SettableClock, statements: list[str]) -> AsyncIterator[PodHost]:
    """A host on SQLite, with its connections traced and one write behind it."""
    core = open_core(PodSettings(data=tmp_path, pod_url=ORIGIN), clock)
    host = PodHost(core, application(core))
    (await host.anna.put("/anna/c/d/first", TURTLE)).raise_for_status()
    statements.clear()
    yield host
    await host.aclose()


async def test_a_new_resource_takes_six_statements(host: PodHost, statements: list[str]) -> None:
    assert (await host.anna.put("/anna/c/d/new", TURTLE)).status_code == 201
    # Itself with the rules that may govern it, the container; then resource, use, change and the container's tag.
    assert statements == ["SELECT", "SELECT", "INSERT", "UPDATE", "INSERT", "UPDATE"]


async def test_a_patch_that_adds_takes_five_statements(host: PodHost, statements: list[str]) -> None:
    assert (await host.anna.patch("/anna/c/d/first", INSERT)).status_code == 204
    assert statements == ["SELECT", "UPDATE", "UPDATE", "INSERT", "UPDATE"]


async def test_a_replacement_by_as_much_takes_four_statements(host: PodHost, statements: list[str]) -> None:
    assert (await host.anna.put("/anna/c/d/first", TURTLE.replace("there", "theRe"))).status_code == 204
    assert statements == ["SELECT", "UPDATE", "INSERT", "UPDATE"]
