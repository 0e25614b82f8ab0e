"""The UMA exchange step by step, and the attacks on it (consent reference §5)."""

from __future__ import annotations

import asyncio
from email.utils import formatdate
from typing import Any

import httpx
import pytest

from consent.client import AccessRefused, ServiceClient
from consent.client.uma import GRANT_TYPE, ID_TOKEN_FORMAT, challenge_of
from consent.model import RPT_SECONDS, TICKET_SECONDS
from consent.purpose_claim import CLAIM_FORMAT, PurposeKey, bound_hash
from pods.model import Path
from pods.protocol import jose
from pods.protocol.dpop import DpopKey
from tests.consent_host import ROWS, Organisation, Town, declaration
from tests.pod_host import ORIGIN

BASKET = f"{ORIGIN}/anna/purchases/2017-10/b77.ttl"
TOKEN = f"{ORIGIN}/.consent/uma/token"


class Exchange:
    """A service that goes through the exchange by hand, and may go wrong at each step."""

    def __init__(self, host: Town, by: Organisation) -> None:
        self.host = host
        self.by = by
        self.key: DpopKey = by.credentials.key

    async def ticket(self, url: str = BASKET) -> str:
        """Be refused, and return the ticket."""
        found = challenge_of(await self.host.http.get(url))
        assert found is not None
        assert found.as_uri == ORIGIN + "/"
        return found.ticket

    async def push(
        self,
        ticket: str,
        claim_format: str,
        claim: str,
        *,
        key: DpopKey | None = None,
        proof: str | None = None,
    ) -> httpx.Response:
        """Push a claim."""
        used = proof or (key or self.key).proof("POST", TOKEN, at=self.host.clock())
        form = {
            "grant_type": GRANT_TYPE,
            "ticket": ticket,
            "claim_token": claim,
            "claim_token_format": claim_format,
        }
        return await self.host.http.post(TOKEN, data=form, headers={"dpop": used})

    async def identified(self, url: str = BASKET) -> str:
        """Return the ticket that follows a good identity."""
        answer = await self.push(
            await self.ticket(url), ID_TOKEN_FORMAT, await self.by.credentials.id_token()
        )
        assert answer.status_code == 403
        assert answer.json()["error"] == "need_info"
        return str(answer.json()["ticket"])

    async def claim(self, purpose: str, ticket: str, *, key: PurposeKey | None = None, **changes: Any) -> str:
        """Return a purpose claim, right unless changed."""
        said: dict[str, Any] = {
            "client_id": jose.parse(await self.by.credentials.access_token()).claims["client_id"],
            "webid": self.by.webid,
            "audience": ORIGIN + "/",
            "at": self.host.clock(),
            "bound": ("ticket_hash", bound_hash(ticket.encode())),
        }
        return (key or self.by.key).claim(purpose, **{**said, **changes})

    async def token(self, purpose: str, url: str = BASKET) -> str:
        """Go the whole way."""
        ticket = await self.identified(url)
        answer = await self.push(ticket, CLAIM_FORMAT, await self.claim(purpose, ticket))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    async def use(
        self, token: str, url: str = BASKET, *, key: DpopKey | None = None, **proof: Any
    ) -> httpx.Response:
        """Read with a token."""
        made = (key or self.key).proof(
            **{"method": "GET", "url": url, "at": self.host.clock(), "access_token": token, **proof}
        )
        return await self.host.http.get(url, headers={"authorization": f"DPoP {token}", "dpop": made})


async def started(host: Town) -> tuple[Exchange, str]:
    """Return an organisation's exchange, and a purpose that anna consented to."""
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    await host.give("anna", purpose)
    return Exchange(host, coop), purpose.iri


def denied(answer: httpx.Response) -> bool:
    return answer.status_code == 403 and answer.json()["error"] == "request_denied"


def no_token(answer: httpx.Response) -> bool:
    """Say whether there is no token, since no grant is in force: the person might still give one."""
    return answer.status_code == 403 and answer.json()["error"] == "request_submitted"


async def test_discovery_names_the_endpoints(host: Town) -> None:
    found = (await host.http.get(ORIGIN + "/.well-known/uma2-configuration")).json()
    assert found["issuer"] == ORIGIN + "/"
    assert found["token_endpoint"] == TOKEN
    assert GRANT_TYPE in found["grant_types_supported"]


