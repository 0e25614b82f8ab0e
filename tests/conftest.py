"""Fixtures that every kind of test may use, and the rule that CI leaves nothing out."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from hypothesis import HealthCheck, Phase, settings
from starlette.types import ASGIApp

from tests.databases import DEFAULT, POSTGRESQL, SQLITE, on_postgresql
from tests.postgres_cluster import Cluster, NoPostgres, cluster
from tests.serving import serving

# How long an example takes says more about the machine's other work than about the code.
settings.register_profile("portico", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# For make mutants: that a test fails is enough, and the smallest example of it takes minutes to find.
settings.register_profile(
    "unshrunk", settings.get_profile("portico"), phases=[Phase.explicit, Phase.generate]
)
settings.load_profile("portico")


class SettableClock:
    """A clock that stands still until a test moves it; called, it gives seconds since 1970."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        """Move on by so many seconds."""
        self.now += seconds


@pytest.fixture
def clock() -> SettableClock:
    """A clock that starts at 2026-03-01T12:00:00Z."""
    return SettableClock(1772366400.0)


@pytest.fixture
def free_port() -> int:
    """A port on loopback that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def live_server() -> Callable[[ASGIApp], AbstractContextManager[str]]:
    """A function that serves an ASGI application on a real port: `with live_server(app) as origin:`."""
    return serving


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL server of this test run alone."""
    try:
        with cluster() as running:
            yield running
    except NoPostgres as missing:
        pytest.skip(str(missing))


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    """The setting `database` of an empty database of each kind: a test that names it runs on both."""
    if request.param == SQLITE:
        yield ""
        return
    running = request.getfixturevalue("postgres")
    url = running.create()
    yield url
    running.drop(url)


@pytest.fixture(autouse=True)
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Which database the hosts of this test are on."""
    kind = str(getattr(request, "param", DEFAULT))
    if kind == POSTGRESQL:
        with on_postgresql(request.getfixturevalue("postgres")):
            yield kind
    else:
        yield kind


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """Fail a CI run that left a test out: a skip there means that something was not installed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter is not None else []
    if reporter and skipped and os.environ.get("CI") == "true" and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter.write_line(
            f"\nCI=true, and {len(skipped)} tests were left out: see the reasons below", red=True
        )
    return (yield)
