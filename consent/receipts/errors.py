"""Why a receipt is refused."""

from __future__ import annotations

from pods.errors import Unprocessable


class BadReceipt(Unprocessable):
    """A receipt that proves nothing. `reason` is a word that programs may compare:

    size, form, header, payload, issuer, key, validity, signature
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"receipt refused ({reason}): {message}")
        self.reason = reason
