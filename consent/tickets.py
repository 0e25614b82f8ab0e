"""Permission tickets (UMA grant, 3.2): sealed and self-contained, so that asking costs the host no memory."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, replace

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from consent.model import TICKET_SECONDS
from pods.model import WebId
from pods.protocol import jose

_NONCE = 12  # bytes, NIST SP 800-38D
_PURPOSE = (
    b"portico permission ticket"  # authenticated with the ticket: nothing else sealed here passes for one
)
MAX_TICKET = 8192  # characters; the longest path is 2,048


@dataclass(frozen=True, slots=True)
class Ticket:
    """What was refused, and to whom as far as that is known. `scope` is read, append or claim."""

    id: str
    path: str
    scope: str
    expires_at: float
    webid: WebId | None = None
    client_id: str | None = None
    thumbprint: str | None = None
    """The key that every further step must prove; None until an identity was pushed."""
    purpose: str | None = None
    """What the person was asked for, once the claim was checked; the client polls with such a ticket."""
    until: float = 0.0
    """When polling ends, whether anybody answered or not."""


class Tickets:
    """Seals and opens tickets with a key of the host, shared by its workers."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def first(self, path: str, scope: str, at: float) -> str:
        """Return a ticket for whoever was refused just now."""
        return self._seal(Ticket(secrets.token_hex(16), path, scope, at + TICKET_SECONDS))

    def next(self, ticket: Ticket, at: float, *, webid: WebId, client_id: str, thumbprint: str) -> str:
        """Return the ticket that follows, bound to a client and its key."""
        return self._seal(
            replace(
                ticket,
                id=secrets.token_hex(16),
                expires_at=at + TICKET_SECONDS,
                webid=webid,
                client_id=client_id,
                thumbprint=thumbprint,
            )
        )

    def waiting(self, ticket: Ticket, at: float, *, purpose: str, until: float) -> str:
        """Return a ticket to poll with, which names the purpose that was proved."""
        return self._seal(
            replace(
                ticket,
                id=secrets.token_hex(16),
                expires_at=at + TICKET_SECONDS,
                purpose=purpose,
                until=until,
            )
        )

    def again(self, ticket: Ticket, at: float) -> str:
        """Return a fresh ticket for the same step."""
        return self._seal(replace(ticket, id=secrets.token_hex(16), expires_at=at + TICKET_SECONDS))

    def open(self, unverified_ticket: str, at: float) -> Ticket | None:
        """Return what a ticket says, or None if it is not ours or its time is over."""
        if len(unverified_ticket) > MAX_TICKET:
            return None
        try:
            sealed = jose.decode_segment(unverified_ticket.encode("ascii"))
            plain = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _PURPOSE)
        except (ValueError, InvalidTag):
            return None
        ticket = Ticket(*orjson.loads(plain))
        return ticket if at < ticket.expires_at else None

    def _seal(self, ticket: Ticket) -> str:
        plain = orjson.dumps(
            (
                *(ticket.id, ticket.path, ticket.scope, ticket.expires_at),
                *(ticket.webid, ticket.client_id, ticket.thumbprint, ticket.purpose, ticket.until),
            )
        )
        nonce = os.urandom(_NONCE)
        return jose.encode_segment(nonce + self._cipher.encrypt(nonce, plain, _PURPOSE)).decode("ascii")
