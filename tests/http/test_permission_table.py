"""The table of rights: which modes on a container and on a resource let which request through."""

import pytest

from tests.pod_host import Person, PodHost

N3 = "@prefix solid: <http://www.w3.org/ns/solid/terms#>.\n"
INSERT = N3 + "_:p a solid:InsertDeletePatch; solid:inserts { <#a> <#new> 1 }."
DELETE = N3 + "_:p a solid:InsertDeletePatch; solid:deletes { <#a> <#b> <#c> }."
WHERE = N3 + (
    "_:p a solid:InsertDeletePatch; solid:where { ?x <#b> <#c> }; solid:inserts { ?x <#new> 1 }; solid:deletes {}."
)
SPARQL_INSERT = "INSERT DATA { <#a> <#new> 1 }"
SPARQL_DELETE = "DELETE DATA { <#a> <#b> <#c> }"

# Modes on the container C/ (accessTo and default), modes on the resource C/R (None: inherited from C/),
# then the status if C/R exists, and the status if it does not. 403 stands for "refused": 401 for a stranger.
ROWS = [
    # method, container, resource, body, status if it exists, status if it does not
    ("GET", "", "R", "", 200, 404),
    ("GET", "R", None, "", 200, 404),
    ("GET", "R", "", "", 403, 403),
    ("GET", "", None, "", 403, 403),
    ("GET", "W", None, "", 403, 403),
    ("GET", "A", "A", "", 403, 403),
    ("GET", "C", None, "", 403, 403),
    ("HEAD", "", "R", "", 200, 404),
    ("HEAD", "W", None, "", 403, 403),
    ("PUT", "", "W", "turtle", 204, 403),
    ("PUT", "A", "W", "turtle", 204, 201),
    ("PUT", "W", "W", "turtle", 204, 201),
    ("PUT", "W", None, "turtle", 204, 201),
    ("PUT", "W", "A", "turtle", 403, 403),
    ("PUT", "A", "A", "turtle", 403, 403),
    ("PUT", "W", "R", "turtle", 403, 403),
    ("PUT", "R", None, "turtle", 403, 403),
    ("PUT", "C", "C", "turtle", 403, 403),
    ("PATCH", "", "A", INSERT, 204, 403),
    ("PATCH", "A", "A", INSERT, 204, 201),
    ("PATCH", "W", "W", INSERT, 204, 201),
    ("PATCH", "W", "R", INSERT, 403, 403),
    ("PATCH", "W", "C", INSERT, 403, 403),
    ("PATCH", "W", "W", DELETE, 403, 403),
    ("PATCH", "W", "RA", DELETE, 403, 403),
    ("PATCH", "W", "RW", DELETE, 204, 409),
    ("PATCH", "W", "A", WHERE, 403, 403),
    ("PATCH", "A", "RA", WHERE, 204, 409),
    ("PATCH", "A", "A", SPARQL_INSERT, 204, 201),
    ("PATCH", "W", "R", SPARQL_INSERT, 403, 403),
    ("PATCH", "W", "W", SPARQL_DELETE, 403, 403),
    ("PATCH", "W", "RW", SPARQL_DELETE, 204, 201),
    ("DELETE", "W", "W", "", 204, 403),
    ("DELETE", "W", "RW", "", 204, 404),
    ("DELETE", "RW", None, "", 204, 404),
    ("DELETE", "", "W", "", 403, 403),
    ("DELETE", "A", "W", "", 403, 403),
    ("DELETE", "W", "A", "", 403, 403),
    ("DELETE", "W", "C", "", 403, 403),
    ("DELETE", "C", None, "", 403, 403),
]
MODES = {"R": "Read", "A": "Append", "W": "Write", "C": "Control"}
AGENTS = {
    "agent": "acl:agent <http://localhost:8080/bob/profile/card#me>",
    "public": "acl:agentClass foaf:Agent",
    "authenticated": "acl:agentClass acl:AuthenticatedAgent",
}
CONTAINER = "/anna/c/"
RESOURCE = "/anna/c/r.ttl"


