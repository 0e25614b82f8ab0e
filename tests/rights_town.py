"""People and organisations of a town that exercise rights and answer, for the tests of rights."""

from __future__ import annotations

from consent.client.rights import RightsClient
from consent.model import PurposeDeclaration
from pods.client import SolidClient
from pods.provision import webid_for
from tests.consent_host import ROWS, WALLET, HeldTokens, Organisation, Town, declaration
from tests.pod_host import ORIGIN

BASKET = f"{ORIGIN}/anna/purchases/2017-10/b77.ttl"
HOST = ORIGIN + "/"


def of_person(host: Town, name: str, client: str = WALLET) -> RightsClient:
    """Return the rights client of a person's wallet."""
    host.pod(name, "person")
    tokens = HeldTokens(host.core, webid_for(ORIGIN, name), client)
    return RightsClient(SolidClient(host.http, tokens, clock=host.clock), ORIGIN)


def of_organisation(host: Town, organisation: Organisation) -> RightsClient:
    """Return the rights client of an organisation."""
    return RightsClient(SolidClient(host.http, organisation.credentials, clock=host.clock), ORIGIN)


async def reader(host: Town, name: str, *, reads: bool = True) -> tuple[Organisation, PurposeDeclaration]:
    """Return an organisation that anna lets read her purchases, and that did."""
    organisation = await host.organisation(name)
    purpose = await organisation.service.publish(declaration([ROWS], identifier=f"for-{name}"))
    await host.give("anna", purpose)
    if reads:
        assert (await organisation.service.read(BASKET, purpose.iri)).status_code == 200
    return organisation, purpose


async def grant_of(host: Town, purpose: PurposeDeclaration) -> str:
    """Return the number of anna's consent for a purpose."""
    return next(grant.id for grant in await host.owner("anna").grants() if grant.purpose.iri == purpose.iri)