@pytest.mark.parametrize("at_the_root", [True, False], ids=["inrupt", "solidlab"])
async def test_discovery_is_where_other_clients_look(host: Town, at_the_root: bool) -> None:
    """Some resolve the well-known path at the origin, some append it to what `as_uri` says: both find it."""
    challenge = challenge_of(await host.http.get(BASKET))
    assert challenge is not None
    path = "/.well-known/uma2-configuration"  # appended, as the UMA grant has it in section 2, or resolved
    place = str(httpx.URL(challenge.as_uri).join(path)) if at_the_root else challenge.as_uri + path
    found = (await host.http.get(place)).json()
    assert found["token_endpoint"] == TOKEN
    assert (await host.http.get(found["jwks_uri"])).json()["keys"]
    assert ID_TOKEN_FORMAT in found["uma_profiles_supported"]


async def test_the_token_says_what_it_is_good_for(host: Town) -> None:
    exchange, purpose = await started(host)
    ticket = await exchange.identified()
    answer = await exchange.push(ticket, CLAIM_FORMAT, await exchange.claim(purpose, ticket))
    # Attack 4: nothing comes with it that would outlive it, no refresh token and no claims to be kept.
    assert answer.json().keys() == {"access_token", "token_type", "expires_in"}
    claims = jose.parse(answer.json()["access_token"]).claims
    assert claims["permissions"][0]["resource_id"] == BASKET
    assert claims["permissions"][0]["resource_scopes"] == ["read"]
    assert (claims["purpose"], claims["output_mode"]) == (purpose, "rows")
    assert claims["cnf"]["jkt"] == exchange.key.thumbprint()
    assert claims["exp"] - claims["iat"] <= RPT_SECONDS
    assert "anna" not in claims["sub"]


async def test_the_first_answer_asks_for_the_identity_if_something_else_is_pushed(host: Town) -> None:
    exchange, purpose = await started(host)
    ticket = await exchange.ticket()
    answer = await exchange.push(ticket, CLAIM_FORMAT, await exchange.claim(purpose, ticket))
    assert answer.json()["error"] == "need_info"
    (wanted,) = answer.json()["required_claims"]
    assert wanted["claim_token_format"] == [ID_TOKEN_FORMAT]
    assert wanted["issuer"] == [ORIGIN + "/"]
    assert {"name", "claim_type", "friendly_name"} <= wanted.keys()


async def test_attack_3_a_cached_token_is_dead_after_withdrawal(host: Town) -> None:
    """Attack 3: 401 with a new ticket, at once."""
    exchange, purpose = await started(host)
    token = await exchange.token(purpose)
    assert (await exchange.use(token)).status_code == 200
    (given,) = await host.owner("anna").grants()
    await host.owner("anna").withdraw(given.id)
    answer = await exchange.use(token)
    assert answer.status_code == 401
    assert challenge_of(answer) is not None


async def test_attack_5_a_token_from_before_a_withdrawal_stays_dead_after_giving_again(host: Town) -> None:
    """Attack 5, ABA: the epoch only rises."""
    exchange, purpose = await started(host)
    token = await exchange.token(purpose)
    (given,) = await host.owner("anna").grants()
    await host.owner("anna").withdraw(given.id)
    await host.owner("anna").give(purpose, given.items, given.expires_at)
    assert (await exchange.use(token)).status_code == 401
    assert (await exchange.use(await exchange.token(purpose))).status_code == 200


async def test_attack_6_the_end_itself_is_too_late_on_both_sides(host: Town) -> None:
    """Attack 6, clock edge: `now < expires_at`, at the authorization server and where the resource is read."""
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    given = await host.give("anna", purpose, days=1)
    exchange = Exchange(host, coop)
    host.clock.now = given.expires_at - 1
    token = await exchange.token(purpose.iri)
    assert jose.parse(token).claims["exp"] == given.expires_at  # and not a minute from now
    ticket = await exchange.identified()
    assert (await exchange.use(token)).status_code == 200
    host.clock.now = given.expires_at
    assert (await exchange.use(token)).status_code == 401
    assert no_token(await exchange.push(ticket, CLAIM_FORMAT, await exchange.claim(purpose.iri, ticket)))


