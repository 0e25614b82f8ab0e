"""What becomes of a request that is refused: the error that the client gets, and the line in the owner's log."""

from __future__ import annotations

from pods import activity, removal_sql
from pods.authz.base import Authorizer, Rights
from pods.errors import Forbidden, Gone, PodError, Unauthenticated
from pods.model import PUBLIC, Clock, Mode, Operation, Path
from pods.protocol import target
from pods.refusals import Refusals
from pods.storage.base import Commits, Pod, Store, Transaction

ACTIONS = {"PUT": "replace", "POST": "create", "PATCH": "patch", "DELETE": "delete"}
"""What the access log calls a method; any other is a read."""

_MODE_NAMES = {Mode.READ: "Read", Mode.APPEND: "Append", Mode.WRITE: "Write", Mode.CONTROL: "Control"}


class Refused(Forbidden):
    """A refusal inside a transaction; the service logs it and adds the challenge before a client sees it."""

    def __init__(self, path: Path, needed: Mode) -> None:
        missing = ", ".join(name for mode, name in _MODE_NAMES.items() if mode in needed)
        super().__init__(f"This needs {missing or 'a right'} on {path}, which was not given.")
        self.path = path
        self.needed = needed


class Unlearned(Exception):
    """Rights hang on groups elsewhere that must be fetched first; ask again afterwards."""

    def __init__(self, groups: tuple[str, ...]) -> None:
        super().__init__("groups on other hosts must be fetched first")
        self.groups = groups


class Refusing:
    """Turns refusals into errors. A stranger's refusal waits for no writer and keeps none waiting."""

    def __init__(self, store: Store, commits: Commits, authorizer: Authorizer, *, clock: Clock) -> None:
        self._store = store
        self._commits = commits
        self._authorizer = authorizer
        self._clock = clock
        self._refusals = Refusals()

    async def error(self, op: Operation, refused: Refused) -> PodError:
        """Return the error that the client gets: 401 if it may come back with more, or 403.

        Somebody who is known leaves a line in the owner's log, as long as there are few.
        """
        rights, pod, challenge = await self._store.read(lambda tx: self._circumstances(op, refused, tx))
        if pod is not None and op.agent.webid is not None and not rights.owner:
            at = self._clock()
            more = self._refusals.count(pod.key, op.agent.webid, at)
            if more is not None:
                reason = f"{refused}{more}"
                await self._commits.submit(lambda tx: _log(op, pod, rights, reason, at, tx))
        further = (("www-authenticate", challenge),) if challenge else ()
        if challenge or op.agent.webid is None:
            return Unauthenticated(str(refused), headers=further)
        return Forbidden(str(refused))

    async def unproved(self, method: str, path: Path, error: Unauthenticated) -> Unauthenticated:
        """Return the error for a token that proves nothing, with what somebody without a token would be told.

        UMA grant, 3.6: "If the resource request fails, the resource server responds as if the request were
        unaccompanied by an access token", so that a client whose token ran out finds its next ticket here.
        """
        if method not in ("GET", "HEAD"):
            return error
        challenge = await self._store.read(lambda tx: self._authorizer.challenge(PUBLIC, path, Mode.READ, tx))
        further = (("www-authenticate", challenge),) if challenge else ()
        return Unauthenticated(str(error), headers=(*error.headers, *further))

    def _circumstances(
        self, op: Operation, refused: Refused, tx: Transaction
    ) -> tuple[Rights, Pod | None, str | None]:
        pod = tx.pod(target.pod_name(op.path))
        if pod is None and removal_sql.is_gone(tx, target.pod_name(op.path)):
            # RFC 9110 section 15.5.11: who still links to the pod, or trusts its WebID, learns that it ended.
            raise Gone(
                "The pod that was here was removed by its owner; its name is not given to anybody else."
            )
        rights = self._authorizer.rights(op.agent, op.path, tx)
        return rights, pod, self._authorizer.challenge(op.agent, refused.path, refused.needed, tx)


def _log(op: Operation, pod: Pod, rights: Rights, reason: str, at: float, tx: Transaction) -> None:
    if tx.pod(pod.name) is None:  # by its name: what is known by key is remembered for good
        return  # removed a moment ago, and its log with it
    activity.append(
        tx,
        pod.key,
        agent=op.agent,
        path=op.path,
        action=ACTIONS.get(op.method, "read"),
        decision=activity.DENY,
        reason=reason,
        grant=rights.grant,
        purpose=rights.purpose,
        at=at,
    )
