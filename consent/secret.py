"""The host's secret for consent: made once, shared by all workers, the root of ticket keys and pseudonyms."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

BYTES = 32


def open_secret(path: Path) -> bytes:
    """Return the secret in the file; the first to ask makes it, readable by nobody else."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    if not path.exists():
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            # A link fails where the name exists: of several workers that start at once, one wins.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    secret = path.read_bytes()
    if len(secret) != BYTES:
        raise ValueError(f"{path} does not hold {BYTES} bytes; restore it from the backup of the data folder")
    return secret


def derived(secret: bytes, use: str) -> bytes:
    """Return a key for one use; keys of different uses tell nothing about each other."""
    return HKDFExpand(algorithm=SHA256(), length=BYTES, info=use.encode()).derive(secret)
