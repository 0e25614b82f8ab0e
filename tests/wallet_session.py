"""Somebody who is logged in at the wallet: a session with real tokens of the host that holds their data."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from pods.identity.tokens import access_token_claims
from pods.main import Core
from pods.model import WebId
from pods.protocol.dpop import DpopKey
from pods.relying_party import Session, SessionStore
from vocab.shapes import SHAPES
from wallet.discovery import Place

WALLET = "http://localhost:8081"
COOKIE = "portico_wallet"


def start_session(folder: Path, core: Core, webid: WebId, name: str, *, consent: bool) -> str:
    """Return the cookie of a session at a wallet whose folder this is; `consent` says what the host offers."""
    issuer, origin, key = core.settings.issuer, core.settings.pod_url, DpopKey.generate()
    claims = access_token_claims(
        issuer, webid, f"{WALLET}/client.jsonld", key.thumbprint(), "webid", core.clock()
    )
    session = Session(
        webid=webid,
        issuer=issuer,
        token_endpoint=f"{origin}/.oidc/token",
        dpop_jwk=key.private_jwk(),
        access_token=core.keys.sign(claims, "at+jwt"),
        expires_at=core.clock() + 500,
    )
    storage = f"{origin}/{name}/"
    containers = {shape.name: storage + shape.container for shape in SHAPES.values()}
    place = Place(webid, name.title(), storage, containers, consent=consent)
    store = SessionStore(folder / "wallet.sqlite", folder / "wallet.key", clock=core.clock)
    cookie = store.start({"session": asdict(session), "known": place.plain()})
    store.close()
    return cookie
