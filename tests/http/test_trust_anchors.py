"""What decides who may speak for a person, and who may open a pod, is not an app's to change."""

import json

import pytest

from tests.pod_host import ORIGIN, PodHost

CARD = "/anna/profile/card"
ACL = "@prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix foaf: <http://xmlns.com/foaf/0.1/>.\n"
SOLID = "@prefix solid: <http://www.w3.org/ns/solid/terms#>. @prefix ldp: <http://www.w3.org/ns/ldp#>.\n"


async def test_a_profile_can_be_changed_around_its_anchors(host: PodHost) -> None:
    card = (await host.anna.get(CARD)).text
    answer = await host.anna.put(
        CARD, card.replace('foaf:name "Anna"', 'foaf:name "Anna B."; foaf:nick "an"')
    )
    assert answer.status_code == 204
    assert '"an"' in (await host.stranger.get(CARD)).text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f"solid:oidcIssuer <{ORIGIN}/>", "solid:oidcIssuer <https://evil.example/>"),
        (f"solid:oidcIssuer <{ORIGIN}/>", f"solid:oidcIssuer <{ORIGIN}/>, <https://evil.example/>"),
        (f"solid:oidcIssuer <{ORIGIN}/>;", ""),
        (f"ldp:inbox <{ORIGIN}/anna/inbox/>", "ldp:inbox <https://evil.example/>"),
        (f"pim:storage <{ORIGIN}/anna/>", "pim:storage <https://evil.example/>"),
    ],
)
async def test_the_anchors_of_a_profile_stay(host: PodHost, old: str, new: str) -> None:
    card = (await host.anna.get(CARD)).text
    assert old in card
    answer = await host.anna.put(CARD, card.replace(old, new))
    assert (answer.status_code, "solid:oidcIssuer" in answer.json()["detail"]) == (409, True)
    assert (await host.anna.get(CARD)).text == card


async def test_a_patch_does_not_move_the_anchors_either(host: PodHost) -> None:
    n3 = SOLID + "_:p a solid:InsertDeletePatch; solid:inserts {{ <#me> {triple} }}."
    evil = n3.format(triple="solid:oidcIssuer <https://evil.example/>")
    assert (await host.anna.patch(CARD, evil)).status_code == 409
    assert (await host.anna.patch(CARD, n3.format(triple="solid:note 'fine'"))).status_code == 204


async def test_no_other_language_of_patches_or_documents_moves_the_anchors(host: PodHost) -> None:
    before = (await host.anna.get(CARD)).text
    card = f"{ORIGIN}{CARD}"
    evil = {
        "@id": f"{card}#me",
        "http://www.w3.org/ns/solid/terms#oidcIssuer": {"@id": "https://evil.example/"},
    }
    for document in (evil, {"@graph": [evil]}, {"@id": card, "@graph": evil}):
        answer = await host.anna.put(CARD, json.dumps(document), "application/ld+json")
        assert answer.status_code == 409
    solid = "PREFIX solid: <http://www.w3.org/ns/solid/terms#> "
    for update in (
        "INSERT DATA { <#me> solid:oidcIssuer <https://evil.example/> }",
        f"DELETE DATA {{ <#me> solid:oidcIssuer <{ORIGIN}/> }}",
        "DELETE { ?s solid:oidcIssuer ?o } INSERT { ?s solid:oidcIssuer <https://evil.example/> }"
        " WHERE { ?s solid:oidcIssuer ?o }",
    ):
        answer = await host.anna.patch(CARD, solid + update, "application/sparql-update")
        assert answer.status_code == 409, update
    assert (await host.anna.get(CARD)).text == before


async def test_what_a_description_says_of_a_profile_is_no_anchor(host: PodHost) -> None:
    said = SOLID + f"<{ORIGIN}{CARD}#me> solid:oidcIssuer <https://evil.example/>."
    await host.anna.put(CARD + ".meta", said)
    assert "evil.example" not in (await host.stranger.get(CARD)).text


async def test_a_profile_is_not_deleted_nor_made_a_picture(host: PodHost) -> None:
    answer = await host.anna.delete(CARD)
    assert (answer.status_code, "DELETE" in answer.headers["allow"]) == (405, False)
    assert "DELETE" not in (await host.anna.get(CARD)).headers["allow"]
    assert (await host.anna.put(CARD, b"x", "image/png")).status_code == 409


