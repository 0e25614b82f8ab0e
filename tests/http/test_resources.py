"""Documents and containers over HTTP: create, read in every format, replace, patch, delete, list."""

import asyncio
import json

import pytest
from rdflib import Graph, URIRef

from pods.protocol import rdf
from pods.protocol.rdf import OFFERED
from tests.pod_host import ORIGIN, PodHost

LDP = "http://www.w3.org/ns/ldp#"
CONTAINER_LINK = f'<{LDP}BasicContainer>; rel="type"'
DOCUMENT = "@prefix ex: <http://e/>.\n<#a> ex:b <#c> . # kept as written\n"
N3 = "@prefix solid: <http://www.w3.org/ns/solid/terms#>. @prefix ex: <http://e/>.\n"


async def members(host: PodHost, path: str) -> set[str]:
    answer = await host.anna.get(path)
    graph = Graph().parse(data=answer.text, format="turtle", publicID=ORIGIN + path)
    return {
        str(found).removeprefix(ORIGIN + path)
        for found in graph.objects(URIRef(ORIGIN + path), URIRef(LDP + "contains"))
    }


async def test_turtle_is_served_as_it_was_written(host: PodHost) -> None:
    assert (await host.anna.put("/anna/x.ttl", DOCUMENT)).status_code == 201
    answer = await host.anna.get("/anna/x.ttl")
    assert (answer.status_code, answer.text) == (200, DOCUMENT)
    assert answer.headers["content-type"] == "text/turtle"


@pytest.mark.parametrize("media_type", rdf.OFFERED)
async def test_a_document_can_be_read_in_every_format(host: PodHost, media_type: str) -> None:
    await host.anna.put("/anna/x.ttl", DOCUMENT)
    answer = await host.anna.get("/anna/x.ttl", accept=media_type)
    assert answer.headers["content-type"] == media_type
    parsed = rdf.parse(media_type, answer.content, f"{ORIGIN}/anna/x.ttl")
    assert set(parsed) == set(rdf.parse(rdf.TURTLE, DOCUMENT.encode(), f"{ORIGIN}/anna/x.ttl"))


async def test_a_large_document_is_converted_without_holding_up_others(host: PodHost) -> None:
    turtle = "".join(f"<#n{n}> <#says> 'number {n}' .\n" for n in range(20_000))
    await host.anna.put("/anna/large.ttl", turtle)
    order: list[str] = []

    async def read(path: str, accept: str) -> int:
        answer = await host.anna.get(path, accept=accept)
        order.append(path)
        return len(answer.content) if answer.status_code == 200 else 0

    sizes = await asyncio.gather(
        read("/anna/large.ttl", "application/n-triples"), read("/anna/profile/card", "text/turtle")
    )
    assert sizes[0] > len(turtle)
    assert order == ["/anna/profile/card", "/anna/large.ttl"]


async def test_representations_have_different_tags(host: PodHost) -> None:
    await host.anna.put("/anna/x.ttl", DOCUMENT)
    kinds = ("text/turtle", "application/ld+json", "application/n-triples")
    assert len({(await host.anna.get("/anna/x.ttl", accept=kind)).headers["etag"] for kind in kinds}) == 3


async def test_json_ld_keeps_its_named_graphs(host: PodHost) -> None:
    content = json.dumps(
        {"@context": {"ex": "http://e/"}, "@id": "http://g", "@graph": [{"@id": "#x", "ex:y": "z"}]}
    )
    await host.anna.put("/anna/x", content, "application/ld+json")
    assert (await host.anna.get("/anna/x")).json() == json.loads(content)


async def test_json_ld_with_a_context_that_is_carried_is_understood(host: PodHost) -> None:
    content = '{"@context": "https://w3id.org/portico/contexts/data", "id": "#it", "type": "Order"}'
    assert (await host.anna.put("/anna/x", content, "application/ld+json")).status_code == 201
    assert "http://schema.org/Order" in (await host.anna.get("/anna/x", accept="application/n-triples")).text


async def test_json_ld_of_schema_org_is_read_as_turtle(host: PodHost) -> None:
    content = (
        '{"@context": "https://schema.org", "@id": "#it", "@type": "Person", "url": "https://anna.example/"}'
    )
    assert (await host.anna.put("/anna/x", content, "application/ld+json")).status_code == 201
    triples = (await host.anna.get("/anna/x", accept="application/n-triples")).text
    assert "<http://schema.org/url> <https://anna.example/> ." in triples
    assert "<http://schema.org/Person>" in triples


