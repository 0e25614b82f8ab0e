"""What the Solid Protocol demands of every server, section by section, where no other test says it already."""

import pytest
from rdflib import Graph, URIRef

from tests.pod_host import ORIGIN, PodHost

CONTAINS = URIRef("http://www.w3.org/ns/ldp#contains")
CONTAINER_LINK = '<http://www.w3.org/ns/ldp#BasicContainer>; rel="type"'
DOCUMENT = "<#a> <#b> <#c>."
INSERT = "INSERT DATA { <#hello> <#linked> <#world> }"
N3_INSERT = (
    "@prefix solid: <http://www.w3.org/ns/solid/terms#>. "
    "<> a solid:InsertDeletePatch; solid:inserts { <#hello> <#linked> <#world> }."
)
TURTLE, N3, SPARQL = "text/turtle", "text/n3", "application/sparql-update"
LONG_ACCEPT = "text/turtle;q=0.9, application/rdf+xml;q=0.8, application/ld+json;q=0.5, text/html;q=0.1, text/plain;q=0.7"


async def members(host: PodHost, path: str) -> set[str]:
    answer = await host.anna.get(path, accept=TURTLE)
    graph = Graph().parse(data=answer.text, format="turtle", publicID=ORIGIN + path)
    return {str(found) for found in graph.objects(URIRef(ORIGIN + path), CONTAINS)}


# Section 2.1, HTTP server: who is not known gets a challenge, whatever is wrong with the request besides.


# method, media type, content: requests that are right, and others that are wrong in themselves
REQUESTS = (
    *(
        ("GET", "", ""),
        ("HEAD", "", ""),
        ("DELETE", "", ""),
        ("PUT", TURTLE, DOCUMENT),
        ("PUT", "", DOCUMENT),
    ),
    *(
        ("PUT", TURTLE, "<broken"),
        ("POST", TURTLE, DOCUMENT),
        ("POST", "", DOCUMENT),
        ("PATCH", N3, N3_INSERT),
    ),
    *(
        ("PATCH", SPARQL, INSERT),
        ("PATCH", "text/csv", "a,b"),
        ("PATCH", N3, "<broken"),
        ("PATCH", "", INSERT),
    ),
)


@pytest.mark.parametrize(
    "path", ["/anna/doc", "/anna/box/", "/anna/nothing", "/anna/doc.acl", "/anna/doc.meta"]
)
async def test_who_is_not_known_is_challenged_before_anything_else(host: PodHost, path: str) -> None:
    await host.anna.put("/anna/doc", DOCUMENT)
    await host.anna.put("/anna/box/x", DOCUMENT)
    for method, media_type, content in REQUESTS:
        kind = {"content-type": media_type} if media_type else {}
        answer = await host.stranger.request(method, path, content=content or None, headers=kind)
        assert (answer.status_code, method, media_type) == (401, method, media_type)
        assert answer.headers["www-authenticate"].startswith("DPoP ")


@pytest.mark.parametrize("path", ["/anna/doc", "/anna/box/", "/anna/.well-known/solid", "/anna/activity/"])
@pytest.mark.parametrize("method", ["TRACE", "PROPFIND", "LOCK"])
async def test_what_is_not_supported_is_405_with_what_is(host: PodHost, method: str, path: str) -> None:
    answer = await host.anna.request(method, path)
    assert answer.status_code == 405
    assert {"GET", "HEAD", "OPTIONS"} <= set(answer.headers["allow"].split(", "))


# Section 4: storage, containers, auxiliary resources.


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize(
    "path", ["/anna/", "/anna/box/", "/anna/box/x", "/anna/box/x.acl", "/anna/photo.png"]
)
async def test_every_resource_leads_to_the_description_of_its_storage(
    host: PodHost, method: str, path: str
) -> None:
    await host.anna.put("/anna/box/x", DOCUMENT)
    await host.anna.put("/anna/photo.png", b"png", "image/png")
    await host.anna.put("/anna/box/x.acl", own_acl(host, "/anna/box/x"))
    link = (await host.anna.request(method, path)).headers["link"]
    description = (
        f'<{ORIGIN}/anna/.well-known/solid>; rel="http://www.w3.org/ns/solid/terms#storageDescription"'
    )
    assert description in link
    assert link.count('rel="acl"') == (0 if path.endswith(".acl") else 1)
    assert link.count('rel="describedby"') <= 1


@pytest.mark.parametrize("suffix", [".acl", ".meta"])
@pytest.mark.parametrize("subject", ["/anna/doc", "/anna/box/"])
async def test_an_auxiliary_resource_is_put_patched_and_deleted(
    host: PodHost, subject: str, suffix: str
) -> None:
    await host.anna.put("/anna/doc", DOCUMENT)
    await host.anna.put("/anna/box/x", DOCUMENT)
    place = subject + suffix
    content = own_acl(host, subject) if suffix == ".acl" else f"<{ORIGIN}{subject}> <#says> 1 ."
    assert (await host.anna.get(place)).status_code == 404
    assert (await host.anna.put(place, content)).status_code == 201
    assert (await host.anna.patch(place, INSERT, SPARQL)).status_code == 204
    assert "#world" in (await host.anna.get(place, accept="application/n-triples")).text
    assert (await host.anna.delete(place)).status_code == 204
    assert (await host.anna.get(place)).status_code == 404
    assert (await host.anna.get(subject)).status_code == 200