async def test_attack_7_a_ticket_is_good_once(host: Town) -> None:
    """Attack 7, replay: the second use is invalid_grant, and so is one after the ticket's time."""
    exchange, _ = await started(host)
    ticket = await exchange.ticket()
    identity = await exchange.by.credentials.id_token()
    first, second = await asyncio.gather(
        *(exchange.push(ticket, ID_TOKEN_FORMAT, identity) for _ in range(2))
    )
    assert sorted(answer.json()["error"] for answer in (first, second)) == ["invalid_grant", "need_info"]
    late = await exchange.ticket()
    host.clock.advance(TICKET_SECONDS)
    answer = await exchange.push(late, ID_TOKEN_FORMAT, await exchange.by.credentials.id_token())
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def test_attack_7_a_ticket_of_one_client_is_of_no_use_to_another(host: Town) -> None:
    """Attack 7, two clients: the ticket after the identity is bound to that client's key."""
    exchange, purpose = await started(host)
    rival = Exchange(host, await host.organisation("rival"))
    ticket = await exchange.identified()
    assert denied(await rival.push(ticket, CLAIM_FORMAT, await exchange.claim(purpose, ticket)))


async def test_a_forged_ticket_is_refused(host: Town) -> None:
    exchange, _ = await started(host)
    ticket = await exchange.ticket()
    forged = ticket[:-4] + ("AAAA" if ticket[-4:] != "AAAA" else "BBBB")
    answer = await exchange.push(forged, ID_TOKEN_FORMAT, await exchange.by.credentials.id_token())
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def test_tickets_for_strangers_leave_no_rows(host: Town) -> None:
    exchange, _ = await started(host)
    for _ in range(20):
        await exchange.ticket()
    with host.core.store.reading() as tx:
        assert tx.execute("SELECT count(*) FROM spent_ticket")[0][0] == 0


@pytest.mark.parametrize("wrong", ["url", "method", "ath", "key", "replay"])
async def test_attack_8_a_token_needs_a_fresh_proof_for_this_request(host: Town, wrong: str) -> None:
    """Attack 8: wrong htu, wrong htm, wrong ath, another key, the same proof twice."""
    exchange, purpose = await started(host)
    token = await exchange.token(purpose)
    if wrong == "replay":
        proof = exchange.key.proof("GET", BASKET, at=host.clock(), access_token=token)
        fields = {"authorization": f"DPoP {token}", "dpop": proof}
        assert (await host.http.get(BASKET, headers=fields)).status_code == 200
        answer = await host.http.get(BASKET, headers=fields)
    else:
        changes: dict[str, dict[str, Any]] = {
            "url": {"url": BASKET + "x"},
            "method": {"method": "POST"},
            "ath": {"access_token": token + "x"},
            "key": {"key": DpopKey.generate()},
        }
        answer = await exchange.use(token, **changes[wrong])
    assert answer.status_code == 401


async def test_attack_8_a_proof_is_good_for_one_push(host: Town) -> None:
    """Attack 8 at the token endpoint."""
    exchange, _ = await started(host)
    proof = exchange.key.proof("POST", TOKEN, at=host.clock())
    identity = await exchange.by.credentials.id_token()
    answers = [
        await exchange.push(await exchange.ticket(), ID_TOKEN_FORMAT, identity, proof=proof) for _ in range(2)
    ]
    assert [answer.json()["error"] for answer in answers] == ["need_info", "invalid_dpop_proof"]


async def test_attack_9_a_stolen_token_is_useless_without_its_key(host: Town) -> None:
    """Attack 9: neither as bearer, nor with a thief's own proof."""
    exchange, purpose = await started(host)
    token = await exchange.token(purpose)
    bearer = await host.http.get(BASKET, headers={"authorization": f"Bearer {token}"})
    assert bearer.status_code == 401
    assert (await exchange.use(token, key=DpopKey.generate())).status_code == 401


async def test_a_stranger_without_an_identity_cannot_fill_a_log(host: Town) -> None:
    exchange, _ = await started(host)
    before = len(await host.owner("anna").log())
    for _ in range(5):
        assert denied(await exchange.push(await exchange.ticket(), ID_TOKEN_FORMAT, "no.id.token"))
    assert len(await host.owner("anna").log()) == before


async def test_attack_9_a_stolen_id_token_is_useless_without_its_key(host: Town) -> None:
    """Attack 9: the identity is bound to the key of the proof."""
    exchange, _ = await started(host)
    identity = await exchange.by.credentials.id_token()
    answer = await exchange.push(await exchange.ticket(), ID_TOKEN_FORMAT, identity, key=DpopKey.generate())
    assert denied(answer)


async def test_attack_10_a_token_for_one_purpose_does_not_serve_another(host: Town) -> None:
    """Attack 10, purpose laundering: each purpose needs its own grant, and the log shows the one that was used."""
    exchange, purpose = await started(host)
    other = await exchange.by.service.publish(declaration([ROWS], identifier="other"))
    ticket = await exchange.identified()
    assert no_token(await exchange.push(ticket, CLAIM_FORMAT, await exchange.claim(other.iri, ticket)))
    assert (await exchange.use(await exchange.token(purpose))).status_code == 200
    permitted = [
        line.purpose for line in await host.owner("anna").log() if line.permitted and line.action == "read"
    ]
    assert permitted == [purpose]


