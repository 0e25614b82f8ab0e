"""The pod service: each request is authorised and carried out in one transaction, and logged where it must be."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import NoReturn

from pods import activity, generated
from pods.authz.base import Authorizer, Rights
from pods.changes import Changes, Content, read_any, require_conditions
from pods.downloads import Downloads
from pods.errors import (
    Forbidden,
    MethodNotAllowed,
    NotFound,
    PodError,
    StoreError,
)
from pods.long_listings import LongListings
from pods.model import Agent, Answer, Body, Clock, Mode, Operation, Path
from pods.notify.inbox import require_notice
from pods.pages.page import ResourcePages
from pods.protocol import headers, rdf, target
from pods.protocol.patch import Patch
from pods.quota import Quota
from pods.refusing import ACTIONS, Refused, Refusing, Unlearned
from pods.representation import Representations, Slow
from pods.storage.base import Commits, Store, Stored, Transaction
from pods.storage.blobs import BlobStore
from pods.uploads import Uploads, in_memory, must_be_parsed

LARGE_BODY = 64 * 1024  # bytes; what is larger is parsed in a thread, so that others do not wait
MAX_ATTEMPTS = 5  # of reading a large resource that somebody keeps changing
_READ_ONLY = Mode.READ


class Pods:
    """Reads and writes resources of pods for agents, within their rights."""

    def __init__(
        self,
        store: Store,
        commits: Commits,
        authorizer: Authorizer,
        *,
        base_url: str,
        blobs: BlobStore,
        quota: Quota,
        clock: Clock,
        pages: ResourcePages | None = None,
        new_name: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        self._store = store
        self._commits = commits
        self._authorizer = authorizer
        self._base = base_url
        self._clock = clock
        self.refusing = Refusing(store, commits, authorizer, clock=clock)
        self._quota = quota
        self._uploads = Uploads(blobs, commits, clock=clock)
        downloads = Downloads(blobs, self._still, clock)
        long = LongListings(base_url, self._still)
        self._representations = Representations(
            base_url, pages or ResourcePages(base_url), long, downloads.pieces, clock
        )
        self._changes = Changes(base_url, new_name, quota)

    async def answer(self, op: Operation) -> Answer:
        """Carry out an operation; raise a PodError if it cannot or must not be done."""
        for _ in range(MAX_ATTEMPTS):
            try:
                if op.method in ("GET", "HEAD"):
                    return await self._patient_read(op)
                return await self._write(op)
            except Refused as refused:
                refused.__traceback__ = None  # its frames hold the job, and that holds it
                raise await self.refusing.error(op, refused) from refused
            except Unlearned as missing:
                # Asking another host takes seconds: never within a transaction. Then everything is decided anew.
                await self._authorizer.learn(missing.groups)
        raise StoreError("The groups that an ACL names change too fast; try again.")

    async def _patient_read(self, op: Operation) -> Answer:
        for _ in range(MAX_ATTEMPTS):
            try:
                return await self._read(op)
            except Slow as slow:
                # Nothing was served, and no line was left: the transaction is over. What is made now is kept.
                await asyncio.to_thread(slow.make)
        raise StoreError("The resource changes faster than it can be converted; read it as it is stored.")

    async def _read(self, op: Operation) -> Answer:
        needed = Mode.CONTROL if target.is_acl(op.path) else Mode.READ
        # Under a grant nobody reads as the owner: a line comes first, and one look is enough.
        if not op.agent.claims:
            answer = await self._store.read(lambda tx: self._unlogged_read(op, needed, tx))
            if answer is not None:
                return answer
        # Design, rule 3: what is not public leaves a line in the owner's log before it is served.
        return await self._commits.submit(lambda tx: self._logged_read(op, needed, tx))

    def _unlogged_read(self, op: Operation, needed: Mode, tx: Transaction) -> Answer | None:
        """Return the answer to the owner, or to anybody where it is public; None if a line must come first."""
        rights = self._rights(op.agent, op.path, tx)
        if needed not in rights.user:
            raise Refused(op.path, needed)
        if rights.owner or needed in rights.public:
            return self._representations.answer(op, self._existing(op.path, tx), rights, tx)
        return None

    def _logged_read(self, op: Operation, needed: Mode, tx: Transaction) -> Answer:
        rights = self._rights(op.agent, op.path, tx)
        if needed not in rights.user:
            raise Refused(op.path, needed)
        stored = self._existing(op.path, tx)
        if needed not in rights.public:
            self._log(op, stored.pod, rights, "read", tx)
        return self._representations.answer(op, stored, rights, tx)

    def _existing(self, path: Path, tx: Transaction) -> Stored:
        stored = tx.get(path) or generated.resource(path, self._base, tx)
        if stored is None:
            # A client that wants to create something here learns how: told only to who may read.
            raise NotFound("There is nothing at this address.", headers=headers.vacant(path))
        return stored

    def _still_readable(self, op: Operation, tx: Transaction) -> bool:
        rights = self._rights(op.agent, op.path, tx)
        return Mode.READ in rights.user and rights.view is None

    async def _still(self, op: Operation, there: Callable[[Transaction], bool]) -> bool:
        def holds(tx: Transaction) -> bool:
            return self._still_readable(op, tx) and there(tx)

        try:
            return await self._store.read(holds)
        except Unlearned as missing:
            await self._authorizer.learn(missing.groups)
        return await self._store.read(holds)

    async def _write(self, op: Operation) -> Answer:
        if op.agent.webid is None:
            # A stranger who may not write waits for no writer, and keeps none waiting.
            await self._store.read(lambda tx: self._require_some_write(op, tx))
        if op.body is not None and op.body.stream is not None:
            return await self._large_write(op, op.body)
        # What is wrong with a body is told only to who may write here (Solid Protocol, 2.1).
        body = await self._prepared(op)
        return await self._commits.submit(lambda tx: self._authorised_write(op, body, tx))

    async def _prepared(self, op: Operation) -> Content | Patch | PodError | None:
        if op.body is None or (len(op.body.content) <= LARGE_BODY and op.body.media_type != rdf.JSON_LD):
            return read_any(op, self._base)
        # No work for somebody who may not write anyway.
        await self._store.read(lambda tx: self._require_some_write(op, tx))
        return await asyncio.to_thread(read_any, op, self._base)

    async def _large_write(self, op: Operation, body: Body) -> Answer:
        # Nothing of a large body is read before it is known that its sender may write it.
        room = await self._store.read(lambda tx: self._room_for(op, body, tx))
        if must_be_parsed(op, body):
            # From the beginning: a stream cannot be read twice, should anything have to be decided anew.
            return await self.answer(op._replace(body=await in_memory(body)))
        return await self._uploads.carry(body, room, lambda content: self._write_uploaded(op, content))

    async def _write_uploaded(self, op: Operation, content: Content) -> Answer:
        for _ in range(MAX_ATTEMPTS):
            try:
                return await self._commits.submit(lambda tx: self._authorised_write(op, content, tx))
            except Unlearned as missing:
                await self._authorizer.learn(missing.groups)
        raise StoreError("The groups that an ACL names change too fast; try again.")

    def _room_for(self, op: Operation, body: Body, tx: Transaction) -> int | None:
        rights = self._rights(op.agent, op.path, tx)
        stored = tx.get(op.path)
        self._require_write(op, rights, stored, _minimum(op), tx)
        require_conditions(op, stored)
        return self._quota.room_for(op, body, stored, self._pod_of(op.path, tx), tx)

    def _require_some_write(self, op: Operation, tx: Transaction) -> None:
        rights = self._rights(op.agent, op.path, tx)
        if not rights.user & (Mode.APPEND | Mode.WRITE | Mode.CONTROL):
            raise Refused(op.path, _minimum(op))

    def _authorised_write(
        self, op: Operation, body: Content | Patch | PodError | None, tx: Transaction
    ) -> Answer:
        rights = self._rights(op.agent, op.path, tx)
        stored = tx.get(op.path)
        needed = body.needed if isinstance(body, Patch) else _minimum(op)
        self._require_write(op, rights, stored, needed, tx)
        if isinstance(body, PodError):
            raise body
        if rights.view is not None:
            raise Forbidden("A grant that shows a part of a resource does not let anybody change it.")
        at = self._clock()
        answer = self._carry_out(op, stored, body, tx, at)
        if not rights.owner:
            self._log(op, self._pod_of(op.path, tx), rights, ACTIONS[op.method], tx)
        return answer

    def _carry_out(
        self, op: Operation, stored: Stored | None, body: Content | Patch | None, tx: Transaction, at: float
    ) -> Answer:
        if isinstance(body, Patch):
            return self._changes.patch(op, stored, body, tx, at)
        if op.method == "DELETE":
            if stored is None:
                raise NotFound("There is nothing to delete at this address.")
            return self._changes.delete(op, stored, tx, at)
        if op.method == "POST":
            if not target.is_container(op.path):
                # Solid Protocol, 5.3: POST makes members of containers; a document has none.
                if stored is None:
                    raise NotFound("There is nothing at this address.")
                raise MethodNotAllowed(
                    "A document has no members; POST to a container.",
                    headers=(("allow", headers.allowed(op.path)),),
                )
            return self._changes.create(op, body, tx, at)
        return self._changes.replace(op, stored, body or Content(rdf.TURTLE, b""), tx, at)

    def _require_write(
        self, op: Operation, rights: Rights, stored: Stored | None, needed: Mode, tx: Transaction
    ) -> None:
        """Raise Refused unless the modes are there (the table of WAC section 4.3 and Solid Protocol 5.3)."""
        if target.is_acl(op.path):
            if Mode.CONTROL not in rights.user:
                raise Refused(op.path, Mode.CONTROL)
            return
        if op.method == "DELETE" and (stored is None or needed not in rights.user):
            # Without Read, an answer would tell whether there is something; so would a refusal that names less.
            needed |= Mode.READ
        if needed not in rights.user:
            raise Refused(op.path, needed)
        require_notice(op, rights)
        above = target.parent_of(op.path)
        if above is None or target.is_auxiliary(op.path):
            return
        if op.method == "DELETE":
            self._require_on(op, above, Mode.WRITE, tx)
        elif stored is None and op.method in ("PUT", "PATCH"):
            self._require_on(op, self._nearest_container(above, tx), Mode.APPEND, tx)

    def _require_on(self, op: Operation, path: Path, needed: Mode, tx: Transaction) -> None:
        if needed not in self._rights(op.agent, path, tx).user:
            raise Refused(path, needed)

    def _nearest_container(self, path: Path, tx: Transaction) -> Path:
        """Return the container that a new chain of containers hangs on."""
        while tx.get(path) is None and (above := target.parent_of(path)) is not None:
            path = above
        return path

    def _rights(self, agent: Agent, path: Path, tx: Transaction) -> Rights:
        rights = self._authorizer.rights(agent, path, tx)
        if rights.unknown:
            raise Unlearned(rights.unknown)
        if headers.is_managed(path):
            return rights._replace(user=rights.user & _READ_ONLY, public=rights.public & _READ_ONLY)
        if generated.is_public(path) and tx.pod(target.pod_name(path)) is not None:
            return rights._replace(user=_READ_ONLY, public=_READ_ONLY, view=None)
        return rights

    def _log(self, op: Operation, pod: int, rights: Rights, action: str, tx: Transaction) -> None:
        activity.append(
            tx,
            pod,
            agent=op.agent,
            path=op.path,
            action=action,
            decision=activity.PERMIT,
            grant=rights.grant,
            purpose=rights.purpose,
            at=self._clock(),
        )

    def _pod_of(self, path: Path, tx: Transaction) -> int:
        pod = tx.pod(target.pod_name(path))
        return pod.key if pod is not None else _no_pod()


def _no_pod() -> NoReturn:
    raise NotFound("There is no pod at this address.")


def _minimum(op: Operation) -> Mode:
    if op.method == "POST":
        return Mode.APPEND
    if op.method == "DELETE" and target.is_container(op.path):
        # Deleting tells whether the container is empty, so it needs Read as well.
        return Mode.WRITE | Mode.READ
    return Mode.APPEND if op.method == "PATCH" else Mode.WRITE
