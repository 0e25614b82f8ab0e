"""A server on loopback that speaks S3 and checks signatures, and the variables by which it is reached."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from nanio.app import build_app  # type: ignore[import-untyped]  # it ships none
from nanio.auth.credentials import StaticCredentialResolver  # type: ignore[import-untyped]  # it ships none
from nanio.config import Settings  # type: ignore[import-untyped]  # it ships none

from tests.serving import serving

VARIABLES = {
    "AWS_ACCESS_KEY_ID": "key-of-a-test",
    "AWS_SECRET_ACCESS_KEY": "secret-of-a-test",
    "AWS_REGION": "eu-south-1",
    "AWS_ALLOW_HTTP": "true",
}


@contextmanager
def s3_storage(bucket: Path) -> Iterator[str]:
    """Serve a folder as a bucket of its name, and give the address of the server."""
    bucket.mkdir()
    credentials = StaticCredentialResolver(
        {VARIABLES["AWS_ACCESS_KEY_ID"]: VARIABLES["AWS_SECRET_ACCESS_KEY"]}
    )
    settings = Settings(data_dir=bucket.parent, region=VARIABLES["AWS_REGION"], credentials=credentials)
    with serving(build_app(settings)) as address:
        yield address


def use(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Set the variables by which storage is reached."""
    for name, value in {**VARIABLES, "AWS_ENDPOINT_URL": address}.items():
        monkeypatch.setenv(name, value)
