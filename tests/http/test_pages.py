"""What a browser sees: pages of documents, containers and refusals, in the reader's language and powerless."""

import re
from html.parser import HTMLParser

import pytest

from tests.pod_host import ORIGIN, PodHost

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
PUBLIC = (
    "@prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix foaf: <http://xmlns.com/foaf/0.1/>.\n"
    "<#p> a acl:Authorization; acl:agentClass foaf:Agent; acl:accessTo <./>; acl:default <./>; acl:mode acl:Read."
)
HOSTILE = """@prefix s: <http://schema.org/>.
<#x> a s:Order; s:name "<script>alert(1)</script>", "\\" onmouseover=\\"x"; s:alternateName "a\\u202Eb";
    s:url <javascript:alert(1)>, <JavaScript:alert(2)>, <data:text/html,x>, <https://elsewhere.example/?a=b&c=d>,
    <http://localhost:8080/anna/>, <vbscript:x>;
    <http://x.example/%22%3E%3Cscript%3E> "y" ."""


class Links(HTMLParser):
    """The links of a page, and everything that could run in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.hrefs: dict[str, str] = {}
        self.active: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a":
            self.hrefs[given.get("href") or ""] = given.get("rel") or ""
        if tag in ("script", "form", "iframe", "object", "embed", "img", "base"):
            self.active.append(tag)
        self.active += [name for name in given if name.startswith("on") or name == "style"]


def links(page: str) -> Links:
    return Links(page)


async def test_a_browser_gets_a_page_of_a_document(host: PodHost) -> None:
    answer = await host.stranger.get("/anna/profile/card", accept=BROWSER)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert '<html lang="it">' in answer.text
    for expected in ("Fornitore di identità", "Anna", "foaf:name", "/anna/profile/card#me", "Persona"):
        assert expected in answer.text
    assert {"?as=ttl", "?as=jsonld", "?as=nt", "/anna/", "/anna/profile/"} <= links(answer.text).hrefs.keys()


async def test_the_page_is_in_the_readers_language(host: PodHost) -> None:
    english = await host.stranger.get("/anna/profile/card", accept=BROWSER, accept_language="en-GB,it;q=0.5")
    other = await host.stranger.get("/anna/profile/card", accept=BROWSER, accept_language="fr")
    assert ('<html lang="en">' in english.text, "Identity provider" in english.text) == (True, True)
    assert '<html lang="it">' in other.text
    assert english.headers["etag"] != other.headers["etag"]
    assert "accept-language" in english.headers["vary"].lower()


@pytest.mark.parametrize(
    "accept",
    [
        *("*/*", "text/*", "text/turtle", "text/turtle, text/html", "text/html, text/turtle"),
        "text/turtle;q=0.9, text/html;q=0.8, */*;q=0.1",
        "application/ld+json, text/html;q=0.9, text/turtle;q=0.1",
        "text/turtle;q=0.9, application/rdf+xml;q=0.8, application/ld+json;q=0.7, text/plain;q=0.7, */*;q=0.1",
        # Comunica's, and rdflib.js's
        "application/n-quads,application/trig;q=0.95,application/ld+json;q=0.9,application/n-triples;q=0.8,"
        "text/turtle;q=0.6,application/rdf+xml;q=0.5,text/html;q=0.2",
        "image/*;q=0.9, */*;q=0.1, application/rdf+xml;q=0.9, application/xhtml+xml, text/xml;q=0.5, "
        "application/xml;q=0.5, text/html;q=0.9, text/plain;q=0.5, text/n3;q=1.0, text/turtle;q=1",
    ],
)
@pytest.mark.parametrize("path", ["/anna/", "/anna/profile/card"])
async def test_programs_get_data(host: PodHost, path: str, accept: str) -> None:
    host.write("/anna/.acl", PUBLIC)
    assert "html" not in (await host.stranger.get(path, accept=accept)).headers["content-type"]


async def test_a_page_must_be_liked_better_than_data(host: PodHost) -> None:
    answer = await host.stranger.get("/anna/profile/card", accept="text/html;q=0.9, text/turtle;q=0.8")
    assert answer.headers["content-type"].startswith("text/html")


async def test_what_strangers_wrote_runs_nowhere(host: PodHost) -> None:
    host.write("/anna/.acl", PUBLIC)
    host.write("/anna/evil.ttl", HOSTILE)
    host.write("/anna/%3Cscript%3Ealert(1)%3C%2Fx.ttl".replace("%2F", "-"), "<#a> <#b> <#c>.")
    for path in ("/anna/evil.ttl", "/anna/"):
        answer = await host.stranger.get(path, accept=BROWSER)
        found = links(answer.text)
        assert found.active == []
        assert [href for href in found.hrefs if re.match(r"(?i)\s*(javascript|data|vbscript):", href)] == []
        policy = answer.headers.get_list("content-security-policy")
        assert len(policy) == 1
        for part in ("sandbox allow-downloads;", "default-src 'none'", "form-action 'none'"):
            assert part in policy[0]
        assert "unsafe-inline" not in policy[0]
        assert "set-cookie" not in answer.headers


async def test_links_that_leave_the_host_say_nothing_of_where_they_come_from(host: PodHost) -> None:
    host.write("/anna/.acl", PUBLIC)
    host.write("/anna/evil.ttl", HOSTILE)
    found = links((await host.stranger.get("/anna/evil.ttl", accept=BROWSER)).text).hrefs
    assert "noreferrer" in found["https://elsewhere.example/?a=b&c=d"]
    assert found["http://localhost:8080/anna/"] == ""


async def test_a_page_of_a_container_lists_its_members(host: PodHost) -> None:
    host.write("/anna/.acl", PUBLIC)
    host.write("/anna/box/", '<> <http://purl.org/dc/terms/title> "La mia scatola".')
    host.write("/anna/box/sub/", "")
    host.write("/anna/box/a%20b.ttl", "<#a> <#b> <#c>.")
    host.write("/anna/box/photo.png", b"x" * 123_456, "image/png")
    page = (await host.stranger.get("/anna/box/", accept=BROWSER)).text
    for expected in ("La mia scatola", "a b.ttl", "123\u00a0kB", "Immagine", "Cartella", "01/03/2026"):
        assert expected in page
    assert {"./sub/", "./a%20b.ttl", "./photo.png"} <= links(page).hrefs.keys()


async def test_a_page_of_a_large_container_leads_to_the_next(host: PodHost) -> None:
    host.write("/anna/.acl", PUBLIC)
    for number in range(150):
        host.write(f"/anna/box/{number:03}.ttl", "")
    first = (await host.stranger.get("/anna/box/", accept=BROWSER)).text
    following = next(href for href, rel in links(first).hrefs.items() if rel == "next")
    second = (await host.stranger.get(f"/anna/box/{following}", accept=BROWSER)).text
    assert ("099.ttl" in first, "100.ttl" in first) == (True, False)
    assert ("099.ttl" in second, "149.ttl" in second) == (False, True)
    back = next(href for href, rel in links(second).hrefs.items() if rel == "prev")
    assert "000.ttl" in (await host.stranger.get(f"/anna/box/{back}", accept=BROWSER)).text


async def test_a_page_is_not_sent_again_while_nothing_changed(host: PodHost) -> None:
    for path in ("/anna/profile/card", "/anna/"):
        answer = await host.anna.get(path, accept=BROWSER)
        tag = answer.headers["etag"]
        again = await host.anna.get(path, accept=BROWSER, if_none_match=tag)
        assert (again.status_code, again.content) == (304, b"")
        assert tag != (await host.anna.get(path)).headers["etag"]
    host.write("/anna/new.ttl", "")
    assert (await host.anna.get("/anna/", accept=BROWSER, if_none_match=tag)).status_code == 200


async def test_a_page_that_a_person_stored_is_served_as_it_was_stored(host: PodHost) -> None:
    await host.anna.put("/anna/page.html", "<p>mine</p>", "text/html")
    answer = await host.anna.get("/anna/page.html", accept=BROWSER)
    assert (answer.text, answer.headers["content-type"]) == ("<p>mine</p>", "text/html")
    assert answer.headers["content-security-policy"].startswith("sandbox;")


async def test_a_very_large_document_is_offered_and_not_shown(host: PodHost) -> None:
    host.write("/anna/large.ttl", "".join(f"<#n{n}> <#says> 'number {n}' .\n" for n in range(45_000)))
    host.write("/anna/long.ttl", "".join(f"<#n{n}> <#says> 'number {n}' .\n" for n in range(1_200)))
    large = (await host.anna.get("/anna/large.ttl", accept=BROWSER)).text
    assert ("troppo grande" in large, "number 1" in large) == (True, False)
    long = (await host.anna.get("/anna/long.ttl", accept=BROWSER)).text
    assert ("prime 1000" in long, "number 999" in long, "number 1000" in long) == (True, True, False)


@pytest.mark.parametrize(
    ("suffix", "media_type"),
    [("ttl", "text/turtle"), ("jsonld", "application/ld+json"), ("nt", "application/n-triples")],
)
async def test_a_download_is_a_file_of_the_format_that_was_chosen(
    host: PodHost, suffix: str, media_type: str
) -> None:
    answer = await host.stranger.get(f"/anna/profile/card?as={suffix}", accept=BROWSER)
    assert answer.headers["content-type"] == media_type
    assert answer.headers["content-disposition"] == f"attachment; filename*=UTF-8''card.{suffix}"


async def test_other_queries_are_ignored(host: PodHost) -> None:
    plain = await host.stranger.get("/anna/profile/card")
    queried = await host.stranger.get("/anna/profile/card?as=exe&x=1")
    assert (plain.text, plain.headers["etag"]) == (queried.text, queried.headers["etag"])


async def test_a_write_to_a_representation_is_sent_on_to_the_resource(host: PodHost) -> None:
    answer = await host.anna.put("/anna/x.ttl?as=ttl", "<#a> <#b> <#c>.")
    assert (answer.status_code, answer.headers["location"]) == (308, f"{ORIGIN}/anna/x.ttl")
    assert (await host.anna.get("/anna/x.ttl")).status_code == 404


async def test_a_browser_that_may_not_look_is_told_where_to_log_in(host: PodHost) -> None:
    page = await host.stranger.get("/anna/", accept=BROWSER)
    document = await host.stranger.get("/anna/")
    assert (page.status_code, page.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert page.headers["www-authenticate"] == document.headers["www-authenticate"]
    assert document.headers["content-type"] == "application/problem+json"
    found = links(page.text)
    assert {"http://localhost:8081", f"{ORIGIN}/.account/"} <= found.hrefs.keys()
    assert (found.active, "Prima bisogna accedere" in page.text) == ([], True)


async def test_other_refusals_are_pages_too(host: PodHost) -> None:
    for path, status, title in (
        ("/anna/nothing", 403, "Non hai accesso"),
        ("/anna//x", 400, "non va bene"),
    ):
        answer = await host.bob.get(path, accept=BROWSER)
        assert (answer.status_code, title in answer.text) == (status, True)
    assert "There is nothing" in (await host.anna.get("/anna/no", accept=BROWSER, accept_language="en")).text


async def test_named_graphs_are_told_apart(host: PodHost) -> None:
    content = '{"@id": "http://g.example/", "@graph": [{"@id": "#x", "http://e/y": "inside"}]}'
    await host.anna.put("/anna/x", content, "application/ld+json")
    page = (await host.anna.get("/anna/x", accept=BROWSER)).text
    assert ("inside" in page, "Nel grafo con nome:" in page, "http://g.example/" in page) == (True,) * 3


async def test_a_page_leaves_a_line_as_any_read_does(host: PodHost) -> None:
    host.write("/anna/x.ttl", "<#a> <#b> <#c>.")
    host.write(
        "/anna/x.ttl.acl",
        "@prefix acl: <http://www.w3.org/ns/auth/acl#>.\n"
        f"<#b> a acl:Authorization; acl:agent <{host.bob.webid}>; acl:accessTo <x.ttl>; acl:mode acl:Read.",
    )
    assert (await host.bob.get("/anna/x.ttl", accept=BROWSER)).status_code == 200
    log = (await host.anna.get("/anna/activity/2026-03.ttl")).text
    assert log.count('po:decision "permit"') == 1


async def test_what_has_a_name_is_called_by_it(host: PodHost) -> None:
    content = (
        "@prefix schema: <http://schema.org/>. @prefix foaf: <http://xmlns.com/foaf/0.1/>.\n"
        '<#it> a schema:Person, foaf:Person; schema:knows [ schema:name "Bruno" ], [ schema:price 1 ].'
    )
    await host.anna.put("/anna/named", content)
    page = (await host.anna.get("/anna/named", accept="text/html", accept_language="it")).text
    assert len(re.findall(r">Persona<", page)) == 1, "two vocabularies, one word"
    assert re.search(r'<a href="#s\d+"[^>]*><bdi>Bruno</bdi></a>', page)
    assert re.search(r'<a href="#s\d+"[^>]*><bdi>_:\d</bdi></a>', page), "what has no name has a number"


async def test_a_page_leads_to_description_and_acl_those_who_may_see_them(host: PodHost) -> None:
    host.write("/anna/box/x.ttl", "<#a> <#b> <#c>.")
    acl = (
        "@prefix acl: <http://www.w3.org/ns/auth/acl#>.\n"
        f"<#o> a acl:Authorization; acl:agent <{host.anna.webid}>; acl:accessTo <{{0}}>; acl:mode acl:Control, acl:Read."
        f"<#b> a acl:Authorization; acl:agent <{host.bob.webid}>; acl:accessTo <{{0}}>; acl:mode acl:Read."
    )
    for path, name in (("/anna/box/x.ttl", "x.ttl"), ("/anna/box/", "./")):
        auxiliary = {f"{path}.meta", f"{path}.acl"}
        before = await host.anna.get(path, accept=BROWSER)
        assert not auxiliary & links(before.text).hrefs.keys()
        host.write(f"{path}.acl", acl.format(name))
        host.write(f"{path}.meta", f'<{name}> <http://purl.org/dc/terms/title> "Said".')
        owners = await host.anna.get(path, accept=BROWSER)
        others = await host.bob.get(path, accept=BROWSER)
        assert auxiliary <= links(owners.text).hrefs.keys()
        assert "Diritti di accesso" in owners.text
        assert auxiliary & links(others.text).hrefs.keys() == {f"{path}.meta"}
        assert len({answer.headers["etag"] for answer in (before, owners, others)}) == 3
        for there in auxiliary:
            page = await host.anna.get(there, accept=BROWSER)
            assert (page.status_code, f"{there}.acl" in page.text) == (200, False)


async def test_a_page_of_a_container_shows_what_its_description_says(host: PodHost) -> None:
    host.write("/anna/box/", "")
    await host.anna.put("/anna/box/.meta", '<./> <http://purl.org/dc/terms/title> "Descritta".')
    assert "Descritta" in (await host.anna.get("/anna/box/", accept=BROWSER)).text
