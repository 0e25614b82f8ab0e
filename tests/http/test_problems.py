"""Every error is a problem document with one shape, and a token has three outcomes."""

from collections.abc import Iterator

import httpx
import pytest

from pods.errors import PodError
from pods.http.problem import STATUSES, problem, status_of
from pods.http.resources import Resources
from pods.model import Answer, Operation
from pods.refusing import Refusing
from tests.pod_host import ORIGIN, Person, PodHost


def every_error(kind: type[PodError] = PodError) -> Iterator[type[PodError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from every_error(below)


def test_every_error_of_the_host_has_a_status_of_its_own_entry() -> None:
    own = [kind for kind in every_error() if kind.__module__ == "pods.errors"]
    assert [kind.__name__ for kind in own if kind not in STATUSES] == []
    assert all(400 <= status_of(kind("x")) < 600 for kind in every_error() if kind in STATUSES)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        *(("GET", "/anna/", 401, "unauthenticated"), ("GET", "/anna//", 400, "bad-target")),
        *(
            ("GET", "/anna/" + "a" * 256, 414, "bad-target"),
            ("PUT", "/anna/" + "a/" * 2000, 414, "bad-target"),
        ),
        *(("TRACE", "/anna/", 405, "method-not-allowed"), ("GET", "/.nowhere", 404, "not-found")),
        *(
            ("GET", "/.nowhere/", 404, "not-found"),
            ("POST", "/.well-known/openid-configuration", 405, "method-not-allowed"),
        ),
    ],
)
async def test_an_error_is_a_problem_document(
    host: PodHost, method: str, path: str, status: int, code: str
) -> None:
    answer = await host.stranger.request(method, path)
    document = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, document["status"]) == (status, status)
    assert document["code"] == code
    assert document["title"]
    assert document["detail"]


@pytest.mark.parametrize(
    ("path", "kind", "title"),
    [
        ("/anna/", None, "Unauthorized"),
        ("/.nowhere", "https://w3id.org/portico/problems#not-found", "Nothing there"),
    ],
)
async def test_an_error_of_a_resource_that_is_only_its_status_has_no_type(
    host: PodHost, path: str, kind: str | None, title: str
) -> None:
    """Clients compare it with their default, about:blank (RFC 9457, 3.1.1 and 4.2.1)."""
    document = (await host.stranger.get(path)).json()
    assert (document.get("type"), document["title"]) == (kind, title)


async def test_a_refusal_names_the_missing_mode_and_not_what_is_there(host: PodHost) -> None:
    present, absent = (
        await host.bob.get("/anna/settings/prefs.ttl"),
        await host.bob.get("/anna/settings/prefz.ttl"),
    )
    assert "Read" in present.json()["detail"]
    assert present.json()["detail"].replace("prefs", "prefz") == absent.json()["detail"]


async def test_a_stranger_is_told_how_to_come_in(host: PodHost) -> None:
    challenge = (await host.stranger.get("/anna/")).headers["www-authenticate"]
    assert challenge.startswith(f'DPoP realm="{ORIGIN}", algs="')
    assert "ES256" in challenge


async def test_a_bad_token_is_never_the_public(host: PodHost) -> None:
    url = f"{ORIGIN}/anna/profile/card"
    good = host.bob.credentials("GET", url)
    spoilt = {**good, "authorization": good["authorization"][:-4] + "AAAA"}
    for headers in (spoilt, {"authorization": "Bearer x"}, {"authorization": good["authorization"]}):
        answer = await host.http.get(url, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
        assert answer.headers["www-authenticate"].startswith(f'DPoP realm="{ORIGIN}"')


async def test_a_proof_opens_one_request_only(host: PodHost) -> None:
    url = f"{ORIGIN}/anna/profile/card"
    headers = host.anna.credentials("GET", url)
    assert [(await host.http.get(url, headers=headers)).status_code for _ in range(2)] == [200, 401]


class Broken:
    """A service that fails in a way nobody foresaw."""

    @property
    def refusing(self) -> Refusing:
        raise RuntimeError("secret detail of a refusal")

    async def answer(self, op: Operation) -> Answer:
        raise RuntimeError(f"secret detail of {op.path}")


async def test_what_nobody_foresaw_tells_nothing(host: PodHost, caplog: pytest.LogCaptureFixture) -> None:
    app = Resources(Broken(), host.core.verifier, base_url=ORIGIN, max_body=1_000_000)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
        answer = await Person(host.core, http, None).get("/anna/x", origin="https://app.example")
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (500, "https://app.example")
    assert "secret" not in answer.text
    assert "secret detail" in caplog.text


def test_a_problem_of_an_unknown_class_has_its_parents_status() -> None:
    class Odd(PodError):
        code = "odd"

    assert problem(Odd("x"), realm="r", challenge="DPoP").status == 500