async def test_a_description_is_made_by_a_patch(host: PodHost) -> None:
    await host.anna.put("/anna/photo.png", b"png", "image/png")
    assert (await host.anna.patch("/anna/photo.png.meta", N3_INSERT)).status_code == 201
    assert (await host.anna.get("/anna/photo.png.meta")).headers["content-type"] == TURTLE


# Section 5: reading and writing.


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("path", ["/anna/box/", "/anna/box/x", "/anna/photo.png"])
async def test_a_resource_says_what_it_takes(host: PodHost, method: str, path: str) -> None:
    await host.anna.put("/anna/box/x", DOCUMENT)
    await host.anna.put("/anna/photo.png", b"png", "image/png")
    answer = await host.anna.request(method, path)
    assert {"GET", "HEAD", "PUT", "PATCH", "DELETE"} <= set(answer.headers["allow"].split(", "))
    assert "text/n3" in answer.headers["accept-patch"]
    assert "text/turtle" in answer.headers["accept-put"]
    assert ("accept-post" in answer.headers) == path.endswith("/")


@pytest.mark.parametrize(
    ("method", "media_type", "content"),
    [("PUT", TURTLE, DOCUMENT), ("PATCH", N3, N3_INSERT), ("PATCH", SPARQL, INSERT)],
)
async def test_every_container_on_the_way_is_made_and_holds_the_next(
    host: PodHost, method: str, media_type: str, content: str
) -> None:
    path = "/anna/one/two/three.txt" if media_type == SPARQL else "/anna/one/two/three.ttl"
    answer = await host.anna.request(method, path, content=content, headers={"content-type": media_type})
    assert answer.status_code == 201
    assert f"{ORIGIN}/anna/one/" in await members(host, "/anna/")
    assert await members(host, "/anna/one/") == {f"{ORIGIN}/anna/one/two/"}
    assert await members(host, "/anna/one/two/") == {ORIGIN + path}


@pytest.mark.parametrize(
    ("method", "media_type", "content"),
    [("PUT", TURTLE, DOCUMENT), ("PATCH", N3, N3_INSERT), ("PATCH", SPARQL, INSERT)],
)
@pytest.mark.parametrize("path", ["/anna/doc/x", "/anna/doc/far/x", "/anna/doc/"])
async def test_nothing_is_written_below_a_document(
    host: PodHost, path: str, method: str, media_type: str, content: str
) -> None:
    await host.anna.put("/anna/doc", DOCUMENT)
    answer = await host.anna.request(method, path, content=content, headers={"content-type": media_type})
    assert answer.status_code == 409
    assert (await host.anna.get(path)).status_code == 404
    assert (await host.anna.get("/anna/doc")).text == DOCUMENT


@pytest.mark.parametrize("path", ["/anna/none/", "/anna/none", "/anna/none/deep/", "/anna/none.txt"])
async def test_a_post_to_nothing_makes_nothing(host: PodHost, path: str) -> None:
    assert (await host.anna.post(path, DOCUMENT, slug="x")).status_code == 404
    assert (await host.anna.get(path)).status_code == 404
    assert not any("none" in member for member in await members(host, "/anna/"))


@pytest.mark.parametrize("link", ["", CONTAINER_LINK])
@pytest.mark.parametrize("taken", ["/anna/box/name", "/anna/box/name/x"])
async def test_a_slug_never_leads_to_a_document_and_a_container_of_one_name(
    host: PodHost, taken: str, link: str
) -> None:
    await host.anna.put(taken, DOCUMENT)
    answer = await host.anna.post("/anna/box/", DOCUMENT, slug="name", **({"link": link} if link else {}))
    location = answer.headers["location"]
    assert answer.status_code == 201
    assert "name" in location
    assert location.endswith("/") == bool(link)
    assert location.rstrip("/") != f"{ORIGIN}/anna/box/name"


