"""Several machines on one PostgreSQL database: one with other keys does not start, and a rotation is noticed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

from apps.cli.doctor import examine
from apps.cli.keys import command as keys
from apps.cli.operator import every_key_file
from consent.main import extension, key_files, schemas
from pods.identity.same_keys import SameKeys
from pods.main import SIGNING_KEYS, Core, application, open_core
from pods.settings import BadSetting, PodSettings
from tests.conftest import SettableClock
from tests.postgres_cluster import Cluster


@pytest.fixture
def url(postgres: Cluster) -> Iterator[str]:
    made = postgres.create()
    yield made
    postgres.drop(made)


class Machine:
    """A data folder on the database; each start is a new core, as of a new process."""

    def __init__(self, url: str, folder: Path, clock: SettableClock) -> None:
        self.folder = folder
        self._settings = PodSettings(data=folder, database=url)
        self._clock = clock

    def start(self) -> Core:
        """Compose the host as `portico serve pods` does; raise BadSetting if it must not start."""
        core = open_core(self._settings, self._clock, schemas=schemas())
        try:
            extension(core)  # what consent keeps is made by the first who needs it
            application(core, key_files=lambda: key_files(core))
        except BadSetting:
            core.close()
            raise
        return core

    def portico(self, *arguments: str) -> Result:
        """Run `portico keys` on this machine."""
        variables = {"PORTICO_DATA": str(self.folder), "PORTICO_DATABASE": self._settings.database}
        return CliRunner().invoke(keys, arguments, env=variables)


@pytest.fixture
def machines(url: str, tmp_path: Path, clock: SettableClock) -> tuple[Machine, Machine]:
    """The first has been started; the second has an empty folder."""
    first, second = (Machine(url, tmp_path / name, clock) for name in ("one", "two"))
    first.start().close()
    return first, second


def test_a_machine_with_other_keys_does_not_start_until_it_has_the_same(
    machines: tuple[Machine, Machine],
) -> None:
    first, second = machines
    with pytest.raises(BadSetting, match=r"signing-keys\.json, consent\.key, log\.key, assertion-keys\.json"):
        second.start()
    shutil.copy(first.folder / SIGNING_KEYS, second.folder)
    with pytest.raises(BadSetting, match=r"^consent\.key, log\.key, assertion-keys\.json: another machine"):
        second.start()
    for name in ("consent.key", "log.key", "assertion-keys.json"):
        shutil.copy(first.folder / name, second.folder)
    second.start().close()
    first.start().close()


def test_a_rotation_on_one_machine_is_noticed_on_the_others(
    machines: tuple[Machine, Machine], clock: SettableClock, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = machines
    shutil.copytree(first.folder, second.folder, dirs_exist_ok=True)
    serving = second.start()
    assert first.portico("rotate").exit_code == 0
    same = SameKeys(serving.store, serving.commits, lambda: every_key_file(serving), clock=clock)
    with pytest.raises(BadSetting, match=r"^signing-keys\.json: another machine"):
        same.require()
    assert [(one.check, one.where) for one in examine(serving) if one.check == "keys"] == [
        ("keys", SIGNING_KEYS)
    ]
    # The file is copied while the host serves, which looks at it once a second.
    shutil.copy(first.folder / SIGNING_KEYS, second.folder)
    clock.advance(2)
    same.require()
    assert not [one for one in examine(serving) if one.check == "keys"]
    serving.close()


@pytest.mark.parametrize("command", ["rotate", "rotate-attesting"])
def test_after_a_key_leaked_only_the_new_one_counts(machines: tuple[Machine, Machine], command: str) -> None:
    first, second = machines
    shutil.copytree(first.folder, second.folder, dirs_exist_ok=True)
    assert first.portico(command, "--compromised").exit_code == 0
    first.start().close()
    with pytest.raises(BadSetting, match="another machine"):
        second.start()


def test_machines_that_each_got_a_key_of_a_new_kind_do_not_serve_together(
    machines: tuple[Machine, Machine],
) -> None:
    first, second = machines
    shutil.copytree(first.folder, second.folder, dirs_exist_ok=True)
    stored = orjson.loads((second.folder / SIGNING_KEYS).read_bytes())["keys"]
    earlier = [jwk for jwk in stored if jwk["kty"] == "EC"]
    (second.folder / SIGNING_KEYS).write_bytes(orjson.dumps({"keys": earlier}))
    with pytest.raises(BadSetting, match=r"^signing-keys\.json: another machine"):
        second.start()


def test_the_operator_says_which_keys_are_right(machines: tuple[Machine, Machine]) -> None:
    first, second = machines
    assert second.portico("adopt").exit_code == 0
    second.start().close()
    with pytest.raises(BadSetting, match="another machine"):
        first.start()


def test_on_sqlite_there_is_nothing_to_adopt(tmp_path: Path) -> None:
    told = CliRunner().invoke(keys, ["adopt"], env={"PORTICO_DATA": str(tmp_path), "PORTICO_DATABASE": ""})
    assert told.exit_code == 1
    assert "SQLite" in told.output
