"""Whatever is sent to a route that the OpenAPI document describes, it answers as described and never with 5xx."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode, checks
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks as specs_checks

from consent.main import extension, schemas
from pods.main import application, open_core
from pods.provision import create_pod, webid_for
from pods.settings import PodSettings
from tests.conftest import SettableClock
from tests.consent_host import WALLET
from tests.pod_host import Person
from tests.serving import bound_socket, serving

EXAMPLES = 25  # requests per operation, some valid by the document and some not
CHECKS_OF_ANSWERS = (
    checks.not_a_server_error,
    *(specs_checks.status_code_conformance, specs_checks.content_type_conformance),
    specs_checks.response_schema_conformance,
)


@dataclass(frozen=True, slots=True)
class Host:
    """A served pod host with consent, and a wallet on it."""

    origin: str
    anna: Person
    document: dict[str, Any]


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    listener = bound_socket()
    origin = f"http://localhost:{listener.getsockname()[1]}"
    core = open_core(
        PodSettings(data=tmp_path_factory.mktemp("host"), pod_url=origin),
        SettableClock(1_790_000_000.0),
        schemas=schemas(),
    )
    added = extension(core)
    app = application(core, authorizer=added.authorizer, observers=added.observers, routes=added.routes)
    webid = webid_for(origin, "anna")
    with core.store.writing() as tx:
        create_pod(tx, "anna", webid, base=origin, issuer=origin + "/", display_name="Anna", at=core.clock())
    with serving(app, listener=listener), httpx.Client() as http:
        anna = Person(core, httpx.AsyncClient(), webid, WALLET, origin=origin)
        yield Host(origin, anna, http.get(f"{origin}/.openapi.json").json())


def test_the_document_names_what_programs_call(host: Host) -> None:
    described = {(method.upper(), path) for path, item in host.document["paths"].items() for method in item}
    assert ("POST", "/.consent/queries") in described
    assert ("DELETE", "/.consent/grants/{grant_id}") in described
    assert ("POST", "/.consent/uma/token") in described
    assert ("POST", "/.oidc/token") in described
    assert ("DELETE", "/.notifications/WebhookChannel2023/{channel}") in described
    assert all(
        "description" in operation for item in host.document["paths"].values() for operation in item.values()
    )


@pytest.mark.parametrize("known", [False, True], ids=["a stranger", "a wallet"])
def test_no_request_makes_the_host_fail_or_answer_what_it_does_not_describe(
    host: Host, *, known: bool
) -> None:
    schema = schemathesis.openapi.from_dict(host.document)
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(
            case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
            | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
        )
        def send(case: schemathesis.Case[Any]) -> None:
            url = case.as_transport_kwargs(base_url=host.origin)["url"]
            headers = host.anna.credentials(case.method, url) if known else {}
            answer = case.call(base_url=host.origin, headers=headers)
            case.validate_response(answer, checks=list(CHECKS_OF_ANSWERS))

        send()
