"""WebhookChannel2023 with a real receiver: who sends, in which order, what happens when it fails."""

from __future__ import annotations

import asyncio
import json
import queue
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from pods.notify import signatures
from pods.notify.deliveries import MOST_FAILURES, MOST_UNCONFIRMED_FAILURES
from pods.notify.model import DAY
from pods.protocol import jose
from pods.protocol.dpop import check_proof
from tests.conftest import SettableClock
from tests.notified_host import CONTEXT, WEBHOOK, Receiver, notified_host, receiver, share, subscribe
from tests.pod_host import Person, PodHost

NOTES = "/anna/notes/"
NOTE = NOTES + "one.ttl"
HOUR = 3_600.0


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as taker:
        yield taker


@pytest_asyncio.fixture
async def live(tmp_path: Path, clock: SettableClock, hook: Receiver) -> AsyncIterator[PodHost]:
    async with notified_host(tmp_path, clock, trusted=(hook.host,)) as host:
        yield host


async def write(host: PodHost, number: int, path: str = NOTE) -> None:
    host.write(path, f"<#it> <urn:x:is> {number} .")


def pending(host: PodHost) -> int:
    with host.core.store.reading() as tx:
        return int(tx.execute("SELECT count(*) FROM notify_event")[0][0])


async def settled(host: PodHost, *, failures: int, waiting: int) -> None:
    """Return when the host has noted how sending went; only then does a test move the clock."""
    while True:
        with host.core.store.reading() as tx:
            noted = tx.execute("SELECT coalesce(max(failures), 0) FROM notify_channel")[0][0]
        if noted == failures and pending(host) == waiting:
            return
        await asyncio.sleep(0.01)


async def later(host: PodHost, clock: SettableClock, seconds: float) -> None:
    """Move the clock, and let the host look at it: a commit wakes it."""
    clock.advance(seconds)
    host.anna, host.bob = host.person("anna"), host.person("bob")
    assert (await host.anna.put("/anna/tick.txt", str(clock()), "text/plain")).is_success


async def test_a_receiver_gets_what_happens(live: PodHost, hook: Receiver) -> None:
    made = await subscribe(live.anna, live.origin, WEBHOOK, NOTES, sendTo=hook.url)
    assert made["sendTo"] == hook.url
    assert made["sender"] == f"{live.origin}/.notifications/sender#it"
    assert "receiveFrom" not in made
    await live.anna.put(NOTE, "<#it> <urn:x:is> 1 .")
    told = [await hook.next() for _ in range(2)]
    assert [one.message["type"] for one in told] == ["Create", "Add"]
    assert told[1].message["target"] == live.origin + NOTES
    assert told[0].fields["content-type"] == "application/ld+json"
    assert told[0].fields["link"].startswith(f"<{made['id']}>")


async def test_a_receiver_can_verify_who_sends(live: PodHost, hook: Receiver, clock: SettableClock) -> None:
    made = await subscribe(live.anna, live.origin, WEBHOOK, NOTE, sendTo=hook.url)
    await write(live, 1)
    received = await hook.next()
    keys = await _published_keys(live.http, made["sender"])
    # An access token of the sender, bound to the key that made the proof (Solid-OIDC).
    scheme, _, token = received.fields["authorization"].partition(" ")
    claims = jose.parse(token)
    assert scheme == "DPoP"
    assert claims.claims["webid"] == made["sender"]
    assert claims.claims["iss"] == f"{live.origin}/"
    assert keys[claims.header.kid or ""].verifies("ES256", claims.signing_input, claims.signature)
    proof = check_proof(received.fields["dpop"], "POST", hook.url, at=clock(), access_token=token)
    assert claims.claims["cnf"] == {"jkt": proof.thumbprint}
    # A signature of the message (RFC 9421) by the same published key.
    signed, signature, key = signatures.taken_apart("POST", hook.url, received.fields, received.content)
    assert keys[key.partition("#")[2]].verifies("ES256", signed, signature)


async def _published_keys(http: httpx.AsyncClient, sender: str) -> dict[str, jose.PublicKey]:
    document = (await http.get(sender.partition("#")[0], headers={"accept": "text/turtle"})).text
    issuer = document.partition("solid:oidcIssuer <")[2].partition(">")[0]
    discovery = (await http.get(f"{issuer}.well-known/openid-configuration")).json()
    keys = (await http.get(discovery["jwks_uri"])).json()["keys"]
    return {key["kid"]: jose.public_key(key) for key in keys}