def acl(agent: str, modes: str, *reach: str) -> str:
    """Return an ACL that gives an agent these modes, beside the owner's own rule."""
    prefixes = "@prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix foaf: <http://xmlns.com/foaf/0.1/>.\n"
    granted = ", ".join(f"acl:{MODES[mode]}" for mode in modes)
    rule = f"<#other> a acl:Authorization; {AGENTS[agent]}; {'; '.join(reach)}; acl:mode {granted}.\n"
    return prefixes + (rule if modes else "")


def lay_out(host: PodHost, agent: str, container: str, resource: str | None, exists: bool) -> None:
    host.write(CONTAINER, "")
    reach = (f"acl:accessTo <{CONTAINER}>", f"acl:default <{CONTAINER}>")
    host.write(CONTAINER + ".acl", acl(agent, container, *reach))
    if resource is not None:
        host.write(RESOURCE + ".acl", acl(agent, resource, f"acl:accessTo <{RESOURCE}>"))
    if exists:
        host.write(RESOURCE, "<#a> <#b> <#c>.")


async def send(person: Person, method: str, path: str, body: str) -> int:
    headers = {}
    if body:
        kind = {"turtle": "text/turtle"}.get(
            body, "text/n3" if body.startswith("@") else "application/sparql-update"
        )
        headers["content-type"] = kind
    content = "<#a> <#b> <#d>." if body == "turtle" else body or None
    return (await person.request(method, path, content=content, headers=headers)).status_code


@pytest.mark.parametrize("agent", ["agent", "public"])
@pytest.mark.parametrize(("method", "container", "resource", "body", "existing", "missing"), ROWS)
async def test_a_resource_of_a_container(
    host: PodHost,
    agent: str,
    method: str,
    container: str,
    resource: str | None,
    body: str,
    existing: int,
    missing: int,
) -> None:
    person = host.bob if agent == "agent" else host.stranger
    for exists, expected in ((False, missing), (True, existing)):
        lay_out(host, agent, container, resource, exists)
        wanted = 401 if expected == 403 and agent == "public" else expected
        assert (await send(person, method, RESOURCE, body), exists) == (wanted, exists)


@pytest.mark.parametrize(
    ("modes", "expected"), [("A", 201), ("W", 201), ("RW", 201), ("R", 403), ("C", 403), ("", 403)]
)
async def test_posting_into_a_container_needs_append(host: PodHost, modes: str, expected: int) -> None:
    lay_out(host, "agent", modes, None, exists=False)
    assert (await host.bob.post(CONTAINER, "<> a <#Note>.")).status_code == expected


@pytest.mark.parametrize(("modes", "expected"), [("RW", 204), ("W", 403), ("R", 403), ("A", 403), ("C", 403)])
async def test_deleting_a_container_needs_write_and_read(host: PodHost, modes: str, expected: int) -> None:
    lay_out(host, "agent", "RW", None, exists=False)
    inner = CONTAINER + "inner/"
    host.write(inner, "")
    host.write(inner + ".acl", acl("agent", modes, f"acl:accessTo <{inner}>"))
    assert (await host.bob.delete(inner)).status_code == expected


@pytest.mark.parametrize(
    ("method", "modes", "expected"),
    [
        *(("GET", "C", 200), ("GET", "RW", 403), ("GET", "RWC", 200), ("HEAD", "R", 403)),
        *(("PUT", "C", 204), ("PUT", "RW", 403), ("DELETE", "C", 204), ("DELETE", "RW", 403)),
    ],
)
async def test_an_acl_needs_control(host: PodHost, method: str, modes: str, expected: int) -> None:
    lay_out(host, "agent", "", modes, exists=True)
    content = acl("agent", "RC", f"acl:accessTo <{RESOURCE}>") if method == "PUT" else None
    headers = {"content-type": "text/turtle"} if method == "PUT" else {}
    answer = await host.bob.request(method, RESOURCE + ".acl", content=content, headers=headers)
    assert answer.status_code == expected


