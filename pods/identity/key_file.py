"""The file of signing keys: each with the time from which it signs and the time until which it verifies."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import orjson
from joserfc.jwk import ECKey

LEAD_SECONDS = 600.0  # a new key is published this long before it signs; clients keep a key set five minutes
KEPT_SECONDS = 31 * 86400.0
"""How long a retired key verifies: access tokens die in ten minutes, ID tokens serve as log-out hints for a month."""


@dataclass(frozen=True, slots=True)
class KeptKey:
    """A signing key and its times."""

    key: ECKey
    signs_from: float = 0.0
    until: float | None = None
    """None while no newer key signs."""

    @property
    def kid(self) -> str:
        return self.key.thumbprint()


def new_key(signs_from: float = 0.0) -> KeptKey:
    """Return a fresh P-256 key."""
    return KeptKey(ECKey.generate_key("P-256"), signs_from)


def rotated(keys: Sequence[KeptKey], at: float) -> list[KeptKey]:
    """Return the keys with a new one that signs soon; those before it verify for a while longer."""
    fresh = new_key(at + LEAD_SECONDS)
    end = fresh.signs_from + KEPT_SECONDS
    kept = [replace(one, until=one.until or end) for one in keys if one.until is None or one.until > at]
    return [fresh, *kept]


def read(path: Path) -> list[KeptKey]:
    """Return the keys in a file, the newest first."""
    found = []
    for jwk in orjson.loads(path.read_bytes())["keys"]:
        signs_from, until = jwk.pop("nbf", 0.0), jwk.pop("exp", None)
        found.append(KeptKey(ECKey.import_key(jwk), signs_from, until))
    return found


def replace_file(path: Path, keys: Sequence[KeptKey]) -> None:
    """Write the keys in place of those that the file holds; readers see the old or the new ones, never half."""
    _draft(path, keys).replace(path)


def write_new(path: Path, keys: Sequence[KeptKey]) -> None:
    """Write the file unless there is one."""
    draft = _draft(path, keys)
    try:
        # A link fails where the name exists: of several workers that start at once, one wins and all read it.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _draft(path: Path, keys: Sequence[KeptKey]) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    content = [
        {
            **one.key.as_dict(private=True),
            "nbf": one.signs_from,
            **({} if one.until is None else {"exp": one.until}),
        }
        for one in keys
    ]
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(orjson.dumps({"keys": content}))
        file.flush()
        os.fsync(file.fileno())
    return draft
