"""The terms of a value-back programme as far as a claim depends on them, and what binds them to a consent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from consent.claims.rules import CLAIM_RULES, Rule
from consent.declarations import digest
from consent.model import PurposeDeclaration
from consent.receipts.errors import BadReceipt
from consent.receipts.keys import KeyLookup, PublicKey, key_ring, read_jwks
from consent.receipts.trust import TrustLevel
from pods.errors import BadContent, Forbidden

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
MAX_ISSUERS = 500  # shops of a large consumer cooperative
MAX_MONTHS = 12  # a ristorno is yearly; a claim never spans more
_REQUEST = {"rule", "period", "programme"}


@dataclass(frozen=True, slots=True)
class Period:
    """Whole calendar months, both included: days would let single purchases be told apart."""

    first: str
    last: str

    def months(self) -> list[str]:
        """Return `2017-10`, `2017-11` …"""
        year, month = int(self.first[:4]), int(self.first[5:])
        found = []
        while (label := f"{year:04}-{month:02}") <= self.last:
            found.append(label)
            year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        return found

    def within(self, other: Period) -> bool:
        return other.first <= self.first and self.last <= other.last

    def touches(self, other: Period) -> bool:
        return self.first <= other.last and other.first <= self.last

    def holds(self, moment: str) -> bool:
        """Say whether an instant such as `2017-10-03T09:15:00Z` lies in these months."""
        return self.first <= moment[:7] <= self.last

    def as_json(self) -> dict[str, str]:
        return {"from": self.first, "to": self.last}


@dataclass(frozen=True, slots=True)
class Terms:
    """What a programme fixed when it was published: rule, whose signatures count, and when."""

    programme: str
    series: str
    """What the versions of a programme have in common: a receipt counts once in all of them together."""
    rule: Rule
    period: Period
    keys: KeyLookup
    """Of the issuers whose receipts count; nobody else's signature is known."""
    digest: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A claim as it is asked for. All that may vary from claim to claim of a rule: the months, within the terms."""

    terms: Terms
    period: Period


def asked(request: Any) -> Asked:
    """Return what a request asks for; raise BadContent naming the place."""
    if not isinstance(request, dict) or set(request) != _REQUEST:
        raise BadContent(f"claim: give exactly {', '.join(sorted(_REQUEST))}.")
    agreed = terms(request["programme"])
    if request["rule"] != agreed.rule.iri:
        raise BadContent(f"claim at /rule: the programme's rule is {agreed.rule.iri}.")
    return Asked(agreed, period(request["period"], "/period"))


def period(plain: Any, where: str) -> Period:
    """Return a period of whole months; raise BadContent naming the place."""
    if not isinstance(plain, dict) or set(plain) != {"from", "to"}:
        raise BadContent(f'claim at {where}: give {{"from": "2017-10", "to": "2017-12"}}.')
    first, last = plain["from"], plain["to"]
    if not all(isinstance(month, str) and _MONTH.fullmatch(month) for month in (first, last)):
        raise BadContent(f"claim at {where}: months are written 2017-10.")
    found = Period(first, last)
    if first > last or len(found.months()) > MAX_MONTHS:
        raise BadContent(f"claim at {where}: from one month to a later one, {MAX_MONTHS} at most.")
    return found


def terms(document: Any) -> Terms:
    """Return the terms in a programme document; raise BadContent for what cannot be enforced.

    A document may hold more (shares, projects, texts): the digest covers all of it.
    """
    if not isinstance(document, dict):
        raise BadContent("claim at /programme: the programme document is missing.")
    programme, rule = document.get("id"), CLAIM_RULES.get(str(document.get("rule")))
    if not isinstance(programme, str) or not programme.startswith(("http://", "https://")):
        raise BadContent("claim at /programme/id: the programme needs an IRI.")
    if rule is None:
        raise BadContent(f"claim at /programme/rule: the rules are {', '.join(CLAIM_RULES)}.")
    # A rule counts what it can verify, and only a signature can be verified beside the pod.
    if document.get("minimum_trust") != TrustLevel.SIGNED:
        raise BadContent(f"claim at /programme/minimum_trust: it must be {int(TrustLevel.SIGNED)}, signed.")
    keys = key_ring(_keys(document.get("issuers")))
    whole = period(document.get("period"), "/programme/period")
    series = document.get("series", programme)
    if not isinstance(series, str) or not series:
        raise BadContent("claim at /programme/series: an IRI that all versions of the programme share.")
    return Terms(programme, series, rule, whole, keys, digest(document))


def require_agreed(agreed: PurposeDeclaration, terms: Terms) -> None:
    """Raise Forbidden unless the person was shown the fingerprint of just these terms.

    Without it a controller could vary the issuers from claim to claim and learn single purchases from
    the differences.
    """
    if not all(terms.digest in text for text in agreed.text.values()):
        raise Forbidden(
            f"The declaration does not contain the fingerprint {terms.digest} of these programme terms; "
            "people agreed to others, so publish a new version and ask again."
        )


def _keys(plain: Any) -> list[PublicKey]:
    if not isinstance(plain, list) or not 0 < len(plain) <= MAX_ISSUERS:
        raise BadContent(f"claim at /programme/issuers: a list of 1 to {MAX_ISSUERS} issuers.")
    found: list[PublicKey] = []
    for number, issuer in enumerate(plain):
        try:
            keys = read_jwks(str(issuer["iri"]), issuer["jwks"])
        except (KeyError, TypeError, BadReceipt) as error:
            raise BadContent(f"claim at /programme/issuers/{number}: iri and jwks ({error}).") from error
        if not keys:
            raise BadContent(f"claim at /programme/issuers/{number}: no Ed25519 key.")
        found += keys
    return found