@pytest.mark.parametrize("path", ["/anna/box/x", "/anna/box/y/"])
async def test_what_is_deleted_is_no_member_any_more(host: PodHost, path: str) -> None:
    await host.anna.put("/anna/box/x", DOCUMENT)
    await host.anna.put("/anna/box/y/", "", link=CONTAINER_LINK)
    assert ORIGIN + path in await members(host, "/anna/box/")
    assert (await host.anna.delete(path)).status_code == 204
    assert ORIGIN + path not in await members(host, "/anna/box/")
    assert (await host.anna.get(path)).status_code == 404


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_the_tag_of_a_read_lets_a_write_through_and_another_does_not(
    host: PodHost, method: str
) -> None:
    await host.anna.put("/anna/doc", DOCUMENT)
    tag = (await host.anna.get("/anna/doc")).headers["etag"]
    kind, content = (TURTLE, "<#a> <#b> <#d>.") if method == "PUT" else (N3, N3_INSERT)
    stale = {"content-type": kind, "if-match": '"another"'}
    assert (await host.anna.request(method, "/anna/doc", content=content, headers=stale)).status_code == 412
    assert (await host.anna.get("/anna/doc")).text == DOCUMENT
    fresh = {"content-type": kind, "if-match": tag}
    assert (await host.anna.request(method, "/anna/doc", content=content, headers=fresh)).status_code == 204


@pytest.mark.parametrize("path", ["/anna/", "/anna/box/", "/anna/box/x"])
@pytest.mark.parametrize("accept", [LONG_ACCEPT, "*/*", "text/*", "text/turtle, */*;q=0.1"])
async def test_a_long_wish_list_ends_with_turtle(host: PodHost, path: str, accept: str) -> None:
    await host.anna.put("/anna/box/x", DOCUMENT)
    answer = await host.anna.get(path, accept=accept)
    assert (answer.status_code, answer.headers["content-type"]) == (200, TURTLE)


async def test_relative_references_are_to_the_resource_or_to_the_base_that_it_states(host: PodHost) -> None:
    await host.anna.put("/anna/box/x", "@base <http://base.example/a/>. <#a> <b> <../c>.")
    text = (await host.anna.get("/anna/box/x", accept="application/n-triples")).text
    assert "<http://base.example/a/#a> <http://base.example/a/b> <http://base.example/c>" in text
    await host.anna.put("/anna/box/y", "<> <b> <../c>.")
    text = (await host.anna.get("/anna/box/y", accept="application/n-triples")).text
    assert f"<{ORIGIN}/anna/box/y> <{ORIGIN}/anna/box/b> <{ORIGIN}/anna/c>" in text


# Web Access Control: what a client is told of rights.


async def test_who_may_only_write_is_told_nothing_of_what_is_there(host: PodHost) -> None:
    await host.anna.put("/anna/drop/secret", "<#a> <#b> 'secret'.")
    rule = f"<#w> a acl:Authorization; acl:agent <{host.bob.webid}>; acl:default <./>; acl:mode acl:Write.\n"
    await host.anna.put("/anna/drop/.acl", own_acl(host, "/anna/drop/") + rule)
    for answer in (
        await host.bob.put("/anna/drop/secret", "<#a> <#b> 'other secret'."),
        await host.bob.patch("/anna/drop/secret", INSERT, SPARQL),
    ):
        assert (answer.status_code, answer.content) == (204, b"")
    refused = await host.bob.get("/anna/drop/secret")
    assert refused.status_code == 403
    assert "other secret" not in refused.text


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_everybody_is_told_what_they_may_do(host: PodHost, method: str) -> None:
    told = {
        name: (await person.request(method, "/anna/profile/card")).headers["wac-allow"]
        for name, person in (("anna", host.anna), ("bob", host.bob), ("nobody", host.stranger))
    }
    assert told["anna"] == 'user="read write append control",public="read"'
    assert told["bob"] == told["nobody"] == 'user="read",public="read"'


async def test_inherited_rights_are_told_alike_on_the_container_and_below(host: PodHost) -> None:
    await host.anna.put("/anna/box/deep/x", DOCUMENT)
    for path in ("/anna/box/", "/anna/box/deep/", "/anna/box/deep/x"):
        assert (await host.anna.get(path)).headers["wac-allow"].startswith('user="read write append control"')


def own_acl(host: PodHost, subject: str) -> str:
    return (
        "@prefix acl: <http://www.w3.org/ns/auth/acl#>.\n"
        f"<#owner> a acl:Authorization; acl:agent <{host.anna.webid}>; acl:accessTo <{ORIGIN}{subject}>;\n"
        f"  acl:default <{ORIGIN}{subject}>; acl:mode acl:Read, acl:Write, acl:Control.\n"
    )


@pytest.mark.parametrize("accept", ["*/*", "text/html"])
@pytest.mark.parametrize("path", ["/anna/", "/anna/profile/", "/anna/profile/card", "/anna/inbox/?most=1"])
async def test_links_and_what_an_answer_varies_by_stand_in_one_field_each(
    host: PodHost, path: str, accept: str
) -> None:
    """Some harnesses read one field of a name, or one value of each (RFC 9110, 5.3 allows to join them)."""
    answer = await host.anna.get(path, accept=accept, prefer="return=representation; max-member-count=1")
    assert answer.status_code == 200
    assert len(answer.headers.get_list("link")) == len(answer.headers.get_list("vary")) == 1
    assert {"Accept", "Authorization", "Origin"} <= set(answer.headers["vary"].split(", "))
