"""Seeds: read with the place of each mistake, settled once, and again without harm."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.cli.operator import operator_core
from apps.cli.seed import SeedUser, from_file, from_option, settle
from pods.errors import Conflict
from pods.identity.passwords import unsealed_by
from pods.main import Core
from pods.settings import BadSetting, PodSettings

ALICE = SeedUser("alice", "alice@example.org", "alice-password", "Alice", "alice-client", "alice-secret-1")


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Core]:
    with operator_core(PodSettings(data=tmp_path, pod_url="http://localhost:8080")) as opened:
        yield opened


def secret_holds(core: Core, secret: str) -> bool:
    with core.store.reading() as tx:
        account = core.accounts.by_login(tx, "alice")
        assert account is not None
        (credential,) = core.accounts.list_credentials(tx, account)
        return unsealed_by(credential.sealed_secret, secret)


def test_a_seeded_user_has_account_pod_and_credentials(core: Core) -> None:
    (made,) = settle(core, [ALICE])
    assert made.webid == "http://localhost:8080/alice/profile/card#me"
    assert made.outcome == "made"
    assert secret_holds(core, "alice-secret-1")
    with core.store.reading() as tx:
        account = core.accounts.by_login(tx, "alice@example.org")
        assert core.accounts.check_password(account, "alice-password")
        assert tx.pod("alice") is not None


def test_a_short_secret_of_a_test_suite_is_taken_and_noted(core: Core) -> None:
    long, short = settle(core, [ALICE, SeedUser("bob", password="bob123")])
    assert long.note is None
    assert "fewer than 10 characters" in short.lines()
    assert "bob123" not in short.lines()
    with core.store.reading() as tx:
        assert core.accounts.check_password(core.accounts.by_login(tx, "bob"), "bob123")


def test_a_second_start_keeps_what_the_owner_changed(core: Core) -> None:
    settle(core, [ALICE])
    with core.store.writing() as tx:
        account = core.accounts.by_login(tx, "alice")
        assert account is not None
        core.accounts.set_password(tx, account, "changed by alice")
    (kept,) = settle(core, [ALICE])
    assert kept.outcome == "kept"
    with core.store.reading() as tx:
        assert core.accounts.check_password(core.accounts.by_login(tx, "alice"), "changed by alice")


def test_a_changed_client_secret_replaces_the_old_one(core: Core) -> None:
    settle(core, [ALICE])
    settle(core, [SeedUser("alice", client_id="alice-client", client_secret="alice-secret-2")])
    assert secret_holds(core, "alice-secret-2")
    assert not secret_holds(core, "alice-secret-1")


def test_somebody_elses_client_id_is_refused_and_nothing_is_stored(core: Core) -> None:
    settle(core, [ALICE])
    thief = SeedUser("mallory", None, "mallory-password", None, "alice-client", "alice-secret-3")
    with pytest.raises(Conflict):
        settle(core, [SeedUser("carol"), thief])
    with core.store.reading() as tx:
        assert tx.pod("carol") is None
        assert core.accounts.by_login(tx, "mallory") is None
    assert secret_holds(core, "alice-secret-1")


def test_a_name_stands_in_a_seed_once(core: Core) -> None:
    with pytest.raises(Conflict, match="'alice' twice"):
        settle(core, [ALICE, ALICE])


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ({"users": []}, "at the top"),
        ([], "at the top"),
        ([{"email": "a@example.org"}], "'name' is a required property"),
        ([{"name": "Alice"}], "at /0/name"),
        ([{"name": "alice", "mail": "a@example.org"}], "Known members: client_id"),
        ([{"name": "alice", "email": "nobody"}], "at /0/email"),
        ([{"name": "alice"}, {"name": "bob", "client_id": "b"}], "at /1"),
        (
            [{"name": "alice", "client_id": "https://app.example/id", "client_secret": "0123456789"}],
            "client_id",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, listed: object, said: str) -> None:
    file = tmp_path / "seed.json"
    file.write_text(json.dumps(listed), "utf-8")
    with pytest.raises(BadSetting, match="--seed: ") as refused:
        from_file(file)
    assert said in str(refused.value)


@pytest.mark.parametrize("member", ["password", "client_secret"])
def test_no_message_repeats_a_secret(tmp_path: Path, member: str) -> None:
    file = tmp_path / "seed.json"
    users = [{"name": "alice", "client_id": "a", "client_secret": "long enough", member: "geheim" * 50}]
    file.write_text(json.dumps(users), "utf-8")
    with pytest.raises(BadSetting, match="1 to 256") as refused:
        from_file(file)
    assert "geheim" not in str(refused.value)
    assert "alice-password" not in repr(ALICE)


@pytest.mark.parametrize("content", [b"{", b"\xff", b"nothing"])
def test_a_file_that_is_no_json_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "seed.json"
    file.write_bytes(content)
    with pytest.raises(BadSetting):
        from_file(file)


def test_a_user_on_the_command_line() -> None:
    assert from_option("bob:bob-password") == SeedUser("bob", password="bob-password")
    assert from_option("bob:bob-password:b:bob-secret-0").client_id == "b"
    with pytest.raises(BadSetting, match="3 parts"):
        from_option("bob:bob-password:b")
