"""Rotation of the signing keys: published first, then used; the old verify for a while; every process notices."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson
import pytest

from pods.identity.key_file import ALGORITHMS, KEPT_SECONDS, LEAD_SECONDS
from pods.identity.keys import LOOK_EVERY, BadToken, SigningKeys
from pods.protocol import jose
from tests.conftest import SettableClock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def kid_of(token: str) -> str | None:
    return jose.parse(token).header.kid


def test_a_new_key_is_published_before_it_signs(path: Path, clock: SettableClock) -> None:
    keys = SigningKeys.open(path, clock=clock)
    old = keys.kid
    new = SigningKeys.rotate(path, at=clock())
    clock.advance(LOOK_EVERY)
    assert [jwk["kid"] for jwk in keys.jwks()["keys"] if jwk["alg"] == "ES256"] == [new, old]
    assert kid_of(keys.sign({}, "JWT")) == old
    clock.advance(LEAD_SECONDS)
    assert kid_of(keys.sign({}, "JWT")) == new


def test_an_old_key_verifies_until_its_end_and_no_longer(path: Path, clock: SettableClock) -> None:
    keys = SigningKeys.open(path, clock=clock)
    end = LEAD_SECONDS + KEPT_SECONDS
    token = keys.sign({"exp": clock() + 2 * end}, "JWT")
    SigningKeys.rotate(path, at=clock())
    clock.advance(end - 1)
    assert keys.verify(token, "JWT")
    clock.advance(2)
    with pytest.raises(BadToken, match="not signed by this issuer"):
        keys.verify(token, "JWT")
    assert [jwk["alg"] for jwk in keys.jwks()["keys"]] == ["ES256", "RS256"]


def test_what_a_compromised_key_signed_is_void_at_once(path: Path, clock: SettableClock) -> None:
    keys = SigningKeys.open(path, clock=clock)
    token = keys.sign({"exp": clock() + 600}, "JWT")
    new = SigningKeys.rotate(path, at=clock(), compromised=True)
    clock.advance(LOOK_EVERY)
    with pytest.raises(BadToken, match="not signed by this issuer"):
        keys.verify(token, "JWT")
    assert keys.kid == new


def test_a_file_from_before_keys_had_times_is_read(path: Path, clock: SettableClock) -> None:
    keys = SigningKeys.open(path, clock=clock)
    content = orjson.loads(path.read_bytes())
    path.write_bytes(orjson.dumps({"keys": [{k: v for k, v in content["keys"][0].items() if k != "nbf"}]}))
    assert SigningKeys.open(path, clock=clock).kid == keys.kid


def test_a_file_from_before_there_were_rsa_keys_gets_one_and_keeps_the_rest(
    path: Path, clock: SettableClock
) -> None:
    keys = SigningKeys.open(path, clock=clock)
    SigningKeys.rotate(path, at=clock())
    clock.advance(LOOK_EVERY)
    token, secret = keys.sign({"exp": clock() + 600}, "JWT"), keys.derived(b"use")
    stored = orjson.loads(path.read_bytes())["keys"]
    earlier = [jwk for jwk in stored if jwk["kty"] == "EC"]
    path.write_bytes(orjson.dumps({"keys": earlier}))

    again = SigningKeys.open(path, clock=clock)
    assert [jwk for jwk in orjson.loads(path.read_bytes())["keys"] if jwk["kty"] == "EC"] == earlier
    assert again.verify(token, "JWT")
    assert again.derived(b"use") == secret
    signed = again.sign({"exp": clock() + 600}, "JWT", "RS256")
    # A worker that has run all the time takes what the new one signs.
    clock.advance(LOOK_EVERY)
    assert keys.verify(signed, "JWT")


def test_workers_that_find_no_rsa_key_at_once_agree_on_one(path: Path, clock: SettableClock) -> None:
    SigningKeys.open(path, clock=clock)
    stored = orjson.loads(path.read_bytes())["keys"]
    path.write_bytes(orjson.dumps({"keys": [jwk for jwk in stored if jwk["kty"] == "EC"]}))
    with ThreadPoolExecutor(4) as workers:
        opened = list(workers.map(lambda _: SigningKeys.open(path, clock=clock), range(4)))
    clock.advance(LOOK_EVERY)
    assert all(keys.jwks() == opened[0].jwks() for keys in opened)
    assert len(opened[0].jwks()["keys"]) == 2


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_each_algorithm_is_rotated_alike(path: Path, clock: SettableClock, alg: str) -> None:
    keys = SigningKeys.open(path, clock=clock)
    before = keys.sign({"exp": clock() + 3600}, "JWT", alg)
    SigningKeys.rotate(path, at=clock())
    clock.advance(LOOK_EVERY)
    assert kid_of(keys.sign({}, "JWT", alg)) == kid_of(before)
    clock.advance(LEAD_SECONDS)
    after = keys.sign({"exp": clock() + 60}, "JWT", alg)
    assert kid_of(after) != kid_of(before)
    published = {jwk["kid"]: jose.public_key(jwk) for jwk in keys.jwks()["keys"]}
    for token in (before, after):
        read = jose.parse(token)
        assert read.header.alg == alg
        assert published[str(read.header.kid)].verifies(alg, read.signing_input, read.signature)
        assert keys.verify(token, "JWT")


def test_no_private_part_and_no_time_is_published(path: Path, clock: SettableClock) -> None:
    keys = SigningKeys.open(path, clock=clock)
    SigningKeys.rotate(path, at=clock())
    clock.advance(LOOK_EVERY)
    for jwk in keys.jwks()["keys"]:
        public = {"EC": {"crv", "x", "y"}, "RSA": {"n", "e"}}[jwk["kty"]]
        assert set(jwk) == {"kty", "kid", "alg", "use", *public}
    assert path.stat().st_mode & 0o077 == 0


OTHER = """
import sys, time
from pathlib import Path
from pods.identity.keys import SigningKeys
keys = SigningKeys.open(Path(sys.argv[1]), clock=time.time)
for line in sys.stdin:
    print(keys.sign({"exp": time.time() + 60}, "JWT"), flush=True)
"""


def test_another_process_signs_with_the_new_key_without_a_restart(path: Path) -> None:
    here = SigningKeys.open(path, clock=time.time)
    with subprocess.Popen(
        [sys.executable, "-c", OTHER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as there:
        assert there.stdin is not None
        assert there.stdout is not None

        def token() -> str:
            there.stdin.write("\n")  # type: ignore[union-attr]  # asserted above
            there.stdin.flush()  # type: ignore[union-attr]  # likewise
            return there.stdout.readline().strip()  # type: ignore[union-attr]  # likewise

        before = token()
        assert here.verify(before, "JWT")
        new = SigningKeys.rotate(path, at=time.time() - LEAD_SECONDS)
        time.sleep(LOOK_EVERY + 0.1)
        after = token()
        there.stdin.close()
    assert kid_of(after) == new
    assert here.verify(after, "JWT")
    assert here.verify(before, "JWT")
