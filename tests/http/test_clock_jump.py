"""A clock that jumps back an hour: nothing that was used, ended or written comes back or is lost."""

from __future__ import annotations

from pods import activity
from pods.model import Path
from tests.conftest import SettableClock
from tests.pod_host import ORIGIN, Person, PodHost

HOUR = 3600.0
DOCUMENT = "/anna/notes/one.ttl"
SHARED = (
    "@prefix acl: <http://www.w3.org/ns/auth/acl#>.\n"
    "<#all> a acl:Authorization; acl:accessTo <./one.ttl>; acl:agent <{anna}>, <{bob}>; acl:mode acl:Read, acl:Control."
)


async def test_proofs_of_the_time_before_are_good_for_nothing(host: PodHost, clock: SettableClock) -> None:
    used = host.anna.credentials("GET", ORIGIN + "/anna/")
    kept = host.anna.credentials("GET", ORIGIN + "/anna/")
    assert (await host.http.get(ORIGIN + "/anna/", headers=used)).status_code == 200
    clock.advance(-HOUR)
    for credentials in (used, kept):  # neither the one that was seen nor one that somebody saved for later
        assert (await host.http.get(ORIGIN + "/anna/", headers=credentials)).status_code == 401
    clock.advance(HOUR)
    assert (await host.http.get(ORIGIN + "/anna/", headers=used)).status_code == 401


async def test_who_logs_in_anew_writes_on_and_the_log_stays_in_its_order(
    host: PodHost, clock: SettableClock
) -> None:
    host.write(DOCUMENT, "<#a> <#b> 1 .")
    host.write(f"{DOCUMENT}.acl", SHARED.format(anna=host.anna.webid, bob=host.bob.webid))
    assert (await host.bob.get(DOCUMENT)).status_code == 200
    tag = (await host.anna.get(DOCUMENT)).headers["etag"]
    clock.advance(-HOUR)
    anna, bob = (Person(host.core, host.http, person.webid) for person in (host.anna, host.bob))
    assert (await bob.get(DOCUMENT)).status_code == 200
    assert (await anna.get(DOCUMENT, if_none_match=tag)).status_code == 304
    assert (await anna.put("/anna/notes/two.ttl", "<#a> <#b> 2 .")).status_code == 201
    assert (await anna.put("/anna/notes/two.ttl", "<#a> <#b> 3 .", if_none_match="*")).status_code == 412
    with host.core.store.reading() as tx:
        pod = tx.pod("anna")
        assert pod is not None
        assert activity.verify(tx, pod.key)
        lines = tx.execute("SELECT seq, hour FROM access_line WHERE pod = ? ORDER BY seq", (pod.key,))
        changes = [change.path for change in tx.changes(0, 1_000)]
    assert [seq for seq, _ in lines] == list(range(1, len(lines) + 1))
    assert lines[-1][1] < lines[0][1], "the line of the second read has the hour that the clock said"
    assert changes.index(Path("/anna/notes/two.ttl")) > changes.index(Path(DOCUMENT))