@pytest.mark.parametrize("agent", ["agent", "public"])
@pytest.mark.parametrize("modes", ["", "A"])
async def test_attack_15_a_refused_deletion_does_not_tell_whether_something_is_there(
    host: PodHost, agent: str, modes: str
) -> None:
    person, answers = host.bob if agent == "agent" else host.stranger, []
    for exists in (False, True):
        lay_out(host, agent, modes, None, exists)
        answer = await person.delete(RESOURCE)
        answers.append((answer.status_code, answer.headers.multi_items(), answer.content))
    assert answers[0] == answers[1]


async def test_everybody_who_logged_in_counts_as_authenticated(host: PodHost) -> None:
    lay_out(host, "authenticated", "R", None, exists=True)
    assert (await host.bob.get(RESOURCE)).status_code == 200
    assert (await host.stranger.get(RESOURCE)).status_code == 401


async def test_the_nearest_list_alone_counts(host: PodHost) -> None:
    lay_out(host, "agent", "RW", "A", exists=True)
    assert (await host.bob.get(RESOURCE)).status_code == 403


async def test_access_to_a_container_is_not_inherited_without_default(host: PodHost) -> None:
    lay_out(host, "agent", "", None, exists=True)
    host.write(CONTAINER + ".acl", acl("agent", "R", f"acl:accessTo <{CONTAINER}>"))
    assert (await host.bob.get(CONTAINER)).status_code == 200
    assert (await host.bob.get(RESOURCE)).status_code == 403


async def test_default_does_not_open_the_container_itself(host: PodHost) -> None:
    lay_out(host, "agent", "", None, exists=True)
    host.write(CONTAINER + ".acl", acl("agent", "R", f"acl:default <{CONTAINER}>"))
    assert (await host.bob.get(CONTAINER)).status_code == 403
    assert (await host.bob.get(RESOURCE)).status_code == 200


async def test_members_of_a_group_in_the_same_document_are_let_in(host: PodHost) -> None:
    lay_out(host, "agent", "", None, exists=True)
    host.write(
        CONTAINER + ".acl",
        "@prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix v: <http://www.w3.org/2006/vcard/ns#>.\n"
        f"<#g> v:hasMember <{host.bob.webid}>.\n"
        f"<#r> a acl:Authorization; acl:agentGroup <#g>; acl:default <./>; acl:mode acl:Read.",
    )
    assert (await host.bob.get(RESOURCE)).status_code == 200
    assert (await host.person("carla").get(RESOURCE)).status_code == 403


async def test_a_group_elsewhere_lets_nobody_in(host: PodHost) -> None:
    lay_out(host, "agent", "", None, exists=True)
    host.write(
        CONTAINER + ".acl",
        "@prefix acl: <http://www.w3.org/ns/auth/acl#>.\n"
        "<#r> a acl:Authorization; acl:agentGroup <http://elsewhere.example/g#all>; acl:default <./>; acl:mode acl:Read.",
    )
    assert (await host.bob.get(RESOURCE)).status_code == 403


@pytest.mark.parametrize(
    ("modes", "expected"),
    [
        ("R", {"read"}),
        ("RC", {"read", "control"}),
        ("RA", {"read", "append"}),
        ("RW", {"read", "append", "write"}),
        ("RWA", {"read", "append", "write"}),
    ],
)
async def test_wac_allow_names_the_modes(host: PodHost, modes: str, expected: set[str]) -> None:
    lay_out(host, "agent", "", modes, exists=True)
    value = (await host.bob.get(RESOURCE)).headers["wac-allow"]
    user, public = (part.split('"')[1] for part in value.split(","))
    assert (set(user.split()), public) == (expected, "")


async def test_a_change_of_rights_counts_for_the_next_request(host: PodHost) -> None:
    lay_out(host, "agent", "R", None, exists=True)
    assert (await host.bob.get(RESOURCE)).status_code == 200
    own = f"@prefix acl: <http://www.w3.org/ns/auth/acl#>. <#o> a acl:Authorization; acl:agent <{host.anna.webid}>;\n"
    content = own + "acl:accessTo <./>; acl:default <./>; acl:mode acl:Read, acl:Write, acl:Control."
    host.write(CONTAINER + ".acl", content)
    assert (await host.bob.get(RESOURCE)).status_code == 403
