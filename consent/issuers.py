"""Issuers of receipts whose signatures count on this host: admitted by the operator, with their published keys."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from threading import Lock
from typing import Any

import orjson

from consent.receipts.errors import BadReceipt
from consent.receipts.keys import PublicKey, read_jwks
from pods.errors import BadContent
from pods.storage.base import Store, Transaction

SCHEMA = (
    "issuers-1",
    (
        """CREATE TABLE receipt_issuer (
               iri TEXT PRIMARY KEY, jwks TEXT NOT NULL, admitted_at REAL NOT NULL)""",
    ),
)


def admit(tx: Transaction, iri: str, jwks: Mapping[str, Any], at: float) -> None:
    """Let the receipts of an issuer count, under these keys; again with other keys replaces them.

    Without this list anybody could sign purchases for invented pods and bend a statistic (attack 27).
    Raises BadContent for a key set that holds no Ed25519 key.
    """
    try:
        keys = read_jwks(iri, jwks)
    except BadReceipt as error:
        raise BadContent(f"The key set of {iri} cannot be used: {error}.") from error
    if not keys:
        raise BadContent(f"The key set of {iri} holds no Ed25519 key.")
    tx.execute(
        "INSERT INTO receipt_issuer (iri, jwks, admitted_at) VALUES (?, ?, ?)"
        " ON CONFLICT (iri) DO UPDATE SET jwks = excluded.jwks",
        (iri, orjson.dumps(dict(jwks)).decode(), at),
    )


def dismiss(tx: Transaction, iri: str) -> None:
    """Let the receipts of an issuer count no more."""
    tx.execute("DELETE FROM receipt_issuer WHERE iri = ?", (iri,))


class IssuerDirectory:
    """Finds the keys of admitted issuers; callable as a KeyLookup from any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._parsed: dict[tuple[str, str], dict[str, PublicKey]] = {}

    def __call__(self, issuer: str, kid: str) -> PublicKey | None:
        """Return a key, or None if the issuer is not admitted or never published it."""
        with self._store.reading() as tx:
            rows = tx.execute("SELECT jwks FROM receipt_issuer WHERE iri = ?", (issuer,))
        if not rows:
            return None
        # By the text of the set, so that a rotation or a dismissal counts at once.
        known = (issuer, str(rows[0][0]))
        with self._lock:
            keys = self._parsed.get(known)
            if keys is None:
                keys = {key.kid: key for key in read_jwks(issuer, orjson.loads(known[1]))}
                self._parsed[known] = keys
        return keys.get(kid)

    def fingerprints(self) -> Mapping[str, str]:
        """Return each admitted issuer with a digest of its key set, which changes when its keys do."""
        with self._store.reading() as tx:
            rows = tx.execute("SELECT iri, jwks FROM receipt_issuer")
        return {str(iri): hashlib.sha256(str(text).encode()).hexdigest() for iri, text in rows}
