"""Attacks 20 and 21: a log that was tampered with is found out, and what it said ends with the pod."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent.client import LogCheck
from consent.main import checkpoints_of
from pods import activity
from pods.activity import checking, keys_sql, reading, retention
from pods.activity.proving import proof_of
from pods.activity.sealing import seal_plain_lines
from pods.model import Agent, WebId
from pods.storage.base import Pod, Transaction
from pods.transparency import notes, wire
from pods.transparency.proof import Fault, check
from tests.consent_host import ORDER, ROWS, Town, declaration
from tests.pod_host import ORIGIN

BOB = Agent(WebId("https://bob.example/me"), "https://app.example/client.jsonld")
YEAR = 365 * 86_400.0


def pod_of(tx: Transaction, name: str) -> Pod:
    found = tx.pod(name)
    assert found is not None
    return found


def write_lines(host: Town, name: str = "anna", count: int = 5) -> int:
    """Write lines into a log and return the pod's key."""
    host.pod(name, "person")
    with host.core.store.writing() as tx:
        pod = pod_of(tx, name).key
        for number in range(count):
            activity.append(
                *(tx, pod),
                agent=BOB,
                path=f"/{name}/{number}",
                action="read",
                decision="permit",
                at=host.clock(),
            )
    return pod


def harm(host: Town, *statements: str) -> None:
    """Change the database as somebody would who has it in hand."""
    with host.core.store.writing() as tx:
        for sql in statements:
            tx.execute(sql)


async def test_a_whole_log_is_found_whole_up_to_its_last_line(host: Town) -> None:
    write_lines(host)
    write_lines(host, "bob", 3)
    first = await host.owner("anna").verify_log()
    assert (first.lines, first.covered, first.at, first.fault) == (5, 5, int(host.clock()), None)
    write_lines(host, count=4)
    second = await host.owner("anna").verify_log(first.seen)
    assert (second.lines, second.covered, second.fault) == (9, 9, None)
    again = await host.owner("anna").verify_log(second.seen)
    assert again == second


async def test_a_person_whose_data_nobody_used_has_a_log_that_is_whole(host: Town) -> None:
    assert (await host.owner("anna").verify_log()).fault is None


DELETED = "DELETE FROM access_line WHERE pod = {pod} AND seq = 2"
EDITED = (
    "UPDATE access_line SET sealed = (SELECT sealed FROM access_line WHERE pod = {pod} AND seq = 1)"
    " WHERE pod = {pod} AND seq = 2"
)
RECHAINED = (
    "UPDATE access_line SET digest = (SELECT digest FROM access_line WHERE pod = {pod} AND seq = 1)"
    " WHERE pod = {pod} AND seq = 2"
)
SHORTENED = "DELETE FROM access_line WHERE pod = {pod} AND seq = 5"
SWAPPED = (
    "UPDATE access_line SET seq = 99 WHERE pod = {pod} AND seq = 2",
    "UPDATE access_line SET seq = 2 WHERE pod = {pod} AND seq = 3",
    "UPDATE access_line SET seq = 3 WHERE pod = {pod} AND seq = 99",
)


@pytest.mark.parametrize(
    ("statements", "fault", "line"),
    [
        ((DELETED,), Fault.MISSING, 2),
        ((EDITED,), Fault.CHANGED, 2),
        ((RECHAINED,), Fault.CHANGED, 2),
        (SWAPPED, Fault.CHANGED, 2),
        ((SHORTENED,), Fault.CUT, 5),
        (("DELETE FROM access_line WHERE pod = {pod}",), Fault.CUT, 1),
    ],
)
async def test_attack_20_a_log_that_was_changed_is_found_out(
    host: Town, statements: Sequence[str], fault: Fault, line: int
) -> None:
    """Attack 20: delete, edit, reorder, truncate the tail."""
    pod = write_lines(host)
    assert (await host.owner("anna").verify_log()).fault is None
    harm(host, *(sql.format(pod=pod) for sql in statements))
    found = await host.owner("anna").verify_log()
    assert (found.fault, found.line, found.seen) == (fault, line, "")
    with host.core.store.reading() as tx:
        assert not activity.verify(tx, pod)


