"""Organisations are files that only the operator reads, found by name, WebID or client id."""

import stat
from pathlib import Path

import pytest

from apps.organisations import BadOrganisation, Organisation, Organisations
from consent.receipts.keys import IssuerKey

ISSUER = "http://localhost:8082/valueback/shops/forno"


def forno() -> Organisation:
    return Organisation(
        *("forno", "Forno dell'Orologio", "http://localhost:8080/forno/profile/card#me"),
        client_id="forno-1",
        client_secret="a secret",
        receipt_issuer=ISSUER,
        receipt_jwk=IssuerKey.generate(ISSUER).private_jwk(),
    )


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    known, written = Organisations(tmp_path), forno()
    known.write(written)
    assert known.named("forno") == known.of_client("forno-1") == written
    assert known.of_webid("http://localhost:8080/forno/profile/card#me") == written
    assert known.issuers("http://localhost:8082/valueback/shops/") == [written]
    assert known.issuers("http://localhost:8082/checkin/") == []


def test_the_file_is_for_the_operator_alone(tmp_path: Path) -> None:
    Organisations(tmp_path).write(forno())
    mode = (tmp_path / "organisations" / "forno.json").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_no_secret_is_in_what_a_log_line_would_show() -> None:
    shown = repr(forno())
    assert "a secret" not in shown
    assert "OKP" not in shown


@pytest.mark.parametrize("name", ["../pods", "", "Forno", "a/b", ".hidden"])
def test_a_name_never_leaves_the_folder(tmp_path: Path, name: str) -> None:
    known = Organisations(tmp_path)
    assert known.named(name) is None
    with pytest.raises(BadOrganisation):
        known.write(Organisation(name, "x"))


@pytest.mark.parametrize("content", ["", "[]", "{", '{"title": 1, "receipt_jwk": "x"'])
def test_a_broken_file_is_named(tmp_path: Path, content: str) -> None:
    folder = tmp_path / "organisations"
    folder.mkdir()
    (folder / "forno.json").write_text(content, "utf-8")
    with pytest.raises(BadOrganisation, match=r"forno\.json"):
        Organisations(tmp_path).named("forno")


def test_a_broken_key_is_named(tmp_path: Path) -> None:
    broken = Organisation("forno", "Forno", receipt_issuer=ISSUER, receipt_jwk={"kty": "EC"})
    with pytest.raises(BadOrganisation, match="forno"):
        broken.receipt_key()
