"""The signature of the pod host under what leaves as the result of a claim."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pods.identity.keys import BadToken, SigningKeys
from vocab.claim_rules import RESULT_TYP


class ResultSeal:
    """Signs results for the host at `origin` with the key that it publishes."""

    def __init__(self, keys: SigningKeys, origin: str) -> None:
        self._keys = keys
        self._issuer = origin + "/"

    def __call__(self, result: Mapping[str, Any], audience: str, at: float) -> str:
        """Return a compact JWS: the result, who computed it, for whom, and when."""
        return self._keys.sign({**result, "iss": self._issuer, "aud": audience, "iat": int(at)}, RESULT_TYP)

    def holds(self, unverified_signed: str) -> bool:
        """Say whether the published keys still verify a signature that was made before."""
        try:
            # What left does not end: a result is a statement about months that are over.
            self._keys.verify(unverified_signed, RESULT_TYP, expired=True)
        except BadToken:
            return False
        return True
