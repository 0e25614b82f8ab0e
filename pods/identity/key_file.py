"""The file of signing keys of each kind: each with the time from which it signs and until which it verifies."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import orjson
from joserfc.jwk import ECKey, RSAKey, import_key

LEAD_SECONDS = 600.0  # a new key is published this long before it signs; clients keep a key set five minutes
KEPT_SECONDS = 31 * 86400.0
"""How long a retired key verifies: access tokens die in ten minutes, ID tokens serve as log-out hints for a month."""
RSA_BITS = 2048  # RFC 7518 section 3.3 wants no less; more makes each signature slower by half

_MAKERS: Mapping[str, Callable[[], ECKey | RSAKey]] = {
    "ES256": lambda: ECKey.generate_key("P-256"),
    "RS256": lambda: RSAKey.generate_key(RSA_BITS, auto_kid=False),
}
ALGORITHMS = tuple(_MAKERS)
"""What the host signs with; the file holds a key of each."""


@dataclass(frozen=True, slots=True)
class KeptKey:
    """A signing key and its times."""

    key: ECKey | RSAKey
    signs_from: float = 0.0
    until: float | None = None
    """None while no newer key signs."""

    @property
    def kid(self) -> str:
        return self.key.thumbprint()

    @property
    def alg(self) -> str:
        """The one algorithm that it signs with (RFC 8725 section 3.1)."""
        return "RS256" if isinstance(self.key, RSAKey) else "ES256"


def new_keys(signs_from: float = 0.0) -> list[KeptKey]:
    """Return a fresh key for each algorithm."""
    return [KeptKey(make(), signs_from) for make in _MAKERS.values()]


def completed(keys: Sequence[KeptKey]) -> list[KeptKey]:
    """Return the keys with one more for each algorithm that has none: it signs at once, for who never saw another."""
    there = {one.alg for one in keys}
    return [*keys, *(KeptKey(make()) for alg, make in _MAKERS.items() if alg not in there)]


def rotated(keys: Sequence[KeptKey], at: float) -> list[KeptKey]:
    """Return the keys with new ones that sign soon; those before them verify for a while longer."""
    fresh = new_keys(at + LEAD_SECONDS)
    end = at + LEAD_SECONDS + KEPT_SECONDS
    kept = [replace(one, until=one.until or end) for one in keys if one.until is None or one.until > at]
    return [*fresh, *kept]


def read(path: Path) -> list[KeptKey]:
    """Return the keys in a file, the newest first."""
    found = []
    for jwk in orjson.loads(path.read_bytes())["keys"]:
        signs_from, until = jwk.pop("nbf", 0.0), jwk.pop("exp", None)
        key = import_key(jwk)
        if not isinstance(key, ECKey | RSAKey):
            raise ValueError(f"{path}: a key of type {jwk.get('kty')} signs nothing here")
        found.append(KeptKey(key, signs_from, until))
    return found


def change(path: Path, changed: Callable[[list[KeptKey]], Sequence[KeptKey]]) -> list[KeptKey]:
    """Put others in place of the keys that the file holds, and return them.

    Readers see the old or the new ones, never half; of two that change the file, the second sees what the first wrote.
    """
    with _alone(path.parent):
        old = read(path)
        new = list(changed(old))
        if new != old:
            _draft(path, new).replace(path)
    return new


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


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


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