async def test_attack_10_a_wrong_purpose_is_seen_by_the_person(host: Town) -> None:
    """Attack 10: the refused attempt stands in the log, with its purpose in plain words."""
    exchange, _ = await started(host)
    other = await exchange.by.service.publish(
        declaration([ROWS], identifier="other", title={"it": "Tutt'altro", "en": "Something else"})
    )
    ticket = await exchange.identified()
    await exchange.push(ticket, CLAIM_FORMAT, await exchange.claim(other.iri, ticket))
    line = (await host.owner("anna").log())[0]
    assert (line.permitted, line.agent_name, line.action) == (False, "Coop", "ask to read")
    assert line.purpose_title["it"] == "Tutt'altro"


async def test_attack_11_a_declaration_edited_in_place_suspends_its_grants(host: Town) -> None:
    """Attack 11, purpose drift: whoever edits the stored text ends every grant that leaned on it."""
    exchange, purpose = await started(host)
    token = await exchange.token(purpose)
    with host.core.store.writing() as tx:
        tx.execute(
            "UPDATE purpose SET document = replace(document, 'si compra', 'si vive') WHERE iri = ?",
            (purpose,),
        )
    assert (await exchange.use(token)).status_code == 401
    ticket = await exchange.identified()
    assert denied(await exchange.push(ticket, CLAIM_FORMAT, await exchange.claim(purpose, ticket)))


async def test_attack_11_a_new_digest_for_an_edited_text_does_not_help(host: Town) -> None:
    """Attack 11: the grant remembers what the person was shown."""
    exchange, purpose = await started(host)
    token = await exchange.token(purpose)
    with host.core.store.writing() as tx:
        tx.execute("UPDATE purpose SET digest = 'sha256-other' WHERE iri = ?", (purpose,))
    assert (await exchange.use(token)).status_code == 401


@pytest.mark.parametrize(
    "wider",
    [
        "https://w3id.org/dpv#PublicBenefit",
        ORIGIN + "/.consent/purposes/mobility",
        ORIGIN + "/.consent/purposes/mobility/2",
        ORIGIN + "/.consent/purposes/mobility/1/",
        ORIGIN + "/.consent/purposes/MOBILITY/1",
        "",
    ],
)
async def test_attack_12_purposes_match_by_equality_only(host: Town, wider: str) -> None:
    """Attack 12: no broader class, no prefix, no other version, no other spelling."""
    exchange, _ = await started(host)
    ticket = await exchange.identified()
    assert denied(await exchange.push(ticket, CLAIM_FORMAT, await exchange.claim(wider, ticket)))


@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH", "DELETE"])
async def test_attack_15_reading_never_becomes_writing(host: Town, method: str) -> None:
    """Attack 15, mode widening: a token to read changes nothing, by any method."""
    exchange, purpose = await started(host)
    token = await exchange.token(purpose)
    proof = exchange.key.proof(method, BASKET, at=host.clock(), access_token=token)
    body = "@prefix solid: <http://www.w3.org/ns/solid/terms#> . _:p a solid:InsertDeletePatch ; solid:inserts { <#it> <urn:x> 1 } ."
    answer = await host.http.request(
        method,
        BASKET,
        content=body,
        headers={
            "authorization": f"DPoP {token}",
            "dpop": proof,
            "content-type": "text/n3" if method == "PATCH" else "text/turtle",
        },
    )
    assert answer.status_code in (400, 401, 403)
    with host.core.store.reading() as tx:
        stored = tx.get(Path("/anna/purchases/2017-10/b77.ttl"))
    assert stored is not None
    assert b"Parmigiano" in stored.content


async def test_attack_15_the_refusal_does_not_tell_whether_something_exists(host: Town) -> None:
    """Attack 15, oracle: a resource that is not granted and one that does not exist are refused alike."""
    exchange, purpose = await started(host)
    answers = []
    for name in ("profile/private.ttl", "profile/none.ttl"):
        ticket = await exchange.identified(f"{ORIGIN}/anna/{name}")
        answer = await exchange.push(ticket, CLAIM_FORMAT, await exchange.claim(purpose, ticket))
        answers.append((answer.status_code, answer.json()))
    assert answers[0] == answers[1]