async def test_a_changed_message_is_not_what_was_signed(live: PodHost, hook: Receiver) -> None:
    made = await subscribe(live.anna, live.origin, WEBHOOK, NOTE, sendTo=hook.url)
    await write(live, 1)
    received = await hook.next()
    keys = await _published_keys(live.http, made["sender"])
    passed = []
    for changed in ("content", "url", "link", "content-type", "content-digest", "signature-input"):
        known = received.fields.get(changed, "")
        fields = {**received.fields, **({changed: known.replace("=", "==", 1) + "x"} if known else {})}
        content = b"{}" if changed == "content" else received.content
        url = hook.url + "x" if changed == "url" else hook.url
        try:
            signed, signature, key = signatures.taken_apart("POST", url, fields, content)
        except signatures.BadSignature:
            continue
        if keys[key.partition("#")[2]].verifies("ES256", signed, signature):
            passed.append(changed)
    assert passed == []


async def test_a_failed_notification_comes_again_before_any_later_one(
    live: PodHost, hook: Receiver, clock: SettableClock
) -> None:
    await subscribe(live.anna, live.origin, WEBHOOK, NOTE, sendTo=hook.url)
    hook.statuses.put(503)
    await write(live, 1)
    first = await hook.next()
    await write(live, 2)
    await settled(live, failures=1, waiting=2)
    await later(live, clock, HOUR)
    again, second = await hook.next(), await hook.next()
    assert again.message["id"] == first.message["id"]
    assert [again.message["type"], second.message["type"]] == ["Create", "Update"]


async def test_a_receiver_is_not_called_again_before_its_time(
    live: PodHost, hook: Receiver, clock: SettableClock
) -> None:
    made = await subscribe(live.anna, live.origin, WEBHOOK, NOTE, sendTo=hook.url)
    hook.statuses.put(503)
    await write(live, 1)
    await hook.next()
    await subscribe(live.anna, live.origin, WEBHOOK, NOTES, sendTo=hook.url)
    await write(live, 2, NOTES + "two.ttl")
    other = await hook.next()  # another channel of the same host goes on meanwhile
    assert other.message["target"] == live.origin + NOTES
    assert hook.quiet
    assert (await live.anna.get(made["id"])).status_code == 200


async def test_a_receiver_that_is_gone_is_left_alone(live: PodHost, hook: Receiver) -> None:
    made = await subscribe(live.anna, live.origin, WEBHOOK, NOTE, sendTo=hook.url)
    hook.statuses.put(410)
    await write(live, 1)
    await hook.next()
    await _until_disabled(live.anna, made["id"], "gone")
    await write(live, 2)
    assert pending(live) == 0


async def test_who_never_took_anything_is_called_a_few_times_only(
    live: PodHost, hook: Receiver, clock: SettableClock
) -> None:
    made = await subscribe(live.anna, live.origin, WEBHOOK, NOTE, sendTo=hook.url)
    hook.always = 404
    await write(live, 1)
    for number in range(1, MOST_UNCONFIRMED_FAILURES):
        await hook.next()
        await settled(live, failures=number, waiting=1)
        await later(live, clock, HOUR)
    await hook.next()
    await _until_disabled(live.anna, made["id"], "never took")


async def test_who_once_worked_is_given_up_after_a_day(
    live: PodHost, hook: Receiver, clock: SettableClock
) -> None:
    made = await subscribe(live.anna, live.origin, WEBHOOK, NOTE, sendTo=hook.url)
    await write(live, 1)
    await hook.next()
    await settled(live, failures=0, waiting=0)
    hook.always = 500
    await write(live, 2)
    for number in range(1, MOST_FAILURES):
        await hook.next()
        await settled(live, failures=number, waiting=1)
        await later(live, clock, DAY / (MOST_FAILURES - 1) + 1)
    await hook.next()
    await _until_disabled(live.anna, made["id"], "failed in a row")


async def _until_disabled(who: Person, channel: str, why: str) -> None:
    """Wait until the channel says why it is disabled; the test's time limit ends the waiting."""
    while True:
        document = (await who.get(channel)).json()
        if "https://w3id.org/portico/ns#disabled" in document:
            assert why in document["https://w3id.org/portico/ns#disabled"]
            return


async def test_read_is_asked_again_when_a_notification_is_sent(
    live: PodHost, hook: Receiver, clock: SettableClock
) -> None:
    await write(live, 1)
    share(live, NOTE, "acl:agentClass acl:AuthenticatedAgent; acl:mode acl:Read")
    made = await subscribe(live.bob, live.origin, WEBHOOK, NOTE, sendTo=hook.url)
    hook.statuses.put(503)
    await write(live, 2)
    await hook.next()
    await settled(live, failures=1, waiting=1)
    await live.anna.delete(NOTE + ".acl")
    await later(live, clock, 600)
    while (await live.bob.get(made["id"])).status_code != 404:
        pass  # the channel goes with its Read, at the next attempt
    assert hook.quiet
    assert pending(live) == 0


