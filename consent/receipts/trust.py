"""How far a receipt can be trusted, by the way it came in; a programme states its minimum."""

from __future__ import annotations

from enum import IntEnum

from consent.receipts.errors import BadReceipt
from consent.receipts.keys import KeyLookup
from consent.receipts.signing import verify


class TrustLevel(IntEnum):
    """Ordered: a higher level proves more. Level 0 never moves money."""

    SELF_DECLARED = 0
    """Typed in, or photographed, by the holder."""
    EXTRACTED = 1
    """Read out of an e-mail, a bank statement or a portability file."""
    ATTESTED = 2
    """A row of a batch that the merchant signed as a whole."""
    SIGNED = 3
    """Signed one by one by the issuer, with a key of its own."""


def level(jws: bytes | None, keys: KeyLookup) -> TrustLevel:
    """Return the level that the bytes prove. What the RDF beside them says counts for nothing (the pod's owner
    may write there): bytes that do not verify are worth what a self-declaration is.
    """
    if jws is None:
        return TrustLevel.SELF_DECLARED
    try:
        verify(jws, keys)
    except BadReceipt:
        return TrustLevel.SELF_DECLARED
    return TrustLevel.SIGNED
