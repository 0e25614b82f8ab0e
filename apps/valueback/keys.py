"""The key with which the app signs voting credentials: one file, made at the first start."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from joserfc.jwk import OKPKey


def ballot_key(path: Path) -> OKPKey:
    """Return the Ed25519 key in the file; the first process to ask makes it."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(OKPKey.generate_key("Ed25519").as_dict(private=True), file)
            file.flush()
            os.fsync(file.fileno())
        try:
            # A link fails where the name exists: of several workers that start at once, one wins.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return OKPKey.import_key(json.loads(path.read_text("utf-8")))
