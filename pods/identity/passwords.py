"""Passwords as argon2id hashes (RFC 9106), and random secrets as plain digests."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

MIN_PASSWORD = 10  # characters; NIST SP 800-63B asks for length, not for kinds of characters
MAX_PASSWORD = 256  # characters; more would only make us hash for nothing

# OWASP's second choice for argon2id: 19 MiB, 2 passes, 1 lane. Some 20 ms, and many at once fit into memory.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
_NOBODYS = _HASHER.hash(secrets.token_urlsafe(16))


@dataclass(frozen=True, slots=True)
class HashedPassword:
    """A password after `hash_password`; the plain one cannot be had back."""

    encoded: str


def hash_password(password: str) -> HashedPassword:
    """Return the hash of a password. Takes some 20 ms: keep it out of transactions."""
    return HashedPassword(_HASHER.hash(password))


def matches(hashed: HashedPassword | None, password: str) -> bool:
    """Say whether the password fits. An account without a password takes as long as a wrong password."""
    try:
        _HASHER.verify(hashed.encoded if hashed else _NOBODYS, password[:MAX_PASSWORD])
    except (VerificationError, InvalidHashError):
        return False
    return hashed is not None


def new_secret() -> str:
    """Return 256 random bits as text: a client secret, a code, a session, a refresh token."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """Return what is stored of a random secret. It cannot be guessed, so a fast hash is enough."""
    return hashlib.sha256(secret.encode()).digest()


def seal(secret: str) -> str:
    """Return what is stored of a client secret that somebody may have chosen: salted SHA-256."""
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}${hmac.digest(salt, secret.encode(), 'sha256').hex()}"


def unsealed_by(sealed: str, secret: str) -> bool:
    """Say whether `seal` made this from the secret; the time taken tells nothing."""
    salt, _, expected = sealed.partition("$")
    actual = hmac.digest(bytes.fromhex(salt), secret.encode(), "sha256").hex()
    return hmac.compare_digest(actual, expected)
