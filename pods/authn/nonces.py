"""Nonces of this server for DPoP proofs (RFC 9449 section 8): made from the time and a key, so none is remembered."""

from __future__ import annotations

import hmac

from pods.model import Clock

WINDOW = 300  # seconds that a nonce is given out; it is taken as long again


class Nonces:
    """Any worker that has the same key takes what another one gave out."""

    def __init__(self, key: bytes, *, clock: Clock) -> None:
        self._key = key
        self._clock = clock

    def current(self) -> str:
        """Return the nonce to use now."""
        return self._of(self._window())

    def fresh(self, nonce: str | None) -> bool:
        """Say whether a nonce was given out lately."""
        if nonce is None:
            return False
        window = self._window()
        return any(
            hmac.compare_digest(nonce.encode(), self._of(one).encode()) for one in (window, window - 1)
        )

    def _window(self) -> int:
        return int(self._clock() // WINDOW)

    def _of(self, window: int) -> str:
        return hmac.digest(self._key, window.to_bytes(8, "big"), "sha256").hex()[:32]
