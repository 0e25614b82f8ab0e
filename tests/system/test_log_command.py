"""`portico log verify`: on a host's database, and on an archive far from any host."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from apps.cli.main import main
from consent.main import checkpoints_of, schemas
from pods import activity
from pods.archive.layout import SEALED_LOG
from pods.archive.writing import ArchiveWriter
from pods.main import Core, open_core
from pods.model import Agent, WebId
from pods.provision import create_pod, webid_for
from pods.settings import PodSettings
from tests.conftest import SettableClock

ORIGIN = "http://localhost:8080"


@pytest.fixture
def core(tmp_path: Path, clock: SettableClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Core]:
    monkeypatch.setenv("PORTICO_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("PORTICO_POD_URL", ORIGIN)
    found = open_core(PodSettings(data=tmp_path / "data", pod_url=ORIGIN), clock, schemas=schemas())
    with found.store.writing() as tx:
        pod = create_pod(
            *(tx, "anna", webid_for(ORIGIN, "anna")),
            base=ORIGIN,
            issuer=f"{ORIGIN}/",
            display_name="Anna",
            at=clock(),
        )
        for number in range(4):
            activity.append(
                *(tx, pod.key),
                agent=Agent(WebId("https://bob.example/me")),
                path=f"/anna/{number}",
                action="read",
                decision="permit",
                at=clock(),
            )
        checkpoints_of(found).sign(tx)
    yield found
    found.close()


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["log", "verify", *words])


def test_a_host_whose_logs_are_whole_says_so(core: Core) -> None:
    for words in ((), ("--pod", "anna")):
        found = run(*words)
        assert (found.exit_code, found.output) == (0, "1 of 1 logs are whole; checkpoints cover 4 lines\n")
    assert run("--pod", "nobody").exit_code == 1


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("DELETE FROM access_line WHERE seq = 2", "anna: line 2 is missing"),
        ("DELETE FROM access_line WHERE seq = 4", "anna: line 4 and those after it were cut off"),
        ("UPDATE access_line SET sealed = digest WHERE seq = 3", "anna: line 3 is not what was written"),
        (
            "UPDATE log_node SET hash = (SELECT digest FROM access_line WHERE seq = 1)",
            "anna: its first 4 lines",
        ),
        (
            "UPDATE log_checkpoint SET note = 'x'",
            "checkpoints: the checkpoint of 1 entries is not the host's",
        ),
    ],
)
def test_a_host_with_another_log_than_it_signed_is_found_out(core: Core, sql: str, said: str) -> None:
    with core.store.writing() as tx:
        tx.execute(sql)
    found = run()
    assert found.exit_code == 1
    assert said in found.output
    doctor = CliRunner().invoke(main, ["doctor"])
    assert doctor.exit_code == 1
    assert "logs" in doctor.output


def exported(core: Core, path: Path) -> Path:
    """Write anna's archive."""
    with core.store.reading() as tx, path.open("wb") as output:
        pod = tx.pod("anna")
        assert pod is not None
        ArchiveWriter(ORIGIN, lambda stored: [stored.content]).write(tx, pod, {}, output, core.clock())
    return path


def test_an_archive_is_verified_far_from_its_host(core: Core, tmp_path: Path) -> None:
    archive = exported(core, tmp_path / "anna.zip")
    key = checkpoints_of(core).verifier_key
    found = run("--archive", str(archive), "--key", key)
    assert found.exit_code == 0, found.output
    assert "4 lines are whole; 4 are covered by the checkpoint of" in found.output
    other = run("--archive", str(archive), "--key", key.replace("localhost", "elsewhere"))
    assert (other.exit_code, "not signed by the host" in other.output) == (1, True)


def test_an_archive_whose_log_was_shortened_is_found_out(core: Core, tmp_path: Path) -> None:
    archive, shorter = exported(core, tmp_path / "anna.zip"), tmp_path / "shorter.zip"
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(shorter, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content.rpartition(b"{")[0] if name == SEALED_LOG else content)
    found = run("--archive", str(shorter))
    assert (found.exit_code, "line 4 and those after it were cut off" in found.output) == (1, True)
    (tmp_path / "none.zip").write_bytes(b"no archive")
    assert run("--archive", str(tmp_path / "none.zip")).exit_code == 1