async def test_an_inbox_takes_activity_streams(host: PodHost) -> None:
    content = '{"@context": "https://www.w3.org/ns/activitystreams", "type": "Offer", "summary": "hello"}'
    answer = await host.bob.post("/anna/inbox/", content, "application/ld+json")
    assert answer.status_code == 201
    read = await host.anna.get(answer.headers["location"], accept="text/turtle")
    assert "https://www.w3.org/ns/activitystreams#Offer" in read.text


async def test_json_ld_with_a_context_elsewhere_is_refused(host: PodHost) -> None:
    answer = await host.anna.put(
        "/anna/x", '{"@context": "https://elsewhere.example/c", "a": 1}', "application/ld+json"
    )
    assert answer.status_code == 422
    assert "https://elsewhere.example/c" in answer.json()["detail"]


async def test_a_format_that_is_not_there_is_not_acceptable(host: PodHost) -> None:
    await host.anna.put("/anna/x.ttl", DOCUMENT)
    assert (await host.anna.get("/anna/x.ttl", accept="text/csv")).status_code == 406


@pytest.mark.parametrize("accept", [None, "*/*", "text/turtle, text/html, */*;q=0.8"])
async def test_a_container_answers_whatever_is_asked(host: PodHost, accept: str | None) -> None:
    answer = await host.anna.get("/anna/", **({"accept": accept} if accept else {}))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/turtle")


async def test_a_binary_is_served_byte_by_byte(host: PodHost) -> None:
    await host.anna.put("/anna/photo.png", bytes(range(256)), "image/png")
    answer = await host.anna.get("/anna/photo.png")
    assert (answer.content, answer.headers["content-type"]) == (bytes(range(256)), "image/png")


async def test_a_range_of_a_binary_is_served(host: PodHost) -> None:
    await host.anna.put("/anna/photo.png", bytes(range(256)), "image/png")
    answer = await host.anna.get("/anna/photo.png", range="bytes=10-19")
    assert (answer.status_code, answer.content) == (206, bytes(range(10, 20)))
    assert answer.headers["content-range"] == "bytes 10-19/256"


async def test_a_range_beyond_the_end_is_refused(host: PodHost) -> None:
    await host.anna.put("/anna/photo.png", b"abc", "image/png")
    answer = await host.anna.get("/anna/photo.png", range="bytes=10-")
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */3")


async def test_head_tells_what_get_would(host: PodHost) -> None:
    await host.anna.put("/anna/x.ttl", DOCUMENT)
    head, get = await host.anna.request("HEAD", "/anna/x.ttl"), await host.anna.get("/anna/x.ttl")
    assert (head.status_code, head.content) == (200, b"")
    assert dict(head.headers) == dict(get.headers)


async def test_missing_containers_are_made_on_the_way(host: PodHost) -> None:
    await host.anna.put("/anna/a/b/c.ttl", DOCUMENT)
    assert "a/" in await members(host, "/anna/")
    assert await members(host, "/anna/a/") == {"b/"}
    assert await members(host, "/anna/a/b/") == {"c.ttl"}


async def test_a_sparql_patch_makes_a_document_of_any_name(host: PodHost) -> None:
    patch = "INSERT DATA { <#hello> <#linked> <#world> . }"
    answer = await host.anna.patch("/anna/deep/x.txt", patch, "application/sparql-update")
    assert answer.status_code == 201
    assert (await host.anna.get("/anna/deep/x.txt")).headers["content-type"] == "text/turtle"


async def test_a_patch_keeps_the_format_and_the_prefixes(host: PodHost) -> None:
    await host.anna.put("/anna/x.ttl", DOCUMENT)
    patch = N3 + "_:p a solid:InsertDeletePatch; solid:inserts { <#a> ex:d 1 }."
    assert (await host.anna.patch("/anna/x.ttl", patch)).status_code == 204
    assert "@prefix ex:" in (await host.anna.get("/anna/x.ttl")).text


