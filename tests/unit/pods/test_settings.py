"""Settings: addresses become part of every identifier, so there is one spelling of each and nothing else is taken."""

import pytest

from pods.settings import BadSetting, PodSettings, read_settings


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("https://pods.example", "https://pods.example"),
        ("https://pods.example/", "https://pods.example"),
        ("HTTPS://Pods.Example:443", "https://pods.example"),
        ("http://server:3000/", "http://server:3000"),
        ("http://localhost:80", "http://localhost"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_an_origin_has_one_spelling(given: str, taken: str) -> None:
    settings = read_settings(PodSettings, {"PORTICO_POD_URL": given})
    assert (settings.pod_url, settings.issuer) == (taken, f"{taken}/")


@pytest.mark.parametrize(
    "given",
    [
        *("pods.example", "localhost:3000", "ftp://pods.example", "https://", "https://pods.example/sub"),
        *("https://pods.example?x", "https://pods.example#x", "https://me@pods.example", ""),
        *("https://pods.example:port", "https://pods.example:0", "https://caffè.example"),
    ],
)
def test_what_is_no_origin_is_refused_before_it_names_anything(given: str) -> None:
    with pytest.raises(BadSetting, match="PORTICO_POD_URL"):
        read_settings(PodSettings, {"PORTICO_POD_URL": given})
