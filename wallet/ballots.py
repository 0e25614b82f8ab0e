"""Ballots: a statement in the pod carries a one-time credential, with which its holder votes on the common pool.

The programme's app learns the credential and the choice, never who holds it; the pod keeps that a vote was cast,
not for what.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
from rdflib import RDF, XSD, Graph, Literal, URIRef

from consent.receipts.model import instant
from pods.client import SolidError
from vocab.codes import Label
from vocab.terms import SCHEMA
from wallet import documents
from wallet.documents import Document
from wallet.records import TURTLE
from wallet.visit import Visit

VOTES = "votes/"
SPENT = (httpx.codes.FORBIDDEN, httpx.codes.CONFLICT)
"""Refusals after which a credential is never good again: it voted from elsewhere, so it is not offered any more."""
_JSON = {"accept": "application/json"}


class VoteRefused(Exception):
    """The programme's app did not take the vote; the message is its explanation.

    `spent` says that this credential will never be taken again.
    """

    def __init__(self, message: str, *, spent: bool = False) -> None:
        super().__init__(message)
        self.spent = spent


@dataclass(frozen=True, slots=True)
class Choice:
    """A project on a ballot."""

    id: str
    title: Label
    text: Label


@dataclass(frozen=True, slots=True)
class Ballot:
    """An open ballot of a statement in the pod."""

    key: str
    share: Document = field(repr=False)
    title: Label
    closes_at: float
    amount: int
    votes: str
    """Where the vote is posted."""
    choices: Sequence[Choice]


class Ballots:
    """Finds the ballots that a person may cast, and casts them; `http` is a guarded client."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def open(self, visit: Visit) -> list[Ballot]:
        """Return the ballots that are open and not yet cast; an app that does not answer has none now."""
        shares = await documents.below(visit, "ValueShare")
        cast = {member.rpartition("/")[2] for member in await visit.members(_votes(visit))}
        waiting = [
            share for share in shares if share.record.text("ballot") and f"{key_of(share)}.ttl" not in cast
        ]
        found = [ballot for _share, ballot in await visit.each(waiting, self._read) if ballot is not None]
        return [ballot for ballot in found if ballot.closes_at > visit.now]

    async def cast(self, visit: Visit, ballot: Ballot, choice: str) -> None:
        """Send the vote, then note in the pod that it was cast; raise VoteRefused or SolidError."""
        body = {"ballot": ballot.share.record.text("ballot"), "project": choice}
        try:
            answer = await self._http.post(ballot.votes, json=body, headers=_JSON)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise VoteRefused(str(error)) from error
        refused = _explanation(answer) if answer.is_error else ""
        if refused and answer.status_code not in SPENT:
            raise VoteRefused(refused)
        note = f"{_votes(visit)}{ballot.key}.ttl"
        try:
            await visit.solid.put(note, _note(ballot, note, visit.now), TURTLE, only_if_new=True)
        except SolidError as error:
            if error.status != httpx.codes.PRECONDITION_FAILED:
                raise
        if refused:
            raise VoteRefused(refused, spent=True)

    async def _read(self, share: Document) -> Ballot | None:
        """Return the ballot that a statement points to, or None if it cannot be read."""
        address = share.record.text("vote")
        if urlsplit(address).scheme not in ("https", "http"):
            return None
        try:
            answer = await self._http.get(address, headers=_JSON)
            if not answer.is_success:
                return None
            return _ballot(share, answer.json())
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError):
            return None


def key_of(share: Document) -> str:
    """Return the name of a statement's ballot in the wallet; the credential itself is in no address."""
    return hashlib.sha256(share.record.text("ballot").encode()).hexdigest()[:32]


def _ballot(share: Document, plain: Mapping[str, Any]) -> Ballot:
    choices = tuple(
        Choice(str(one["id"]), _texts(one["title"]), _texts(one["text"])) for one in plain["projects"]
    )
    vote = share.record.text("vote")
    votes = urljoin(vote, str(plain.get("votes", "")) or f"{vote.partition('/runs/')[0]}/api/votes")
    if urlsplit(votes).netloc != urlsplit(vote).netloc:
        raise ValueError("a ballot is cast at the site that the statement names")
    closes = plain["closes_at"]
    return Ballot(
        key=key_of(share),
        votes=votes,
        share=share,
        title=_texts(plain["title"]),
        closes_at=datetime.fromisoformat(closes).timestamp() if isinstance(closes, str) else float(closes),
        amount=int(plain.get("amount", 0)),
        choices=choices,
    )


def _texts(plain: Any) -> Label:
    return (
        {str(code): str(text) for code, text in plain.items()}
        if isinstance(plain, dict)
        else {"it": str(plain)}
    )


def _explanation(answer: httpx.Response) -> str:
    try:
        plain = answer.json()
        return str(plain.get("detail") or plain.get("title") or answer.status_code)
    except (ValueError, AttributeError):
        return str(answer.status_code)


def _votes(visit: Visit) -> str:
    return urljoin(visit.place.containers["ValueShare"], VOTES)


def _note(ballot: Ballot, address: str, at: float) -> str:
    graph, note = Graph(), URIRef(f"{address}#it")
    graph.add((note, RDF.type, SCHEMA.VoteAction))
    graph.add((note, SCHEMA.object, URIRef(ballot.share.record.iri)))
    graph.add((note, SCHEMA.startTime, Literal(instant(at), datatype=XSD.dateTime)))
    return graph.serialize(format="turtle")
