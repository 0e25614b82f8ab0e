"""Description resources (`.meta`): written like any document, governed by their subject, gone with it."""

import pytest
from pyoxigraph import Literal, Triple

from pods.long_listings import AT_ONCE
from pods.model import Path
from pods.protocol import rdf
from pods.representation import LARGE_SOURCE
from tests.pod_host import ORIGIN, PodHost

X = "/anna/x.png"
META = X + ".meta"
N3 = "@prefix solid: <http://www.w3.org/ns/solid/terms#>.\n"


@pytest.mark.parametrize("subject", [X, "/anna/box/", "/anna/"])
async def test_a_description_is_made_and_changed_like_any_document(host: PodHost, subject: str) -> None:
    if subject != "/anna/":
        host.write(subject, b"x" if subject == X else "", "image/png" if subject == X else rdf.TURTLE)
    meta = subject + ".meta"
    assert (await host.anna.get(meta)).status_code == 404
    insert = N3 + "_:p a solid:InsertDeletePatch; solid:inserts { <#a> <#b> 1 }."
    assert (await host.anna.patch(meta, insert)).status_code == 201
    assert (await host.anna.put(meta, "<#a> <#b> 2 .")).status_code == 204
    assert "2" in (await host.anna.get(meta)).text
    assert (await host.anna.get(meta, accept=rdf.JSON_LD)).headers["content-type"] == rdf.JSON_LD
    assert (await host.anna.delete(meta)).status_code == 204
    assert (await host.anna.get(meta)).status_code == 404


async def test_a_resource_has_one_description_at_most(host: PodHost) -> None:
    host.write(X, b"x", "image/png")
    link = (await host.anna.get(X)).headers["link"]
    assert link.count('rel="describedby"') == 1
    assert f'<{ORIGIN}{META}>; rel="describedby"' in link
    assert 'rel="describedby"' not in (await host.anna.put(META, "<#a> <#b> 1 .")).headers["link"]
    assert (await host.anna.put(META + ".meta", "<#a> <#b> 1 .")).status_code == 400


async def test_a_description_has_the_rights_of_its_subject(host: PodHost) -> None:
    host.write(X, b"x", "image/png")
    host.write(META, "<#a> <#b> 1 .")
    acl = "@prefix acl: <http://www.w3.org/ns/auth/acl#>.\n<#r> a acl:Authorization; acl:accessTo <x.png>; "
    host.write(X + ".acl", f"{acl}acl:agent <{host.bob.webid}>; acl:mode acl:Read.")
    assert (await host.bob.get(META)).status_code == 200
    assert (await host.bob.put(META, "<#a> <#b> 3 .")).status_code == 403
    host.write(X + ".acl", f"{acl}acl:agent <{host.bob.webid}>; acl:mode acl:Write.")
    assert (await host.bob.get(META)).status_code == 403
    assert (await host.bob.put(META, "<#a> <#b> 3 .")).status_code == 204


async def test_a_description_goes_with_its_subject_and_is_rdf(host: PodHost) -> None:
    host.write(X, b"x", "image/png")
    assert (await host.anna.put(META, "text", "text/plain")).status_code == 415
    await host.anna.put(META, "<#a> <#b> 1 .")
    await host.anna.delete(X)
    assert (await host.anna.get(META)).status_code == 404
    host.write(X, b"x", "image/png")
    assert (await host.anna.get(META)).status_code == 404


@pytest.mark.parametrize("media_type", [rdf.TURTLE, rdf.JSON_LD])
async def test_the_storage_description_is_rdf_for_everybody(host: PodHost, media_type: str) -> None:
    answer = await host.stranger.get("/anna/.well-known/solid", accept=media_type)
    quads = rdf.parse(media_type, answer.content, f"{ORIGIN}/anna/.well-known/solid")
    assert answer.headers["content-type"] == media_type
    assert any(quad.object == rdf.node("http://www.w3.org/ns/pim/space#Storage") for quad in quads)


BOX = "/anna/box/"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"


@pytest.mark.parametrize("media_type", [rdf.TURTLE, rdf.JSON_LD, rdf.N_TRIPLES])
async def test_a_container_shows_what_its_description_says_of_it(host: PodHost, media_type: str) -> None:
    """Other servers show it so; apps that name containers write the one and read the other."""
    await host.anna.put(BOX + "x.txt", "x", "text/plain")
    label = f'INSERT DATA {{ <./> <{LABEL}> "Box" }}'
    assert (await host.anna.patch(BOX + ".meta", label, "application/sparql-update")).status_code == 201
    shown = await host.anna.get(BOX, accept=media_type)
    said = [quad.triple for quad in rdf.parse(media_type, shown.content, ORIGIN + BOX)]
    box = rdf.node(ORIGIN + BOX)
    assert Triple(box, rdf.node(LABEL), Literal("Box")) in said
    assert Triple(box, rdf.node("http://www.w3.org/ns/ldp#contains"), rdf.node(f"{ORIGIN}{BOX}x.txt")) in said


async def test_a_container_changes_with_its_description(host: PodHost) -> None:
    await host.anna.put(BOX, f'<> <{LABEL}> "Own".')
    tags = [(await host.anna.get(BOX)).headers["etag"]]
    for said in ("One", "Two"):
        await host.anna.put(BOX + ".meta", f'<./> <{LABEL}> "{said}".')
        shown = await host.anna.get(BOX)
        assert [word for word in ("Own", "One", "Two") if f'"{word}"' in shown.text] == ["Own", said]
        tags.append(shown.headers["etag"])
    await host.anna.delete(BOX + ".meta")
    shown = await host.anna.get(BOX)
    assert '"Own"' in shown.text
    assert '"Two"' not in shown.text
    assert len({*tags, shown.headers["etag"]}) == 4


