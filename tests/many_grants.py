"""A pod with any number of decisions, put into the store as the host would have left them."""

from __future__ import annotations

from consent import grants_sql
from consent.declarations import declaration as declared
from consent.model import Grant, GrantId, GrantState, Pairwise
from consent.registry_sql import Purposes
from pods.main import Core
from pods.model import WebId
from pods.storage.base import Pod
from tests.consent_host import declaration, item

COUNTED = item("Purchase", ("seller",), "claim")
DAY = 86_400.0
STATES = (GrantState.GIVEN, GrantState.GIVEN, GrantState.WITHDRAWN, GrantState.REFUSED)
"""The states of the decisions, over and over."""


def fill(core: Core, pod: Pod, controller: WebId, count: int, *, start: int = 0) -> list[GrantId]:
    """Add decisions about purposes of a registered organisation, one a minute in the last days; return their numbers."""
    origin, now = core.settings.pod_url, core.clock()
    purposes, made = Purposes(origin), []
    with core.store.writing() as tx:
        for number in range(start, start + count):
            title = {"it": f"Spesa di quartiere {number}", "en": f"Neighbourhood shopping {number}"}
            document = declaration([COUNTED], identifier=f"many-{number}", title=title)
            purpose = declared(document, controller, origin)
            purposes.add(tx, purpose, now)
            grant = Grant(
                id=GrantId(f"many{number:028d}"),
                iri=f"{origin}/.consent/grants/many{number:028d}",
                pod=pod.key,
                subject=pod.owner,
                controller=controller,
                purpose=purpose.iri,
                items=purpose.items,
                state=STATES[number % len(STATES)],
                given_at=now - 200 * DAY,
                expires_at=now + (20 if number % 8 == 0 else 200) * DAY,
                epoch=0,
                pairwise=Pairwise(f"urn:many:{number}"),
                digest=purpose.digest,
                notice_digest=purpose.notice_digest,
            )
            grants_sql.save(tx, grant, now - number * 60)
            made.append(grant.id)
    return made
