"""One pod host of ours for all clients that are not ours, and the rule for machines where these are missing."""

import socket
from collections.abc import Iterator

import pytest

from tests.bench.servers import free_port
from tests.browser.conftest import browser, context, page  # the same Chromium as for our own pages
from tests.interop.packages import installed
from tests.interop.stage import Someone, pod_host
from tests.serving import bound_socket

__all__ = ["browser", "context", "page"]


@pytest.fixture(scope="session")
def packages() -> None:
    """The packages from npm, without which these tests have nobody to talk to."""
    if not installed():
        pytest.skip("the packages from npm are not installed: run `python -m tests.interop.packages`")


@pytest.fixture(scope="session")
def page_listener() -> Iterator[socket.socket]:
    """Where a test may serve an application's page; our host may read its client document there."""
    listener = bound_socket()
    yield listener
    listener.close()


@pytest.fixture(scope="session")
def here(
    packages: None, page_listener: socket.socket, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Someone]]:
    """The people of our host, by name."""
    page = f"localhost:{page_listener.getsockname()[1]}"
    with pod_host(tmp_path_factory.mktemp("here"), free_port(), ("anna", "bruno"), (page,)) as people:
        yield {one.name: one for one in people}


@pytest.fixture
def anna(here: dict[str, Someone]) -> Someone:
    """The owner of the pod that clients work on."""
    return here["anna"]


@pytest.fixture
def bruno(here: dict[str, Someone]) -> Someone:
    """Somebody else, with whom anna shares."""
    return here["bruno"]