async def test_a_description_cannot_forge_what_a_container_holds(host: PodHost) -> None:
    await host.anna.put(BOX + "x.txt", "x", "text/plain")
    forged = "<./> <http://www.w3.org/ns/ldp#contains> <y.txt>; <http://www.w3.org/ns/posix/stat#mtime> 7."
    assert (await host.anna.put(BOX + ".meta", forged + "<x.txt> <#nick> <#z>.")).status_code == 201
    shown = (await host.anna.get(BOX)).text
    assert "y.txt" not in shown
    assert "mtime> 7" not in shown
    assert "#nick" in shown


async def test_a_long_list_ends_with_the_description(host: PodHost) -> None:
    with host.core.store.writing() as tx:
        for number in range(AT_ONCE + 1):
            tx.write(Path(f"{BOX}{number}"), "text/plain", b"", 1.0)
    await host.anna.put(BOX + ".meta", f'<./> <{LABEL}> "Long".')
    for media_type in (rdf.TURTLE, rdf.JSON_LD):
        shown = await host.anna.get(BOX, accept=media_type)
        quads = rdf.parse(media_type, shown.content, ORIGIN + BOX)
        assert [quad.object for quad in quads if quad.predicate == rdf.node(LABEL)] == [Literal("Long")]


async def test_a_large_description_is_shown_too(host: PodHost) -> None:
    many = "".join(f'<./> <#p> "{number:0100}".\n' for number in range(LARGE_SOURCE // 100))
    await host.anna.put(BOX + ".meta", many)
    assert (await host.anna.get(BOX)).text.count('"0') == LARGE_SOURCE // 100


def relabel(old: str, new: str) -> str:
    clauses = f"solid:where {{ <> <{LABEL}> {old} }}; solid:deletes {{ <> <{LABEL}> {old} }}"
    return N3 + f"_:p a solid:InsertDeletePatch; {clauses}; solid:inserts {{ <> <{LABEL}> {new} }}."


@pytest.mark.parametrize("media_type", [rdf.TURTLE, rdf.JSON_LD])
async def test_a_patch_of_a_container_sees_what_its_description_says(host: PodHost, media_type: str) -> None:
    """What a GET shows can be changed: a client need not know where it was said."""
    said = f'<./> <{LABEL}> "Old"; <#note> _:n. _:n <#in> "kept".'
    converted = rdf.convert(rdf.TURTLE, media_type, said.encode(), f"{ORIGIN}{BOX}.meta")
    assert (await host.anna.put(BOX + ".meta", converted, media_type)).status_code == 201
    assert (await host.anna.patch(BOX, relabel("?name", "'New'"))).status_code == 204
    shown = (await host.anna.get(BOX)).text
    assert "Old" not in shown
    assert "New" in shown
    assert "kept" in shown
    described = await host.anna.get(BOX + ".meta", accept="*/*")
    assert described.headers["content-type"] == media_type
    assert "Old" not in described.text
    assert "kept" in described.text


async def test_what_a_patch_of_a_container_takes_out_is_gone_wherever_it_was_said(host: PodHost) -> None:
    await host.anna.put(BOX, f'<> <{LABEL}> "Twice".')
    await host.anna.put(BOX + ".meta", f'<./> <{LABEL}> "Twice".')
    gone = f'DELETE DATA {{ <> <{LABEL}> "Twice" }}'
    assert (await host.anna.patch(BOX, gone, "application/sparql-update")).status_code == 204
    assert "Twice" not in (await host.anna.get(BOX)).text


async def test_a_patch_of_a_container_leaves_in_its_description_what_it_does_not_take_out(
    host: PodHost,
) -> None:
    await host.anna.put(BOX + ".meta", f'<./> <{LABEL}> "Said".')
    tag = (await host.anna.get(BOX + ".meta")).headers["etag"]
    more = f'INSERT DATA {{ <> <{LABEL}> "Said", "Added" }}'
    assert (await host.anna.patch(BOX, more, "application/sparql-update")).status_code == 204
    assert (await host.anna.get(BOX + ".meta")).headers["etag"] == tag
    await host.anna.delete(BOX + ".meta")
    shown = (await host.anna.get(BOX)).text
    assert "Said" not in shown  # the patch did not say it anew
    assert "Added" in shown


async def test_a_patch_of_a_container_does_not_see_what_its_description_forges(host: PodHost) -> None:
    await host.anna.put(BOX + ".meta", "<./> <http://www.w3.org/ns/ldp#contains> <y.txt>.")
    forged = "DELETE DATA { <> <http://www.w3.org/ns/ldp#contains> <y.txt> }"
    tag = (await host.anna.get(BOX + ".meta")).headers["etag"]
    await host.anna.patch(BOX, forged, "application/sparql-update")
    assert (await host.anna.get(BOX + ".meta")).headers["etag"] == tag


async def test_who_may_only_append_takes_nothing_out_of_a_description(host: PodHost) -> None:
    await host.anna.put(BOX + ".meta", f'<./> <{LABEL}> "Old".')
    acl = "@prefix acl: <http://www.w3.org/ns/auth/acl#>.\n<#r> a acl:Authorization; acl:accessTo <./>; "
    host.write(BOX + ".acl", f"{acl}acl:agent <{host.bob.webid}>; acl:mode acl:Read, acl:Append.")
    assert (await host.bob.patch(BOX, relabel("'Old'", "'New'"))).status_code == 403
    assert "Old" in (await host.bob.get(BOX + ".meta")).text