async def test_one_request_at_a_time_goes_to_a_host(live: PodHost, hook: Receiver) -> None:
    for _ in range(6):
        await subscribe(live.anna, live.origin, WEBHOOK, NOTE, sendTo=hook.url)
    await write(live, 1)
    for _ in range(6):
        await hook.next()
    assert hook.most_at_once == 1


async def test_notifications_keep_the_distance_that_was_asked_for(
    live: PodHost, hook: Receiver, clock: SettableClock
) -> None:
    await subscribe(live.anna, live.origin, WEBHOOK, NOTE, sendTo=hook.url, rate="PT60S")
    await write(live, 1)
    assert (await hook.next()).message["type"] == "Create"
    await settled(live, failures=0, waiting=0)
    for number in (2, 3, 4):
        await write(live, number)
    await settled(live, failures=0, waiting=1)
    await later(live, clock, 61)
    latest = await hook.next()
    etag = (await live.person("anna").get(NOTE)).headers["etag"].strip('"')
    assert latest.message["state"] == etag
    await settled(live, failures=0, waiting=0)
    assert hook.quiet  # what the latest overtook is not told


async def test_a_webhook_starts_when_it_was_asked_to(
    live: PodHost, hook: Receiver, clock: SettableClock
) -> None:
    await subscribe(live.anna, live.origin, WEBHOOK, NOTE, sendTo=hook.url, startAt="2026-03-01T12:01:00Z")
    await write(live, 1)
    await later(live, clock, 60)
    await write(live, 2)
    assert (await hook.next()).message["type"] == "Update"


async def test_a_webhook_with_an_old_state_is_told_at_once(live: PodHost, hook: Receiver) -> None:
    await write(live, 1)
    await subscribe(live.anna, live.origin, WEBHOOK, NOTE, sendTo=hook.url, state="older")
    assert (await hook.next()).message["type"] == "Update"


async def test_ending_a_webhook_ends_its_notifications(live: PodHost, hook: Receiver) -> None:
    made = await subscribe(live.anna, live.origin, WEBHOOK, NOTE, sendTo=hook.url)
    other = await subscribe(live.anna, live.origin, WEBHOOK, NOTES, sendTo=hook.url)
    await live.anna.delete(made["id"])
    await write(live, 1)
    assert [(await hook.next()).message["type"] for _ in range(2)] == ["Create", "Add"]
    await live.anna.delete(other["id"])
    await write(live, 2)
    assert pending(live) == 0
    with pytest.raises(queue.Empty):
        await hook.next(0.2)


async def test_a_webhook_never_leads_inside(live: PodHost) -> None:
    addresses = (
        "https://127.0.0.1/hook",
        "https://10.0.0.1/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/hook",
        "https://localhost/hook",
        "http://receiver.example/hook",
        "ftp://receiver.example/hook",
        "https://receiver.example:22/hook",
        "https://user:password@receiver.example/hook",
        "urn:x:receiver",
        "/hook",
    )
    document: dict[str, Any] = {"@context": [CONTEXT], "type": WEBHOOK, "topic": live.origin + NOTE}
    taken = []
    for address in addresses:
        content = json.dumps({**document, "sendTo": address})
        answer = await live.anna.post(f"/.notifications/{WEBHOOK}/", content, "application/ld+json")
        if answer.status_code != 422:
            taken.append(address)
    assert taken == []


async def test_a_webhook_is_for_known_agents_alone(live: PodHost, hook: Receiver) -> None:
    share(live, NOTE, "acl:agentClass foaf:Agent; acl:mode acl:Read")
    document = {"@context": [CONTEXT], "type": WEBHOOK, "topic": live.origin + NOTE, "sendTo": hook.url}
    answer = await live.stranger.post(
        f"/.notifications/{WEBHOOK}/", json.dumps(document), "application/ld+json"
    )
    assert answer.status_code == 401


async def test_few_receivers_that_nobody_knows_are_called_on_one_host(
    live: PodHost, hook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pods.notify.subscriptions.MOST_UNCONFIRMED", 1)
    await subscribe(live.anna, live.origin, WEBHOOK, NOTE, sendTo=hook.url)
    document = {"@context": [CONTEXT], "type": WEBHOOK, "topic": live.origin + NOTE, "sendTo": hook.url}
    refused = await live.bob.post(
        f"/.notifications/{WEBHOOK}/",
        json.dumps({**document, "topic": f"{live.origin}/bob/x"}),
        "application/ld+json",
    )
    assert refused.status_code == 429


async def test_the_sender_is_described_in_every_format(live: PodHost) -> None:
    for media_type in ("text/turtle", "application/ld+json"):
        answer = await live.stranger.get("/.notifications/sender", accept=media_type)
        assert answer.headers["content-type"].startswith(media_type)
        assert "oidcIssuer" in answer.text
