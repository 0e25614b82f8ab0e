"""Settings that all apps share: where the data folder and the three origins are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class AppSettings:
    """Settings of the apps; the pod host and the wallet read the same names where they need them."""

    data: Path = Path("var")
    """Folder of the apps' own databases and of the organisations' credentials."""

    pod_url: str = "http://localhost:8080"
    """Origin of the pod host, without a trailing slash."""

    wallet_url: str = "http://localhost:8081"
    """Origin of the wallet, without a trailing slash."""

    apps_url: str = "http://localhost:8082"
    """Origin of the apps, without a trailing slash."""

    trusted_hosts: tuple[str, ...] = ()
    """host:port pairs that outgoing requests may reach although they are private or without TLS."""