async def test_a_patch_of_a_binary_is_a_conflict(host: PodHost) -> None:
    await host.anna.put("/anna/x.png", b"x", "image/png")
    patch = N3 + "_:p a solid:InsertDeletePatch; solid:inserts { <#a> ex:d 1 }."
    assert (await host.anna.patch("/anna/x.png", patch)).status_code == 409


async def test_a_patch_of_another_type_is_unsupported(host: PodHost) -> None:
    answer = await host.anna.patch("/anna/x.ttl", "{}", "application/json-patch+json")
    assert answer.status_code == 415
    assert answer.headers["accept-patch"] == "text/n3, application/sparql-update"


async def test_a_slug_names_the_member(host: PodHost) -> None:
    answer = await host.anna.post("/anna/inbox/", DOCUMENT, slug="hello")
    assert (answer.status_code, answer.headers["location"]) == (201, f"{ORIGIN}/anna/inbox/hello")


async def test_a_slug_that_is_taken_gets_a_further_name(host: PodHost) -> None:
    await host.anna.post("/anna/inbox/", DOCUMENT, slug="hello")
    answer = await host.anna.post("/anna/inbox/", DOCUMENT, slug="hello", link=CONTAINER_LINK)
    location = answer.headers["location"]
    assert location.startswith(f"{ORIGIN}/anna/inbox/hello-")
    assert location.endswith("/")


async def test_a_slug_never_makes_an_acl(host: PodHost) -> None:
    answer = await host.bob.post("/anna/inbox/", DOCUMENT, slug=".acl")
    assert answer.status_code == 201
    assert not answer.headers["location"].endswith(".acl")


async def test_a_container_is_made_by_post_and_by_put(host: PodHost) -> None:
    answer = await host.anna.post("/anna/", b"", link=CONTAINER_LINK, slug="box")
    assert answer.headers["location"] == f"{ORIGIN}/anna/box/"
    assert (await host.anna.put("/anna/chest/", b"", link=CONTAINER_LINK)).status_code == 201
    assert {"box/", "chest/"} <= await members(host, "/anna/")


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/anna/box/", "NonRDFSource"), ("/anna/box", "BasicContainer"), ("/anna/box", "Container")],
)
async def test_a_kind_that_does_not_fit_the_address_is_a_conflict(
    host: PodHost, path: str, kind: str
) -> None:
    link = f'<http://www.w3.org/ns/ldp#{kind}>; rel="type"'
    assert (await host.anna.put(path, DOCUMENT, link=link)).status_code == 409
    assert (await host.anna.get(path)).status_code == 404


async def test_whoever_creates_something_is_told_its_address(host: PodHost) -> None:
    insert = N3 + "_:p a solid:InsertDeletePatch; solid:inserts { <#a> ex:d 1 }."
    made = {
        "/anna/x.ttl": await host.anna.put("/anna/x.ttl", DOCUMENT),
        "/anna/box/": await host.anna.put("/anna/box/", b"", link=CONTAINER_LINK),
        "/anna/y.ttl": await host.anna.patch("/anna/y.ttl", insert),
    }
    for path, answer in made.items():
        assert (answer.status_code, answer.headers["location"]) == (201, ORIGIN + path)
    assert "location" not in (await host.anna.put("/anna/x.ttl", DOCUMENT)).headers


async def test_what_the_owner_says_about_a_container_is_kept(host: PodHost) -> None:
    await host.anna.put("/anna/box/", '<> <http://purl.org/dc/terms/title> "My box".', link=CONTAINER_LINK)
    await host.anna.put("/anna/box/x.ttl", DOCUMENT)
    answer = await host.anna.get("/anna/box/")
    assert "My box" in answer.text
    assert await members(host, "/anna/box/") == {"x.ttl"}


@pytest.mark.parametrize(
    "claim", [f"<> <{LDP}contains> <ghost>.", "<x.ttl> <http://www.w3.org/ns/posix/stat#size> 1 ."]
)
async def test_nobody_else_states_what_a_container_holds(host: PodHost, claim: str) -> None:
    await host.anna.put("/anna/box/x.ttl", DOCUMENT)
    assert (await host.anna.put("/anna/box/", claim)).status_code == 409
    patch = f"INSERT DATA {{ {claim.removesuffix('.')} }}"
    assert (await host.anna.patch("/anna/box/", patch, "application/sparql-update")).status_code == 409


