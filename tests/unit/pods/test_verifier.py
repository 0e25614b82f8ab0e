"""From headers to the agent: absent, bad and good tokens, of this issuer and of others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey

from pods.authn.issuers import KEPT, KEPT_FAILURE, Issuers
from pods.authn.replay import FileReplayGuard
from pods.authn.verifier import NeedsFetch, Verifier
from pods.errors import Unauthenticated
from pods.identity.keys import SigningKeys
from pods.model import PUBLIC
from pods.protocol import jose
from pods.protocol.dpop import DpopKey
from tests.conftest import SettableClock

OWN = "https://pod.example/"
URL = "https://pod.example/anna/profile/card"
WEBID = "https://pod.example/anna/profile/card#me"
FOREIGN = "https://issuer.example"
FOREIGN_WEBID = "https://people.example/bruno#me"
FOREIGN_KEY = ECKey.generate_key("P-256")

Change = dict[str, Any]


@dataclass
class Network:
    """The network beyond: another issuer and a profile, and what was asked of them."""

    asked: list[str] = field(default_factory=list)
    profile: str = f"<{FOREIGN_WEBID}> <http://www.w3.org/ns/solid/terms#oidcIssuer> <{FOREIGN}>."
    discovery: dict[str, Any] = field(
        default_factory=lambda: {"issuer": FOREIGN, "jwks_uri": f"{FOREIGN}/keys"}
    )
    keys: list[ECKey] = field(default_factory=lambda: [FOREIGN_KEY])
    status: int = 200

    def answer(self, request: httpx.Request) -> httpx.Response:
        url = str(request.url)
        self.asked.append(url)
        if url == f"{FOREIGN}/.well-known/openid-configuration":
            return httpx.Response(self.status, json=self.discovery)
        if url == f"{FOREIGN}/keys":
            jwks = [{**key.as_dict(private=False), "kid": key.thumbprint()} for key in self.keys]
            return httpx.Response(200, json={"keys": [{"kty": "oct", "k": "AAAA"}, *jwks]})
        if url == "https://people.example/bruno":
            return httpx.Response(200, text=self.profile, headers={"content-type": "text/turtle"})
        return httpx.Response(404)


@dataclass
class World:
    """A verifier with its surroundings."""

    verifier: Verifier
    keys: SigningKeys
    network: Network
    clock: SettableClock
    client: DpopKey = field(default_factory=DpopKey.generate)

    def claims(self, **changes: Any) -> dict[str, Any]:
        now = int(self.clock())
        claims = {
            "iss": OWN,
            "sub": WEBID,
            "webid": WEBID,
            "aud": ["solid"],
            "client_id": "https://app.example/id",
            "cnf": {"jkt": self.client.thumbprint()},
            "iat": now,
            "exp": now + 600,
            "jti": "token",
        }
        return {name: value for name, value in (claims | changes).items() if value is not None}

    def own(self, typ: str = "at+jwt", **changes: Any) -> str:
        return self.keys.sign(self.claims(**changes), typ)

    def foreign(self, key: ECKey = FOREIGN_KEY, typ: str = "at+jwt", **changes: Any) -> str:
        header = {"alg": "ES256", "typ": typ, "kid": key.thumbprint()}
        return jose.sign(self.claims(**{"iss": FOREIGN, "webid": FOREIGN_WEBID, **changes}), header, key)

    def headers(self, token: str, url: str = URL, key: DpopKey | None = None) -> dict[str, str]:
        proof = (key or self.client).proof("GET", url, at=self.clock(), access_token=token)
        return {"authorization": f"DPoP {token}", "dpop": proof}


@pytest.fixture
def world(tmp_path: Path, clock: SettableClock) -> Iterator[World]:
    network = Network()
    keys = SigningKeys.open(tmp_path / "keys.json", clock=clock)
    replay = FileReplayGuard(tmp_path / "replay")
    issuers = Issuers(httpx.AsyncClient(transport=httpx.MockTransport(network.answer)), clock=clock)
    yield World(Verifier(keys, replay, issuers, issuer=OWN, clock=clock), keys, network, clock)
    replay.close()


def test_no_token_is_the_public(world: World) -> None:
    assert world.verifier.agent("GET", URL, {"accept": "text/turtle"}) is PUBLIC


def test_a_good_token_is_its_agent(world: World) -> None:
    agent = world.verifier.agent("GET", URL, world.headers(world.own()))
    assert (agent.webid, agent.client_id, agent.issuer) == (WEBID, "https://app.example/id", OWN)
    assert agent.claims == {}


def test_an_id_token_that_is_bound_and_meant_for_solid_is_its_agent(world: World) -> None:
    aud = ["https://app.example/id", "solid"]
    token = world.own("JWT", aud=aud, azp="https://app.example/id", client_id=None)
    agent = world.verifier.agent("GET", URL, world.headers(token))
    assert (agent.webid, agent.client_id, agent.issuer) == (WEBID, "https://app.example/id", OWN)


def test_headers_may_come_as_text_as_bytes_and_as_raw_pairs(world: World) -> None:
    token = world.own()
    as_bytes = {name.encode(): value.encode() for name, value in world.headers(token).items()}
    as_pairs = [(name.encode(), value.encode()) for name, value in world.headers(token).items()]
    assert world.verifier.agent("GET", URL, world.headers(token)).webid == WEBID
    assert world.verifier.agent("GET", URL, as_bytes).webid == WEBID
    assert world.verifier.agent("GET", URL, as_pairs).webid == WEBID


BAD: dict[str, Callable[[World], dict[str, str]]] = {
    "nothing after the scheme": lambda w: w.headers(w.own()) | {"authorization": "DPoP "},
    "no scheme": lambda w: w.headers(w.own()) | {"authorization": w.own()},
    "bearer": lambda w: w.headers(w.own()) | {"authorization": f"Bearer {w.own()}"},
    "bearer without a proof": lambda w: {"authorization": f"Bearer {w.own()}"},
    "basic": lambda w: {"authorization": "Basic YW5uYTpwYXNz"},
    "no proof": lambda w: {"authorization": f"DPoP {w.own()}"},
    "a proof that is none": lambda w: w.headers(w.own()) | {"dpop": "proof"},
    "a proof for another method": lambda w: (
        w.headers(w.own()) | {"dpop": w.client.proof("PUT", URL, at=w.clock())}
    ),
    "a proof for another address": lambda w: w.headers(w.own(), url="https://pod.example/anna/other"),
    "a proof for another token": lambda w: (
        w.headers(w.own(jti="other")) | {"authorization": f"DPoP {w.own()}"}
    ),
    "a proof of another key": lambda w: w.headers(w.own(), key=DpopKey.generate()),
    "an old proof": lambda w: w.headers(w.own()) | {"dpop": w.client.proof("GET", URL, at=w.clock() - 300)},
    "no JWT": lambda w: w.headers("token"),
    "letters outside ASCII": lambda w: w.headers(w.own()) | {"authorization": "DPoP é.é.é"},
    "a cut signature": lambda w: w.headers(w.own()[:-8]),
    "another issuer's key under our name": lambda w: w.headers(w.foreign(iss=OWN, webid=WEBID)),
    "expired": lambda w: w.headers(w.own(exp=int(w.clock()))),
    "from the future": lambda w: w.headers(w.own(iat=int(w.clock()) + 60)),
    "no end": lambda w: w.headers(w.own(exp=None)),
    "no beginning": lambda w: w.headers(w.own(iat="today")),
    "no webid": lambda w: w.headers(w.own(webid=None)),
    "no issuer": lambda w: w.headers(w.own(iss=None)),
    "no key": lambda w: w.headers(w.own(cnf=None)),
    "a key that is no text": lambda w: w.headers(w.own(cnf={"jkt": 7})),
    "another audience": lambda w: w.headers(w.own(aud="https://other.example/")),
    "no audience": lambda w: w.headers(w.own(aud=None)),
    "an ID token for its client alone": lambda w: w.headers(w.own(typ="JWT", aud=["https://app.example/id"])),
    "an ID token that is bound to no key": lambda w: w.headers(w.own(typ="JWT", cnf=None)),
    "something else that we signed": lambda w: w.headers(w.own(typ="claim-result+jwt")),
    "a foreign ID token of this host's people": lambda w: w.headers(w.foreign(webid=WEBID)),
}


@pytest.mark.parametrize("case", BAD)
async def test_a_bad_token_is_refused_with_a_challenge_and_never_the_public(world: World, case: str) -> None:
    headers = BAD[case](world)
    with pytest.raises(Unauthenticated) as caught:
        await world.verifier.agent_async("GET", URL, headers)
    challenge = dict(caught.value.headers)["www-authenticate"]
    assert challenge.startswith('DPoP algs="ES256')
    assert 'error="invalid_' in challenge
    assert world.network.asked == []


def test_two_authorization_or_two_proof_headers_are_refused(world: World) -> None:
    for twice in (b"authorization", b"dpop"):
        pairs = [(name.encode(), value.encode()) for name, value in world.headers(world.own()).items()]
        again = next(pair for pair in pairs if pair[0] == twice)
        with pytest.raises(Unauthenticated, match="twice"):
            world.verifier.agent("GET", URL, [*pairs, again])


def test_a_proof_counts_once_also_where_the_token_is_known(world: World) -> None:
    headers = world.headers(world.own())
    world.verifier.agent("GET", URL, headers)
    with pytest.raises(Unauthenticated, match="used before"):
        world.verifier.agent("GET", URL, headers)


def test_a_proof_counts_once_over_all_workers(world: World, tmp_path: Path, clock: SettableClock) -> None:
    other_replay = FileReplayGuard(tmp_path / "replay")
    issuers = Issuers(httpx.AsyncClient(), clock=clock)
    other = Verifier(world.keys, other_replay, issuers, issuer=OWN, clock=clock)
    headers = world.headers(world.own())
    world.verifier.agent("GET", URL, headers)
    with pytest.raises(Unauthenticated, match="used before"):
        other.agent("GET", URL, headers)
    other_replay.close()


def test_a_known_token_ends_when_it_says(world: World, clock: SettableClock) -> None:
    token = world.own()
    world.verifier.agent("GET", URL, world.headers(token))
    clock.advance(601)
    with pytest.raises(Unauthenticated, match="expired"):
        world.verifier.agent("GET", URL, world.headers(token))


def test_a_known_token_is_refused_with_another_key(world: World) -> None:
    token = world.own()
    world.verifier.agent("GET", URL, world.headers(token))
    with pytest.raises(Unauthenticated, match="another key"):
        world.verifier.agent("GET", URL, world.headers(token, key=DpopKey.generate()))


def test_a_bad_proof_does_not_use_up_a_jti(world: World) -> None:
    token = world.own()
    headers = world.headers(token)
    with pytest.raises(Unauthenticated):
        world.verifier.agent("PUT", URL, headers)
    assert world.verifier.agent("GET", URL, headers).webid == WEBID


def test_rights_inside_a_token_count_only_if_this_host_put_them_there(world: World) -> None:
    agent = world.verifier.agent("GET", URL, world.headers(world.own(permissions=[{"resource_id": "x"}])))
    assert agent.claims["permissions"] == [{"resource_id": "x"}]


async def test_rights_inside_a_foreign_token_do_not_count(world: World) -> None:
    token = world.foreign(permissions=[{"resource_id": "x"}])
    agent = await world.verifier.agent_async("GET", URL, world.headers(token))
    assert agent.claims == {}


def test_a_foreign_token_needs_a_fetch_and_says_so(world: World) -> None:
    with pytest.raises(NeedsFetch):
        world.verifier.agent("GET", URL, world.headers(world.foreign()))
    assert world.network.asked == []


@pytest.mark.parametrize("typ", ["at+jwt", "JWT"])
async def test_a_token_of_an_issuer_that_the_profile_names_is_taken(world: World, typ: str) -> None:
    agent = await world.verifier.agent_async("GET", URL, world.headers(world.foreign(typ=typ)))
    assert (agent.webid, agent.issuer) == (FOREIGN_WEBID, FOREIGN)
    assert world.network.asked == [
        f"{FOREIGN}/.well-known/openid-configuration",
        f"{FOREIGN}/keys",
        "https://people.example/bruno",
    ]
    await world.verifier.agent_async("GET", URL, world.headers(world.foreign(jti="next")))
    assert len(world.network.asked) == 3


async def test_an_issuer_that_the_profile_does_not_name_is_refused(world: World) -> None:
    world.network.profile = "<#me> <http://www.w3.org/ns/solid/terms#oidcIssuer> <https://other.example>."
    with pytest.raises(Unauthenticated, match="profile does not name"):
        await world.verifier.agent_async("GET", URL, world.headers(world.foreign()))


async def test_a_foreign_token_signed_by_nobody_we_know_asks_for_no_profile(world: World) -> None:
    forged = world.foreign(key=ECKey.generate_key("P-256"))
    with pytest.raises(Unauthenticated, match="not signed by its issuer"):
        await world.verifier.agent_async("GET", URL, world.headers(forged))
    assert "https://people.example/bruno" not in world.network.asked


@pytest.mark.parametrize(
    "change",
    [
        {"status": 500},
        {"discovery": {"issuer": "https://other.example", "jwks_uri": f"{FOREIGN}/keys"}},
        {"discovery": {"issuer": FOREIGN}},
        {"discovery": {"issuer": FOREIGN, "jwks_uri": f"{FOREIGN}/missing"}},
        {"profile": "this is not Turtle"},
    ],
)
async def test_an_issuer_or_a_profile_that_cannot_be_read_is_refused_and_left_alone_a_while(
    world: World, clock: SettableClock, change: Change
) -> None:
    for name, value in change.items():
        setattr(world.network, name, value)
    with pytest.raises(Unauthenticated, match="cannot be read"):
        await world.verifier.agent_async("GET", URL, world.headers(world.foreign()))
    asked = len(world.network.asked)
    for _ in range(3):
        with pytest.raises(Unauthenticated, match="cannot be read"):
            await world.verifier.agent_async("GET", URL, world.headers(world.foreign()))
    assert len(world.network.asked) == asked
    clock.advance(KEPT_FAILURE + 1)
    with pytest.raises(Unauthenticated):
        await world.verifier.agent_async("GET", URL, world.headers(world.foreign()))
    assert len(world.network.asked) > asked


async def test_an_issuer_that_rotated_its_keys_is_asked_again(world: World, clock: SettableClock) -> None:
    await world.verifier.agent_async("GET", URL, world.headers(world.foreign()))
    fresh = ECKey.generate_key("P-256")
    world.network.keys = [fresh]
    clock.advance(KEPT_FAILURE + 1)
    agent = await world.verifier.agent_async("GET", URL, world.headers(world.foreign(key=fresh)))
    assert agent.webid == FOREIGN_WEBID


async def test_a_profile_that_drops_an_issuer_is_noticed_when_the_memory_ends(
    world: World, clock: SettableClock
) -> None:
    token = world.foreign(exp=int(clock()) + 86400)
    await world.verifier.agent_async("GET", URL, world.headers(token))
    world.network.profile = ""
    clock.advance(KEPT + 1)
    with pytest.raises(Unauthenticated, match="does not name"):
        await world.verifier.agent_async("GET", URL, world.headers(token))


def test_workers_that_start_at_once_share_one_key(tmp_path: Path, clock: SettableClock) -> None:
    path = tmp_path / "keys.json"
    first, second = SigningKeys.open(path, clock=clock), SigningKeys.open(path, clock=clock)
    assert first.jwks() == second.jwks()
    assert path.stat().st_mode & 0o077 == 0