@pytest.mark.parametrize(
    "narrowing",
    [
        "acl:condition <#c>",
        'acl:origin "https://app.example"',
        "acl:origin <https://app.example/path>",
        "acl:origin [ ]",
    ],
)
async def test_an_acl_that_narrows_in_a_way_we_do_not_evaluate_is_refused(
    host: PodHost, narrowing: str
) -> None:
    acl = f"{ACL}<#r> a acl:Authorization; acl:agentClass foaf:Agent; acl:accessTo <x>; acl:mode acl:Read; {narrowing}."
    answer = await host.anna.put("/anna/x.acl", acl)
    assert (answer.status_code, narrowing.split()[0] in answer.json()["detail"]) == (422, True)


@pytest.mark.parametrize(
    "acl",
    [
        "",
        "<#o> a acl:Authorization; acl:agent <{anna}>; acl:accessTo <./>; acl:default <./>; acl:mode acl:Read, acl:Write.",
        "<#o> a acl:Authorization; acl:agent <{anna}>; acl:default <./>; acl:mode acl:Control.",
        "<#o> a acl:Authorization; acl:accessTo <./>; acl:mode acl:Control.",
    ],
)
async def test_nobody_locks_himself_out_of_his_storage(host: PodHost, acl: str) -> None:
    answer = await host.anna.put("/anna/.acl", ACL + acl.format(anna=host.anna.webid))
    assert answer.status_code == 409
    assert (await host.anna.get("/anna/")).status_code == 200


@pytest.mark.parametrize(
    "forgetful",
    [
        "",
        "<#r> a acl:Authorization; acl:agent <{bob}>; acl:accessTo <x.ttl>; acl:mode acl:Read, acl:Control.",
    ],
)
async def test_an_owner_mends_a_list_that_forgets_them(host: PodHost, forgetful: str) -> None:
    await host.anna.put("/anna/x.ttl", "<#a> <#b> <#c>.")
    await host.anna.put("/anna/x.ttl.acl", ACL + forgetful.format(bob=host.bob.webid))
    assert (await host.anna.get("/anna/x.ttl")).status_code == 403, "the list counts for the resource itself"
    assert (await host.anna.get("/anna/x.ttl.acl")).status_code == 200
    page = {"origin": "https://app.example"}
    assert (await host.anna.delete("/anna/x.ttl.acl", **page)).status_code == 403, "a page needs its own rule"
    assert (await host.bob.delete("/anna/x.ttl.acl")).status_code == (204 if forgetful else 403)
    assert (await host.anna.delete("/anna/x.ttl.acl")).status_code == (404 if forgetful else 204)
    assert (await host.anna.get("/anna/x.ttl")).status_code == 200


async def test_an_acl_is_rdf(host: PodHost) -> None:
    assert (await host.anna.put("/anna/x.acl", "acl", "text/plain")).status_code == 415
    assert (await host.anna.put("/anna/x.acl", "<broken")).status_code == 400


async def test_an_acl_that_is_not_there_is_not_found_by_who_may_look(host: PodHost) -> None:
    await host.anna.put("/anna/x.ttl", "<#a> <#b> <#c>.")
    assert (await host.anna.get("/anna/x.ttl.acl")).status_code == 404
    assert (await host.anna.get("/anna/.acl")).status_code == 200
    assert (await host.bob.get("/anna/x.ttl.acl")).status_code == 403


async def test_an_acl_can_be_written_and_taken_away(host: PodHost) -> None:
    await host.anna.put("/anna/x.ttl", "<#a> <#b> <#c>.")
    acl = (
        ACL + "<#r> a acl:Authorization; acl:agentClass foaf:Agent; acl:accessTo <x.ttl>; acl:mode acl:Read."
    )
    own = f"<#o> a acl:Authorization; acl:agent <{host.anna.webid}>; acl:accessTo <x.ttl>; acl:mode acl:Read, acl:Control."
    assert (await host.anna.put("/anna/x.ttl.acl", acl + own)).status_code == 201
    assert (await host.stranger.get("/anna/x.ttl")).status_code == 200
    assert (await host.anna.delete("/anna/x.ttl.acl")).status_code == 204
    assert (await host.stranger.get("/anna/x.ttl")).status_code == 401


async def test_a_description_follows_the_rights_of_its_subject(host: PodHost) -> None:
    assert (await host.anna.put(CARD + ".meta", "<card> <#tag> 'mine'.")).status_code == 201
    assert (await host.stranger.get(CARD + ".meta")).status_code == 200
    assert (await host.bob.put(CARD + ".meta", "<card> <#tag> 'his'.")).status_code == 403
