"""A pod deleted for good: nothing of it can be read from the first commit on, and no byte of it is left in the end."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx

from consent.leaving import ConsentLeaving
from pods import activity, removal_sql
from pods.activity import reading
from pods.main import application, open_core, removal_of
from pods.model import Path as ResourcePath
from pods.model import WebId
from pods.settings import PodSettings
from tests.conftest import SettableClock
from tests.consent_host import ROWS, Town, declaration, town
from tests.serving import serving

SECRETS = ("Segretissimo-7391", "anna@example.org", "Anna Bianchi", "B-77", "anna/purchases")


def left_in(folder: Path) -> list[str]:
    """Return which literals of the pod stand in which files of the host."""
    contents = {file.name: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    return [
        f"{one} in {name}" for name, content in contents.items() for one in SECRETS if one.encode() in content
    ]


async def with_a_life(town: Town) -> None:
    """Give anna an account, a grant, readers, refusals and many resources."""
    with town.core.store.writing() as tx:
        webid = WebId("http://localhost:8080/anna/profile/card#me")
        account = town.core.accounts.create(
            tx, "anna", email="anna@example.org", password="correct horse battery", webid=webid
        )
        town.core.accounts.credentials(tx, account.webid, "Segretissimo-7391 script")
        town.core.accounts.begin_log_in(tx, "anna", "192.0.2.7")
    organisation = await town.organisation("comune")
    published = await organisation.service.publish(declaration([ROWS]))
    await town.give("anna", published)
    for number in range(700):
        town.write(
            f"/anna/notes/{number // 50}/n{number}.txt", f"Segretissimo-7391 {number} " * 20, "text/plain"
        )
    for number in range(0, 700, 7):  # what was replaced must not stay in a free page either
        town.write(f"/anna/notes/{number // 50}/n{number}.txt", f"kurz {number}", "text/plain")
    await town.person("bob").get("/anna/notes/0/n1.txt")


async def test_nothing_is_left_of_a_removed_pod(tmp_path: Path, clock: SettableClock) -> None:
    async with town(tmp_path, clock) as found:
        await with_a_life(found)
        bob = found.person("bob")
        anna = found.person("anna")
        assert (await anna.get("/anna/notes/0/n1.txt")).status_code == 200
        removal = removal_of(found.core, (ConsentLeaving(),))
        with found.core.store.writing() as tx:
            pod = tx.pod("anna")
            assert pod is not None
            removal.close(tx, pod)
        for path in ("/anna/", "/anna/profile/card", "/anna/notes/0/n1.txt", "/anna/.well-known/solid"):
            for who in (anna, bob):
                assert (await who.get(path)).status_code == 410, path
            assert (await found.http.get(f"http://localhost:8080{path}")).status_code == 410
        assert (await anna.put("/anna/notes/new.txt", "x", "text/plain")).status_code == 410
        with found.core.store.reading() as tx:
            assert tx.execute("SELECT 1 FROM grant_ WHERE pod = ?", (pod.key,)) == []
            # The lines are still there, but their key went first: nobody reads them any more.
            assert reading.stored(tx, pod.key, limit=1)[0].sealed
            assert activity.lines(tx, pod.key, after=0, limit=1) == []
        removal.finish()
        with found.core.store.reading() as tx:
            assert not removal_sql.is_closing(tx, pod.key)
            assert tx.execute("SELECT count(*) FROM resource WHERE pod = ?", (pod.key,)) == [(0,)]
            # Of the log digests are left, without times or marks, and the chain of them still holds.
            kept = tx.execute("SELECT DISTINCT hour, tag, sealed FROM access_line WHERE pod = ?", (pod.key,))
            assert kept == [(0, None, None)]
            assert activity.verify(tx, pod.key)
        with found.core.store.writing() as tx:
            assert removal_sql.is_gone(tx, "anna")
    assert left_in(tmp_path) == []


async def test_other_pods_keep_everything(tmp_path: Path, clock: SettableClock) -> None:
    async with town(tmp_path, clock) as found:
        for name in ("ann", "anna-maria", "annab"):
            found.person(name)
            found.write(f"/{name}/notes.ttl", "<#it> <#is> 1 .")
        removal = removal_of(found.core, (ConsentLeaving(),))
        with found.core.store.writing() as tx:
            pod = tx.pod("anna")
            assert pod is not None
            removal.close(tx, pod)
        removal.finish()
        for name in ("ann", "anna-maria", "annab"):
            assert (await found.person(name).get(f"/{name}/notes.ttl")).status_code == 200
            assert (await found.person(name).get(f"/{name}/")).status_code == 200


BEGIN = """
import sys, time
from pathlib import Path
from pods.main import open_core, removal_of
from pods.model import Path as ResourcePath
from pods.model import WebId
from pods.provision import create_pod, webid_for
from pods.settings import PodSettings

core = open_core(PodSettings(data=Path(sys.argv[1])), time.time)
with core.store.writing() as tx:
    create_pod(tx, "anna", webid_for("http://localhost:8080", "anna"), base="http://localhost:8080",
               issuer="http://localhost:8080/", display_name="Anna", at=time.time())
    for number in range(5000):
        tx.write(ResourcePath(f"/anna/n{number}.txt"), "text/plain", b"Segretissimo-7391", time.time())
removal = removal_of(core)
with core.store.writing() as tx:
    removal.close(tx, tx.pod("anna"))
for _ in range(3):
    with core.store.writing() as tx:
        removal.step(tx)
print("begun", flush=True)
time.sleep(600)
"""


def test_a_removal_that_was_killed_goes_on_at_the_next_start(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", BEGIN, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGKILL)
    core = open_core(PodSettings(data=tmp_path), time.time)
    with core.store.reading() as tx:
        left = tx.execute("SELECT count(*) FROM resource")[0][0]
        assert 0 < left < 5000
        assert tx.get(ResourcePath("/anna/profile/card.acl")) is None

    with serving(application(core)) as origin:
        deadline = time.monotonic() + 20
        while b"Segretissimo-7391" in b"".join(file.read_bytes() for file in tmp_path.glob("pods.sqlite*")):
            assert time.monotonic() < deadline, "the removal did not go on"
            time.sleep(0.1)
        assert httpx.get(f"{origin}/anna/n4999.txt", headers={"host": "localhost:8080"}).status_code == 410
