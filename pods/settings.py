"""Settings: PORTICO_* variables over a TOML file over defaults, read once by a composition root."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar, get_type_hints
from urllib.parse import urlsplit

S = TypeVar("S")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class BadSetting(ValueError):
    """A setting that cannot be used; the message names it and the value that was given."""


def read_settings(kind: type[S], environ: Mapping[str, str]) -> S:
    """Return the dataclass `kind` filled from `environ` (PORTICO_NAME) and the file PORTICO_CONFIG names.

    Each field `pod_url` is `PORTICO_POD_URL` in the environment and `pod_url` in the file.
    Fields that end in `_url` are origins. Raises BadSetting for a value of the wrong kind.
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
        if setting.name.endswith("_url") and setting.name in values:
            values[setting.name] = origin(variable, values[setting.name])
    return kind(**values)


def origin(name: str, url: str) -> str:
    """Return the one spelling of an origin (RFC 6454, 6.2); raise BadSetting for what is none.

    It becomes part of every WebID, and clients compare these, letter by letter, with what browsers make of them.
    """
    try:
        parts = urlsplit(url)
        port = parts.port  # a ValueError if it is no number
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or port == 0 or not url.isascii():
            raise ValueError("it must be http:// or https://, a host name in ASCII, and a port if need be")
        if parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError("it must end with the host name or the port: nothing is served below a path")
    except ValueError as error:
        raise BadSetting(f"{name}: {url!r} is no address of an origin: {error}") from error
    return f"{parts.scheme}://{parts.netloc.lower().removesuffix(_DEFAULT_PORTS[parts.scheme])}"


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

    workers: int = 0
    """Processes that serve this host on this machine; `portico serve` says it, 0 where nobody did."""

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

    operator_name: str = ""
    """Who runs this host, as it stands in its records as a processor (GDPR art. 30(2))."""

    operator_contact: str = ""
    """Address and telephone or e-mail of who runs this host."""

    operator_dpo: str = ""
    """Data protection officer of who runs this host, and how to reach them; empty if there is none."""

    operator_transfers: str = ""
    """Where personal data leave the European Union, and under which safeguards; or that none do."""

    @property
    def issuer(self) -> str:
        """The name of this host's OpenID issuer."""
        return self.pod_url + "/" if self.issuer_slash else self.pod_url
