"""Signing keys of the demo's issuers, made from one secret of the installation."""

from __future__ import annotations

from apps.town.organisations import ORGANISATIONS
from consent.receipts.keys import IssuerKey


def issuer_keys(apps_url: str, secret: bytes) -> dict[str, IssuerKey]:
    """Return a key per organisation id; the same secret gives the same keys."""
    return {
        organisation.id: IssuerKey.derived(organisation.issuer(apps_url), secret)
        for organisation in ORGANISATIONS
    }
