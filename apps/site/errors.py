"""What went wrong in an app, as a page for people or a problem document for programs: one table for all apps."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import httpx
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from apps.refusal import Refusal
from consent.client import AccessRefused
from pods import errors
from pods.client import SolidError
from pods.errors import PodError
from vocab.pages import ForgedForm, Pages, msg

log = logging.getLogger(__name__)

Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]

TITLES: Mapping[int, str] = {
    403: msg("Not allowed"),
    404: msg("There is nothing at this address"),
    409: msg("This contradicts what is there"),
    502: msg("The pod host did not do it"),
}
"""Message ids by status, of what an app refuses; of every other status the request does not fit."""
HOST_TITLES: Mapping[int, str] = {**TITLES, 409: msg("Not possible now"), 503: msg("The pod host is busy")}
PASSED_ON = frozenset({*range(400, 500), 503}) - {401}
"""What the pod host answers and the reader can do something about; a 401 is about our own credentials."""
STATUSES: Mapping[type[PodError], int] = {errors.Forbidden: 403, errors.NotFound: 404, errors.Conflict: 409}
OTHERS: Mapping[int, tuple[str, str]] = {
    401: (msg("Log in first"), msg("Send the organisation's client id and secret (HTTP Basic).")),
    404: (msg("Page not found"), msg("There is no page at this address.")),
    405: (msg("This cannot be done here"), msg("Go back and use the buttons of the page.")),
    413: (msg("This is too much at once"), msg("Send it in smaller parts.")),
}
SOON = "5"  # seconds; where the host said when, its own clients have waited already


class NotStaff(Exception):
    """Somebody who is logged in, but for no organisation that may use this page."""


class Errors:
    """Turns errors into answers in the language of the reader."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def handlers(self) -> dict[Any, Handler]:
        """Return what Starlette takes as `exception_handlers`."""
        return {
            ForgedForm: self._forged,
            NotStaff: self._not_staff,
            RequestValidationError: self._unreadable,
            Refusal: self.refused,
            PodError: self.refused,
            SolidError: self._host_refused,
            AccessRefused: self._host_failed,
            httpx.HTTPError: self._host_failed,
            HTTPException: self._other,
            Exception: self._other,
        }

    async def refused(self, request: Request, error: Exception) -> Response:
        """Answer with the words of an error that is for the reader, and with its status if it has one."""
        _ = self._pages.translator(request)
        known = (status for kind in type(error).__mro__ if (status := STATUSES.get(kind)))
        status, detail = next(known, 422), str(error)
        if isinstance(error, Refusal):
            status = error.status
            # Programs read English, which names fields as the API does.
            detail = error.said(_) if "text/html" in request.headers.get("accept", "") else detail
        title = _(TITLES.get(status, msg("The request does not fit")))
        return self._pages.problem(request, status, title, detail, code=str(getattr(error, "code", "error")))

    async def _host_refused(self, request: Request, error: SolidError) -> Response:
        """Pass the pod host's refusal on, with its words; what is between it and us is not the reader's."""
        for_the_reader = error.status in PASSED_ON
        status = error.status if for_the_reader else httpx.codes.BAD_GATEWAY
        headers = {"Retry-After": SOON} if status == httpx.codes.SERVICE_UNAVAILABLE else None
        _ = self._pages.translator(request)
        return self._pages.problem(
            request,
            status,
            _(HOST_TITLES.get(status, msg("The pod host refused"))),
            error.detail or str(error),
            code=error.code if for_the_reader and error.code else "pod-host",
            headers=headers,
        )

    async def _host_failed(self, request: Request, error: Exception) -> Response:
        return await self._host_refused(request, SolidError(0, type(error).__name__, str(error)))

    async def _forged(self, request: Request, error: Exception) -> Response:
        _ = self._pages.translator(request)
        title = _("The form was not accepted")
        return self._pages.problem(request, 403, title, str(error), code="forged-form")

    async def _not_staff(self, request: Request, _error: Exception) -> Response:
        _ = self._pages.translator(request)
        detail = _(
            "Your account belongs to no organisation that works here. Log out and in with another one."
        )
        title = _("This page is for organisations")
        return self._pages.problem(request, 403, title, detail, code="not-staff")

    async def _unreadable(self, request: Request, error: RequestValidationError) -> Response:
        _ = self._pages.translator(request)
        first = error.errors()[0]
        detail = f"{'/'.join(str(part) for part in first['loc'])}: {first['msg']}"
        return self._pages.problem(request, 422, _("The request does not fit"), detail, code="unprocessable")

    async def _other(self, request: Request, error: Exception) -> Response:
        _ = self._pages.translator(request)
        status = error.status_code if isinstance(error, HTTPException) else 500
        if status == 500:
            log.error("an unexpected error", exc_info=error)
        title, detail = OTHERS.get(status, (msg("Something went wrong"), msg("Try again in a moment.")))
        headers = error.headers if isinstance(error, HTTPException) else None
        return self._pages.problem(request, status, _(title), _(detail), headers=headers)
