"""The pods of an account: another one, the name that a profile shows, and deletion for good."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path as FilePath

import httpx
import pytest

from pods.main import removal_of
from pods.model import Path
from tests.conftest import SettableClock
from tests.http.test_account_pages import log_in, register, send
from tests.identity_host import PASSWORD, IdentityHost, identity_host


@pytest.fixture
async def host(tmp_path: FilePath, clock: SettableClock) -> AsyncIterator[IdentityHost]:
    async with identity_host(tmp_path, clock) as opened:
        yield opened


@pytest.fixture
async def browser(host: IdentityHost) -> AsyncIterator[httpx.AsyncClient]:
    async with host.browser() as client:
        client.headers.update({"accept": "text/html", "accept-language": "it"})
        yield client


async def further(browser: httpx.AsyncClient, name: str = "bruno-work") -> httpx.Response:
    return await send(browser, "/.account/pods", "/.account/pods", name=name, display_name="Bruno al lavoro")


async def card(browser: httpx.AsyncClient, pod: str) -> httpx.Response:
    return await browser.get(f"/{pod}/profile/card", headers={"accept": "text/turtle"})


async def test_an_account_gets_a_further_pod_with_a_webid_of_its_own(browser: httpx.AsyncClient) -> None:
    await register(browser)
    page = await further(browser)
    assert "http://localhost:8080/bruno-work/profile/card#me" in page.text
    assert "Bruno al lavoro" in (await card(browser, "bruno-work")).text
    assert (await further(browser)).status_code == 400


async def test_a_name_that_somebody_has_is_no_further_pod(
    host: IdentityHost, browser: httpx.AsyncClient
) -> None:
    host.add_account("carla")
    await register(browser)
    page = await further(browser, "carla")
    assert page.status_code == 400
    with host.store.reading() as tx:
        account = host.accounts.by_login(tx, "bruno")
        assert account is not None
        assert [one.pod for one in host.accounts.identities(tx, account)] == ["bruno"]


async def test_the_name_of_a_profile_changes_and_nothing_else_in_it(browser: httpx.AsyncClient) -> None:
    await register(browser)
    before = (await card(browser, "bruno")).text
    await send(
        browser, "/.account/pods", "/.account/pods/name", pod="bruno", display_name='Bruno "il" Bianco'
    )
    after = (await card(browser, "bruno")).text
    assert 'Bruno \\"il\\" Bianco' in after
    assert "Bruno Neri" not in after
    for kept in ("solid:oidcIssuer", "pim:storage", "ldp:inbox", "solid:publicTypeIndex"):
        assert before.count(kept) == after.count(kept) == 1


async def test_nobody_renames_or_deletes_the_pod_of_another(
    host: IdentityHost, browser: httpx.AsyncClient
) -> None:
    host.add_account("carla")
    await register(browser)
    renamed = await send(browser, "/.account/pods", "/.account/pods/name", pod="carla", display_name="Mia")
    assert "Questo pod non è tuo" in renamed.text
    deleted = await send(
        *(browser, "/.account/delete", "/.account/delete"), pod="carla", confirm="carla", present=PASSWORD
    )
    assert deleted.status_code in (400, 404)
    assert (await card(browser, "carla")).status_code == 200


@pytest.mark.parametrize(("confirm", "present"), [("bruno", "wrong password"), ("brun", PASSWORD), ("", "")])
async def test_nothing_is_deleted_without_the_name_and_the_password(
    browser: httpx.AsyncClient, confirm: str, present: str
) -> None:
    await register(browser)
    answer = await send(browser, "/.account/delete", "/.account/delete", confirm=confirm, present=present)
    assert answer.status_code == 400
    assert (await card(browser, "bruno")).status_code == 200


async def test_a_deleted_account_is_gone_with_its_pods_and_its_name_is_nobodys(
    host: IdentityHost, browser: httpx.AsyncClient
) -> None:
    await register(browser)
    await further(browser)
    page = await send(browser, "/.account/delete", "/.account/delete", confirm="bruno", present=PASSWORD)
    assert "Il tuo account è cancellato" in page.text
    for pod in ("bruno", "bruno-work"):
        gone = await card(browser, pod)
        assert gone.status_code == 410
        assert gone.headers["content-type"] == "application/problem+json"
    assert "Accedi" in (await browser.get("/.account/", follow_redirects=True)).text
    assert (await log_in(browser, "bruno")).status_code == 401
    assert "già in uso" in (await register(browser)).text


async def test_one_pod_goes_and_the_account_stays_with_the_other(
    host: IdentityHost, browser: httpx.AsyncClient
) -> None:
    await register(browser)
    await further(browser)
    page = await send(
        *(browser, "/.account/delete?pod=bruno", "/.account/delete"), confirm="bruno", present=PASSWORD
    )
    assert "bruno-work" in page.text
    assert (await card(browser, "bruno")).status_code == 410
    assert (await card(browser, "bruno-work")).status_code == 200
    with host.store.reading() as tx:
        account = host.accounts.by_login(tx, "bruno")
        assert account is not None
        assert account.webid == host.webid("bruno-work")


async def test_no_row_of_a_deleted_pod_stays(host: IdentityHost, browser: httpx.AsyncClient) -> None:
    await register(browser)
    with host.store.reading() as tx:
        pod = tx.pod("bruno")
        assert pod is not None
    with host.store.writing() as tx:
        for number in range(1100):  # more than two steps of the removal
            tx.write(Path(f"/bruno/notes/n{number}.txt"), "text/plain", b"x", host.clock())
    await send(browser, "/.account/delete", "/.account/delete", confirm="bruno", present=PASSWORD)
    removal_of(host.core).finish()
    with host.store.reading() as tx:
        for table in ("resource", "access_line", "change"):
            left = tx.execute(f"SELECT count(*) FROM {table} WHERE pod = ?", (pod.key,))[0][0]
            assert left == (1 if table == "change" else 0), table
        for table in ("account", "account_webid", "session", "login_failure", "removal"):
            left = tx.execute(f"SELECT count(*) FROM {table}")[0][0]
            assert left == (1 if table == "login_failure" else 0), table  # of the address that registered
        assert tx.pod_by_key(pod.key) is None or tx.execute("SELECT 1 FROM pod") == []
