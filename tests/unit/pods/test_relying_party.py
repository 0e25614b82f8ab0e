"""Login as a client: every check that keeps a stranger's answer from becoming a session."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pods.protocol import jose
from pods.protocol.dpop import check_proof
from pods.relying_party import LoginFailed, RelyingParty, Session, SessionEnded, SessionTokens
from pods.relying_party.places import safe_path, session_cookie
from tests.conftest import SettableClock

ISSUER = "https://op.example/"
CLIENT = "https://wallet.example/client.jsonld"
BACK = "https://wallet.example/callback"
WEBID = "https://op.example/anna/card#me"


@dataclass
class Provider:
    """A small provider; tests change what it says."""

    clock: SettableClock
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256"))
    signing: ECKey | None = None
    claims: dict[str, Any] = field(default_factory=dict)
    tokens: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    profile_issuer: str = ISSUER
    nonce: str = ""
    wants_nonce: bool = False
    forms: list[dict[str, str]] = field(default_factory=list)
    refuses: bool = False

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.discovery),
                Route("/jwks", self.jwks),
                Route("/token", self.token, methods=["POST"]),
                Route("/anna/card", self.profile),
            ]
        )

    async def discovery(self, _request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": ISSUER,
                "authorization_endpoint": f"{ISSUER}authorize",
                "token_endpoint": f"{ISSUER}token",
                "jwks_uri": f"{ISSUER}jwks",
                "authorization_response_iss_parameter_supported": True,
                **self.metadata,
            }
        )

    async def jwks(self, _request: Request) -> Response:
        return JSONResponse({"keys": [{**self.key.as_dict(private=False), "kid": "one"}]})

    async def profile(self, _request: Request) -> Response:
        text = f"<{WEBID}> <http://www.w3.org/ns/solid/terms#oidcIssuer> <{self.profile_issuer}> ."
        return Response(text, media_type="text/turtle")

    async def token(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        proof = request.headers["dpop"]
        check_proof(proof, "POST", f"{ISSUER}token", at=self.clock())
        if self.wants_nonce and "nonce" not in jose.parse(proof).claims:
            return JSONResponse({"error": "use_dpop_nonce"}, 400, headers={"DPoP-Nonce": "n-1"})
        self.forms.append(form)
        if self.refuses:
            return JSONResponse({"error": "invalid_grant", "error_description": "used already"}, 400)
        claims = {
            "iss": ISSUER,
            "aud": [CLIENT, "solid"],
            "azp": CLIENT,
            "sub": "anna",
            "webid": WEBID,
            "nonce": self.nonce,
            "exp": self.clock() + 300,
            **self.claims,
        }
        id_token = jose.sign(claims, {"alg": "ES256", "kid": "one"}, self.signing or self.key)
        answer = {"access_token": "at", "token_type": "DPoP", "expires_in": 300, "refresh_token": "r-2"}
        return JSONResponse({**answer, "id_token": id_token, **self.tokens})


@pytest.fixture
def provider(clock: SettableClock) -> Provider:
    return Provider(clock)


@pytest.fixture
async def party(provider: Provider, clock: SettableClock) -> AsyncIterator[RelyingParty]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(provider.app())) as http:
        yield RelyingParty(http, client_id=CLIENT, redirect_uri=BACK, clock=clock)


async def answered(party: RelyingParty, provider: Provider, **changes: str | None) -> Session:
    """Go through a login whose answer is changed as said; None removes a parameter."""
    _address, pending = await party.begin(ISSUER, "/back")
    provider.nonce = provider.nonce or pending.nonce
    answer = {"state": pending.state, "code": "c", "iss": ISSUER, **changes}
    return await party.complete(pending, {name: value for name, value in answer.items() if value is not None})


async def test_a_login_asks_with_pkce_state_nonce_and_the_key(party: RelyingParty) -> None:
    address, pending = await party.begin("https://op.example", "/back")
    query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    digest = urlsafe_b64encode(hashlib.sha256(pending.code_verifier.encode()).digest()).rstrip(b"=").decode()
    assert query["code_challenge"] == digest
    assert query["code_challenge_method"] == "S256"
    assert query["state"] == pending.state
    assert query["nonce"] == pending.nonce
    assert query["client_id"] == CLIENT
    assert "webid" in query["scope"].split()
    assert query["dpop_jkt"]


async def test_a_good_answer_gives_the_session(
    party: RelyingParty, provider: Provider, clock: SettableClock
) -> None:
    session = await answered(party, provider)
    assert session.webid == WEBID
    assert session.issuer == ISSUER
    assert session.expires_at == clock() + 300
    assert provider.forms[0]["code_verifier"]
    assert provider.forms[0]["redirect_uri"] == BACK


async def test_a_provider_that_wants_its_nonce_gets_it(party: RelyingParty, provider: Provider) -> None:
    provider.wants_nonce = True
    assert (await answered(party, provider)).webid == WEBID


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"state": "other"}, "mismatch"),
        ({"state": None}, "mismatch"),
        ({"iss": "https://evil.example/"}, "mismatch"),
        ({"iss": None}, "mismatch"),
        ({"error": "access_denied"}, "denied"),
    ],
)
async def test_an_answer_that_is_not_ours_gives_no_session(
    party: RelyingParty, provider: Provider, changes: dict[str, str | None], reason: str
) -> None:
    with pytest.raises(LoginFailed) as failure:
        await answered(party, provider, **changes)
    assert failure.value.reason == reason
    assert provider.forms == []


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example/"},
        {"aud": ["https://other.example/client"]},
        {"azp": "https://other.example/client"},
        {"nonce": "of another login"},
        {"exp": 1.0},
        {"exp": None},
        {"webid": "", "sub": "anna"},
    ],
)
async def test_an_id_token_that_does_not_fit_gives_no_session(
    party: RelyingParty, provider: Provider, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    with pytest.raises(LoginFailed, match=r".") as failure:
        await answered(party, provider)
    assert failure.value.reason == "mismatch"


async def test_an_id_token_of_another_key_gives_no_session(party: RelyingParty, provider: Provider) -> None:
    provider.signing = ECKey.generate_key("P-256")
    with pytest.raises(LoginFailed) as failure:
        await answered(party, provider)
    assert failure.value.reason == "mismatch"


async def test_a_provider_cannot_speak_for_a_person_whose_profile_names_another(
    party: RelyingParty, provider: Provider
) -> None:
    provider.profile_issuer = "https://real.example/"
    with pytest.raises(LoginFailed) as failure:
        await answered(party, provider)
    assert failure.value.reason == "untrusted"


async def test_a_bearer_token_is_not_taken(party: RelyingParty, provider: Provider) -> None:
    provider.tokens = {"token_type": "Bearer"}
    with pytest.raises(LoginFailed) as failure:
        await answered(party, provider)
    assert failure.value.reason == "mismatch"


async def test_a_login_left_lying_expires(
    party: RelyingParty, provider: Provider, clock: SettableClock
) -> None:
    _address, pending = await party.begin(ISSUER, "/")
    clock.advance(601)
    with pytest.raises(LoginFailed) as failure:
        await party.complete(pending, {"state": pending.state, "code": "c", "iss": ISSUER})
    assert failure.value.reason == "expired"


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://other.example/"},
        {"code_challenge_methods_supported": ["plain"]},
        {"token_endpoint": "file:///x"},
    ],
)
async def test_a_discovery_document_that_does_not_fit_is_no_provider(
    party: RelyingParty, provider: Provider, metadata: dict[str, Any]
) -> None:
    provider.metadata = metadata
    with pytest.raises(LoginFailed) as failure:
        await party.begin(ISSUER, "/")
    assert failure.value.reason == "not-a-provider"


async def test_tokens_are_renewed_before_they_end_and_once_for_all_who_wait(
    party: RelyingParty, provider: Provider, clock: SettableClock
) -> None:
    tokens = SessionTokens(await answered(party, provider), party.refresh, clock=clock)
    assert await tokens.access_token() == "at"
    assert len(provider.forms) == 1
    clock.advance(280)
    provider.tokens = {"access_token": "at-2"}
    assert await tokens.access_token() == "at-2"
    assert await tokens.access_token() == "at-2"
    assert [form["grant_type"] for form in provider.forms] == ["authorization_code", "refresh_token"]


async def test_a_refused_renewal_ends_the_session(party: RelyingParty, provider: Provider) -> None:
    session = await answered(party, provider)
    provider.refuses = True
    with pytest.raises(SessionEnded):
        await party.refresh(session)
    with pytest.raises(SessionEnded):
        await party.refresh(replace(session, refresh_token=None))


async def test_logging_out_leads_to_the_provider_and_back(party: RelyingParty, provider: Provider) -> None:
    session = await answered(party, provider)
    assert party.logout_address(session, "https://wallet.example/") is None
    address = party.logout_address(
        replace(session, end_session_endpoint=f"{ISSUER}logout"), "https://wallet.example/"
    )
    assert address is not None
    assert address.startswith(f"{ISSUER}logout?id_token_hint=")


def test_nothing_secret_stands_in_the_text_of_a_session() -> None:
    session = Session(
        webid=WEBID,  # type: ignore[arg-type]  # a plain text will do here
        issuer=ISSUER,
        token_endpoint=f"{ISSUER}token",
        dpop_jwk={"d": "secret-key"},
        access_token="secret-access",
        expires_at=0,
        refresh_token="secret-refresh",
        id_token="secret-id",
    )
    assert "secret" not in repr(session)


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ("/data?x=1", "/data?x=1"),
        ("//evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/a\r\nSet-Cookie: x=1", "/"),
        ("", "/"),
        (None, "/"),
    ],
)
def test_the_way_back_stays_on_this_site(wanted: str | None, given: str) -> None:
    assert safe_path(wanted, "/") == given


def test_the_cookie_of_a_public_site_cannot_be_planted_by_a_sibling() -> None:
    assert session_cookie("wallet", "https://wallet.example") == "__Host-portico_wallet"
    assert session_cookie("wallet", "http://localhost:8081") == "portico_wallet"
