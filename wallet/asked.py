"""What a person was asked, or is led to by a link: the request, what they said before, and until when nobody may ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode, urlsplit

from consent.client import GrantFilter
from consent.model import (
    REFUSAL_COOL_DOWN_DAYS,
    REQUEST_DAYS,
    ConsentRequest,
    Controller,
    GrantState,
    OwnGrant,
    PurposeDeclaration,
)
from pods.client import SolidError
from vocab.pages import Translator
from wallet import words
from wallet.visit import Visit

DAY = 86_400.0
MOST_RESTS = 20  # refusals on one page, the latest; all of them stand among the consents


@dataclass(frozen=True, slots=True)
class Asked:
    """A purpose that the person may decide on, and the decision in force if there is one."""

    purpose: PurposeDeclaration
    controller: Controller
    current: OwnGrant | None
    former: OwnGrant | None = None
    """What the person decided about the version before this one."""
    deferrable: bool = False
    open_until: float | None = None
    """When the question is taken back if nobody answers; None where nobody asked."""


@dataclass(frozen=True, slots=True)
class Rest:
    """A purpose that nobody asks for until a time, because the person said no, at `since`, or later."""

    purpose: str
    title: str
    organisation: str
    until: float
    since: float | None = None


async def find(visit: Visit, iri: str) -> Asked | None:
    """Return a purpose that was put to this person, or that a link or a QR code on their host led them to."""
    programme = iri.rstrip("/").rpartition("/")[0].rpartition("/")[2]
    grants = (await visit.owner.grants_page(GrantFilter(programme=programme))).grants
    current = next((grant for grant in grants if grant.purpose.iri == iri), None)
    for waiting in await visit.owner.requests():
        if waiting.purpose.iri == iri:
            return _asked(waiting, current, grants)
    if current is not None and current.state is not GrantState.SUPERSEDED:
        return Asked(current.purpose, current.controller, current, _former(grants, current.purpose))
    if not iri.startswith(f"{visit.place.host}/.consent/purposes/"):
        return None  # an address from a link is asked for on the person's own host only
    try:
        return replace(_asked(await visit.owner.offer(iri), None, grants), open_until=None)
    except SolidError as error:
        if error.status != 404:
            raise
        return None


def open_until(waiting: ConsentRequest) -> float:
    """Return when a question is taken back, or ends with its purpose: silence is no answer."""
    return min(waiting.asked_at + REQUEST_DAYS * DAY, waiting.purpose.valid_until)


async def rests(visit: Visit, _: Translator) -> list[Rest]:
    """Return what the person said no or later to, as long as nobody may ask for it again; the first to end first.

    Of many refusals the latest are told.
    """
    began = visit.now - REFUSAL_COOL_DOWN_DAYS * DAY
    lately = await visit.owner.grants_page(
        GrantFilter(state=GrantState.REFUSED, since=began), limit=MOST_RESTS
    )
    refused = [
        Rest(
            purpose=grant.purpose.iri,
            title=words.in_language(grant.purpose.title, _),
            organisation=grant.controller.name,
            until=grant.changed_at + REFUSAL_COOL_DOWN_DAYS * DAY,
            since=grant.changed_at,
        )
        for grant in lately.grants
        if grant.purpose.active(visit.now)
    ]
    deferred = [
        Rest(one.purpose.iri, words.in_language(one.purpose.title, _), one.controller.name, until)
        for one, until in await visit.owner.deferred()
    ]
    found = [rest for rest in (*refused, *deferred) if rest.until > visit.now]
    return sorted(found, key=lambda rest: rest.until)


def request_behind(address: str, host: str) -> str | None:
    """Return the page of the request that an address of the person's pod host leads to, or None."""
    parts = urlsplit(address)
    if f"{parts.scheme}://{parts.netloc}" != host:
        return None
    if parts.path.startswith("/.consent/ask/") or (parts.path == "/.consent/ask" and parts.query):
        return f"{host}{parts.path}?{parts.query}" if parts.query else host + parts.path
    if parts.path.startswith("/.consent/purposes/"):
        return f"/requests/one?{urlencode({'purpose': host + parts.path})}"
    return None


def _asked(waiting: ConsentRequest, current: OwnGrant | None, grants: Sequence[OwnGrant]) -> Asked:
    return Asked(
        waiting.purpose,
        waiting.controller,
        current,
        former=_former(grants, waiting.purpose),
        deferrable=waiting.deferrable,
        open_until=open_until(waiting),
    )


def _former(grants: Sequence[OwnGrant], purpose: PurposeDeclaration) -> OwnGrant | None:
    """Return the decision about the version before, if there is one."""
    version = purpose.version - 1
    return next(
        (g for g in grants if (g.purpose.identifier, g.purpose.version) == (purpose.identifier, version)),
        None,
    )
