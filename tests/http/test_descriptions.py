"""Description resources (`.meta`): written like any document, governed by their subject, gone with it."""

import pytest

from pods.protocol import rdf
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
