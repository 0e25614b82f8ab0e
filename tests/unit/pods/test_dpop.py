"""DPoP proofs, check by check of RFC 9449 section 4.3."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from pods.protocol import jose
from pods.protocol.dpop import (
    CLOCK_SKEW,
    MAX_JTI,
    PROOF_MAX_AGE,
    BadProof,
    DpopKey,
    access_token_hash,
    check_proof,
)

NOW = 1_700_000_000.0
URL = "https://pod.example/anna/profile/card"
KEY = ECKey.generate_key("P-256")


def proof(
    claims: dict[str, Any] | None = None,
    header: dict[str, Any] | None = None,
    *,
    key: Any = KEY,
    alg: str = "ES256",
    jwk: Any = None,
) -> str:
    """Sign a proof that is right except for what the test changes; None removes a claim or a field."""
    all_claims = {"jti": "one", "htm": "GET", "htu": URL, "iat": NOW, **(claims or {})}
    public = key.as_dict(private=False) if jwk is None else jwk
    all_fields = {"typ": "dpop+jwt", "alg": alg, "jwk": public, **(header or {})}
    return jose.sign(
        {name: value for name, value in all_claims.items() if value is not None},
        {name: value for name, value in all_fields.items() if value is not None},
        key,
    )


def test_the_published_example_is_taken() -> None:
    """RFC 9449 section 4.1, the proof of the token request."""
    example = (
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0"
        "RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAt"
        "MjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL"
        "3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70"
        "nfbV37xRZT3Lg"
    )
    checked = check_proof(example, "POST", "https://server.example.com/token", at=1562262616)
    assert checked.jti == "-BwC3ESc6acc2lTc"
    assert checked.thumbprint == "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"


def test_the_published_access_token_hash_is_ours() -> None:
    """RFC 9449 section 7.1."""
    token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
    assert access_token_hash(token) == "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"


@pytest.mark.parametrize(
    ("key", "alg"),
    [
        (ECKey.generate_key("P-256"), "ES256"),
        (ECKey.generate_key("P-384"), "ES384"),
        (OKPKey.generate_key("Ed25519"), "EdDSA"),
        (OKPKey.generate_key("Ed25519"), "Ed25519"),
        (RSAKey.generate_key(2048), "RS256"),
        (RSAKey.generate_key(2048), "PS256"),
    ],
)
def test_each_accepted_algorithm_is_taken(key: Any, alg: str) -> None:
    assert check_proof(proof(key=key, alg=alg), "GET", URL, at=NOW).thumbprint == key.thumbprint()


@pytest.mark.parametrize(
    ("claims", "header", "complaint"),
    [
        ({"jti": None}, {}, "jti"),
        ({"jti": ""}, {}, "jti"),
        ({"jti": "x" * (MAX_JTI + 1)}, {}, "jti"),
        ({"jti": 7}, {}, "jti"),
        ({"htm": None}, {}, "htm"),
        ({"htm": "POST"}, {}, "htm"),
        ({"htm": "get"}, {}, "htm"),
        ({"htu": None}, {}, "htu"),
        ({"htu": ["https://pod.example/"]}, {}, "htu"),
        ({"htu": "https://pod.example/anna/profile/card2"}, {}, "htu"),
        ({"htu": "https://pod.example:444/anna/profile/card"}, {}, "htu"),
        ({"htu": "http://pod.example/anna/profile/card"}, {}, "htu"),
        ({"htu": "https://pod.example:port/anna/profile/card"}, {}, "htu"),
        ({"iat": None}, {}, "iat"),
        ({"iat": "now"}, {}, "iat"),
        ({"iat": True}, {}, "iat"),
        ({"iat": NOW - PROOF_MAX_AGE - 1}, {}, "iat"),
        ({"iat": NOW + CLOCK_SKEW + 1}, {}, "iat"),
        ({"ath": "wrong"}, {}, "ath"),
        ({"nonce": 7}, {}, "nonce"),
        ({}, {"typ": None}, "typ"),
        ({}, {"typ": "JWT"}, "typ"),
        ({}, {"typ": 7}, "typ"),
        ({}, {"jwk": None}, "jwk"),
        ({}, {"crit": ["exp"]}, "crit"),
    ],
)
def test_a_proof_with_one_thing_wrong_is_refused(
    claims: dict[str, Any], header: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(BadProof, match=complaint):
        check_proof(proof(claims, header), "GET", URL, at=NOW, access_token="token")


@pytest.mark.parametrize(
    "unverified",
    [
        "",
        "a",
        "a.b",
        "..",
        "é.é.é",
        proof() + ".x",
        proof()[:-4],
        proof().replace(".", "", 1),
        f"{proof()}{'A' * 20_000}",
        "W10.e30.AAAA",  # the header is a list
        "eyJhbGciOiJFUzI1NiJ9.W10.AAAA",  # the claims are a list
    ],
)
def test_what_is_no_proof_at_all_is_refused(unverified: str) -> None:
    with pytest.raises(BadProof):
        check_proof(unverified, "GET", URL, at=NOW)


def test_no_signature_and_a_shared_secret_are_refused() -> None:
    unsigned = proof({}, {"alg": "none"}, alg="none")
    secret = OctKey.generate_key(256)
    shared = proof(key=secret, alg="HS256", jwk={"kty": "oct", "k": "AAAA"})
    for forged in (unsigned, shared):
        with pytest.raises(BadProof, match="alg"):
            check_proof(forged, "GET", URL, at=NOW)


def test_a_private_a_symmetric_or_a_weak_key_in_the_header_is_refused() -> None:
    modulus = jose.encode_segment(b"\xc1" * 128).decode()
    for forged in (
        proof(jwk=KEY.as_dict(private=True)),
        proof(jwk={"kty": "oct", "k": "AAAA"}),
        proof(jwk={"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"}),
        proof(jwk="text"),
        proof(jwk={"kty": "RSA", "e": "AQAB", "n": modulus}),
    ):
        with pytest.raises(BadProof, match=r"JWK|RSA"):
            check_proof(forged, "GET", URL, at=NOW)


def test_an_algorithm_that_does_not_fit_the_key_is_refused() -> None:
    signature = JWSRegistry.algorithms["ES256"]
    assert signature is not None
    for alg in ("RS256", "EdDSA", "ES384"):
        public = KEY.as_dict(private=False)
        head = jose.encode_segment(b'{"typ":"dpop+jwt","alg":"%s","jwk":' % alg.encode())
        good = proof(jwk=public)
        forged = good.replace(good.partition(".")[0], head.decode(), 1)
        with pytest.raises(BadProof):
            check_proof(forged, "GET", URL, at=NOW)


def test_the_signature_must_be_that_of_the_key_in_the_header() -> None:
    other = ECKey.generate_key("P-256")
    with pytest.raises(BadProof, match="signature"):
        check_proof(proof(jwk=other.as_dict(private=False)), "GET", URL, at=NOW)


@pytest.mark.parametrize(
    ("htu", "url"),
    [
        (URL, URL + "?page=2"),
        (URL + "?page=2", URL),
        (URL + "#me", URL),
        ("HTTPS://POD.example:443/anna/profile/card", URL),
        ("https://pod.example", "https://pod.example/"),
        ("https://pod.example/%61nna/caff%c3%a8", "https://pod.example/anna/caff%C3%A8"),
    ],
)
def test_the_target_is_compared_after_normalisation_without_its_query(htu: str, url: str) -> None:
    assert check_proof(proof({"htu": htu}), "GET", url, at=NOW).jti == "one"


def test_an_encoded_slash_is_not_a_slash() -> None:
    with pytest.raises(BadProof, match="htu"):
        check_proof(proof({"htu": "https://pod.example/a%2Fb"}), "GET", "https://pod.example/a/b", at=NOW)


@given(
    st.sampled_from(["GET", "PUT", "PATCH", "DELETE"]),
    st.text("abcxyz0189-._~/", max_size=40),
    st.floats(0, 4e9, allow_nan=False),
)
def test_every_proof_that_a_key_makes_is_taken(method: str, path: str, at: float) -> None:
    url = f"https://pod.example/{path}"
    key = DpopKey.from_jwk(DpopKey.generate().private_jwk())
    made = key.proof(method, url + "?q=1#f", at=at, access_token="token", nonce="n")
    checked = check_proof(made, method, url, at=at, access_token="token")
    assert (checked.thumbprint, checked.nonce) == (key.thumbprint(), "n")


def test_no_two_proofs_are_alike() -> None:
    key = DpopKey.generate()
    jtis = {check_proof(key.proof("GET", URL, at=NOW), "GET", URL, at=NOW).jti for _ in range(100)}
    assert len(jtis) == 100


@given(st.binary(max_size=100))
def test_base64url_comes_back_and_only_base64url_is_taken(content: bytes) -> None:
    encoded = jose.encode_segment(content)
    assert jose.decode_segment(encoded) == content
    for foreign in (b"+", b"/", b"=", b"\n", b" "):
        with pytest.raises(ValueError):
            jose.decode_segment(encoded + foreign)


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        KEY.as_dict(private=False),
        OctKey.generate_key(256).as_dict(private=True),
        ECKey.generate_key("P-384").as_dict(private=True),
        RSAKey.generate_key(2048).as_dict(private=True),
    ],
)
def test_only_a_private_key_of_a_kind_we_use_makes_proofs(jwk: dict[str, Any]) -> None:
    with pytest.raises(jose.BadJose):
        DpopKey.from_jwk(jwk)
