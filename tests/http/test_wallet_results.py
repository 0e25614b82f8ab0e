"""The wallet's page of results that left, over a pod host that is there: real tokens, real pages."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path

import httpx
import pytest

from consent.claims import ResultSeal, claims_sql
from consent.claims.terms import Period
from consent.main import extension, schemas
from pods.identity.tokens import access_token_claims
from pods.main import application, open_core
from pods.protocol.dpop import DpopKey
from pods.provision import create_pod, webid_for
from pods.relying_party import Session, SessionStore
from pods.settings import PodSettings
from tests.serving import bound_socket, serving
from vocab.claim_rules import ELIGIBLE_PURCHASES
from vocab.shapes import SHAPES
from wallet.discovery import Place
from wallet.main import application as wallet
from wallet.settings import WalletSettings

ORIGIN = "http://localhost:8081"


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("it", ("Risultati usciti", "Acquisti validi", "24,80", "ottobre 2017")),
        ("en", ("Results that left", "Eligible purchases", "24.80", "October 2017")),
    ],
)
async def test_the_person_reads_what_left_and_downloads_what_was_signed(
    tmp_path: Path, language: str, expected: tuple[str, ...]
) -> None:
    listener = bound_socket()
    address = f"localhost:{listener.getsockname()[1]}"
    origin = f"http://{address}"
    core = open_core(
        PodSettings(data=tmp_path / "pods", pod_url=origin, trusted_hosts=(address,)),
        time.time,
        schemas=schemas(),
    )
    added = extension(core)
    webid = webid_for(origin, "anna")
    result = {"rule": ELIGIBLE_PURCHASES.iri, "grant": "g1", "unit": "EUR", "amount": 2480, "count": 2}
    result["period"] = {"from": "2017-10", "to": "2017-10"}
    signed = ResultSeal(core.keys, origin)(result, f"{origin}/coop/profile/card#me", 1_772_366_400.0)
    with core.store.writing() as tx:
        create_pod(
            *(tx, "anna", webid),
            base=origin,
            issuer=origin + "/",
            display_name="Anna",
            at=time.time(),
            kind="person",
        )
        pod = tx.pod("anna")
        assert pod is not None
        october = Period("2017-10", "2017-10")
        claims_sql.record(
            *(tx, 7, pod.key, "g1", f"{origin}/.consent/purposes/x/1", "urn:programme", october, "terms"),
            *(result, signed, 1_772_366_400.0),
        )
    key = DpopKey.generate()
    session = Session(
        webid=webid,
        issuer=origin + "/",
        token_endpoint=f"{origin}/.oidc/token",
        dpop_jwk=key.private_jwk(),
        access_token=core.keys.sign(
            access_token_claims(
                *(origin + "/", webid, f"{ORIGIN}/client.jsonld", key.thumbprint(), "webid", time.time())
            ),
            "at+jwt",
        ),
        expires_at=time.time() + 500,
    )
    storage = f"{origin}/anna/"
    containers = {shape.name: storage + shape.container for shape in SHAPES.values()}
    place = Place(webid, "Anna", storage, containers, consent=True)
    pages = wallet(WalletSettings(data=tmp_path, wallet_url=ORIGIN, pod_url=origin), time.time)
    store = SessionStore(tmp_path / "wallet.sqlite", tmp_path / "wallet.key", clock=time.time)
    name = store.start({"session": asdict(session), "known": place.plain()})
    store.close()
    host = application(core, authorizer=added.authorizer, observers=added.observers, routes=added.routes)
    headers = {"Accept": "text/html", "Accept-Language": language}
    with serving(host, listener=listener):
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(pages), base_url=ORIGIN, headers=headers
        ) as browser:
            browser.cookies.set("portico_wallet", name)
            page = await browser.get("/results")
            assert page.status_code == 200
            for words in expected:
                assert words in page.text
            assert 'href="/results/7"' in page.text
            kept = await browser.get("/results/7")
            assert (kept.text, kept.headers["content-type"]) == (signed, "application/jose")
            assert "attachment" in kept.headers["content-disposition"]
            assert (await browser.get("/results/8")).status_code == 404