async def rewritten(host: Town, pod: int) -> None:
    """Write another history with whole digests, as a dishonest host could: the old lines are gone."""
    with host.core.store.writing() as tx:
        tx.execute("DELETE FROM access_line WHERE pod = ?", (pod,))
    write_lines(host, count=6)


async def test_attack_20_another_history_is_not_what_the_host_signed(host: Town) -> None:
    pod = write_lines(host)
    await host.owner("anna").verify_log()
    await rewritten(host, pod)
    found = await host.owner("anna").verify_log()
    assert found.fault in (Fault.NOT_COMMITTED, Fault.CHANGED)
    with host.core.store.reading() as tx:
        assert "not those that the host signed" in next(checking.faults(tx, pod))


async def test_attack_20_a_forked_view_is_found_by_whoever_saw_the_other(host: Town) -> None:
    """Attack 20: the host signs a second history; only what the verifier keeps can tell."""
    pod = write_lines(host)
    first = await host.owner("anna").verify_log()
    harm(
        host, *(f"DELETE FROM {table}" for table in ("log_node", "log_checkpoint", "pod_log", "access_line"))
    )
    write_lines(host, count=6)
    assert (await host.owner("anna").verify_log()).fault is None
    assert (await host.owner("anna").verify_log(first.seen)).fault is Fault.OTHER_THAN_SEEN
    harm(host, f"DELETE FROM access_line WHERE pod = {pod} AND seq > 3", *forgotten(pod))
    assert (await host.owner("anna").verify_log(first.seen)).fault is Fault.CUT


def forgotten(pod: int) -> Sequence[str]:
    return (
        "DELETE FROM log_node",
        "DELETE FROM log_checkpoint",
        f"UPDATE pod_log SET size = 0, peaks = '', leaf = NULL WHERE pod = {pod}",
    )


async def test_attack_20_a_tree_that_did_not_grow_from_the_one_that_was_seen_is_found(host: Town) -> None:
    """Attack 20: the lines of others were rewritten, and one's own are as they were."""
    write_lines(host)
    seen = wire.seen_value((await host.owner("anna").verify_log()).seen)
    assert seen is not None
    write_lines(host, "bob", 3)
    other = wire.seen_text(replace(seen, tree_root=bytes(32)))
    assert (await host.owner("anna").verify_log(other)).fault is Fault.OTHER_THAN_SEEN


async def test_a_log_under_another_key_than_before_is_refused(host: Town) -> None:
    write_lines(host)
    first = await host.owner("anna").verify_log()
    _, _, rest = first.seen.partition(" ")
    other = notes.Signer("localhost:8080/.consent/log", Ed25519PrivateKey.generate()).verifier_key
    assert (await host.owner("anna").verify_log(f"{other} {rest}")).fault is Fault.OTHER_KEY


async def test_a_tree_that_was_changed_under_its_checkpoints_is_found(host: Town) -> None:
    write_lines(host)
    await host.owner("anna").verify_log()
    key = checkpoints_of(host.core).verifier_key
    with host.core.store.reading() as tx:
        assert list(checking.tree_faults(tx, key)) == []
    harm(host, "UPDATE log_checkpoint SET note = replace(note, 'time 1', 'time 2')")
    with host.core.store.reading() as tx:
        (fault,) = checking.tree_faults(tx, key)
    assert "is not the host's" in fault


async def test_checkpoints_are_public_and_each_is_the_beginning_of_the_next(host: Town) -> None:
    for count in (1, 2, 3):
        write_lines(host, count=count)
        await host.owner("anna").verify_log()
    key = (await host.http.get(f"{ORIGIN}/.consent/checkpoints/key")).text.strip()
    listed = (await host.http.get(f"{ORIGIN}/.consent/checkpoints?limit=9")).json()
    assert [notes.opened(one["note"], key).size for one in listed] == [1, 2, 3]
    latest = await host.http.get(f"{ORIGIN}/.consent/checkpoints/latest")
    assert latest.text == listed[-1]["note"]
    shown = await host.http.get(f"{ORIGIN}/.consent/checkpoints/consistency?from=1&to=3")
    assert len(shown.json()["path"]) == 2
    assert (await host.http.get(f"{ORIGIN}/.consent/checkpoints/consistency?from=1&to=9")).status_code == 404
    assert (await host.http.get(f"{ORIGIN}/.consent/checkpoints/consistency?from=3&to=1")).status_code == 400


