"""Checks a grant without asking the host: credential, keys and status lists that the verifier has, and a clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from consent import wire
from consent.credentials import envelope, proofs, status

LEEWAY = 60.0  # seconds by which two clocks may differ
MOST_AGE = (
    status.TTL_SECONDS
)  # seconds; whoever wants less says so, and nobody gets more than the list allows
Document = Mapping[str, Any]


class NotVerified(ValueError):
    """A grant that must not be relied on: the message says why."""


def check_grant(
    credential: Document,
    issuer: Document,
    lists: Mapping[str, Document],
    at: float,
    *,
    max_age: float = MOST_AGE,
) -> Document:
    """Return the subject of a grant that stands at this time; raise NotVerified for anything else.

    `issuer` is the controlled identifier document that the verifier got from the host over TLS, `lists` are the
    status lists by their IRIs. Whatever is missing, old or unreadable fails: an old list never passes for a new one.
    """
    _proved(credential, issuer, at)
    _within(credential, at)
    subject, entries = credential.get("credentialSubject"), credential.get("credentialStatus")
    if not isinstance(subject, Mapping) or not isinstance(entries, list):
        raise NotVerified("the credential has no subject or no status")
    if {entry.get("statusPurpose") for entry in entries} != {one.value for one in status.StatusPurpose}:
        raise NotVerified("the credential must have a status for revocation and one for suspension")
    for entry in entries:
        _not_set(entry, issuer, lists, at, max_age)
    return subject


def _not_set(
    entry: Document, issuer: Document, lists: Mapping[str, Document], at: float, max_age: float
) -> None:
    found = lists.get(str(entry.get("statusListCredential")))
    if found is None:
        raise NotVerified("a status list is missing; without it the grant may be over")
    _proved(found, issuer, at)
    _within(found, at)
    subject = found["credentialSubject"]
    ttl = subject.get("ttl") if isinstance(subject, Mapping) else None
    most = min(max_age, ttl / 1000) if type(ttl) is int and ttl >= 0 else 0.0
    if at - _seconds(found, "validFrom") > most:
        raise NotVerified("a status list is too old; get a new one")
    try:
        index = str(entry.get("statusListIndex"))
        set_ = status.bit(status.read_list(found, entry), int(index) if index.isdecimal() else -1)
    except status.BadStatusList as error:
        raise NotVerified(str(error)) from error
    if set_:
        raise NotVerified(f"the grant is over or at rest: its bit for {entry['statusPurpose']} is set")


def _proved(document: Document, issuer: Document, at: float) -> None:
    try:
        envelope.check(document)
        proofs.verify(document, issuer)
    except (envelope.BadCredential, proofs.BadProof) as error:
        raise NotVerified(str(error)) from error
    # Data Integrity 1.0, 2.1: after `expires` a proof "MUST NOT be used to verify".
    if "expires" in document["proof"] and not at < _seconds(document["proof"], "expires"):
        raise NotVerified("the proof has run out")
    if document.get("issuer") != issuer.get("id"):
        raise NotVerified("the credential is of another issuer than its proof")


def _within(document: Document, at: float) -> None:
    start, end = _seconds(document, "validFrom"), _seconds(document, "validUntil")
    if not start - LEEWAY <= at < end:
        raise NotVerified("the credential is not valid yet, or not any more")


def _seconds(document: Document, member: str) -> float:
    try:
        return wire.seconds(document[member])
    except (KeyError, TypeError, ValueError) as error:
        raise NotVerified(f"the document does not say its {member} in UTC") from error
