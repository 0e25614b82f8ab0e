"""`openvc-core`, as it comes from PyPI, checks what the host attests: it shares no code with ours but the JSON-LD processor."""

import base64
import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from openvc.proof.data_integrity import DataIntegrityProofSuite, ProofPurposeMismatch, SignatureInvalid
from openvc.status.bitstring import decode_bitstring, get_status_bit

from consent.credentials import multikey
from tests.conftest import SettableClock
from tests.consent_host import ROWS, Town, declaration, town
from tests.pod_host import ORIGIN
from vocab.terms import CONTEXTS

OURS = {
    CONTEXTS + name: json.loads((files("vocab") / "contexts" / f"{name}.jsonld").read_text("utf-8"))
    for name in ("record", "grant")
}
"""Our contexts, as everybody may fetch them; that of credentials the library brings itself."""


@pytest_asyncio.fixture
async def host(tmp_path: Path, clock: SettableClock) -> AsyncIterator[Town]:
    async with town(tmp_path, clock) as found:
        yield found


async def attested(host: Town) -> dict[str, dict[str, Any]]:
    """Return everything that the host attests about one grant, and two lists."""
    coop = await host.organisation("coop")
    given = await host.give("anna", await coop.service.publish(declaration([ROWS])))
    anna, path = host.person("anna"), f"/.consent/credentials/{given.id}"
    return {
        "grant": (await anna.get(path)).json(),
        "record": (await anna.get(path + "/record")).json(),
        "receipt": (await anna.get(path + "/receipt")).json(),
        "revocation": (await host.http.get(f"{ORIGIN}/.consent/status/0")).json(),
        "suspension": (await host.http.get(f"{ORIGIN}/.consent/status/1")).json(),
    }


async def check(host: Town, document: Mapping[str, Any]) -> str | None:
    """Let the library check a document with the key that the host publishes; return the issuer that it found."""
    issuer = (await host.http.get(f"{ORIGIN}/.consent/issuer")).json()
    (method,) = issuer["verificationMethod"]
    key = multikey.public_key(method["publicKeyMultibase"]).public_bytes_raw()
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": base64.urlsafe_b64encode(key).rstrip(b"=").decode()}
    found = DataIntegrityProofSuite().verify(
        dict(document),
        public_key_jwk=jwk,
        now=datetime.fromtimestamp(host.clock(), UTC),
        extra_contexts=OURS,
    )
    return found.issuer


async def test_it_accepts_everything_that_we_attest(host: Town) -> None:
    for what, document in (await attested(host)).items():
        assert await check(host, document) == f"{ORIGIN}/.consent/issuer", what


async def test_it_refuses_what_was_changed(host: Town) -> None:
    for document in (await attested(host)).values():
        with pytest.raises(SignatureInvalid):
            await check(host, {**document, "validFrom": "2020-01-01T00:00:00Z"})
        with pytest.raises((SignatureInvalid, ProofPurposeMismatch)):
            await check(host, {**document, "proof": {**document["proof"], "proofPurpose": "authentication"}})


async def test_it_reads_the_withdrawal_from_the_list(host: Town) -> None:
    grant = (await attested(host))["grant"]
    entry = next(one for one in grant["credentialStatus"] if one["statusPurpose"] == "revocation")

    async def bit() -> int:
        listed = (await host.http.get(entry["statusListCredential"])).json()
        await check(host, listed)
        bits = decode_bitstring(listed["credentialSubject"]["encodedList"])
        return get_status_bit(bits, int(entry["statusListIndex"]))

    assert await bit() == 0
    await host.owner("anna").withdraw(grant["id"].rpartition("/")[2].removesuffix("#own"))
    assert await bit() == 1
