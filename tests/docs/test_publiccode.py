"""publiccode.yml is what the catalogue of reusable public software will accept (standard 0.7)."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((Path(__file__).parent / "publiccode.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=FormatChecker())


@pytest.fixture
def publiccode() -> dict[str, Any]:
    document = yaml.safe_load((ROOT / "publiccode.yml").read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def test_publiccode_follows_the_standard(publiccode: dict[str, Any]) -> None:
    assert [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(publiccode)] == []


def test_a_description_that_is_too_long_is_refused(publiccode: dict[str, Any]) -> None:
    publiccode["description"]["it"]["shortDescription"] = "x" * 151
    assert [error.json_path for error in VALIDATOR.iter_errors(publiccode)] == [
        "$.description.it.shortDescription"
    ]


def test_version_and_licence_are_those_of_the_package(publiccode: dict[str, Any]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert publiccode["softwareVersion"] == project["version"]
    assert publiccode["legal"]["license"] == project["license"]


def test_every_language_of_the_product_is_described(publiccode: dict[str, Any]) -> None:
    assert set(publiccode["description"]) == set(publiccode["localisation"]["availableLanguages"])
