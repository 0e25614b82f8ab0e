"""Errors as pages: what went wrong, where, and what to do; never a trace."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pods.client import SolidError
from vocab.pages import ForgedForm, Pages, msg
from wallet.discovery import NoStorage
from wallet.refusals import CODES

log = logging.getLogger(__name__)

Handler = Callable[[Request, Exception], Awaitable[Response]]

REFUSALS: Mapping[int, tuple[int, str, str]] = {
    403: (
        403,
        msg("Your pod does not allow this"),
        msg(
            "The server of your pod refused. Perhaps this wallet is not among those that may act for you there."
        ),
    ),
    404: (
        404,
        msg("There is nothing at this address"),
        msg("Your pod has no such document. It may have been moved or deleted."),
    ),
    409: (
        409,
        msg("This has changed meanwhile"),
        msg(
            "Somebody, perhaps you in another window, changed it first. Go back, reload the page and look again."
        ),
    ),
    422: (
        422,
        msg("Your pod cannot take this"),
        msg("The server of your pod read it and found something that does not fit."),
    ),
    429: (
        429,
        msg("Too many requests"),
        msg("The server of your pod asks for a pause. Try again in a minute."),
    ),
    507: (507, msg("Your pod is full"), msg("Delete something, or ask your provider for more room.")),
}
REFUSALS_FOR_OTHERS: Mapping[int, tuple[int, str, str]] = {
    403: (
        403,
        msg("You cannot do this for this person"),
        msg(
            "This power was not given to you, or you stand on the side of the organisation, so that somebody else must "
            "decide about it. Nothing was changed."
        ),
    ),
    409: (
        409,
        msg("A no stands against it"),
        msg(
            "The person, or somebody else who decides for them, said no to this, and a no counts more than a yes; or it "
            "has changed meanwhile. Nothing was changed. Reload the page and look again."
        ),
    ),
}
"""What the same statuses mean while one acts for somebody else."""
NO_ANSWER = (
    502,
    msg("Your pod does not answer"),
    msg(
        "The server that holds your data could not be reached or had a fault. Your data is safe there; try again later."
    ),
)


def handlers(pages: Pages) -> Mapping[Any, Handler]:
    """Return what turns errors of a request into pages."""

    async def refused(request: Request, error: Exception) -> Response:
        status = error.status if isinstance(error, SolidError) else 0
        if status == httpx.codes.UNAUTHORIZED:
            return RedirectResponse("/login?ended=1", 303)
        log.warning("the pod refused", extra={"status": status})
        for_others = REFUSALS_FOR_OTHERS if getattr(request.state, "acting", None) is not None else {}
        code, title, detail = for_others.get(status) or REFUSALS.get(status, NO_ANSWER)
        if status not in REFUSALS and 400 <= status < 500 and isinstance(error, SolidError):
            # It answered, and named what was wrong: that is no host that cannot be reached.
            code, title = status, msg("The server of your pod refused this")
            detail = CODES.get(error.code, CODES["bad-request"])
        return _page(request, code, title, detail)

    async def unreachable(request: Request, _error: Exception) -> Response:
        return _page(request, *NO_ANSWER)

    async def no_storage(request: Request, _error: Exception) -> Response:
        return _page(
            request,
            409,
            msg("Your profile names no pod"),
            msg(
                "Your public profile does not say where your data lies. Ask your provider to add your storage to it."
            ),
        )

    async def forged(request: Request, _error: Exception) -> Response:
        return _page(
            request,
            403,
            msg("The form was not accepted"),
            msg(
                "It has expired, or it did not come from this page. Go back, reload the page and send it again."
            ),
        )

    async def other(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        known = {
            404: (msg("Page not found"), msg("There is no page at this address.")),
            405: (msg("This cannot be done here"), msg("Go back and use the buttons of the page.")),
        }
        title, detail = known.get(status, (msg("Something went wrong"), msg("Try again in a moment.")))
        return _page(request, status, title, detail)

    def _page(request: Request, status: int, title: str, detail: str) -> Response:
        _ = pages.translator(request)
        return pages.problem(
            request,
            status,
            _(title),
            _(detail),
            action=(_("Try again"), request.url.path) if request.method == "GET" and status >= 500 else None,
        )

    return {
        SolidError: refused,
        httpx.HTTPError: unreachable,
        NoStorage: no_storage,
        ForgedForm: forged,
        HTTPException: other,
        Exception: other,
    }
