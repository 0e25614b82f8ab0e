"""Web Access Control beyond the table: origins of web pages, groups here and elsewhere, what each may cost."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path as FilePath

import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pods.authz.remote_groups import KEPT, KEPT_FAILURE
from pods.main import application, open_core
from pods.settings import PodSettings
from tests.conftest import SettableClock
from tests.pod_host import ORIGIN, PodHost
from tests.serving import serving

ACL = "@prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix foaf: <http://xmlns.com/foaf/0.1/>.\n"
GROUP = "@prefix v: <http://www.w3.org/2006/vcard/ns#>.\n"
APP = "https://app.example"
X = "/anna/x.ttl"


def open_to(host: PodHost, who: str, modes: str = "acl:Read", more: str = "") -> None:
    host.write(X, "<#a> <#b> <#c>.")
    host.write(
        X + ".acl", f"{ACL}<#r> a acl:Authorization; {who}; acl:accessTo <x.ttl>; acl:mode {modes}{more}."
    )


@pytest.mark.parametrize(
    ("listed", "origin", "status"),
    [
        (f"<{APP}>", APP, 200),
        (f"<{APP}/>", APP, 200),
        (f"<{APP.upper().replace('HTTPS', 'https')}>", APP, 200),
        (f"<https://other.example>, <{APP}>", APP, 200),
        (f"<{APP}>", "https://evil.example", 403),
        (f"<{APP}>", APP + ".evil.example", 403),
        (f"<{APP}>", "http://app.example", 403),
        (f"<{APP}>", "null", 403),
        (f"<{APP}>", None, 200),
    ],
)
async def test_a_page_of_another_origin_is_not_let_in(
    host: PodHost, listed: str, origin: str | None, status: int
) -> None:
    open_to(host, f"acl:agent <{host.bob.webid}>", more=f"; acl:origin {listed}")
    answer = await host.bob.get(X, **({"origin": origin} if origin else {}))
    assert answer.status_code == status


async def test_an_origin_narrows_its_own_authorization_only(host: PodHost) -> None:
    open_to(host, "acl:agentClass foaf:Agent", more=f"; acl:origin <{APP}>")
    own = f"<#o> a acl:Authorization; acl:agent <{host.anna.webid}>; acl:accessTo <x.ttl>; acl:mode acl:Read."
    acl = (host.core, f"{ACL}<#r> a acl:Authorization; acl:agentClass foaf:Agent; acl:origin <{APP}>;")
    host.write(X + ".acl", f"{acl[1]} acl:accessTo <x.ttl>; acl:mode acl:Read.\n{own}")
    assert (await host.anna.get(X, origin="https://evil.example")).status_code == 200
    assert (await host.stranger.get(X, origin="https://evil.example")).status_code == 401
    assert (await host.stranger.get(X, origin=APP)).status_code == 200


async def test_wac_allow_says_what_this_origin_may(host: PodHost) -> None:
    open_to(host, f"acl:agent <{host.bob.webid}>")
    host.write(
        X + ".acl",
        f"{ACL}<#r> a acl:Authorization; acl:agent <{host.bob.webid}>; acl:accessTo <x.ttl>; acl:mode acl:Read.\n"
        f"<#w> a acl:Authorization; acl:agent <{host.bob.webid}>; acl:accessTo <x.ttl>; acl:mode acl:Write; "
        f"acl:origin <{APP}>.",
    )
    inside, outside = await host.bob.get(X, origin=APP), await host.bob.get(X, origin="https://e.example")
    assert inside.headers["wac-allow"].startswith('user="read write append"')
    assert outside.headers["wac-allow"].startswith('user="read"')


async def test_a_list_with_an_origin_can_be_stored_but_is_no_way_to_keep_a_storage(host: PodHost) -> None:
    rule = f"<#r> a acl:Authorization; acl:agent <{host.anna.webid}>; acl:origin <{APP}>; acl:accessTo <./>; "
    acl = f"{ACL}{rule}acl:default <./>; acl:mode acl:Read, acl:Write, acl:Control."
    assert (await host.anna.put("/anna/.acl", acl)).status_code == 409
    assert (await host.anna.put("/anna/settings/.acl", acl)).status_code == 201


async def test_an_authorization_with_a_condition_that_came_in_another_way_grants_nothing(
    host: PodHost,
) -> None:
    open_to(host, f"acl:agent <{host.bob.webid}>", more="; acl:condition <#c>")
    assert (await host.bob.get(X)).status_code == 403


async def test_a_group_of_the_same_pod_counts_and_a_change_counts_at_once(host: PodHost) -> None:
    host.write("/anna/groups.ttl", f"{GROUP}<#friends> v:hasMember <{host.bob.webid}>.")
    open_to(host, "acl:agentGroup <groups.ttl#friends>")
    assert (await host.bob.get(X)).status_code == 200
    assert (await host.person("carla").get(X)).status_code == 403
    assert (await host.stranger.get(X)).status_code == 401
    host.write("/anna/groups.ttl", f"{GROUP}<#friends> v:hasMember <{host.person('carla').webid}>.")
    assert (await host.bob.get(X)).status_code == 403
    assert (await host.person("carla").get(X)).status_code == 200


@pytest.mark.parametrize(
    ("readable", "status"), [("acl:agentClass foaf:Agent", 200), ("acl:agent <{anna}>", 200), ("", 403)]
)
async def test_a_group_of_another_pod_counts_only_where_the_lists_owner_may_read_it(
    host: PodHost, readable: str, status: int
) -> None:
    host.write("/bob/groups.ttl", f"{GROUP}<#g> v:hasMember <{host.bob.webid}>.")
    if readable:
        who = readable.format(anna=host.anna.webid)
        host.write(
            "/bob/groups.ttl.acl",
            f"{ACL}<#r> a acl:Authorization; {who}; acl:accessTo <groups.ttl>; acl:mode acl:Read.",
        )
    open_to(host, f"acl:agentGroup <{ORIGIN}/bob/groups.ttl#g>")
    assert (await host.bob.get(X)).status_code == status


@pytest.mark.parametrize(
    "group", ["groups.ttl#others", "nothing.ttl#g", "photo.png#g", "x.ttl.acl#g", "a//b#g", "/nobody/g#g"]
)
async def test_a_group_that_cannot_be_found_lets_nobody_in(host: PodHost, group: str) -> None:
    host.write("/anna/groups.ttl", f"{GROUP}<#friends> v:hasMember <{host.bob.webid}>.")
    host.write("/anna/photo.png", b"x", "image/png")
    open_to(host, f"acl:agentGroup <{group}>")
    assert (await host.bob.get(X)).status_code == 403


async def test_the_modes_of_a_group_stand_in_wac_allow(host: PodHost) -> None:
    host.write("/anna/groups.ttl", f"{GROUP}<#g> v:hasMember <{host.bob.webid}>.")
    open_to(host, "acl:agentGroup <groups.ttl#g>", "acl:Read, acl:Append")
    assert (await host.bob.get(X)).headers["wac-allow"] == 'user="read append",public=""'


async def test_a_list_names_only_so_many_groups(host: PodHost) -> None:
    groups = ", ".join(f"<https://elsewhere.example/{n}>" for n in range(21))
    acl = f"{ACL}<#r> a acl:Authorization; acl:agentGroup {groups}; acl:accessTo <x.ttl>; acl:mode acl:Read."
    assert (await host.anna.put(X + ".acl", acl)).status_code == 422


class Elsewhere:
    """A host of group documents that counts who asks."""

    def __init__(self) -> None:
        self.members: list[str] = []
        self.asked = 0
        self.status = 200
        self.media_type = "text/turtle"
        self.app = Starlette(routes=[Route("/{name}", self.answer)])

    async def answer(self, request: Request) -> Response:
        self.asked += 1
        listed = ", ".join(f"<{member}>" for member in self.members) or "<http://nobody.example/>"
        content = f"{GROUP}<#g> v:hasMember {listed}."
        return Response(content, self.status, media_type=self.media_type)


@pytest.fixture
def elsewhere() -> Iterator[tuple[Elsewhere, str]]:
    other = Elsewhere()
    with serving(other.app) as origin:
        yield other, origin


@pytest_asyncio.fixture
async def trusting(
    tmp_path: FilePath, clock: SettableClock, elsewhere: tuple[Elsewhere, str]
) -> AsyncIterator[PodHost]:
    """A host that may reach the other one, although it stands on loopback."""
    place = elsewhere[1].removeprefix("http://")
    core = open_core(PodSettings(data=tmp_path, pod_url=ORIGIN, trusted_hosts=(place,)), clock)
    host = PodHost(core, application(core))
    yield host
    await host.aclose()


async def test_a_group_elsewhere_is_read_and_believed_for_a_while(
    trusting: PodHost, elsewhere: tuple[Elsewhere, str], clock: SettableClock
) -> None:
    other, origin = elsewhere
    other.members = [str(trusting.bob.webid)]
    open_to(trusting, f"acl:agentGroup <{origin}/friends#g>", "acl:Read, acl:Write")
    assert [(await trusting.bob.get(X)).status_code for _ in range(3)] == [200] * 3
    assert (await trusting.person("carla").get(X)).status_code == 403
    assert (await trusting.bob.put(X, "<#a> <#b> <#d>.")).status_code == 204
    assert other.asked == 1
    other.members = []
    clock.advance(KEPT + 1)
    assert (await trusting.bob.get(X)).status_code == 403
    assert other.asked == 2


async def test_a_group_elsewhere_is_asked_only_where_it_could_matter(
    trusting: PodHost, elsewhere: tuple[Elsewhere, str]
) -> None:
    other, origin = elsewhere
    open_to(trusting, f"acl:agentGroup <{origin}/friends#g>")
    trusting.write(
        X + ".acl",
        f"{ACL}<#g> a acl:Authorization; acl:agentGroup <{origin}/friends#g>; acl:accessTo <x.ttl>; acl:mode acl:Read."
        f"<#o> a acl:Authorization; acl:agent <{trusting.anna.webid}>; acl:accessTo <x.ttl>; acl:mode acl:Read.",
    )
    assert (await trusting.anna.get(X)).status_code == 200
    assert (await trusting.stranger.get(X)).status_code == 401
    assert other.asked == 0


@pytest.mark.parametrize(("status", "media_type"), [(500, "text/turtle"), (200, "text/html")])
async def test_a_group_elsewhere_that_cannot_be_read_lets_nobody_in_and_is_left_alone_a_while(
    trusting: PodHost, elsewhere: tuple[Elsewhere, str], clock: SettableClock, status: int, media_type: str
) -> None:
    other, origin = elsewhere
    other.members, other.status, other.media_type = [str(trusting.bob.webid)], status, media_type
    open_to(trusting, f"acl:agentGroup <{origin}/friends#g>")
    assert [(await trusting.bob.get(X)).status_code for _ in range(3)] == [403] * 3
    assert other.asked == 1
    other.status, other.media_type = 200, "text/turtle"
    clock.advance(max(KEPT, KEPT_FAILURE) + 1)
    assert (await trusting.bob.get(X)).status_code == 200


async def test_a_group_inside_the_network_is_not_fetched(
    host: PodHost, elsewhere: tuple[Elsewhere, str]
) -> None:
    other, origin = elsewhere
    other.members = [str(host.bob.webid)]
    open_to(host, f"acl:agentGroup <{origin}/friends#g>")
    assert (await host.bob.get(X)).status_code == 403
    assert other.asked == 0