async def test_a_patch_can_say_more_about_a_container(host: PodHost) -> None:
    await host.anna.put("/anna/box/x.ttl", DOCUMENT)
    patch = N3 + "_:p a solid:InsertDeletePatch; solid:inserts { <> ex:title 'Box' }."
    assert (await host.anna.patch("/anna/box/", patch)).status_code == 204
    assert "Box" in (await host.anna.get("/anna/box/")).text


async def test_members_are_listed_with_their_metadata(host: PodHost) -> None:
    await host.anna.put("/anna/box/x.ttl", DOCUMENT)
    answer = await host.anna.get("/anna/box/")
    graph = Graph().parse(data=answer.text, format="turtle", publicID=f"{ORIGIN}/anna/box/")
    said = {str(p): str(o) for p, o in graph.predicate_objects(URIRef(f"{ORIGIN}/anna/box/x.ttl"))}
    assert said["http://www.w3.org/ns/posix/stat#size"] == str(len(DOCUMENT))
    assert said["http://purl.org/dc/terms/modified"].startswith("2026-03-01T12:00:00")


async def test_a_listing_has_a_new_tag_when_a_member_changes(host: PodHost) -> None:
    await host.anna.put("/anna/box/x.ttl", DOCUMENT)
    before = (await host.anna.get("/anna/box/")).headers["etag"]
    await host.anna.put("/anna/box/x.ttl", DOCUMENT + DOCUMENT)
    after = await host.anna.get("/anna/box/")
    assert after.headers["etag"] != before
    assert str(2 * len(DOCUMENT)) in after.text


async def test_names_with_colons_are_listed_as_what_they_are(host: PodHost) -> None:
    await host.anna.put("/anna/box/a:b", DOCUMENT)
    assert await members(host, "/anna/box/") == {"a:b"}


async def test_auxiliary_resources_are_no_members(host: PodHost) -> None:
    await host.anna.put("/anna/box/x.ttl", DOCUMENT)
    await host.anna.put("/anna/box/x.ttl.meta", "<x.ttl> <#about> 1 .")
    assert await members(host, "/anna/box/") == {"x.ttl"}


async def test_deleting_a_resource_deletes_its_auxiliaries(host: PodHost) -> None:
    await host.anna.put("/anna/x.ttl", DOCUMENT)
    await host.anna.put("/anna/x.ttl.meta", "<x.ttl> <#about> 1 .")
    assert (await host.anna.delete("/anna/x.ttl")).status_code == 204
    assert (await host.anna.get("/anna/x.ttl.meta")).status_code == 404


async def test_a_container_with_members_is_not_deleted(host: PodHost) -> None:
    await host.anna.put("/anna/box/x.ttl", DOCUMENT)
    answer = await host.anna.delete("/anna/box/")
    assert (answer.status_code, "members" in answer.json()["detail"]) == (409, True)


@pytest.mark.parametrize("path", ["/anna/", "/anna/.acl"])
async def test_the_storage_itself_is_not_deleted(host: PodHost, path: str) -> None:
    answer = await host.anna.delete(path)
    assert answer.status_code == 405
    assert "DELETE" not in answer.headers["allow"]
    assert "DELETE" not in (await host.anna.get(path)).headers["allow"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        *(("PUT", "/anna/doc/", 409), ("PUT", "/anna/box", 409), ("PUT", "/anna/doc/below.ttl", 409)),
        *(("PUT", "/anna/doc/far/below.ttl", 409), ("GET", "/anna/doc/", 404), ("GET", "/anna/box", 404)),
        *(("POST", "/anna/doc/below/", 404), ("POST", "/anna/nowhere/", 404), ("POST", "/anna/nowhere", 404)),
        *(
            ("GET", "/anna", 404),
            ("PUT", "/anna", 409),
            ("POST", "/anna/doc", 405),
            ("POST", "/anna/doc/", 404),
        ),
    ],
)
async def test_a_path_is_a_document_or_a_container(
    host: PodHost, method: str, path: str, status: int
) -> None:
    await host.anna.put("/anna/doc", DOCUMENT)
    await host.anna.put("/anna/box/x.ttl", DOCUMENT)
    content = {"content": DOCUMENT, "headers": {"content-type": "text/turtle"}} if method != "GET" else {}
    assert (await host.anna.request(method, path, **content)).status_code == status  # type: ignore[arg-type]  # keywords of one method


