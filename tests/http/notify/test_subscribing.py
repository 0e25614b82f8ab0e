"""Subscription services: what they take, what they refuse, and whose channels are whose."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.conftest import SettableClock
from tests.pod_host import ORIGIN, Person, PodHost

CONTEXT = "https://www.w3.org/ns/solid/notifications-context/v1"
OLDER = "https://www.w3.org/ns/solid/notification/v1"
NOTIFY = "http://www.w3.org/ns/solid/notifications#"
KINDS = ("WebSocketChannel2023", "WebhookChannel2023", "StreamingHTTPChannel2023")
LIVE = ("WebSocketChannel2023", "StreamingHTTPChannel2023")
NOTE = "/anna/notes/one.ttl"
LD = "application/ld+json"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


def request(kind: str = LIVE[0], topic: str | list[str] = ORIGIN + NOTE, **further: Any) -> dict[str, Any]:
    return {"@context": [CONTEXT], "type": kind, "topic": topic, **further}


async def subscribe(who: Person, document: Any, kind: str = LIVE[0], media_type: str = LD) -> httpx.Response:
    content = document if isinstance(document, str) else json.dumps(document)
    return await who.post(f"/.notifications/{kind}/", content, media_type)


def share(host: PodHost, path: str, rule: str) -> None:
    host.write(
        f"{path}.acl",
        "@prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix foaf: <http://xmlns.com/foaf/0.1/>.\n"
        f"<#owner> a acl:Authorization; acl:agent <{host.anna.webid}>; acl:accessTo <{ORIGIN}{path}>;"
        " acl:mode acl:Read, acl:Write, acl:Control.\n"
        f"<#other> a acl:Authorization; acl:accessTo <{ORIGIN}{path}>; {rule}.",
    )


PUBLIC = "acl:agentClass foaf:Agent; acl:mode acl:Read"


async def test_the_storage_description_names_the_services_in_turtle_and_json_ld(host: PodHost) -> None:
    for media_type in ("text/turtle", LD):
        read = await host.stranger.get("/anna/.well-known/solid", accept=media_type)
        assert read.headers["content-type"] == media_type
        for kind in KINDS:
            assert f"{ORIGIN}/.notifications/{kind}/" in read.text
        for term in ("subscription", "channelType", "feature"):
            assert term in read.text


async def test_the_host_names_its_services_to_who_knows_no_storage(host: PodHost) -> None:
    for media_type in ("text/turtle", LD):
        read = await host.stranger.get("/.well-known/solid", accept=media_type)
        assert (read.status_code, read.headers["content-type"]) == (200, media_type)
        (vary,) = read.headers.get_list("vary")
        names = vary.lower().split(", ")
        assert len(names) == len(set(names)), "each once"
        for kind in KINDS:
            assert f"{ORIGIN}/.notifications/{kind}/" in read.text


@pytest.mark.parametrize("kind", KINDS)
async def test_a_service_describes_itself(host: PodHost, kind: str) -> None:
    address = f"/.notifications/{kind}/"
    read = await host.stranger.get(address, accept=LD)
    assert read.status_code == 200
    assert read.headers["content-type"] == LD
    assert read.headers["accept-post"].startswith(LD)
    assert read.json() == {
        "@context": [CONTEXT],
        "id": ORIGIN + address,
        "channelType": NOTIFY + kind,
        "feature": ["accept", "endAt", "rate", "startAt", "state"],
    }
    assert (await host.stranger.request("HEAD", address)).status_code == 200
    possible = await host.stranger.request("OPTIONS", address)
    assert (possible.status_code, possible.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")
    refused = await host.stranger.request("PUT", address)
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")
    assert "channelType" in (await host.stranger.get(address, accept="text/turtle")).text
    assert (await host.stranger.get(address, accept="image/png")).status_code == 406
    assert (await host.stranger.delete(address)).status_code == 405


@pytest.mark.parametrize("kind", LIVE)
@pytest.mark.parametrize("context", [CONTEXT, OLDER])
async def test_a_channel_is_made_for_a_reader(host: PodHost, kind: str, context: str) -> None:
    host.write(NOTE, "<#it> <urn:x:is> 1 .")
    document = request(kind, endAt="2026-03-01T13:00:00Z", rate="PT5M", state="abc", accept="text/turtle")
    made = await subscribe(host.anna, {**document, "@context": context}, kind)
    assert made.status_code == 200
    assert made.headers["content-type"] == LD
    answer = made.json()
    assert answer["@context"] == [context]
    assert answer["type"] == NOTIFY + kind
    assert answer["topic"] == ORIGIN + NOTE
    assert answer["id"].startswith(f"{ORIGIN}/.notifications/{kind}/")
    scheme = "ws://" if kind == "WebSocketChannel2023" else "http://"
    assert answer["receiveFrom"].startswith(scheme)
    assert answer["endAt"] == "2026-03-01T13:00:00.000Z"
    assert (answer["rate"], answer["state"], answer["accept"]) == ("PT300S", "abc", "text/turtle")


async def test_the_secret_of_an_address_is_long_and_its_digest_alone_is_stored(host: PodHost) -> None:
    made = (await subscribe(host.anna, request())).json()
    secret = made["receiveFrom"].rpartition("/")[2]
    assert len(secret) * 6 >= 128
    with host.core.store.reading() as tx:
        stored = tx.execute("SELECT * FROM notify_channel")
    assert secret not in str(stored)
    assert "receiveFrom" not in (await host.anna.get(made["id"])).json()


@pytest.mark.parametrize(
    "spelling",
    [LIVE[0], NOTIFY + LIVE[0], "notify:" + LIVE[0], "http://www.w3.org/ns/solid/notification#" + LIVE[0]],
)
async def test_every_spelling_of_a_type_is_understood(host: PodHost, spelling: str) -> None:
    assert (await subscribe(host.anna, request(spelling))).status_code == 200


async def test_the_request_of_the_specification_with_its_duration_is_understood(host: PodHost) -> None:
    document = {**request(rate="PT10s", state="opaque-state"), "@context": [OLDER]}
    assert (await subscribe(host.anna, document)).json()["rate"] == "PT10S"


async def test_features_with_explicit_types_are_understood(host: PodHost) -> None:
    rate = {"@value": "PT1S", "@type": "http://www.w3.org/2001/XMLSchema#duration"}
    assert (await subscribe(host.anna, request(rate=rate))).json()["rate"] == "PT1S"


async def test_members_spelled_as_full_iris_are_understood(host: PodHost) -> None:
    document = {"@context": [OLDER], "type": NOTIFY + LIVE[0], NOTIFY + "topic": ORIGIN + NOTE}
    made = await subscribe(host.anna, document)
    assert (made.status_code, made.json()["topic"]) == (200, ORIGIN + NOTE)


async def test_a_channel_may_have_several_topics(host: PodHost) -> None:
    topics = [ORIGIN + "/anna/notes/", ORIGIN + NOTE]
    made = await subscribe(host.anna, request(topic=topics))
    assert sorted(made.json()["topic"]) == topics


@pytest.mark.parametrize(
    ("document", "status"),
    [
        ("{", 400),
        ("7", 400),
        ({**request(), "@context": ["https://elsewhere.example/context"]}, 422),
        ({"type": LIVE[0], "topic": ORIGIN + NOTE}, 422),
        ({"@context": CONTEXT, "type": LIVE[0]}, 422),
        (request("NoSuchChannel2023"), 422),
        (request("WebhookChannel2023"), 422),
        (request(topic="https://elsewhere.example/x"), 422),
        (request(topic=ORIGIN + "/"), 422),
        (request(topic=ORIGIN + "/.account/"), 422),
        (request(topic=ORIGIN + "/anna/../bob/x"), 422),
        (request(topic=[f"{ORIGIN}/anna/{number}" for number in range(21)]), 422),
        (request(rate="often"), 422),
        (request(rate="P1Y"), 422),
        (request(rate="PT"), 422),
        (request(rate=["PT1S", "PT2S"]), 422),
        (request(startAt="tomorrow"), 422),
        (request(startAt="2026-03-01"), 422),
        (request(endAt="2026-02-28T00:00:00Z"), 422),
        (request(startAt="2026-03-02T00:00:00Z", endAt="2026-03-01T13:00:00Z"), 422),
        (request(accept="image/png"), 422),
        (request(state={"@id": "urn:x"}), 422),
        (request(state="x" * 1025), 422),
        (request(state="x", topic=[ORIGIN + NOTE, ORIGIN + "/anna/"]), 422),
        (request(sendTo="https://receiver.example/"), 422),
        (request(topic=ORIGIN + "/nobody/x"), 403),
        (json.dumps(request()) + " " * 16 * 1024, 413),
    ],
)
async def test_a_request_that_cannot_be_processed_is_refused(
    host: PodHost, document: Any, status: int
) -> None:
    assert (await subscribe(host.anna, document)).status_code == status


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        ("text/turtle", f"[] a <{NOTIFY}WebSocketChannel2023>; <{NOTIFY}topic> <{ORIGIN}/anna/x> ."),
        (
            "application/n-triples",
            f"_:c <{TYPE}> <{NOTIFY}WebSocketChannel2023> .\n_:c <{NOTIFY}topic> <{ORIGIN}/anna/x> .",
        ),
    ],
)
async def test_a_client_may_subscribe_with_other_rdf(host: PodHost, media_type: str, content: str) -> None:
    answer = await host.anna.post("/.notifications/WebSocketChannel2023/", content, media_type, accept=LD)
    assert (answer.status_code, answer.json()["topic"]) == (200, f"{ORIGIN}/anna/x")


async def test_rdf_that_does_not_parse_is_a_bad_request(host: PodHost) -> None:
    answer = await host.anna.post("/.notifications/WebSocketChannel2023/", "<broken", "text/turtle")
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("media_type", "status"),
    [
        ("text/csv", 415),
        ("application/json", 415),
        (f'{LD}; profile="https://elsewhere.example/profile"', 415),
        (f"{LD};profile=urn:x:y", 415),
        (f'{LD}; profile="http://www.w3.org/ns/json-ld#compacted"', 200),
        (f'{LD}; charset=utf-8; profile="{CONTEXT}"', 200),
    ],
)
async def test_an_unknown_profile_is_an_unsupported_media_type(
    host: PodHost, media_type: str, status: int
) -> None:
    assert (await subscribe(host.anna, request(), media_type=media_type)).status_code == status


@pytest.mark.parametrize(
    ("topic", "rule", "anna", "bob", "stranger"),
    [
        (NOTE, PUBLIC, 200, 200, 200),
        (NOTE, "acl:agentClass acl:AuthenticatedAgent; acl:mode acl:Read", 200, 200, 401),
        (NOTE, "acl:agentClass acl:AuthenticatedAgent; acl:mode acl:Append, acl:Write", 200, 403, 401),
        (NOTE + ".acl", PUBLIC, 200, 403, 401),
        ("/anna/notes/missing.ttl", PUBLIC, 200, 403, 401),
    ],
)
async def test_hearing_of_a_resource_needs_what_reading_it_needs(
    host: PodHost, topic: str, rule: str, anna: int, bob: int, stranger: int
) -> None:
    host.write(NOTE, "<#it> <urn:x:is> 1 .")
    share(host, NOTE, rule)
    for who, status in ((host.anna, anna), (host.bob, bob), (host.stranger, stranger)):
        assert (await subscribe(who, request(topic=ORIGIN + topic))).status_code == status


async def test_a_refused_subscription_leaves_a_line_in_the_owners_log(host: PodHost) -> None:
    await subscribe(host.bob, request())
    log = await host.anna.get("/anna/activity/2026-03.ttl")
    assert "notification: This needs Read" in log.text
    assert '"deny"' in log.text


async def test_a_bad_token_opens_no_channel_to_a_public_topic(host: PodHost) -> None:
    share(host, NOTE, PUBLIC)
    answer = await host.http.post(
        f"{ORIGIN}/.notifications/{LIVE[0]}/",
        content=json.dumps(request()),
        headers={"content-type": LD, "authorization": "DPoP x.y.z", "dpop": "x.y.z"},
    )
    assert answer.status_code == 401


async def test_a_channel_is_its_creators_alone(host: PodHost) -> None:
    share(host, NOTE, PUBLIC)
    made = (await subscribe(host.anna, request())).json()["id"]
    assert (await host.anna.get(made)).json()["id"] == made
    assert (await host.bob.get(made)).status_code == 404
    assert (await host.bob.delete(made)).status_code == 404
    assert (await host.stranger.get(made)).status_code == 401
    assert (await host.stranger.delete(made)).status_code == 401
    assert (await host.anna.get(made.replace("WebSocket", "Webhook"))).status_code == 404
    assert (await host.anna.delete(made)).status_code == 204
    assert (await host.anna.get(made)).status_code == 404


async def test_a_channel_ends_by_itself(host: PodHost, clock: SettableClock) -> None:
    made = (await subscribe(host.anna, request(LIVE[1]), LIVE[1])).json()
    assert made["endAt"] == "2026-03-02T12:00:00.000Z"
    clock.advance(24 * 3600)
    host.anna = host.person("anna")
    assert (await host.anna.get(made["id"])).status_code == 404
    assert (await host.http.get(made["receiveFrom"])).status_code == 404


async def test_nobody_asks_for_longer_than_the_longest_time(host: PodHost) -> None:
    share(host, NOTE, PUBLIC)
    document = request(endAt="2036-03-01T12:00:00Z")
    assert (await subscribe(host.anna, document)).json()["endAt"] == "2026-03-08T12:00:00.000Z"
    assert (await subscribe(host.stranger, document)).json()["endAt"] == "2026-03-01T13:00:00.000Z"


async def test_an_agent_has_so_many_channels_and_no_more(
    host: PodHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pods.notify.subscriptions.MOST_OF_AGENT", 2)
    monkeypatch.setattr("pods.notify.subscriptions.MOST_ANONYMOUS", 1)
    share(host, NOTE, PUBLIC)
    assert [(await subscribe(host.anna, request())).status_code for _ in range(3)] == [200, 200, 429]
    assert [(await subscribe(host.stranger, request())).status_code for _ in range(2)] == [200, 429]
    assert (await subscribe(host.bob, request())).status_code == 200


async def test_browsers_may_subscribe_from_any_origin(host: PodHost) -> None:
    answer = await host.http.post(
        f"{ORIGIN}/.notifications/{LIVE[0]}/", content="{}", headers={"origin": "https://app.example"}
    )
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
