"""Linked Data Notifications: what a receiver must do, row by row; and where type indexes are found."""

from __future__ import annotations

import json

import pytest
from rdflib import Graph, Namespace, URIRef

from pods.notify.inbox import MAX_NOTICE
from tests.pod_host import ORIGIN, PodHost
from vocab import jsonld

LDP = Namespace("http://www.w3.org/ns/ldp#")
SOLID = Namespace("http://www.w3.org/ns/solid/terms#")
PIM = Namespace("http://www.w3.org/ns/pim/space#")
INBOX = ORIGIN + "/anna/inbox/"
CARD = ORIGIN + "/anna/profile/card"
ME = URIRef(CARD + "#me")
LD = "application/ld+json"
NOTICE = {
    "@context": "https://www.w3.org/ns/activitystreams",
    "type": "Announce",
    "actor": ORIGIN + "/bob/profile/card#me",
    "object": "https://example.org/article",
}


async def graph_of(host: PodHost, address: str) -> Graph:
    read = await host.anna.get(address, accept="text/turtle")
    assert read.status_code == 200
    return Graph().parse(data=read.text, format="turtle", publicID=address)


@pytest.mark.parametrize("target", [ORIGIN + "/anna/", CARD])
async def test_an_inbox_is_found_in_the_header_of_its_target(host: PodHost, target: str) -> None:
    # LDN, 2 (Discovery): a Link header with the rel value http://www.w3.org/ns/ldp#inbox
    read = await host.anna.request("HEAD", target)
    assert f'<{INBOX}>; rel="{LDP.inbox}"' in read.headers["link"]


async def test_an_inbox_is_found_in_the_rdf_of_the_profile(host: PodHost) -> None:
    # LDN, 2 (Discovery): an RDF representation with the ldp:inbox relation
    assert (ME, LDP.inbox, URIRef(INBOX)) in await graph_of(host, CARD)


@pytest.mark.parametrize(
    ("method", "media_type", "content", "status"),
    [
        # LDN, 3.2 (Receiver): "MUST support ... POST ... with the content type application/ld+json": 201, Location
        ("POST", LD, json.dumps(NOTICE), 201),
        ("POST", f'{LD}; profile="https://www.w3.org/ns/activitystreams"', json.dumps(NOTICE), 201),
        ("POST", "text/turtle", "<> a <https://www.w3.org/ns/activitystreams#Announce>.", 201),
        ("POST", LD, "{", 400),
        ("POST", LD, json.dumps({**NOTICE, "@context": "https://elsewhere.example/"}), 422),
        # whoever may append may not replace, list or delete
        ("PUT", LD, json.dumps(NOTICE), 403),
        ("GET", None, None, 403),
        ("DELETE", None, None, 403),
    ],
)
async def test_what_a_sender_may_do_at_an_inbox(
    host: PodHost, method: str, media_type: str | None, content: str | None, status: int
) -> None:
    headers = {"content-type": media_type} if media_type else {}
    answer = await host.bob.request(method, INBOX, content=content, headers=headers)
    assert answer.status_code == status
    if status == 201:
        assert answer.headers["location"].startswith(INBOX)


async def test_a_sender_must_say_who_it_is(host: PodHost) -> None:
    answer = await host.stranger.post(INBOX, json.dumps(NOTICE), LD)
    assert answer.status_code == 401


async def test_an_inbox_lists_its_notices_and_each_can_be_read_as_json_ld(host: PodHost) -> None:
    # LDN, 3.2: GET on the inbox gives "the notification URIs ... with the ldp:contains predicate", in JSON-LD
    # whatever it was sent as; each notice in JSON-LD as well.
    sent = {
        (await host.bob.post(INBOX, json.dumps(NOTICE), LD)).headers["location"],
        (await host.bob.post(INBOX, "<> a <urn:x:Notice>.")).headers["location"],
    }
    read = await host.anna.get(INBOX, accept=LD)
    assert read.headers["content-type"] == LD
    listing = jsonld.graph(read.json(), INBOX)
    assert {str(notice) for notice in listing.objects(URIRef(INBOX), LDP.contains)} == sent
    for notice in sent:
        one = await host.anna.get(notice, accept=LD)
        assert (one.status_code, one.headers["content-type"]) == (200, LD)
        assert (await host.bob.get(notice)).status_code == 403


async def test_an_inbox_says_what_it_takes(host: PodHost) -> None:
    # LDN, 3.2: "Receivers ... Accept-Post" in the answer to OPTIONS
    for answer in (await host.stranger.request("OPTIONS", INBOX), await host.anna.get(INBOX)):
        assert answer.headers["accept-post"]
        assert "POST" in answer.headers["allow"]


async def test_a_notice_is_short_and_the_limit_is_written_down(host: PodHost) -> None:
    # LDN, 3.2.1 (Constraints): a Link header with rel http://www.w3.org/ns/ldp#constrainedBy
    long = "<> <urn:x:says> '" + "x" * MAX_NOTICE + "'."
    refused = await host.bob.post(INBOX, long)
    assert refused.status_code == 413
    link = f'</.notifications/inbox>; rel="{LDP.constrainedBy}"'
    assert link in refused.headers["link"]
    assert str(MAX_NOTICE) in (await host.stranger.get("/.notifications/inbox")).text
    assert (
        await host.anna.post(INBOX, long)
    ).status_code == 201  # what is the owner's own is the owner's affair


async def test_type_indexes_are_found_from_the_profile(host: PodHost) -> None:
    card = await graph_of(host, CARD)
    public = card.value(ME, SOLID.publicTypeIndex)
    preferences = card.value(ME, PIM.preferencesFile)
    assert public is not None
    assert preferences is not None
    private = (await graph_of(host, str(preferences))).value(ME, SOLID.privateTypeIndex)
    listed, unlisted = await graph_of(host, str(public)), await graph_of(host, str(private))
    assert (public, None, SOLID.ListedDocument) in listed
    assert (private, None, SOLID.UnlistedDocument) in unlisted
    for index, document in ((public, listed), (private, unlisted)):
        assert (index, None, SOLID.TypeIndex) in document
    # The public one tells a stranger nothing of what the person keeps; the private one is theirs alone.
    assert (await host.stranger.get(str(public))).status_code == 200
    assert (await host.stranger.get(str(private))).status_code == 401
    assert (await host.bob.get(str(private))).status_code == 403
    assert (await host.bob.get(str(preferences))).status_code == 403
    registered = {str(place) for place in unlisted.objects(None, SOLID.instanceContainer)}
    assert registered == {f"{ORIGIN}/anna/{name}/" for name in ("purchases", "participation", "value")}
    for place in registered:
        assert (await host.anna.get(place)).status_code == 200
    for registration in unlisted.subjects(None, SOLID.TypeRegistration):
        assert unlisted.value(registration, SOLID.forClass) is not None
