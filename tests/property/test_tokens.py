"""No change to a token or to a proof, however small, gets anybody in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pods.authn.issuers import Issuers
from pods.authn.replay import FileReplayGuard
from pods.authn.verifier import Verifier
from pods.errors import Unauthenticated
from pods.identity.keys import SigningKeys
from pods.identity.tokens import access_token_claims
from pods.model import WebId
from pods.protocol.dpop import DpopKey

NOW = 1_772_366_400.0
ISSUER = "https://pod.example/"
URL = "https://pod.example/anna/x"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+ "


class Gate:
    """A verifier, and a token with a key that opens it."""

    def __init__(self, folder: Path) -> None:
        keys = SigningKeys.open(folder / "keys.json", clock=lambda: NOW)
        self.replay = FileReplayGuard(folder / "replay")
        issuers = Issuers(httpx.AsyncClient(transport=httpx.MockTransport(_nobody)), clock=lambda: NOW)
        self.verifier = Verifier(keys, self.replay, issuers, issuer=ISSUER, clock=lambda: NOW)
        self.key = DpopKey.generate()
        webid = WebId("https://pod.example/anna/profile/card#me")
        claims = access_token_claims(ISSUER, webid, "app", self.key.thumbprint(), "webid", NOW)
        self.token = keys.sign(claims, "at+jwt")

    def proof(self) -> str:
        return self.key.proof("GET", URL, at=NOW, access_token=self.token)

    def opens(self, token: str, proof: str) -> bool:
        try:
            agent = self.verifier.agent("GET", URL, {"authorization": f"DPoP {token}", "dpop": proof})
        except Unauthenticated:
            return False
        assert agent.webid is not None, "a bad token became the public"
        return True


def _nobody(request: httpx.Request) -> httpx.Response:
    raise AssertionError("a changed token made the host ask somebody")


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    made = Gate(tmp_path_factory.mktemp("gate"))
    yield made
    made.replay.close()


def changed(text: str, place: float, letter: str, *, insert: bool) -> str:
    """Return the text with one letter replaced or inserted."""
    index = int(place * len(text))
    return text[:index] + letter + text[index + (0 if insert else 1) :]


places = st.floats(0, 1, exclude_max=True)


def test_the_gate_opens_for_what_is_right(gate: Gate) -> None:
    assert gate.opens(gate.token, gate.proof())


@given(place=places, letter=st.sampled_from(LETTERS), insert=st.booleans())
def test_a_token_with_one_letter_changed_opens_nothing(
    gate: Gate, place: float, letter: str, insert: bool
) -> None:
    other = changed(gate.token, place, letter, insert=insert)
    # A space around the token is no change of the token.
    if other.strip() != gate.token:
        assert not gate.opens(other, gate.key.proof("GET", URL, at=NOW))


@given(place=places, letter=st.sampled_from(LETTERS), insert=st.booleans())
def test_a_proof_with_one_letter_changed_opens_nothing(
    gate: Gate, place: float, letter: str, insert: bool
) -> None:
    proof = gate.proof()
    other = changed(proof, place, letter, insert=insert)
    if other != proof:
        assert not gate.opens(gate.token, other)


@given(token=st.text(max_size=60), proof=st.text(max_size=60))
def test_nonsense_is_refused_in_our_words(gate: Gate, token: str, proof: str) -> None:
    assert not gate.opens(token, proof)
    assert not gate.opens(gate.token, proof)
    assert not gate.opens(token, gate.proof())


@given(st.sampled_from(["permute", "cut", "double"]), places)
def test_parts_of_tokens_put_together_anew_open_nothing(gate: Gate, how: str, place: float) -> None:
    head, claims, signature = gate.token.split(".")
    proof_head, proof_claims, proof_signature = gate.proof().split(".")
    variants = {
        "permute": [f"{proof_head}.{claims}.{signature}", f"{head}.{proof_claims}.{signature}"],
        "cut": [f"{head}.{claims}.", f"{head}.{claims}", f"{head}.{claims}.{signature[: int(place * 80)]}"],
        "double": [f"{gate.token}.{signature}", f"{head}.{gate.token}", f"{head}.{claims}.{proof_signature}"],
    }
    for variant in variants[how]:
        assert not gate.opens(variant, gate.key.proof("GET", URL, at=NOW))