@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH"])
async def test_a_body_without_a_type_is_a_bad_request(host: PodHost, method: str) -> None:
    path = "/anna/inbox/" if method == "POST" else "/anna/x"
    assert (await host.anna.request(method, path, content=b"<> a <#x>.")).status_code == 400


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("text/plain; charset=ISO-8859-1", "text/plain; charset=ISO-8859-1"),
        ('VIDEO/webm ;Codecs="vp9, opus"', 'video/webm; codecs="vp9, opus"'),
        ("text/plain; charset", "text/plain"),
        ("text/turtle; charset=utf-8", "text/turtle"),
    ],
)
async def test_a_media_type_is_kept_with_its_parameters(host: PodHost, sent: str, kept: str) -> None:
    assert (await host.anna.put("/anna/box/x", DOCUMENT, sent)).status_code == 201
    assert (await host.anna.get("/anna/box/x", accept="*/*")).headers["content-type"] == kept
    listed = (await host.anna.get("/anna/box/", accept="text/turtle")).text
    assert f"/media-types/{kept.partition(';')[0]}#Resource>" in listed


@pytest.mark.parametrize(
    ("media_type", "document"),
    [
        ("text/turtle", "<#a> <#b> 1 ."),
        ("application/ld+json", '{"@context": {"@vocab": "#"}, "@id": "#a", "b": 1}'),
        ("application/n-triples", f"<{ORIGIN}/anna/x#a> <{ORIGIN}/anna/x#b> 1 .".replace("1", '"1"')),
    ],
)
async def test_the_mark_that_an_editor_puts_before_a_document_is_none_of_it(
    host: PodHost, media_type: str, document: str
) -> None:
    assert (await host.anna.put("/anna/x", f"\ufeff{document}", media_type)).status_code == 201
    other = next(one for one in OFFERED if one != media_type)
    answer = await host.anna.get("/anna/x", accept=other)
    assert (answer.status_code, f"{ORIGIN}/anna/x#a" in answer.text) == (200, True)
    patch = await host.anna.patch("/anna/x", "\ufeffINSERT DATA { <#c> <#d> 2 }", "application/sparql-update")
    assert patch.status_code == 204


@pytest.mark.parametrize("sent", ["text", "a/b c", "a/b/c", "a/", '"a"/b', "a/b#x>, <http://evil.example/"])
async def test_what_is_no_media_type_is_never_stored(host: PodHost, sent: str) -> None:
    assert (await host.anna.put("/anna/box/x", DOCUMENT, sent)).status_code == 400
    assert (await host.anna.get("/anna/box/x")).status_code == 404


async def test_a_media_type_states_nothing_in_a_listing(host: PodHost) -> None:
    await host.anna.put("/anna/box/y", DOCUMENT)
    host.write("/anna/box/x", "…", "a/b#c>, <http://evil.example/ ^d")  # as older versions stored it
    for accept in ("text/turtle", "application/ld+json", "text/html"):
        answer = await host.anna.get("/anna/box/", accept=accept)
        assert (answer.status_code, "<http://evil" in answer.text) == (200, False)
    assert await members(host, "/anna/box/") == {"x", "y"}


async def test_a_part_is_never_put_in_the_place_of_the_whole(host: PodHost) -> None:
    await host.anna.put("/anna/x.txt", "whole", "text/plain")
    part = await host.anna.put("/anna/x.txt", "pa", "text/plain", content_range="bytes 0-1/5")
    assert part.status_code == 400
    assert (await host.anna.get("/anna/x.txt")).text == "whole"


async def test_a_broken_body_is_named_only_to_who_may_write(host: PodHost) -> None:
    answer = await host.anna.put("/anna/x.ttl", "<broken")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-content")
    assert (await host.bob.put("/anna/x.ttl", "<broken")).status_code == 403
    assert (await host.stranger.patch("/anna/", "nonsense", "application/sparql-update")).status_code == 401


async def test_a_packed_body_is_refused(host: PodHost) -> None:
    answer = await host.anna.put("/anna/x.ttl", b"..", content_encoding="gzip")
    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "identity")


