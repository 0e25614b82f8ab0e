"""Asking: an ActivityStreams Offer arrives in the inbox of everybody who may be asked, and of nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from consent import people_sql, wire
from consent.bases import Handling, handling
from consent.controllers import approved
from consent.decisions import Consents
from consent.model import DAY, ROUNDS_PER_DAY, Controller, PurposeDeclaration
from consent.preferences.standing import StandingAnswers
from consent.registry_sql import Purposes
from pods.errors import Conflict, Forbidden, NotFound, PodError, TooManyRequests
from pods.model import Path, WebId
from pods.protocol import rdf
from pods.provision import card_of
from pods.storage.base import Pod, Transaction
from vocab.terms import FOAF, ORG, SCHEMA

BATCH = 100  # people asked in one transaction; other writers wait no longer than that takes
ORGANISATIONS = frozenset({str(FOAF.Organization), str(SCHEMA.Organization), str(ORG.Organization)})
_CONTEXT: Mapping[str, Any] = {
    "id": "@id",
    "type": "@type",
    "as": "https://www.w3.org/ns/activitystreams#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "Offer": "as:Offer",
    "actor": {"@id": "as:actor", "@type": "@id"},
    "object": {"@id": "as:object", "@type": "@id"},
    "target": {"@id": "as:target", "@type": "@id"},
    "name": "as:name",
    "summary": {"@id": "as:summary", "@container": "@language"},
    "published": {"@id": "as:published", "@type": "xsd:dateTime"},
}
"""Written out, so that a reader of the inbox needs nothing from anywhere else."""


class Invitations:
    """Sends the requests of controllers to people's inboxes on the host at `origin`."""

    def __init__(self, origin: str, consents: Consents) -> None:
        self._origin = origin
        self._consents = consents
        self._standing = StandingAnswers(origin, consents)
        self._purposes = Purposes(origin)

    def purpose(self, tx: Transaction, webid: WebId | None, iri: str, at: float) -> PurposeDeclaration:
        """Return the purpose that this controller may invite for; raise what keeps it from that."""
        owner = approved(tx, webid)
        purpose = self._purposes.by_iri(tx, iri)
        if purpose is None:
            raise NotFound(f"{iri} is no purpose that is published here.")
        if purpose.controller != owner.iri:
            raise Forbidden("Only the controller that published a purpose may ask for it.")
        latest = self._purposes.latest(tx, purpose.identifier)
        if latest is None or latest.iri != purpose.iri:
            raise Conflict("There is a newer version of this purpose; invite for that one.")
        if not purpose.active(at):
            raise Conflict("This purpose has ended; publish a new version first.")
        if handling(purpose.legal_basis) is Handling.INFORMATION:
            raise Conflict("People are informed of this purpose and not asked: it does not rest on consent.")
        return purpose

    def ask_some(self, tx: Transaction, webid: WebId, iri: str, at: float, *, after: int) -> int | None:
        """Ask a batch of people, in the order of pods from key `after` on; return the last key, None at the end."""
        purpose = self.purpose(tx, webid, iri, at)
        controller = approved(tx, webid)
        if after == 0:
            _note_round(tx, controller, at)
        people = people_sql.may_be_asked(tx, purpose.iri, purpose.identifier, at, after=after, limit=BATCH)
        for pod in people:
            self._ask(tx, pod, purpose, controller, at)
        return people[-1].key if len(people) == BATCH else None

    def ask_again(self, tx: Transaction, purpose: PurposeDeclaration, at: float, *, after: int) -> int | None:
        """Ask a batch of those whose consent rests because this version changed; return as `ask_some` does.

        A consent that rests without a question would only be lost: nobody looks for what is not there.
        """
        latest = self._purposes.latest(tx, purpose.identifier)
        asks = handling(purpose.legal_basis) is not Handling.INFORMATION
        if not asks or latest is None or latest.iri != purpose.iri or not purpose.active(at):
            return None
        keys = people_sql.resting(tx, purpose.identifier, after=after, limit=BATCH)
        for key in keys:
            pod = tx.pod_by_key(key)
            if pod is not None:
                self.ask_one(tx, pod, purpose.controller, purpose.iri, at)
        return keys[-1] if len(keys) == BATCH else None

    def ask_one(self, tx: Transaction, pod: Pod, webid: WebId, iri: str, at: float) -> bool:
        """Ask the owner of one pod, if they may be asked; say whether they were. Raises what `purpose` raises."""
        purpose = self.purpose(tx, webid, iri, at)
        people = people_sql.may_be_asked(
            *(tx, purpose.iri, purpose.identifier, at), after=pod.key - 1, limit=1
        )
        if not people or people[0].key != pod.key:
            return False
        return self._ask(tx, pod, purpose, approved(tx, webid), at)

    def _ask(
        self, tx: Transaction, pod: Pod, purpose: PurposeDeclaration, controller: Controller, at: float
    ) -> bool:
        if self._is_organisation(tx, pod):
            return False
        if self._standing.silenced(tx, pod, purpose, controller, at):
            people_sql.note_request(tx, controller.iri, pod.key, at)
            return True  # the controller must not see what the person said beforehand
        grant = self._consents.ask(tx, pod, purpose, at)
        people_sql.note_request(tx, controller.iri, pod.key, at)
        path = Path(f"{pod.root}inbox/{grant.id}.jsonld")
        tx.write(path, "application/ld+json", self._offer(path, purpose, controller, pod.owner, at), at)
        return True

    def _is_organisation(self, tx: Transaction, pod: Pod) -> bool:
        """Say whether the owner's public profile says that it is no person."""
        card = tx.get(card_of(pod.root))
        if card is None or b"rganization" not in card.content or not rdf.is_rdf(card.media_type):
            return False
        try:
            quads = rdf.parse(card.media_type, card.content, self._origin + card.path)
        except PodError:
            return False
        return any(
            quad.predicate == rdf.RDF_TYPE
            and quad.subject == rdf.node(pod.owner)
            and isinstance(quad.object, rdf.NamedNode)
            and quad.object.value in ORGANISATIONS
            for quad in quads
        )

    def _offer(
        self, path: Path, purpose: PurposeDeclaration, controller: Controller, person: str, at: float
    ) -> bytes:
        return orjson.dumps(
            {
                "@context": _CONTEXT,
                "id": self._origin + path,
                "type": "Offer",
                "actor": {"id": controller.iri, "name": controller.name},
                "object": purpose.iri,
                "target": person,
                "summary": dict(purpose.title),
                "published": wire.timestamp(at),
            }
        )


def _note_round(tx: Transaction, controller: Controller, at: float) -> None:
    """Count a round of requests to everybody; raise TooManyRequests when the day's are used up."""
    rounds = people_sql.rounds_since(tx, controller.iri, at - DAY)
    if len(rounds) >= ROUNDS_PER_DAY:
        wait = int(rounds[0] + DAY - at) + 1
        raise TooManyRequests(
            f"An organisation asks everybody {ROUNDS_PER_DAY} times in a day at most; the next round is free in "
            f"{wait} seconds. Several purposes are best asked in few rounds.",
            headers=(("retry-after", str(wait)),),
        )
    people_sql.note_request(tx, controller.iri, 0, at)
