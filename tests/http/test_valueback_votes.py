"""Votes, books and pages of value-back, against a real pod host."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from apps.organisations import Organisation, Organisations
from tests.conftest import SettableClock
from tests.staff_session import log_in
from tests.valueback_stage import MEMBERS, Stage, stage

DAY = 86_400.0


@pytest.fixture
async def scene(tmp_path: Path, clock: SettableClock) -> AsyncIterator[Stage]:
    async with stage(tmp_path, clock) as found:
        yield found


async def ballots(scene: Stage) -> list[str]:
    return [scene.statements(name)[0]["ballot"] for name in MEMBERS]


async def vote(scene: Stage, ballot: str, project: str) -> int:
    answer = await scene.http.post("/api/votes", json={"ballot": ballot, "project": project})
    return answer.status_code


async def test_the_pool_goes_to_projects_as_members_voted(scene: Stage, clock: SettableClock) -> None:
    shown = await scene.published()
    await scene.joined(shown, *MEMBERS)
    run = await scene.run(shown)
    votes = ("orti", "orti", "orti", "ciclofficina", "ciclofficina", "biblio")
    for ballot, project in zip(await ballots(scene), votes, strict=True):
        assert await vote(scene, ballot, project) == 201
    early = await scene.http.post(f"/api/runs/{run['id']}/close", auth=scene.coop)
    assert early.status_code == 409
    assert (await scene.http.get(f"/api/runs/{run['id']}")).json()["votes"] is None
    clock.advance(14 * DAY)
    closed = (await scene.http.post(f"/api/runs/{run['id']}/close", auth=scene.coop)).json()
    assert closed["payout"] == {"orti": 84, "ciclofficina": 56, "biblio": 28}
    assert closed["votes"] == {"orti": 3, "ciclofficina": 2, "biblio": 1}
    again = (await scene.http.post(f"/api/runs/{run['id']}/close", auth=scene.coop)).json()
    assert again == closed


async def test_a_ballot_votes_once_and_only_for_a_project(scene: Stage, clock: SettableClock) -> None:
    shown = await scene.published()
    await scene.joined(shown, *MEMBERS)
    await scene.run(shown)
    first, second, third, *_ = await ballots(scene)
    assert await vote(scene, first, "orti") == 201
    assert await vote(scene, first, "biblio") == 409
    assert await vote(scene, second, "elsewhere") == 403
    assert await vote(scene, second[:-4] + "AAAA", "orti") == 403
    assert await vote(scene, second, "orti") == 201
    clock.advance(14 * DAY)
    assert await vote(scene, third, "orti") == 403


async def test_too_few_votes_do_not_decide_and_are_not_shown(scene: Stage, clock: SettableClock) -> None:
    shown = await scene.published()
    await scene.joined(shown, *MEMBERS)
    run = await scene.run(shown)
    for ballot in (await ballots(scene))[:4]:
        assert await vote(scene, ballot, "orti") == 201
    clock.advance(14 * DAY)
    closed = (await scene.http.post(f"/api/runs/{run['id']}/close", auth=scene.coop)).json()
    assert closed["payout"] == {"orti": 56, "ciclofficina": 56, "biblio": 56}
    assert closed["votes"] is None


def bean_check(folder: Path, text: str) -> str:
    """Return what beancount says about the books: nothing if they are right."""
    file = folder / "books.beancount"
    file.write_text(text, "utf-8")
    command = [sys.executable, "-c", "from beancount.scripts.check import main; main()", "-C", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


async def test_the_books_satisfy_an_independent_judge_and_the_public_ones_name_no_member(
    scene: Stage, clock: SettableClock, tmp_path: Path
) -> None:
    shown = await scene.published()
    await scene.joined(shown, *MEMBERS)
    run = await scene.run(shown)
    for ballot in await ballots(scene):
        assert await vote(scene, ballot, "orti") == 201
    clock.advance(14 * DAY)
    await scene.http.post(f"/api/runs/{run['id']}/close", auth=scene.coop)
    public = (await scene.http.get(f"{shown['iri']}/books.beancount")).text
    webid = "http://localhost:8080/coop/profile/card#me"
    staff = log_in(scene.http, scene.data, "valueback", webid, clock)
    whole = await staff.page("/staff/programmes/ristorno/1/books.beancount")
    for text in (public, whole):
        assert await asyncio.to_thread(bean_check, tmp_path, text) == ""
    assert "Liabilities:Projects:P-orti  -1.68 EUR" in public
    assert ":member:" in whole
    assert ":member:" not in public


async def test_the_pages_show_the_statement_and_the_progress(scene: Stage, clock: SettableClock) -> None:
    shown = await scene.published()
    await scene.joined(shown, *MEMBERS)
    run = await scene.run(shown)
    webid = "http://localhost:8080/coop/profile/card#me"
    staff = log_in(scene.http, scene.data, "valueback", webid, clock)
    assert "4.20" in await staff.page(f"/runs/{run['id']}")
    assert "Neighbourhood refund" in await staff.page("/")
    progress = await staff.page(f"/staff/runs/{run['id']}")
    assert "<dt>Statements in the pods</dt><dd>6</dd>" in progress
    again = await staff.post(
        "/staff/programmes/ristorno/1/runs",
        {"first": "2017-10", "last": "2017-11"},
        shown="/staff/programmes/ristorno/1",
    )
    assert again.headers["location"].endswith("?error=period")


async def test_another_organisation_sees_no_progress(scene: Stage, clock: SettableClock) -> None:
    shown = await scene.published()
    await scene.joined(shown, *MEMBERS)
    run = await scene.run(shown)
    Organisations(scene.data).write(
        Organisation("altra", "Altra", "http://localhost:8080/altra/profile/card#me")
    )
    other = log_in(scene.http, scene.data, "valueback", "http://localhost:8080/altra/profile/card#me", clock)
    for path in (f"/staff/runs/{run['id']}", "/staff/programmes/ristorno/1/books.beancount"):
        answer = await other.http.get(path, headers={"accept": "text/html"})
        assert answer.status_code == 403


@pytest.mark.parametrize("version", ["0", "2", "9" * 30])
async def test_a_version_that_cannot_be_one_is_not_found(scene: Stage, version: str) -> None:
    await scene.published()
    for place in ("/api/programmes", "/programmes"):
        assert (await scene.http.get(f"{place}/ristorno/{version}")).status_code == 404
