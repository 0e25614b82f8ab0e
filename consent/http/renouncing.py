"""The route of an organisation that gives up a consent which it needs no more."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from consent.ending import Ending
from consent.http.callers import PRIVATE, json_body
from consent.http.ground import Ground, Routes, routes_of
from pods.errors import BadContent
from pods.http.openapi import TEXT, described, record

MOST_WORDS = 1_000  # characters of a reason
_BODY = record({"grant": TEXT, "reason": TEXT})


class RenouncingRoutes(Routes):
    """`/.consent/renunciations`: data that is not needed any more is not kept open (GDPR art. 5(1)(c))."""

    def __init__(self, ground: Ground, ending: Ending) -> None:
        super().__init__(ground)
        self._ending = ending

    def routes(self) -> list[BaseRoute]:
        """Return the route."""
        return routes_of(
            "/.consent",
            "consent",
            ("POST", "/renunciations", self.renounce, described(status=204, body=_BODY, token=True)),
        )

    async def renounce(self, request: Request) -> Response:
        """Give up a grant of one's own; the person may give it again."""
        agent, _ = await self._callers.known(request)
        body = await json_body(request)
        words = body if isinstance(body, dict) and set(body) == {"grant", "reason"} else {}
        if not words or not all(
            isinstance(text, str) and "\0" not in text and len(text) <= MOST_WORDS for text in words.values()
        ):
            raise BadContent(
                f"Send {{'grant': …, 'reason': …}}, each a text of at most {MOST_WORDS} characters."
            )
        await self._commits.submit(
            lambda tx: self._ending.renounce(tx, agent, words["grant"], words["reason"], self._clock())
        )
        return Response(status_code=204, headers=PRIVATE)
