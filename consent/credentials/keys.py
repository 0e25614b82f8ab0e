"""The host's keys for assertions: one file, shared by all workers; what a retired key signed stays verifiable."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent.credentials.multikey import multikey
from pods.model import Clock

LEAD_SECONDS = 600.0  # a new key is published this long before it signs; the document is kept five minutes
ISSUER_PATH = "/.consent/issuer"
_CONTEXT = "https://www.w3.org/ns/cid/v1"


@dataclass(frozen=True, slots=True)
class AssertionKey:
    """An Ed25519 key; `seed` is None once the key is retired, so that nobody can sign with it any more."""

    public: str
    """The public key as a Multikey, which is its name too."""
    seed: bytes | None
    signs_from: float = 0.0


@dataclass(frozen=True, slots=True)
class Signer:
    """The key that signs now, with the IRIs of its owner and of itself."""

    issuer: str
    method: str
    key: Ed25519PrivateKey


class AssertionKeys:
    """The keys in a file, for the host at `origin`."""

    def __init__(self, path: Path, origin: str, *, clock: Clock) -> None:
        self._path = path
        self.issuer = origin + ISSUER_PATH
        self._clock = clock

    @classmethod
    def open(cls, path: Path, origin: str, *, clock: Clock) -> AssertionKeys:
        """Return the keys in the file; the first to open it makes the first key."""
        if not path.exists():
            _write_new(path, [_new_key(0.0)])
        return cls(path, origin, clock=clock)

    @staticmethod
    def rotate(path: Path, *, at: float, compromised: bool = False) -> AssertionKey:
        """Add a key and return it; it is published at once and signs ten minutes later.

        With `compromised` it signs at once, and nothing that the old keys signed verifies any more.
        """
        if compromised:
            fresh = _new_key(at)
            _draft(path, [fresh]).replace(path)
            return fresh
        fresh, known = _new_key(at + LEAD_SECONDS), read(path)
        signing = _signing(known, at)
        # The seed of a key goes with the rotation after the one that replaced it.
        kept = [one if one is signing else replace(one, seed=None) for one in known]
        _draft(path, [fresh, *kept]).replace(path)
        return fresh

    def kept(self) -> list[AssertionKey]:
        """Return every key that verifies, the newest first."""
        return read(self._path)

    def signer(self) -> Signer:
        """Return the key that signs now."""
        key = _signing(self.kept(), self._clock())
        seed = key.seed
        if seed is None:
            raise ValueError(f"{self._path} holds no key that may sign; restore it from the backup")
        return Signer(self.issuer, self._method(key), Ed25519PrivateKey.from_private_bytes(seed))

    def document(self) -> dict[str, Any]:
        """Return the controlled identifier document (CID 1.0, 2) with the methods that prove an assertion."""
        kept = self.kept()
        return {
            "@context": _CONTEXT,
            "id": self.issuer,
            "verificationMethod": [
                {
                    "id": self._method(one),
                    "type": "Multikey",
                    "controller": self.issuer,
                    "publicKeyMultibase": one.public,
                }
                for one in kept
            ],
            "assertionMethod": [self._method(one) for one in kept],
        }

    def _method(self, key: AssertionKey) -> str:
        return f"{self.issuer}#{key.public}"


def read(path: Path) -> list[AssertionKey]:
    """Return the keys in a file, the newest first."""
    return [
        AssertionKey(
            one["public"],
            base64.b64decode(one["seed"]) if one["seed"] is not None else None,
            one["signs_from"],
        )
        for one in orjson.loads(path.read_bytes())["keys"]
    ]


def _signing(keys: Sequence[AssertionKey], at: float) -> AssertionKey:
    able = [one for one in keys if one.seed is not None]
    return next((one for one in able if one.signs_from <= at), (able or list(keys))[-1])


def _new_key(signs_from: float) -> AssertionKey:
    key = Ed25519PrivateKey.generate()
    return AssertionKey(multikey(key.public_key()), key.private_bytes_raw(), signs_from)


def _write_new(path: Path, keys: Sequence[AssertionKey]) -> None:
    draft = _draft(path, keys)
    try:
        # A link fails where the name exists: of several workers that start at once, one wins and all read it.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _draft(path: Path, keys: Sequence[AssertionKey]) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    content = [
        {
            "public": one.public,
            "seed": base64.b64encode(one.seed).decode() if one.seed is not None else None,
            "signs_from": one.signs_from,
        }
        for one in keys
    ]
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(orjson.dumps({"keys": content}))
        file.flush()
        os.fsync(file.fileno())
    return draft
