"""The Protocol of authorisation: WAC implements it here, consent grants implement it a layer above."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol

from pods.model import Agent, Mode, Path
from pods.storage.base import Entry, Stored, Transaction


class View(Protocol):
    """What of a resource a grant lets through. Applied inside the reading transaction, before negotiation."""

    def document(self, stored: Stored, tx: Transaction) -> Stored:
        """Return the resource filtered to the granted properties, with an ETag of the filtered content.

        Of a container, the owner's own triples and the time of its last change are not part of what was granted.
        """

    def members(self, entries: Sequence[Entry], tx: Transaction) -> Sequence[Entry]:
        """Return the members of a container that the grant covers."""


class Rights(NamedTuple):
    """A decision with its reason.

    `user` are the agent's modes (including the public's), `public` those of everybody.
    `owner` says that the agent owns the pod, so that reads leave no line in the owner's own log.
    `unknown` are groups elsewhere that could add modes and must be fetched before this is certain (`learn`).
    `grant` and `purpose` are the IRIs that the access log names; `view` narrows what is served.
    """

    user: Mode
    public: Mode
    owner: bool = False
    grant: str | None = None
    purpose: str | None = None
    view: View | None = None
    unknown: tuple[str, ...] = ()


class Authorizer(Protocol):
    """Decides on one resource in the transaction that acts on it. Knows nothing of HTTP."""

    def rights(self, agent: Agent, path: Path, tx: Transaction) -> Rights: ...

    def challenge(self, agent: Agent, path: Path, needed: Mode, tx: Transaction) -> str | None:
        """Return a further WWW-Authenticate challenge for a refusal (a UMA ticket), or None.

        Called on a snapshot: a refusal must cost strangers more than us, so it writes nothing.
        """

    async def learn(self, groups: Collection[str]) -> None:
        """Find out about groups that `rights` named as unknown; never called within a transaction.

        Afterwards `rights` knows them, or counts them as empty for a while.
        """
