"""The access log by pages: who, what for, whether it was allowed and when, however far back it lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from consent import log_sql
from consent.client import LogFilter
from consent.registry_sql import Purposes
from pods import activity
from pods.client import SolidClient
from pods.model import Agent, WebId
from pods.provision import webid_for
from tests.conftest import SettableClock
from tests.consent_host import WALLET, HeldTokens, Town, town
from tests.pod_host import ORIGIN

COOP, TOWN = "https://coop.example/#it", "https://town.example/#it"
MOBILITY = "https://pods.example/.consent/purposes/mobility/"


def filled(host: Town, lines: int = 40) -> None:
    """Write lines an hour apart, the first at hour 0: the cooperative reads, and each fourth the town is refused."""
    start = host.clock()
    with host.core.store.writing() as tx:
        pod = tx.pod("anna")
        assert pod is not None
        for number in range(lines):
            refused = number % 4 == 3
            activity.append(
                tx,
                pod.key,
                agent=Agent(WebId(TOWN if refused else COOP)),
                path="/anna/purchases/2017-10/b77.ttl",
                action="read",
                decision=activity.DENY if refused else activity.PERMIT,
                reason="",
                purpose=f"{MOBILITY}{1 + number // 20}",
                at=start + number * 3600.0,
            )


async def all_lines(host: Town, wanted: LogFilter, limit: int = 7) -> list[int]:
    """Return the numbers of all lines that are wanted, page after page."""
    owner, found, after = host.owner("anna"), list[int](), None
    while True:
        page = await owner.log_page(wanted, after=after, limit=limit)
        found += [line.seq for line in page.lines]
        after = page.after
        if after is None:
            return found


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (LogFilter(agent=TOWN), [n for n in range(40) if n % 4 == 3]),
        (LogFilter(agent="https://nobody.example/#it"), []),
        (LogFilter(decision="deny"), [n for n in range(40) if n % 4 == 3]),
        (LogFilter(decision="permit", agent=TOWN), []),
        (LogFilter(purpose=f"{MOBILITY}1"), list(range(20))),
        (LogFilter(purpose=MOBILITY, decision="deny"), [n for n in range(40) if n % 4 == 3]),
        (LogFilter(), list(range(40))),
    ],
)
async def test_a_filter_gives_just_the_lines_that_are_wanted(
    tmp_path: Path, clock: SettableClock, wanted: LogFilter, numbers: list[int]
) -> None:
    async with town(tmp_path, clock) as host:
        filled(host)
        assert await all_lines(host, wanted) == [number + 1 for number in reversed(numbers)]


async def test_times_are_from_and_until(tmp_path: Path, clock: SettableClock) -> None:
    async with town(tmp_path, clock) as host:
        start = clock()
        filled(host)
        wanted = LogFilter(start=start + 5 * 3600, end=start + 9 * 3600)
        assert await all_lines(host, wanted, limit=2) == [9, 8, 7, 6]


async def test_a_rare_line_far_back_is_found_in_several_answers(tmp_path: Path, clock: SettableClock) -> None:
    """One answer looks through a bounded number of lines and says where the next one goes on."""
    async with town(tmp_path, clock) as host:
        filled(host)
        wanted, purposes = LogFilter(purpose=f"{MOBILITY}1"), Purposes(ORIGIN)
        with host.core.store.reading() as tx:
            pod = tx.pod("anna")
            assert pod is not None
            after, answers = None, list[list[int]]()
            while not answers or after is not None:
                found = log_sql.newest(
                    tx, purposes, pod.key, before=after, limit=50, wanted=wanted, page=4, most=10
                )
                answers.append([line.seq for line in found.lines])
                after = found.after
        assert answers[:3] == [[], [], list(range(20, 10, -1))]
        assert [seq for answer in answers for seq in answer] == list(range(20, 0, -1))


@pytest.mark.parametrize("query", ["decision=maybe", "from=yesterday", "until=2026-13-01T00:00:00Z"])
async def test_a_filter_that_means_nothing_is_refused(
    tmp_path: Path, clock: SettableClock, query: str
) -> None:
    async with town(tmp_path, clock) as host:
        host.pod("anna", "person")
        tokens = HeldTokens(host.core, webid_for(ORIGIN, "anna"), WALLET)
        answer = await SolidClient(host.http, tokens, clock=clock).request(
            "GET", f"{ORIGIN}/.consent/log?{query}"
        )
        assert answer.status_code == 400
        assert query.partition("=")[0] in answer.json()["detail"]
