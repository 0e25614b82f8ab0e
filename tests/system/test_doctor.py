"""The doctor finds each kind of damage, calls a healthy host healthy, and repairs only what loses nothing."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from apps.cli.doctor import examine
from apps.cli.main import main
from consent.main import schemas
from pods import activity
from pods.main import Core, open_core
from pods.model import Agent, WebId
from pods.model import Path as ResourcePath
from pods.protocol import conditions
from pods.provision import create_pod, webid_for
from pods.settings import PodSettings
from pods.storage import blobs_sql
from pods.storage.base import Blob, Transaction
from pods.upkeep.doctor import ERROR, NOTICE
from tests.conftest import SettableClock
from tests.databases import POSTGRESQL, SQLITE, database_of

ORIGIN = "http://localhost:8080"
BIG = b"large content" * 1000


@dataclass(frozen=True, slots=True)
class Ward:
    """A host under examination."""

    core: Core
    key: int

    def harm(self, sql: str, *parameters: object) -> None:
        """Change the database past all rules."""
        with self.core.store.writing() as tx:
            tx.execute(sql, parameters)

    def found(self) -> list[tuple[str, str]]:
        """Return what the doctor says: severity and check."""
        return [(finding.severity, finding.check) for finding in examine(self.core)]

    def blob_file(self) -> Path:
        """Return the file of the one blob."""
        (file,) = self.core.settings.data.glob("blobs/??/??/*")
        return file


@pytest.fixture
def ward(tmp_path: Path, clock: SettableClock) -> Iterator[Ward]:
    folder = tmp_path / "data"
    settings = PodSettings(data=folder, pod_url=ORIGIN, database=database_of(folder))
    core = open_core(settings, clock, schemas=schemas())
    key = secrets.token_hex(16)
    with core.store.writing() as tx:
        pod = create_pod(
            *(tx, "anna", webid_for(ORIGIN, "anna")),
            base=ORIGIN,
            issuer=f"{ORIGIN}/",
            display_name="Anna",
            at=clock(),
        )
        tx.write(ResourcePath("/anna/notes/one.txt"), "text/plain", b"one", clock())
        blobs_sql.expect(tx, key, clock() + 60)
    writer = core.blobs.create(key)
    writer.write(BIG)
    writer.finish()
    blob = Blob(key, len(BIG), conditions.content_tag("image/png", BIG))
    with core.store.writing() as tx:
        tx.write(ResourcePath("/anna/big.png"), "image/png", b"", clock(), blob=blob)
        for number in range(3):
            agent = Agent(WebId(f"https://{number}.example/me"))
            activity.append(
                *(tx, pod.key), agent=agent, path="/anna/x", action="read", decision="permit", at=clock()
            )
    yield Ward(core, pod.key)
    core.close()


pytestmark = pytest.mark.parametrize("database", [SQLITE, POSTGRESQL], indirect=True)


def test_a_healthy_host_is_healthy(ward: Ward) -> None:
    assert ward.found() == []


@pytest.mark.parametrize(
    ("sql", "check"),
    [
        ("DELETE FROM resource WHERE name = '/anna/notes'", "containment"),
        ("UPDATE resource SET container = 0 WHERE name = '/anna/notes'", "containment"),
        ("UPDATE resource SET parent = '/anna/' WHERE name = '/anna/notes/one.txt'", "containment"),
        ("UPDATE resource SET name = '/anna/notes/%6Fne' WHERE name = '/anna/notes/one.txt'", "paths"),
        ("UPDATE resource SET name = '/anna/notes/a/' WHERE name = '/anna/notes/one.txt'", "paths"),
        ("UPDATE resource SET etag = 'x' WHERE name = '/anna/notes/one.txt'", "content"),
        ("UPDATE resource SET size = 7 WHERE name = '/anna/notes/one.txt'", "content"),
        ("UPDATE resource SET size = 7 WHERE name = '/anna/big.png'", "blobs"),
        ("DELETE FROM resource WHERE name = '/anna/.acl'", "pods"),
        ("UPDATE resource SET content = CAST('<' AS BLOB) WHERE name = '/anna/.acl'", "pods"),
        ("UPDATE pod SET used = used + 1", "counters"),
        ("DELETE FROM access_line WHERE seq = 2", "logs"),
        (
            "UPDATE access_line SET sealed = (SELECT sealed FROM access_line WHERE seq = 1) WHERE seq = 2",
            "logs",
        ),
        ("INSERT INTO migration (name) VALUES ('pods-99')", "migrations"),
    ],
)
def test_each_damage_is_found(ward: Ward, sql: str, check: str, database: str) -> None:
    if database == POSTGRESQL:
        sql = sql.replace("CAST('<' AS BLOB)", "CAST('<' AS BYTEA)")
    ward.harm(sql)
    found = ward.found()
    ward.harm("DELETE FROM migration WHERE name = 'pods-99'")  # the next test has the same tables
    assert (ERROR, check) in found


def test_lost_and_changed_content_is_found(ward: Ward) -> None:
    file = ward.blob_file()
    file.write_bytes(BIG[:-1] + b"!")
    assert ward.found() == [(ERROR, "blobs")]
    assert examine(ward.core, fast=True) == []
    file.unlink()
    assert ward.found() == [(ERROR, "blobs")]


def test_what_is_about_nothing_is_a_notice(ward: Ward, clock: SettableClock) -> None:
    with ward.core.store.writing() as tx:
        tx.write(ResourcePath("/anna/gone.ttl.acl"), "text/turtle", b"", clock())
    assert ward.found() == [(NOTICE, "orphans")]


def test_an_owner_without_control_is_a_notice(ward: Ward) -> None:
    ward.harm("UPDATE pod SET owner = 'https://other.example/me'")
    assert (NOTICE, "pods") in ward.found()


def test_files_that_nothing_names_are_removed_when_they_are_old(ward: Ward) -> None:
    stray = ward.core.settings.data / "blobs" / "00" / "00" / ("0" * 32)
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"left by a crash")
    assert ward.found() == []  # it may be an upload that is under way
    os.utime(stray, (1.0, 1.0))
    (finding,) = examine(ward.core)
    assert (finding.severity, finding.where) == (NOTICE, str(stray))
    assert finding.repair is not None
    _repair(ward, finding.repair)
    assert not stray.exists()


def test_open_keys_and_wrong_counters_are_repaired(ward: Ward) -> None:
    keys = ward.core.settings.data / "signing-keys.json"
    keys.chmod(0o644)
    ward.harm("UPDATE pod SET used = 1")
    for finding in examine(ward.core):
        assert finding.repair is not None
        _repair(ward, finding.repair)
    assert keys.stat().st_mode & 0o777 == 0o600
    assert ward.found() == []


def test_the_command_says_so_by_its_exit_status(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTICO_DATA", str(ward.core.settings.data))
    monkeypatch.setenv("PORTICO_POD_URL", ORIGIN)
    monkeypatch.setenv("PORTICO_DATABASE", ward.core.settings.database)
    healthy = CliRunner().invoke(main, ["doctor"])
    assert (healthy.exit_code, healthy.output) == (0, "all is as it should be\n")
    ward.harm("UPDATE pod SET used = 1")
    ill = CliRunner().invoke(main, ["doctor", "--json"])
    assert ill.exit_code == 1
    assert '"check": "counters"' in ill.output
    assert CliRunner().invoke(main, ["doctor", "--repair"]).exit_code == 0
    assert CliRunner().invoke(main, ["doctor"]).exit_code == 0


def _repair(ward: Ward, repair: Callable[[Transaction], None]) -> None:
    with ward.core.store.writing() as tx:
        repair(tx)
