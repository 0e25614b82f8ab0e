"""The organisation is told: a grant and its withdrawal on another server, at the host where the purpose is published."""

from __future__ import annotations

import httpx
import orjson

from consent.declarations import PURPOSES_PATH
from consent.foreign.notes import ForeignGrant, ForeignState
from consent.wire import timestamp
from pods.client import SolidClient, refusal

PLACE = "/.consent/elsewhere/"
TOLD_OF = (ForeignState.GIVEN, ForeignState.WITHDRAWING, ForeignState.WITHDRAWN)
_JSON = {"content-type": "application/json"}


class Telling:
    """Speaks for the person to the host at `register`, and to no other: a note in a pod names no other one for us."""

    def __init__(self, solid: SolidClient, register: str) -> None:
        self._solid = solid
        self._register = register.rstrip("/")

    def owed(self, grant: ForeignGrant) -> str:
        """Return what the organisation should know and does not: `given` or `withdrawn`, or nothing."""
        if grant.state not in TOLD_OF or not grant.purpose.startswith(self._register + PURPOSES_PATH):
            return ""
        wanted = ForeignState.GIVEN if grant.state is ForeignState.GIVEN else ForeignState.WITHDRAWN
        # Who was never told of a grant need not be told of its end.
        unknown = wanted is ForeignState.WITHDRAWN and not grant.told
        return "" if unknown or grant.told == wanted.value else wanted.value

    async def tell(self, grant: ForeignGrant, state: str) -> None:
        """Tell the organisation; raise SolidError if the host does not take it."""
        place = self._register + PLACE + grant.id
        if state == ForeignState.GIVEN.value:
            body = {
                "purpose": grant.purpose,
                "resources": list(grant.resources),
                "expires_at": timestamp(grant.expires_at),
            }
            answer = await self._solid.request("PUT", place, headers=_JSON, content=orjson.dumps(body))
        else:
            answer = await self._solid.request("DELETE", place)
            if (
                answer.status_code == httpx.codes.NOT_FOUND
            ):  # it ran out, or was told before an answer got lost
                return
        if answer.is_error:
            raise refusal(answer)