@pytest.mark.parametrize(("coding", "status"), [("gzip, chunked", 400), ("chunked", 201), ("Chunked", 201)])
async def test_a_body_that_is_packed_on_its_way_is_not_kept_so(
    host: PodHost, coding: str, status: int
) -> None:
    answer = await host.anna.put("/anna/x.txt", b"..", "text/plain", transfer_encoding=coding)
    assert (answer.status_code, (await host.anna.get("/anna/x.txt")).status_code == 200) == (
        status,
        status == 201,
    )


@pytest.mark.parametrize("path", ["/anna/x.ttl.acl", "/anna/x.ttl.meta", "/anna/box/"])
async def test_where_only_rdf_is_taken_a_refusal_says_which(host: PodHost, path: str) -> None:
    answer = await host.anna.put(path, "text", "text/plain")
    assert (answer.status_code, answer.headers["accept-put"]) == (415, ", ".join(OFFERED))


async def test_a_body_over_the_limit_is_too_large(host: PodHost) -> None:
    answer = await host.anna.put("/anna/x.ttl", bytes(16 * 1024 * 1024 + 1))
    assert answer.status_code == 413


async def test_links_lead_on_from_every_resource(host: PodHost) -> None:
    link = (await host.stranger.get("/anna/profile/card")).headers["link"]
    for expected in (
        f'<{ORIGIN}/anna/profile/card.acl>; rel="acl"',
        f'<{ORIGIN}/anna/profile/card.meta>; rel="describedby"',
        f'<{ORIGIN}/anna/.well-known/solid>; rel="http://www.w3.org/ns/solid/terms#storageDescription"',
        f'<{ORIGIN}/anna/inbox/>; rel="{LDP}inbox"',
        f'<{LDP}Resource>; rel="type"',
    ):
        assert expected in link


@pytest.mark.parametrize(
    ("path", "methods", "types"),
    [
        (
            "/anna/nothing",
            "GET, HEAD, OPTIONS, PUT, PATCH",
            "text/turtle, application/ld+json, application/n-triples, */*",
        ),
        (
            "/anna/box/",
            "GET, HEAD, OPTIONS, PUT, PATCH",
            "text/turtle, application/ld+json, application/n-triples, */*",
        ),
        (
            "/anna/x.acl",
            "GET, HEAD, OPTIONS, PUT, PATCH",
            "text/turtle, application/ld+json, application/n-triples",
        ),
        ("/anna/activity/nothing", "GET, HEAD, OPTIONS", None),
    ],
)
async def test_where_nothing_is_the_owner_learns_how_to_put_something(
    host: PodHost, path: str, methods: str, types: str | None
) -> None:
    answer = await host.anna.get(path)
    assert (answer.status_code, answer.headers["allow"]) == (404, methods)
    assert answer.headers.get("accept-put") == types
    assert "allow" not in (await host.bob.get(path)).headers


async def test_the_root_says_that_it_is_a_storage_and_whose(host: PodHost) -> None:
    link = (await host.anna.get("/anna/")).headers["link"]
    assert '<http://www.w3.org/ns/pim/space#Storage>; rel="type"' in link
    assert f'<{host.anna.webid}>; rel="http://www.w3.org/ns/solid/terms#owner"' in link


async def test_the_storage_is_described_to_everybody(host: PodHost) -> None:
    answer = await host.stranger.get("/anna/.well-known/solid", accept="application/ld+json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/ld+json")
    assert "http://www.w3.org/ns/pim/space#Storage" in answer.text
    assert (await host.anna.put("/anna/.well-known/solid", DOCUMENT)).status_code == 403


async def test_a_request_for_another_host_is_sent_away(host: PodHost) -> None:
    for path in ("/anna/profile/card", "/.well-known/openid-configuration"):
        answer = await host.stranger.get(path, host="evil.example", origin="https://app.example")
        assert (answer.status_code, answer.json()["code"]) == (421, "misdirected")
        assert "evil.example" not in str(answer.headers) + answer.text
        assert answer.headers["access-control-allow-origin"] == "https://app.example"
    assert (await host.stranger.get("/anna/profile/card", host="LOCALHOST:8080")).status_code == 200
    twice = [("host", "localhost:8080"), ("host", "localhost:8080")]
    assert (await host.http.get(f"{ORIGIN}/anna/profile/card", headers=twice)).status_code == 400