async def test_stored_lines_and_proof_are_the_owners_alone(host: Town) -> None:
    write_lines(host)
    for place in ("records", "proof"):
        assert (await host.http.get(f"{ORIGIN}/.consent/log/{place}")).status_code == 401
    coop = await host.organisation("coop")
    answer = await coop.service.read(f"{ORIGIN}/.consent/log/records", "urn:x:none")
    assert answer.status_code in (401, 403) or answer.json() == []


async def test_attack_21_what_a_log_said_ends_with_its_pod(host: Town) -> None:
    """Attack 21: no text of a line is stored in the clear, and without the key digests are all that is left."""
    pod = write_lines(host)
    with host.core.store.reading() as tx:
        stored = [bytes(value) for row in tx.execute("SELECT sealed, tag FROM access_line") for value in row]
        assert not any(b"bob" in value or b"/anna/" in value for value in stored)
        kept, proof = list(reading.every(tx, pod)), proof_of(tx, pod)
    assert check(kept, replace(proof, key=bytes(64))).fault is Fault.CHANGED
    with host.core.store.writing() as tx:  # what the removal of a pod does in its first commit
        keys_sql.destroy(tx, pod)
    harm(host, f"UPDATE pod SET owner = '' WHERE key = {pod}")
    with host.core.store.reading() as tx:
        assert activity.lines(tx, pod, limit=9) == []
        assert activity.verify(tx, pod)


async def test_lines_past_their_time_lose_their_text_and_the_log_stays_whole(host: Town) -> None:
    pod = write_lines(host, count=3)
    first = await host.owner("anna").verify_log()
    host.clock.advance(11 * YEAR)
    write_lines(host, count=2)
    emptied = await checkpoints_of(host.core).empty()
    found = await host.owner("anna").verify_log(first.seen)
    assert (emptied, found.lines, found.covered, found.fault) == (3, 5, 5, None)
    assert [line.seq for line in await host.owner("anna").log()] == [5, 4]
    with host.core.store.reading() as tx:
        assert activity.verify(tx, pod)
        assert [line.seq for line in activity.lines(tx, pod, limit=9)] == [4, 5]
        assert retention.due(tx, host.clock()) == []


async def test_lines_are_emptied_log_by_log_and_never_looked_for_again(host: Town) -> None:
    for name in ("anna", "carla"):
        write_lines(host, name, count=retention.STEP + 1)
    host.clock.advance(11 * YEAR)
    assert await checkpoints_of(host.core).empty() == 2 * (retention.STEP + 1)
    with host.core.store.reading() as tx:
        assert retention.due(tx, host.clock()) == []
        assert tx.execute("SELECT DISTINCT emptied FROM pod_log") == [(retention.STEP + 1,)]


PLAIN = (
    "INSERT INTO plain_line (pod, seq, at, agent, client, path, action, decision, reason, grant_, purpose, prev,"
    " digest) VALUES (?, ?, ?, ?, NULL, ?, 'read', 'permit', '', NULL, 'urn:x:p', ?, ?)"
)


async def test_lines_of_earlier_versions_are_sealed_before_anything_is_served(host: Town) -> None:
    host.pod("anna", "person")
    with host.core.store.writing() as tx:
        pod = pod_of(tx, "anna").key
        for seq in range(1, 1202):
            tx.execute(PLAIN, (pod, seq, 1772366400.5 + seq, BOB.webid, f"/anna/{seq}", b"", b""))
    assert seal_plain_lines(host.core.store) == 1201
    assert seal_plain_lines(host.core.store) == 0
    write_lines(host, count=1)
    with host.core.store.reading() as tx:
        lines = activity.lines(tx, pod, limit=2000)
        assert [line.seq for line in lines] == list(range(1, 1203))
        assert (lines[2].at, lines[2].path, lines[2].purpose) == (1772366403.5, "/anna/3", "urn:x:p")
        assert tx.execute("SELECT count(*) FROM plain_line") == [(0,)]
    assert (await host.owner("anna").verify_log()).fault is None


