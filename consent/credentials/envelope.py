"""What every Verifiable Credential must have, member by member (W3C REC 2025-05-15, Data Model 2.0, section 4)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from consent.credentials.status import VC_CONTEXT

_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|^`\\]+\Z")
# XML Schema 1.1, 3.4.28: dateTimeStamp is a dateTime whose time zone is required.
_STAMP = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)\Z")

_LANGUAGE_VALUE = frozenset({"@value", "@language", "@direction"})
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "credentialStatus": ("type",),  # 4.10
    "credentialSchema": ("type", "id"),  # 4.11
    "proof": ("type",),  # 4.12
    "refreshService": ("type",),  # 5.4
    "termsOfUse": ("type",),  # 5.5
    "evidence": ("type",),  # 5.6
}
"""What each of these members must say about every one of its values."""


class BadCredential(ValueError):
    """A document that is no credential of version 2.0: the message names member and section."""


def check(credential: Mapping[str, Any]) -> None:
    """Raise BadCredential unless the document has the shape of a credential. Proof and times are looked at elsewhere."""
    _context(credential.get("@context"))
    _identifier(credential, "the credential")
    if "VerifiableCredential" not in _types(credential.get("type"), "type"):
        raise BadCredential("type: must name VerifiableCredential (4.5)")
    _issuer(credential.get("issuer"))
    for told in (credential, credential["issuer"]):
        if isinstance(told, Mapping):
            _said(told)
    subjects = list(_objects(credential, "credentialSubject"))
    if not subjects or not all(subjects):
        raise BadCredential("credentialSubject: needs one or more subjects, and none may be empty (4.8)")
    for member, needed in _NEEDS.items():
        for one in _objects(credential, member):
            for name in needed:
                if name not in one:
                    raise BadCredential(f"{member}: needs {name}")
            _types(one.get("type"), f"{member}.type")
    for member in ("credentialSubject", *_NEEDS):
        for one in _objects(credential, member):
            _identifier(one, member)
    _period(credential)


def _context(value: object) -> None:
    # 4.3: "The value of the @context property MUST be an ordered set where the first item is a URL with the value
    # https://www.w3.org/ns/credentials/v2."
    if not isinstance(value, list) or not value or value[0] != VC_CONTEXT:
        raise BadCredential(f"@context: must be a list that begins with {VC_CONTEXT} (4.3)")
    for one in value:
        if not isinstance(one, Mapping) and not _is_iri(one):
            raise BadCredential("@context: its members must be URLs or objects (4.3)")


def _issuer(value: object) -> None:
    # 4.7: "The value of the issuer property MUST be either a URL or an object containing an id property".
    named = value.get("id") if isinstance(value, Mapping) else value
    if not _is_iri(named):
        raise BadCredential("issuer: must be a URL, or an object with one as its id (4.7)")


def _said(told: Mapping[str, Any]) -> None:
    # 4.6 and 11.1: a text, or language value objects with nothing besides.
    for member in ("name", "description"):
        value = told.get(member, "")
        for one in value if isinstance(value, list) else [value]:
            text = one.get("@value") if isinstance(one, Mapping) and set(one) <= _LANGUAGE_VALUE else one
            if not isinstance(text, str):
                raise BadCredential(f"{member}: must be a text, or texts with their language (4.6)")


def _identifier(found: Mapping[str, Any], where: str) -> None:
    # 4.4: "If present, id MUST be a single URL".
    if "id" in found and not _is_iri(found["id"]):
        raise BadCredential(f"{where}: id must be one URL (4.4)")


def _types(value: object, where: str) -> list[str]:
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(one, str) and one for one in values):
        raise BadCredential(f"{where}: must be one or more terms or URLs (4.5)")
    return [str(one) for one in values]


def _objects(credential: Mapping[str, Any], member: str) -> Iterator[Mapping[str, Any]]:
    if member not in credential:
        return
    value = credential[member]
    for one in value if isinstance(value, list) else [value]:
        if not isinstance(one, Mapping):
            raise BadCredential(f"{member}: must be one or more objects")
        yield one


def _period(credential: Mapping[str, Any]) -> None:
    # 4.9: "If a validUntil value also exists, the validFrom value MUST express a point in time that is temporally
    # the same or earlier".
    times = [_time(credential[name], name) for name in ("validFrom", "validUntil") if name in credential]
    if times != sorted(times):
        raise BadCredential("validUntil: must not be before validFrom (4.9)")


def _time(value: object, where: str) -> datetime:
    found = _STAMP.match(value) if isinstance(value, str) else None
    try:
        if found is not None:
            return datetime.fromisoformat(found[0]).astimezone(UTC)
    except ValueError as error:
        raise BadCredential(f"{where}: there is no such time (4.9)") from error
    raise BadCredential(f"{where}: must be a time with its zone, such as 2026-11-20T09:00:00Z (4.9)")


def _is_iri(value: object) -> bool:
    return isinstance(value, str) and _IRI.match(value) is not None
