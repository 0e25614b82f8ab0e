"""The check of a claim's result by whoever received it, with the pod host's published keys and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from pods.protocol import jose
from vocab.claim_rules import RESULT_TYP

RESULT_ALG = "ES256"
DISCOVERY = "/.well-known/openid-configuration"


class BadResult(ValueError):
    """A result that this host did not sign, or that says something else than was asked for."""


async def published_keys(http: httpx.AsyncClient, host: str) -> Mapping[str, Any]:
    """Return the JWK Set that the host at an origin publishes; raise BadResult if there is none to be had."""
    try:
        discovered = (await http.get(host + DISCOVERY)).raise_for_status().json()
        place = str(discovered["jwks_uri"])
        # A host that names keys elsewhere would have us ask whom it likes, and believe them.
        if urlsplit(place)[:2] != urlsplit(host)[:2]:
            raise BadResult("the host publishes its keys on another host")
        found = (await http.get(place)).raise_for_status().json()
    except (httpx.HTTPError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, BadResult):
            raise
        raise BadResult(f"the keys of {host} cannot be read") from error
    if not isinstance(found, dict):
        raise BadResult(f"the keys of {host} are no JWK Set")
    return found


def verified_result(
    unverified_result: str, jwks: Mapping[str, Any], *, issuer: str, expected: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return what a signed result says; raise BadResult naming what is wrong.

    `jwks` is the host's published JWK Set; `expected` is what must stand in the result: audience, grant, rule,
    rule digest, period, terms, purpose, as far as the reader knows them.
    """
    try:
        jws = jose.parse(unverified_result)
        keys = {str(one.get("kid")): one for one in jwks.get("keys", ())}
        published = keys.get(jws.header.kid or "")
        if jws.header.typ != RESULT_TYP or jws.header.alg != RESULT_ALG or published is None:
            raise BadResult("the result is not signed as a result with a key of this host")
        key = jose.public_key(published)
    except jose.BadJose as error:
        raise BadResult(f"the result cannot be read: {error}") from error
    if not key.verifies(jws.header.alg, jws.signing_input, jws.signature):
        raise BadResult("the signature of the result is wrong")
    for name, value in {"iss": issuer, **expected}.items():
        if jws.claims.get(name) != value:
            raise BadResult(f"the result has another {name} than was asked for")
    marks = jws.claims.get("nullifiers")
    if not isinstance(marks, list) or len({*map(str, marks)}) != jws.claims.get("count"):
        raise BadResult("the result does not fit its own numbers: one nullifier for each receipt counted")
    return jws.claims