async def test_attack_15_what_is_not_granted_does_not_show_in_tags_and_times(host: Town) -> None:
    """Attack 15, side channel: a change of a property that was not granted moves neither the entity tag nor the time."""
    exchange, purpose = await started(host)
    before = await exchange.use(await exchange.token(purpose))
    with host.core.store.reading() as tx:
        stored = tx.get(Path("/anna/purchases/2017-10/b77.ttl"))
    assert stored is not None
    host.clock.advance(60)
    host.write("/anna/purchases/2017-10/b77.ttl", stored.content.replace(b"Parmigiano", b"Pecorino"))
    host.clock.advance(60)
    after = await exchange.use(await exchange.token(purpose))
    assert before.headers["etag"] == after.headers["etag"]
    assert before.content == after.content
    # The time is that of the answer, whenever something was written.
    assert after.headers["last-modified"] == formatdate(host.clock(), usegmt=True)


async def test_attack_17_the_client_pins_its_authorization_server(host: Town) -> None:
    """Attack 17, mix-up: a resource that names another server gets no identity from us."""
    coop = await host.organisation("coop")
    seen: list[httpx.Request] = []

    def rogue(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        value = 'UMA realm="solid", as_uri="https://rogue.example", ticket="x"'
        return httpx.Response(401, headers={"www-authenticate": value})

    transport = Diverting(httpx.ASGITransport(host.app), httpx.MockTransport(rogue))
    async with httpx.AsyncClient(transport=transport) as http:
        service = ServiceClient(http, coop.credentials, coop.key, clock=host.clock)
        with pytest.raises(AccessRefused) as refused:
            await service.read("https://rogue.example/anna/x.ttl", "urn:purpose")
    assert refused.value.error == "untrusted_server"
    assert len(seen) == 1
    assert "authorization" not in seen[0].headers


async def test_attack_17_an_identity_of_another_issuer_is_refused(host: Town) -> None:
    """Attack 17: nobody else vouches for the organisations of this host."""
    exchange, _ = await started(host)
    good = jose.parse(await exchange.by.credentials.id_token()).claims
    for claims in ({**good, "iss": "https://evil.example/"}, {**good, "aud": "elsewhere"}):
        token = host.core.keys.sign(dict(claims), "JWT")
        assert denied(await exchange.push(await exchange.ticket(), ID_TOKEN_FORMAT, token))


async def test_a_purpose_claim_is_good_once(host: Town) -> None:
    exchange, purpose = await started(host)
    ticket = await exchange.identified()
    claim = await exchange.claim(purpose, ticket)
    assert (await exchange.push(ticket, CLAIM_FORMAT, claim)).status_code == 200
    again = await exchange.push(ticket, CLAIM_FORMAT, claim)
    assert again.json()["error"] == "invalid_grant"


async def test_a_purpose_of_another_controller_is_refused(host: Town) -> None:
    _, purpose = await started(host)
    rival = Exchange(host, await host.organisation("rival"))
    ticket = await rival.identified()
    assert denied(await rival.push(ticket, CLAIM_FORMAT, await rival.claim(purpose, ticket)))
    assert "another controller" in (await host.owner("anna").log())[0].reason


async def test_a_token_of_a_controller_that_lost_its_approval_is_dead(host: Town) -> None:
    exchange, purpose = await started(host)
    token = await exchange.token(purpose)
    service = exchange.by.service
    await service.register("Coop renamed", "cooperative", "x@coop.example", "dpo@coop.example")
    assert (await exchange.use(token)).status_code == 401


async def test_requests_that_are_no_uma_requests_are_refused(host: Town) -> None:
    exchange, _ = await started(host)
    ticket = await exchange.ticket()
    form = {"grant_type": "password", "ticket": ticket, "claim_token": "x", "claim_token_format": "y"}
    proof = exchange.key.proof("POST", TOKEN, at=host.clock())
    assert (await host.http.post(TOKEN, data=form, headers={"dpop": proof})).json()["error"] == (
        "unsupported_grant_type"
    )
    assert (await host.http.post(TOKEN, data=form)).json()["error"] == "invalid_dpop_proof"
    assert (await host.http.post(TOKEN, json=form)).json()["error"] == "invalid_request"


class Diverting(httpx.AsyncBaseTransport):
    """Sends what is for our host there, and everything else elsewhere."""

    def __init__(self, ours: httpx.AsyncBaseTransport, other: httpx.MockTransport) -> None:
        self._ours = ours
        self._other = other

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if str(request.url).startswith(ORIGIN):
            return await self._ours.handle_async_request(request)
        return await self._other.handle_async_request(request)