async def test_who_was_served_and_whose_data_is_known_by_the_log(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    await host.give("anna", purpose)
    host.write("/anna/purchases/2017-10/b77.ttl", "<#it> a <http://schema.org/Order> .")
    start = host.clock()
    write_lines(host, "bob", 2)
    with host.core.store.reading() as tx:
        anna, bob = pod_of(tx, "anna").key, pod_of(tx, "bob").key
        (served,) = activity.served_to(tx, bob)
        assert (served.agent, served.times, served.first, served.action) == (BOB.webid, 2, start, "read")
        assert activity.served_to(tx, anna) == []  # giving consent is no use of data
        assert BOB.webid is not None
        assert activity.affected(tx, BOB.webid, start, start + 1) == [bob]
        assert activity.affected(tx, BOB.webid, start - 9000, start) == []
        assert activity.affected(tx, WebId("https://nobody.example/"), start, start + 1) == []


async def test_a_line_that_is_not_committed_leaves_no_trace(host: Town) -> None:
    """A crash between line and answer: either both are durable, or the next line follows the one before."""
    pod = write_lines(host, count=1)

    def crash() -> None:
        with host.core.store.writing() as tx:
            activity.append(tx, pod, agent=BOB, path="/x", action="read", decision="permit", at=host.clock())
            raise InterruptedError

    with pytest.raises(InterruptedError):
        crash()
    write_lines(host, count=1)
    found = await host.owner("anna").verify_log()
    assert (found.lines, found.fault) == (2, None)


async def test_many_who_verify_at_once_get_one_history(host: Town) -> None:
    write_lines(host)
    found: list[LogCheck] = await asyncio.gather(*(host.owner("anna").verify_log() for _ in range(6)))
    assert {(one.lines, one.fault, one.seen) for one in found} == {(5, None, found[0].seen)}


SHARED = """@prefix acl: <http://www.w3.org/ns/auth/acl#>.
<#b> a acl:Authorization; acl:agent <{bob}>; acl:accessTo <{path}>; acl:mode acl:Read.
<#o> a acl:Authorization; acl:agent <{anna}>; acl:accessTo <{path}>; acl:mode acl:Read, acl:Control.
"""


async def test_property_p5_there_are_as_many_lines_as_answers_with_data(host: Town) -> None:
    """Reference, property P5: audit entries and data responses correspond one to one, and the chain verifies."""
    anna, bob, coop = host.person("anna"), host.person("bob"), await host.organisation("coop")
    host.write("/anna/box/note.txt", "abcdefgh", "text/plain")
    for path in ("/anna/box/", "/anna/box/note.txt"):
        host.write(path + ".acl", SHARED.format(path=path, anna=anna.webid, bob=bob.webid))
    host.write("/anna/purchases/2017-10/b.ttl", ORDER)
    purpose = await coop.service.publish(declaration([ROWS]))
    given = await host.give("anna", purpose)
    etag = (await anna.get("/anna/box/note.txt")).headers["etag"]
    answers = [
        await bob.get("/anna/box/note.txt"),
        await bob.request("HEAD", "/anna/box/note.txt"),
        await bob.get("/anna/box/note.txt", range="bytes=2-3"),
        await bob.get("/anna/box/note.txt", if_none_match=etag),
        await bob.get("/anna/box/"),
        await bob.get("/anna/profile/card"),  # public: no line
        await bob.get("/anna/profile/private.ttl"),  # refused: a line of its own kind
        await anna.get("/anna/box/note.txt"),  # the owner: no line
        await coop.service.read(f"{ORIGIN}/anna/purchases/2017-10/b.ttl", purpose.iri),
        await coop.service.read(f"{ORIGIN}/anna/purchases/2017-10/", purpose.iri),
    ]
    await host.owner("anna").withdraw(given.id)
    assert [answer.status_code for answer in answers] == [200, 200, 206, 304, 200, 200, 403, 200, 200, 200]
    with host.core.store.reading() as tx:
        pod = pod_of(tx, "anna").key
        lines = [line for line in activity.lines(tx, pod, limit=99) if line.action == "read"]
        permitted = [line.path for line in lines if line.decision == activity.PERMIT]
        assert permitted == [urlsplit(str(answers[number].url)).path for number in (0, 1, 2, 3, 4, 8, 9)]
        assert [line.path for line in lines if line.decision == activity.DENY][:1] == [
            "/anna/profile/private.ttl"
        ]
        assert sum(one.times for one in activity.served_to(tx, pod)) == len(permitted)
    found = await host.owner("anna").verify_log()
    assert (found.fault, found.covered) == (None, found.lines)
