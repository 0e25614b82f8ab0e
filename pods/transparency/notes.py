"""Checkpoints of a log as signed notes (C2SP tlog-checkpoint, signed-note): what others verify and countersign."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ED25519 = b"\1"  # the kind of key and signature (C2SP signed-note)
_DASH = "\N{EM DASH} "
_ID = 4  # bytes that name a key
_TIME = "time "


class BadNote(ValueError):
    """A checkpoint that is not one, or is not signed by this log."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log was at a time: how many entries, and the root of the tree over them."""

    origin: str
    size: int
    root: bytes
    at: int


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs the checkpoints of the log `origin`."""

    origin: str
    key: Ed25519PrivateKey

    @property
    def verifier_key(self) -> str:
        """The public key in the one line by which witnesses know a log: name, identifier and key."""
        public = _ED25519 + self.key.public_key().public_bytes_raw()
        return f"{self.origin}+{_key_id(self.origin, public).hex()}+{base64.b64encode(public).decode()}"

    def sign(self, size: int, root: bytes, at: float) -> str:
        """Return the signed note of a checkpoint."""
        text = f"{self.origin}\n{size}\n{base64.b64encode(root).decode()}\n{_TIME}{int(at)}\n"
        public = _ED25519 + self.key.public_key().public_bytes_raw()
        signature = _key_id(self.origin, public) + self.key.sign(text.encode())
        return f"{text}\n{_DASH}{self.origin} {base64.b64encode(signature).decode()}\n"


def opened(unverified_note: str, verifier_key: str) -> Checkpoint:
    """Return what a checkpoint says; raise BadNote unless the log with this key signed it.

    Signatures of others, such as witnesses, may stand beside the log's own.
    """
    origin, public = _verifier(verifier_key)
    text, found, signatures = unverified_note.rpartition("\n\n")
    text += "\n"
    if not found:
        raise BadNote("The checkpoint has no signature.")
    wanted = _key_id(origin, _ED25519 + public.public_bytes_raw())
    for line in signatures.splitlines():
        name, _, value = line.removeprefix(_DASH).partition(" ")
        signature = _decoded(value)
        if line.startswith(_DASH) and name == origin and signature[:_ID] == wanted:
            try:
                public.verify(signature[_ID:], text.encode())
            except InvalidSignature as error:
                raise BadNote("The signature of the checkpoint is not the log's.") from error
            return _read(text, origin)
    raise BadNote(f"The checkpoint is not signed by the key of {origin}.")


def _read(text: str, origin: str) -> Checkpoint:
    lines = text.splitlines()
    if len(lines) < 4 or lines[0] != origin or not lines[1].isascii() or not lines[1].isdecimal():
        raise BadNote("The checkpoint does not name its log and the log's size.")
    root = _decoded(lines[2])
    at = next((line.removeprefix(_TIME) for line in lines[3:] if line.startswith(_TIME)), "")
    if len(root) != hashlib.sha256().digest_size or not at.isascii() or not at.isdecimal():
        raise BadNote("The checkpoint has no root or no time.")
    return Checkpoint(origin, int(lines[1]), root, int(at))


def _verifier(verifier_key: str) -> tuple[str, Ed25519PublicKey]:
    origin, _, rest = verifier_key.partition("+")
    identifier, _, encoded = rest.partition("+")
    public = _decoded(encoded)
    if public[:1] != _ED25519 or len(public) != 33 or identifier != _key_id(origin, public).hex():
        raise BadNote("This is not the key of a log, or it was changed.")
    return origin, Ed25519PublicKey.from_public_bytes(public[1:])


def _key_id(origin: str, public: bytes) -> bytes:
    return hashlib.sha256(origin.encode() + b"\n" + public).digest()[:_ID]


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadNote(f"{text[:40]!r} is not base64.") from error
