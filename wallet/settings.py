"""Settings of the wallet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class WalletSettings:
    """Where the wallet stands, whom it trusts, and how long a session lasts."""

    data: Path = Path("var")
    """Folder of the wallet's sessions and its key file."""

    wallet_url: str = "http://localhost:8081"
    """Origin of the wallet as browsers see it, without a trailing slash."""

    pod_url: str = "http://localhost:8080"
    """The pod provider that the login page offers first."""

    apps_url: str = "http://localhost:8082"
    """Origin of the apps of this installation, whose receipts and ballots the wallet may fetch."""

    trusted_hosts: tuple[str, ...] = ()
    """host:port pairs that outgoing requests may reach although they are private or without TLS."""

    wallet_idle_minutes: int = 30
    """Minutes without a click after which a session ends."""

    wallet_longest_hours: int = 12
    """Hours after which a session ends in any case."""
