"""Problem documents (RFC 9457): the one place where an error becomes a status."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from pods import errors
from pods.errors import PodError
from pods.model import Answer
from vocab.terms import PROBLEMS

STATUSES: Mapping[type[PodError], int] = {
    PodError: 500,
    errors.BadRequest: 400,
    errors.BadTarget: 400,
    errors.LongTarget: 414,
    errors.BadContent: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.MethodNotAllowed: 405,
    errors.Gone: 410,
    errors.NotAcceptable: 406,
    errors.RequestTimeout: 408,
    errors.Conflict: 409,
    errors.PreconditionFailed: 412,
    errors.TooLarge: 413,
    errors.UnsupportedMedia: 415,
    errors.RangeNotSatisfiable: 416,
    errors.Misdirected: 421,
    errors.Unprocessable: 422,
    errors.TooManyRequests: 429,
    errors.StoreError: 500,
    errors.StoreUnavailable: 503,
    errors.QuotaExceeded: 507,
}
TITLES: Mapping[int, str] = {
    400: "The request cannot be understood",
    401: "Authentication needed",
    403: "Not allowed",
    404: "Nothing there",
    405: "Method not supported",
    406: "No such representation",
    408: "The request stopped coming",
    409: "Conflict with what is stored",
    410: "Gone for good",
    412: "Precondition failed",
    413: "Too large",
    414: "Address too long",
    415: "Media type not supported",
    416: "No such range",
    421: "Another host is meant",
    422: "Refused by a rule",
    429: "Too many requests",
    500: "The host failed",
    503: "Try again in a moment",
    507: "The pod is full",
}
PROBLEM_JSON = "application/problem+json"


def status_of(error: PodError) -> int:
    """Return the status of an error; a class without an entry has its nearest ancestor's."""
    return next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)


def problem(error: BaseException, *, realm: str, challenge: str, of_resource: bool = False) -> Answer:
    """Return the answer to a failed request. An error that is not ours tells nothing about itself.

    `challenge` is what a 401 says about how to authenticate, if the error does not say it itself. Of a resource, an
    error that means no more than its status has no type of its own: every Solid client reads these.
    """
    if not isinstance(error, PodError):
        error = PodError("Something went wrong on the host; the operator can see what in its log.")
    status = status_of(error)
    fields = list(error.headers)
    if status == 401 and not any(_is_dpop(name, value) for name, value in fields):
        fields.insert(0, ("www-authenticate", challenge))
    if status == 401:
        fields = [
            (name, _with_realm(value, realm) if _is_dpop(name, value) else value) for name, value in fields
        ]
    detail = str(error) or TITLES.get(status, "Error")
    document: dict[str, object] = {"status": status, "detail": detail, "code": error.code}
    if of_resource and type(error) in STATUSES:
        # RFC 9457, 4.2.1 and 3.1.1: the type is about:blank, which is what its absence says; the title is HTTP's.
        document = {"title": HTTPStatus(status).phrase, **document}
    else:
        document = {"type": PROBLEMS + error.code, "title": TITLES.get(status, "Error"), **document}
    content = json.dumps(document, ensure_ascii=False).encode()
    return Answer(status, [*fields, ("content-type", PROBLEM_JSON)], content)


def _is_dpop(name: str, value: str) -> bool:
    return name == "www-authenticate" and value.startswith("DPoP ")


def _with_realm(challenge: str, realm: str) -> str:
    return challenge if "realm=" in challenge else challenge.replace("DPoP ", f'DPoP realm="{realm}", ', 1)
