"""The account pages by which a person takes a pod away and brings one in."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import httpx
import pytest

from tests.conftest import SettableClock
from tests.identity_host import PASSWORD, IdentityHost, identity_host

NEW = "https://pods.example.net"


@pytest.fixture
async def old(tmp_path: Path, clock: SettableClock) -> AsyncIterator[IdentityHost]:
    async with identity_host(tmp_path / "old", clock) as opened:
        opened.add_account("anna")
        opened.add_account("bob")
        yield opened


@pytest.fixture
async def new(tmp_path: Path, clock: SettableClock) -> AsyncIterator[IdentityHost]:
    async with identity_host(tmp_path / "new", clock, origin=NEW) as opened:
        opened.add_account("rosa")
        yield opened


async def logged_in(host: IdentityHost, name: str) -> httpx.AsyncClient:
    browser = host.browser()
    browser.headers.update({"accept": "text/html", "accept-language": "it"})
    page = await browser.get("/.account/login")
    fields = {"csrf": csrf(page), "login": name, "password": PASSWORD}
    assert (await browser.post("/.account/login", data=fields)).status_code == 303
    return browser


def csrf(page: httpx.Response) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found is not None
    return unescape(found[1])


async def exported(host: IdentityHost, name: str) -> bytes:
    browser = await logged_in(host, name)
    page = await browser.get("/.account/export")
    answer = await browser.post("/.account/export", data={"csrf": csrf(page), "pod": name})
    assert answer.status_code == 200
    await browser.aclose()
    return answer.content


async def brought_in(host: IdentityHost, content: bytes, name: str = "") -> httpx.Response:
    browser = await logged_in(host, "rosa")
    page = await browser.get("/.account/import")
    answer = await browser.post(
        "/.account/import",
        data={"csrf": csrf(page), "name": name},
        files={"file": ("pod.zip", content, "application/zip")},
    )
    await browser.aclose()
    return answer


async def test_the_page_says_in_italian_what_is_in_the_archive(old: IdentityHost) -> None:
    browser = await logged_in(old, "anna")
    page = await browser.get("/.account/export")
    assert "il registro degli accessi" in page.text
    assert "Scarica" in page.text
    english = await browser.get("/.account/export", headers={"accept-language": "en"})
    assert "the access log: who read what" in english.text
    assert "/.account/export" in (await browser.get("/.account/")).text
    await browser.aclose()


async def test_the_owner_downloads_one_archive(old: IdentityHost) -> None:
    content = await exported(old, "anna")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        account = json.loads(archive.read("account.json"))
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert account["email"] == "anna@example.org"
    assert account["credentials"][0]["label"] == "test"
    with old.store.reading() as tx:
        stored = old.accounts.by_login(tx, "anna")
        assert stored is not None
        assert stored.password is not None
        assert stored.password.encoded.encode() not in everything
        for credential in old.accounts.list_credentials(tx, stored):
            assert credential.sealed_secret.encode() not in everything


async def test_nobody_exports_the_pod_of_somebody_else(old: IdentityHost) -> None:
    browser = await logged_in(old, "bob")
    token = csrf(await browser.get("/.account/export"))
    refused = await browser.post("/.account/export", data={"csrf": token, "pod": "anna"})
    assert refused.status_code == 404
    forged = await browser.post("/.account/export", data={"pod": "bob"})
    assert forged.status_code == 403
    await browser.aclose()
    async with old.browser() as stranger:
        for path in ("/.account/export", "/.account/import"):
            assert (await stranger.get(path)).status_code == 303
    async with old.browser() as stranger:  # the body of a stranger is not even read
        assert (await stranger.post("/.account/import", content=b"x" * 1000)).status_code == 303


async def test_a_pod_is_brought_in_as_a_further_pod(old: IdentityHost, new: IdentityHost) -> None:
    answer = await brought_in(new, await exported(old, "anna"), "anna-due")
    assert answer.status_code == 200
    assert f"{NEW}/anna-due/profile/card#me" in answer.text
    with new.store.reading() as tx:
        rosa = new.accounts.by_login(tx, "rosa")
        assert rosa is not None
        assert {one.pod for one in new.accounts.identities(tx, rosa)} == {"rosa", "anna-due"}
        assert new.accounts.by_login(tx, "anna") is None  # an account does not travel


@pytest.mark.parametrize(("name", "said"), [("rosa", "taken"), ("No Name", "cannot be the name")])
async def test_a_name_that_will_not_do_changes_nothing(
    old: IdentityHost, new: IdentityHost, name: str, said: str
) -> None:
    refused = await brought_in(new, await exported(old, "anna"), name)
    assert refused.status_code == 400
    assert said in refused.text or "occupat" in refused.text or "già" in refused.text
    with new.store.reading() as tx:
        assert tx.execute("SELECT count(*) FROM pod") == [(1,)]


@pytest.mark.parametrize("content", [b"", b"no archive"])
async def test_what_is_no_archive_is_refused_on_the_page(new: IdentityHost, content: bytes) -> None:
    refused = await brought_in(new, content)
    assert refused.status_code == 400
    assert "archivio" in refused.text.lower()
