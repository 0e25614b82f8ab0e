"""`portico pods export` and `import`: the commands as an operator types them."""

import json
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from apps.cli.main import main


def portico(monkeypatch: pytest.MonkeyPatch, data: Path, origin: str, *words: str) -> Result:
    monkeypatch.setenv("PORTICO_DATA", str(data))
    monkeypatch.setenv("PORTICO_POD_URL", origin)
    return CliRunner().invoke(main, words)


def test_a_pod_goes_from_one_folder_to_another(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    old, new, file = tmp_path / "old", tmp_path / "new", tmp_path / "anna.zip"
    here, there = "http://localhost:8080", "https://pods.example.net"
    made = portico(monkeypatch, old, here, "pods", "create", "anna", "--email", "anna@example.org")
    assert made.exit_code == 0, made.output
    assert portico(monkeypatch, old, here, "pods", "export", "anna", str(file)).exit_code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(file) as archive:
        assert json.loads(archive.read("account.json"))["email"] == "anna@example.org"
        assert {"consensi.json", "registro.jsonl", "LEGGIMI.txt"} <= set(archive.namelist())
    words = ("pods", "import", str(file), "--name", "anna-b", "--json")
    done = portico(monkeypatch, new, there, *words)
    assert json.loads(done.output)["webid"] == "https://pods.example.net/anna-b/profile/card#me"
    again = portico(monkeypatch, new, there, *words)
    assert again.exit_code == 1
    assert "taken" in again.output


def test_an_account_takes_in_a_further_pod(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file, origin = tmp_path / "anna.zip", "http://localhost:8080"
    portico(monkeypatch, tmp_path, origin, "pods", "create", "anna")
    portico(monkeypatch, tmp_path, origin, "pods", "export", "anna", str(file))
    words = ("pods", "import", str(file), "--name", "work", "--account", "anna")
    assert portico(monkeypatch, tmp_path, origin, *words).exit_code == 0
    nobody = portico(monkeypatch, tmp_path, origin, *words[:-3], "third", "--account", "nobody")
    assert "no account named 'nobody'" in nobody.output


def test_an_export_replaces_no_file_unasked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file, origin = tmp_path / "anna.zip", "http://localhost:8080"
    file.write_bytes(b"precious")
    portico(monkeypatch, tmp_path, origin, "pods", "create", "anna")
    refused = portico(monkeypatch, tmp_path, origin, "pods", "export", "anna", str(file))
    assert refused.exit_code == 1
    assert file.read_bytes() == b"precious"
    assert (
        portico(monkeypatch, tmp_path, origin, "pods", "export", "anna", str(file), "--force").exit_code == 0
    )
    assert zipfile.is_zipfile(file)


def test_what_is_no_archive_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "x.zip"
    file.write_bytes(b"nothing")
    refused = portico(monkeypatch, tmp_path, "http://localhost:8080", "pods", "import", str(file))
    assert refused.exit_code == 1
    assert refused.output.startswith("Error: This is not a zip archive")
