"""Requests with a DPoP proof, and refusals as errors that carry what the server said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus

import httpx

from pods.model import Clock
from pods.protocol.dpop import DpopKey
from vocab.terms import PROBLEMS


class SolidError(Exception):
    """A server refused, or could not be understood. Carries the problem document (RFC 9457) if there was one."""

    def __init__(self, status: int, title: str, detail: str = "", *, code: str = "") -> None:
        super().__init__(f"{status} {title}" + (f": {detail}" if detail else ""))
        self.status = status
        """The HTTP status; 0 if there was no answer."""
        self.title = title
        self.detail = detail
        self.code = code
        """The name of the error among those of the platform; empty for other servers' errors."""


async def send_with_proof(
    http: httpx.AsyncClient,
    key: DpopKey,
    method: str,
    url: str,
    *,
    clock: Clock,
    headers: Mapping[str, str] | None = None,
    content: bytes | str | None = None,
    data: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
    access_token: str | None = None,
) -> httpx.Response:
    """Send a request with a DPoP proof; once more if the server wants its nonce in it (RFC 9449 section 8)."""
    fields = dict(headers or {})
    if access_token is not None:
        fields["authorization"] = f"DPoP {access_token}"
    # RFC 6749 section 2.3.1: id and secret are form-encoded before they become a Basic credential.
    basic = httpx.BasicAuth(*map(quote_plus, auth)) if auth else None
    nonce: str | None = None
    while True:
        fields["dpop"] = key.proof(method, url, at=clock(), access_token=access_token, nonce=nonce)
        answer = await http.request(
            method,
            url,
            headers=fields,
            content=content,
            data=dict(data) if data is not None else None,
            auth=basic or httpx.USE_CLIENT_DEFAULT,
        )
        wanted = answer.headers.get("dpop-nonce")
        if nonce is not None or wanted is None or not _asks_for_nonce(answer):
            return answer
        nonce = wanted


def refusal(answer: httpx.Response) -> SolidError:
    """Return the error that an answer describes, as a problem document, as OAuth, or only by its status."""
    try:
        problem = answer.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        return SolidError(answer.status_code, answer.reason_phrase or "Refused")
    title = problem.get("title", problem.get("error", answer.reason_phrase))
    detail = str(problem.get("detail", problem.get("error_description", "")))
    kind = str(problem.get("type", ""))
    code = kind.removeprefix(PROBLEMS) if kind.startswith(PROBLEMS) else str(problem.get("code", ""))
    return SolidError(answer.status_code, str(title), detail, code=code)


def json_object(answer: httpx.Response) -> dict[str, Any]:
    """Return the JSON object of a successful answer; raise SolidError."""
    if not answer.is_success:
        raise refusal(answer)
    try:
        value = answer.json()
    except ValueError as error:
        raise SolidError(answer.status_code, "The answer is not JSON", str(answer.url)) from error
    if not isinstance(value, dict):
        raise SolidError(answer.status_code, "The answer is not a JSON object", str(answer.url))
    return value


def _asks_for_nonce(answer: httpx.Response) -> bool:
    if answer.status_code == 401:
        return "use_dpop_nonce" in answer.headers.get("www-authenticate", "")
    return answer.status_code == 400 and b"use_dpop_nonce" in answer.content
