"""Rule 3: what is not public leaves a line before it is served, and only the owner sees the lines."""

import asyncio

import pytest
from rdflib import Graph, Namespace

from pods import activity
from tests.pod_host import ORIGIN, PodHost

PO = Namespace("https://w3id.org/portico/ns#")
PROV = Namespace("http://www.w3.org/ns/prov#")
LOG = "/anna/activity/2026-03.ttl"
OPEN_TO_BOB = (
    "@prefix acl: <http://www.w3.org/ns/auth/acl#>.\n"
    "<#o> a acl:Authorization; acl:agent <{anna}>; acl:accessTo <{path}>; acl:mode acl:Read, acl:Write, acl:Control.\n"
    "<#b> a acl:Authorization; acl:agent <{bob}>; acl:accessTo <{path}>; acl:mode {modes}.\n"
)


def share(host: PodHost, path: str, modes: str = "acl:Read") -> None:
    host.write(path, "<#a> <#b> <#c>." if not path.endswith("/") else "")
    acl = OPEN_TO_BOB.format(anna=host.anna.webid, bob=host.bob.webid, path=path, modes=modes)
    host.write(path + ".acl", acl)


async def said(host: PodHost) -> list[tuple[str, str, str]]:
    """Return (path, action, decision) of each line, in order."""
    answer = await host.anna.get(LOG)
    if answer.status_code == 404:
        return []
    graph = Graph().parse(data=answer.text, format="turtle", publicID=ORIGIN + LOG)
    lines = sorted(graph.subjects(PO.sequence), key=lambda line: int(str(graph.value(line, PO.sequence))))
    return [
        (
            str(graph.value(line, PROV.used)).removeprefix(ORIGIN),
            str(graph.value(line, PO.action)),
            str(graph.value(line, PO.decision)),
        )
        for line in lines
    ]


@pytest.mark.parametrize("path", ["/anna/x.ttl", "/anna/box/"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_read_by_another_leaves_a_line(host: PodHost, path: str, method: str) -> None:
    share(host, path)
    assert (await host.bob.request(method, path)).status_code == 200
    assert await said(host) == [(path, "read", "permit")]


async def test_reading_an_acl_leaves_a_line(host: PodHost) -> None:
    share(host, "/anna/x.ttl", "acl:Control")
    assert (await host.bob.get("/anna/x.ttl.acl")).status_code == 200
    assert await said(host) == [("/anna/x.ttl.acl", "read", "permit")]


async def test_writes_by_another_leave_lines(host: PodHost) -> None:
    share(host, "/anna/x.ttl", "acl:Write")
    await host.bob.put("/anna/x.ttl", "<#a> <#b> 2 .")
    await host.bob.post("/anna/inbox/", "<> a <#Note>.")
    assert await said(host) == [("/anna/x.ttl", "replace", "permit"), ("/anna/inbox/", "create", "permit")]


async def test_a_refused_read_by_somebody_known_leaves_a_line(host: PodHost) -> None:
    await host.bob.get("/anna/settings/prefs.ttl")
    await host.bob.get("/anna/nothing")
    await host.stranger.get("/anna/settings/prefs.ttl")
    denied = [("/anna/settings/prefs.ttl", "read", "deny"), ("/anna/nothing", "read", "deny")]
    assert await said(host) == denied


async def test_the_owner_and_what_is_public_leave_no_line(host: PodHost) -> None:
    await host.anna.get("/anna/settings/prefs.ttl")
    await host.bob.get("/anna/profile/card")
    await host.stranger.get("/anna/profile/card")
    assert await said(host) == []


async def test_a_read_fails_if_its_line_cannot_be_written(host: PodHost) -> None:
    share(host, "/anna/x.ttl")
    with host.core.store.writing() as tx:
        tx.execute("ALTER TABLE access_line RENAME COLUMN sealed TO gone")
    answer = await host.bob.get("/anna/x.ttl")
    assert (answer.status_code, "<#a>" in answer.text) == (500, False)
    assert (await host.anna.get("/anna/x.ttl")).status_code == 200
    with host.core.store.writing() as tx:
        tx.execute("ALTER TABLE access_line RENAME COLUMN gone TO sealed")


async def test_only_the_owner_sees_the_log_and_nobody_changes_it(host: PodHost) -> None:
    await host.bob.get("/anna/nothing")
    assert (await host.bob.get(LOG)).status_code == 403
    assert (await host.stranger.get(LOG)).status_code == 401
    for answer in (
        await host.anna.put(LOG, ""),
        await host.anna.delete(LOG),
        await host.anna.delete("/anna/activity/"),
    ):
        assert answer.status_code == 403
    assert (await host.anna.post("/anna/consents/", "<> a <#x>.")).status_code == 403
    assert (await host.anna.get("/anna/consents/.acl")).status_code == 403


async def test_the_log_is_listed_by_months(host: PodHost) -> None:
    await host.bob.get("/anna/nothing")
    listing = (await host.anna.get("/anna/activity/")).text
    assert "<2026-03.ttl>" in listing


async def test_the_chain_shows_a_line_that_was_changed_or_dropped(host: PodHost) -> None:
    for name in "abc":
        await host.bob.get(f"/anna/{name}")
    with host.core.store.reading() as tx:
        pod = tx.pod("anna")
        assert pod is not None
        assert activity.verify(tx, pod.key)
    for spoil in (
        "UPDATE access_line SET sealed = (SELECT sealed FROM access_line WHERE seq = 1) WHERE seq = 2",
        "DELETE FROM access_line WHERE seq = 2",
    ):
        with host.core.store.writing() as tx:
            tx.execute("SAVEPOINT s")
            tx.execute(spoil)
            assert not activity.verify(tx, pod.key)
            tx.execute("ROLLBACK TO s")


async def test_many_pods_get_the_same_line_in_one_call(host: PodHost) -> None:
    carla = host.person("carla")
    with host.core.store.writing() as tx:
        pods = [pod.key for name in ("anna", "bob", "carla") if (pod := tx.pod(name)) is not None]
        from pods.model import PUBLIC

        activity.append_many(
            tx,
            pods,
            agent=PUBLIC,
            path="/q",
            action="aggregate",
            decision="permit",
            grants=["g1", "g2", "g3"],
            at=1.0,
        )
        assert [activity.lines(tx, pod, limit=9)[0].grant for pod in pods] == ["g1", "g2", "g3"]
        assert all(activity.verify(tx, pod) for pod in pods)
    assert carla.webid is not None


async def test_refusals_without_end_are_folded_and_the_chain_stays_whole(host: PodHost) -> None:
    for _ in range(50):
        assert (await host.bob.get("/anna/settings/prefs.ttl")).status_code == 403
    assert len(await said(host)) == 21
    assert "40 refusals to this agent" in (await host.anna.get(LOG)).text
    with host.core.store.reading() as tx:
        pod = tx.pod("anna")
        assert pod is not None
        assert activity.verify(tx, pod.key)


async def test_a_strangers_refusal_waits_for_no_writer(host: PodHost) -> None:
    with host.core.store.writing():  # somebody holds the write lock, and goes on holding it
        async with asyncio.timeout(5):
            assert (await host.stranger.get("/anna/settings/prefs.ttl")).status_code == 401
            assert (await host.stranger.put("/anna/x", "<#a> <#b> <#c>.", "text/turtle")).status_code == 401
