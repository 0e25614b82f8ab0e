"""Names of cookies and ways back: the two places where a login could be turned against its owner."""

from __future__ import annotations


def session_cookie(name: str, origin: str) -> str:
    """Return the name of an application's session cookie.

    `__Host-` (RFC 6265bis section 4.1.3.2) keeps a sibling host from planting one; it needs https.
    """
    return f"__Host-portico_{name}" if origin.startswith("https:") else f"portico_{name}"


def safe_path(wanted: str | None, otherwise: str) -> str:
    """Return a path on this origin: an open redirect would lend our name to a stranger's page."""
    if not wanted or not wanted.startswith("/") or wanted.startswith("//") or "\\" in wanted:
        return otherwise
    return wanted if wanted.isprintable() else otherwise
