"""Settings: PORTICO_* variables over a TOML file over defaults, read once by a composition root."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

S = TypeVar("S")


class BadSetting(ValueError):
    """A setting that cannot be used; the message names it and the value that was given."""


def read_settings(kind: type[S], environ: Mapping[str, str]) -> S:
    """Return the dataclass `kind` filled from `environ` (PORTICO_NAME) and the file PORTICO_CONFIG names.

    Each field `pod_url` is `PORTICO_POD_URL` in the environment and `pod_url` in the file.
    Raises BadSetting for a value of the wrong kind.
    """
    config = environ.get("PORTICO_CONFIG")
    stored: Mapping[str, Any] = tomllib.loads(Path(config).read_text("utf-8")) if config else {}
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for setting in fields(kind):  # type: ignore[arg-type]  # `kind` is a dataclass by contract
        variable = f"PORTICO_{setting.name.upper()}"
        if variable in environ:
            values[setting.name] = _typed(variable, environ[variable], hints[setting.name])
        elif setting.name in stored:
            values[setting.name] = _typed(setting.name, stored[setting.name], hints[setting.name])
    return kind(**values)


def _typed(name: str, value: Any, wanted: Any) -> Any:
    try:
        if wanted is bool and isinstance(value, str):
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[
                value.lower()
            ]
        if wanted == tuple[str, ...]:
            return tuple(value.split()) if isinstance(value, str) else tuple(str(item) for item in value)
        return wanted(value)
    except (KeyError, TypeError, ValueError) as error:
        raise BadSetting(f"{name}: {value!r} is not a {getattr(wanted, '__name__', wanted)}") from error


@dataclass(frozen=True, slots=True)
class PodSettings:
    """Settings of the pod host."""

    data: Path = Path("var")
    """Folder of everything that the host stores."""

    database: str = ""
    """Where the pods are: empty for SQLite in the data folder, or the address of a PostgreSQL database."""

    blobs: str = ""
    """Where content over 1 MiB lies: empty for `blobs` in the data folder, or `s3://bucket/prefix`."""

    quota: int = 0
    """Bytes that a pod may hold unless it has a limit of its own; 0 for no limit."""

    max_body: int = 4 * 1024**3
    """Bytes of the largest body that a client may send."""

    pod_url: str = "http://localhost:8080"
    """Origin of the pod host as clients see it, without a trailing slash."""

    issuer_slash: bool = True
    """Whether the name of the OpenID issuer is the origin with a trailing slash; profiles hold it, so it is for good."""

    dpop_nonces: bool = False
    """Whether each DPoP proof must hold a nonce of this server (RFC 9449 section 8); many clients cannot do it."""

    https_only: bool = False
    """Whether requests that a proxy marks as plain are sent to https, and browsers told to keep to it (HSTS)."""

    hosts: tuple[str, ...] = ()
    """Names under which the host answers, with a port where it is unusual; empty for that of its own address."""

    consent_clients: tuple[str, ...] = ("http://localhost:8081/client.jsonld",)
    """Client ids that may give, refuse and withdraw consent for the person who logged in through them."""

    log_days: int = 3653
    """Days for which lines of access logs keep their text; 0 for ever. Their digests stay, so logs stay verifiable."""

    trusted_hosts: tuple[str, ...] = ()
    """host:port pairs that outgoing requests may reach although they are private or without TLS."""

    @property
    def issuer(self) -> str:
        """The name of this host's OpenID issuer."""
        return self.pod_url + "/" if self.issuer_slash else self.pod_url
