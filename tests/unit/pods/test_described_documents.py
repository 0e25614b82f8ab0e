"""Header fields of ordinary documents are put together quickly, and are those that any resource has."""

import pytest

from pods.model import Path
from pods.protocol import headers

BASE = "http://localhost:8080"


@pytest.mark.parametrize(
    "path",
    [
        *("/anna", "/anna/", "/anna/x", "/anna/x.ttl", "/anna/a/b/c.ttl", "/anna/-", "/anna/%C3%A8.ttl"),
        *(
            "/anna/.acl",
            "/anna/x.acl",
            "/anna/x.meta",
            "/anna/.meta",
            "/anna/.well-known/solid",
            "/anna/inbox/",
        ),
        *("/anna/profile/card", "/anna/profile/cards", "/anna/x/profile/card", "/anna/profile/card/"),
        *("/anna/consents/1", "/anna/activity/", "/anna/activity/2026-03.ttl"),
    ],
)
def test_the_quick_way_says_what_the_long_one_says(path: str) -> None:
    assert headers.descriptive(BASE, Path(path)) == headers._described(BASE, Path(path))


def test_a_document_names_its_own_acl_and_description() -> None:
    fields = dict(headers.descriptive(BASE, Path("/anna/a/b.ttl")))
    assert f'<{BASE}/anna/a/b.ttl.acl>; rel="acl"' in fields["link"]
    assert f'<{BASE}/anna/a/b.ttl.meta>; rel="describedby"' in fields["link"]
