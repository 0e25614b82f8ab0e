"""An organisation learns what people gave on another server, and that they took it back, where it finds all its grants."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from typing import Any

import httpx
import orjson
import pytest

from consent.foreign import ForeignGrants, Telling
from consent.http.elsewhere import MOST_GRANTS
from consent.wire import timestamp
from pods.client import SolidClient
from tests.http.test_wallet_elsewhere import ORDERS, Two, anna, give, two, withdraw

__all__ = ["anna", "two"]  # fixtures
OCTOBER = "Purchase/2017-10"


async def test_the_organisation_finds_a_grant_elsewhere_and_reads_by_it_until_it_is_gone(
    two: Two, anna: httpx.AsyncClient
) -> None:
    assert await two.listed() == []
    await give(anna, two, OCTOBER)
    (grant,) = await two.listed()
    assert grant.elsewhere
    assert grant.resources == tuple(two.there + path for path in ORDERS[:2])
    assert "anna" not in grant.pairwise
    assert grant.expires_at > time.time() + 80 * 86_400
    async with two.service() as service:
        assert (await service.read(grant.resources[0], two.purpose)).status_code == 200
        await withdraw(anna)
        assert await two.listed() == []
        assert (await service.read(grant.resources[0], two.purpose)).status_code == 403


async def test_it_learns_of_a_withdrawal_also_while_the_other_server_does_not_do_it(
    two: Two, anna: httpx.AsyncClient
) -> None:
    await give(anna, two, OCTOBER)
    two.server.refuses = True
    await withdraw(anna)
    assert await two.status(ORDERS[0]) == 200, "the server has not taken it out yet"
    assert await two.listed() == [], "but who respects it knows"


async def test_who_could_not_be_told_is_told_at_the_next_visit(two: Two) -> None:
    async with two.solid() as solid:
        quiet = ForeignGrants(solid, f"{two.there}/anna/", clock=time.time)
        telling = Telling(solid, two.register)
        grants = ForeignGrants(solid, f"{two.there}/anna/", clock=time.time, telling=telling)
        agent = f"{two.register}/coop/profile/card#me"
        made = await quiet.give(two.purpose, agent, [two.there + ORDERS[0]], time.time() + 86_400)
        assert await two.listed() == []
        await grants.finish()
        assert [one.id for one in await two.listed()] == [made.id]
        await quiet.withdraw(made.id)
        assert len(await two.listed()) == 1
        await grants.finish()
        assert await two.listed() == []


async def test_what_another_host_published_is_told_to_nobody(two: Two) -> None:
    """A note in a pod, which other programs can write, sends the person's token to no server of its choice."""
    async with two.solid() as solid:
        telling = Telling(solid, two.register)
        grants = ForeignGrants(solid, f"{two.there}/anna/", clock=time.time, telling=telling)
        elsewhere = "https://mallory.example/.consent/purposes/spesa/1"
        agent = "https://mallory.example/me"
        made = await grants.give(elsewhere, agent, [two.there + ORDERS[0]], time.time() + 86_400)
        assert made.told == ""
        assert telling.owed(made) == ""


async def put(solid: SolidClient, two: Two, name: str = "", **changes: Any) -> httpx.Response:
    body = {
        "purpose": two.purpose,
        "resources": [two.there + ORDERS[0]],
        "expires_at": timestamp(time.time() + 86_400),
        **changes,
    }
    place = f"{two.register}/.consent/elsewhere/{name or secrets.token_hex(16)}"
    fields = {"content-type": "application/json"}
    return await solid.request("PUT", place, headers=fields, content=orjson.dumps(body))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/anna/purchases/2017-10/b77.ttl", 204),
        ("/mallory/purchases/2017-10/b77.ttl", 403),
        ("/anna/purchases/2017-10/", 403),
        ("/anna/../mallory/b77.ttl", 403),
        ("/anna/%2e%2e/mallory/b77.ttl", 403),
        ("/anna/b77.ttl?x", 403),
    ],
)
async def test_nobody_tells_of_documents_of_others(two: Two, path: str, status: int) -> None:
    """Attack: another person's data would count as those of who told of them."""
    async with two.solid() as solid:
        assert (await put(solid, two, resources=[two.there + path])).status_code == status


async def test_nobody_takes_back_what_another_told(two: Two, anna: httpx.AsyncClient) -> None:
    await give(anna, two, OCTOBER)
    (grant,) = await two.listed()
    place = f"{two.register}/.consent/elsewhere/{grant.id}"
    async with two.service() as service:
        answer = await service._solid.request("DELETE", place)
        assert answer.status_code == 404
    assert len(await two.listed()) == 1
    async with httpx.AsyncClient() as http:
        assert (await http.delete(place)).status_code == 401


WRONG: Sequence[tuple[dict[str, Any], int]] = (
    ({"resources": []}, 400),
    ({"resources": "all"}, 400),
    ({"expires_at": "tomorrow"}, 400),
    ({"expires_at": timestamp(time.time() - 60)}, 422),
    ({"expires_at": "2099-01-01T00:00:00Z"}, 422),
    ({"more": 1}, 400),
    ({"purpose": "https://nowhere.example/.consent/purposes/x/1"}, 404),
)


async def test_what_is_malformed_or_over_is_refused_and_so_is_too_much(two: Two) -> None:
    async with two.solid() as solid:
        assert (await put(solid, two, "short")).status_code == 400
        assert (await put(solid, two, purpose=two.shares)).status_code == 422, "it reads no documents"
        for changes, status in WRONG:
            assert (await put(solid, two, **changes)).status_code == status, changes
        assert await two.listed() == []
        names = [secrets.token_hex(16) for _ in range(MOST_GRANTS)]
        for name in names:
            assert (await put(solid, two, name)).status_code == 204
        assert (await put(solid, two)).status_code == 429
        assert (await put(solid, two, names[0])).status_code == 204, "what was told may be told anew"
