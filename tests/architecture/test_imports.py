"""The import rules of .importlinter hold, and they bite."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINT = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin", "COLUMNS": "200"}
    command = [*LINT, "--no-cache"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_every_import_points_downwards() -> None:
    answer = lint(ROOT)
    assert answer.returncode == 0, answer.stdout


def test_a_wallet_that_reads_the_store_is_refused(tmp_path: Path) -> None:
    answer = lint(checkout(tmp_path, {"wallet/pages.py": "import pods.storage"}))
    assert answer.returncode == 1
    assert "wallet.pages -> pods.storage" in answer.stdout


def test_a_pod_host_that_knows_consent_is_refused(tmp_path: Path) -> None:
    answer = lint(checkout(tmp_path, {"pods/service.py": "import consent.model"}))
    assert answer.returncode == 1
    assert "pods.service -> consent.model" in answer.stdout


def test_the_client_modules_are_open_to_wallet_and_apps(tmp_path: Path) -> None:
    code = "import consent.model\nimport pods.client\nimport pods.protocol.rdf\n"
    answer = lint(checkout(tmp_path, {"wallet/pages.py": code, "apps/insight/main.py": code}))
    assert answer.returncode == 0, answer.stdout


def checkout(folder: Path, sources: dict[str, str]) -> Path:
    """Lay out the five packages with empty modules, the given sources, and the real rules."""
    empty = [
        *(f"{package}/__init__.py" for package in ("apps", "consent", "pods", "vocab", "wallet")),
        *("apps/insight/__init__.py", "consent/model.py", "pods/client.py", "pods/storage.py"),
        *("pods/protocol/__init__.py", "pods/protocol/rdf.py"),
    ]
    for name, code in {**dict.fromkeys(empty, ""), **sources}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code, encoding="utf-8")
    (folder / ".importlinter").write_text(
        (ROOT / ".importlinter").read_text(encoding="utf-8"), encoding="utf-8"
    )
    return folder
