"""What was granted on a foreign server, noted in the person's own pod there: nobody else keeps it, and nothing is lost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import httpx
import orjson
from rdflib import Namespace, URIRef

from pods.client import SolidClient, SolidError, refusal

FOLDER = "settings/consents/"  # private, and the person's own on every server
JSON = "application/json"
_LDP = Namespace("http://www.w3.org/ns/ldp#")


class ForeignState(StrEnum):
    """How far a grant got. What is not `given` or `withdrawn` is under way, and is finished at the next visit."""

    GIVING = "giving"
    GIVEN = "given"
    WITHDRAWING = "withdrawing"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class ForeignGrant:
    """A grant that is held by access control lists: who may read which resources, and for what, as they promised."""

    id: str
    purpose: str
    agent: str
    resources: tuple[str, ...]
    expires_at: float
    state: ForeignState
    changed_at: float
    made: tuple[str, ...] = ()
    """Lists that did not exist before: where nothing was added since, they go with the grant."""
    open_still: tuple[str, ...] = ()
    """Resources that the agent may read after the withdrawal by a rule that is not ours."""
    title: str = ""
    organisation: str = ""
    """What the person saw of purpose and organisation: a withdrawal must not need a register that answers."""
    notice: str = ""
    """The digest of the texts that the person was shown (GDPR art. 7(1))."""
    language: str = ""
    read: str = ""
    """In which language these texts were shown, and the digest of exactly the words in it."""
    told: str = ""
    """The last state that the host of the purpose was told of, for the organisation; empty where it was of none."""

    @property
    def under_way(self) -> bool:
        """Say whether work is left to do."""
        return self.state in (ForeignState.GIVING, ForeignState.WITHDRAWING)


class Notes:
    """The notes in one storage, written before and after what they tell of."""

    def __init__(self, solid: SolidClient, storage: str) -> None:
        self._solid = solid
        self._folder = storage.rstrip("/") + "/" + FOLDER

    async def write(self, grant: ForeignGrant) -> ForeignGrant:
        """Store a note and return what it says; raise SolidError if the server does not take it."""
        plain = {name: getattr(grant, name) for name in ForeignGrant.__slots__}
        await self._solid.put(self._folder + grant.id, orjson.dumps(plain), JSON)
        return grant

    async def read(self, grant_id: str) -> ForeignGrant | None:
        """Return a note, None if there is none; raise SolidError."""
        answer = await self._solid.request("GET", self._folder + grant_id, headers={"accept": JSON})
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        if not answer.is_success:
            raise refusal(answer)
        return _value(answer.content)

    async def all(self) -> list[ForeignGrant]:
        """Return every note, the latest change first."""
        try:
            listed = await self._solid.get_graph(self._folder)
        except SolidError as error:
            if error.status == httpx.codes.NOT_FOUND:
                return []
            raise
        members = listed.objects(URIRef(self._folder), _LDP.contains)
        found = [await self.read(str(member).removeprefix(self._folder)) for member in members]
        return sorted((note for note in found if note is not None), key=lambda note: -note.changed_at)


def moved(grant: ForeignGrant, state: ForeignState, at: float, **more: Any) -> ForeignGrant:
    """Return a grant in its next state."""
    return replace(grant, state=state, changed_at=at, **more)


def _value(content: bytes) -> ForeignGrant | None:
    """Return the grant of a note; None for what some other program put into the folder."""
    try:
        plain = orjson.loads(content)
        lists = {name: tuple(plain[name]) for name in ("resources", "made", "open_still")}
        return ForeignGrant(**{**plain, **lists, "state": ForeignState(plain["state"])})
    except (KeyError, TypeError, ValueError):
        return None
