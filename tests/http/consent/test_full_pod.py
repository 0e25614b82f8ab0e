"""A full pod: nobody adds to it, and its owner's rights go on as before."""

import pytest

from consent.client import AccessRefused
from pods.client import SolidError
from tests.consent_host import Town
from tests.http.consent.test_uses import SHARE, appending, members


def fill(host: Town) -> None:
    """Let anna's pod have no byte left."""
    with host.core.store.writing() as tx:
        tx.execute("UPDATE pod SET quota = used WHERE name = 'anna'")


async def test_a_service_delivers_nothing_into_a_full_pod(host: Town) -> None:
    coop, purpose, grant = await appending(host)
    fill(host)
    with pytest.raises(SolidError, match="Delete something"):
        await coop.service.append(grant, SHARE, "text/turtle", purpose)
    assert members(host, "/anna/value/") == []


async def test_consent_is_given_and_withdrawn_though_the_pod_is_full(host: Town) -> None:
    anna = host.person("anna")
    fill(host)
    coop, purpose, grant = await appending(host)
    assert (await anna.put("/anna/x.ttl", b"")).status_code == 507
    assert members(host, "/anna/consents/")
    await host.owner("anna").withdraw(grant)
    with pytest.raises(AccessRefused):
        await coop.service.append(grant, SHARE, "text/turtle", purpose)
    assert (await host.owner("anna").log())[0].permitted is False
