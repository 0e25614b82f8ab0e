"""The Host field: a host answers to its own names, in each spelling, and to no other."""

import pytest

from pods.errors import BadRequest, Misdirected
from pods.http.hosts import Hosts
from pods.settings import BadSetting

OWN = "https://pods.example"


@pytest.mark.parametrize(
    ("url", "names", "asked", "taken"),
    [
        (OWN, (), "pods.example", True),
        (OWN, (), "PODS.example", True),
        (OWN, (), "pods.example:443", True),
        (OWN, (), "pods.example:80", False),
        (OWN, (), "other.example", False),
        (OWN, (), "pods.example.evil.example", False),
        (OWN, (), "evil.example/pods.example", False),
        (OWN, (), "", False),
        ("https://pods.example:8443", (), "pods.example:8443", True),
        ("https://pods.example:8443", (), "pods.example", False),
        ("http://localhost:8080", (), "127.0.0.1:8080", True),
        ("http://localhost:8080", (), "[::1]:8080", True),
        (OWN, (), "localhost:8080", True),
        (OWN, (), "[::1]", True),
        (OWN, (), "localhost.evil.example", False),
        (OWN, (), "localhost:8080.evil.example", False),
        (OWN, ("pods.example", "pods.internal:9000"), "pods.internal:9000", True),
        (OWN, ("pods.example", "pods.internal:9000"), "pods.internal", False),
        (OWN, ("inner.example",), "pods.example", False),
        (OWN, ("*",), "anything", True),
    ],
)
def test_a_host_answers_to_its_names(url: str, names: tuple[str, ...], asked: str, taken: bool) -> None:
    hosts = Hosts(url, names)
    fields = [(b"accept", b"*/*"), (b"host", asked.encode())]
    if taken:
        hosts.require(fields)
    else:
        with pytest.raises(Misdirected):
            hosts.require(fields)


def test_a_request_names_one_host() -> None:
    for fields in ([], [(b"host", b"pods.example"), (b"host", b"pods.example")]):
        for names in ((), ("*",)):
            with pytest.raises(BadRequest):
                Hosts(OWN, names).require(fields)


def test_what_is_no_host_name_is_a_bad_setting() -> None:
    with pytest.raises(BadSetting):
        Hosts(OWN, ("https://pods.example",))
