"""Agent groups that an access control list names by address: on this host read in the transaction, elsewhere known."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pods.authz import acl
from pods.authz.remote_groups import RemoteGroups
from pods.errors import PodError
from pods.kept import Kept
from pods.model import Path
from pods.protocol import rdf, target
from pods.storage.base import Stored, Transaction

MAX_DOCUMENT = 256 * 1024  # bytes, as for one that is fetched; some thousand members
ROOM = 8 * 1024 * 1024  # bytes of one worker for parsed documents
PARSED = 4  # bytes of a parsed document for each of its own, about
_NOBODY: frozenset[str] = frozenset()


class Groups:
    """Members of groups. Whoever cannot be found out for certain is no member."""

    def __init__(self, base_url: str, remote: RemoteGroups | None) -> None:
        self._base = base_url
        self._remote = remote
        self._parsed: Kept[Path, tuple[str, Mapping[str, frozenset[str]]]] = Kept(ROOM)

    def members(
        self, group: str, tx: Transaction, *, pod: int, readable: Callable[[Path], bool]
    ) -> frozenset[str] | None:
        """Return the members of a group that a list in this pod names; None if it must be fetched first.

        A group on this host counts only if it lies in the same pod or the pod's owner may read it (`readable`):
        else anybody could learn who is in a group that is not theirs, by watching whom a list with it lets in.
        """
        if not group.startswith(self._base + "/"):
            return self._remote.members(group) if self._remote is not None else _NOBODY
        try:
            path = target.canonical(group.partition("#")[0][len(self._base) :].encode())
        except (PodError, UnicodeEncodeError):
            return _NOBODY
        stored = tx.get(path) if not target.is_acl(path) else None
        if stored is None or not rdf.is_rdf(stored.media_type) or stored.size > MAX_DOCUMENT or stored.blob:
            return _NOBODY
        if stored.pod != pod and not readable(path):
            return _NOBODY
        return self._read(stored).get(group, _NOBODY)

    def _read(self, stored: Stored) -> Mapping[str, frozenset[str]]:
        known = self._parsed.get(stored.path)
        if known is not None and known[0] == stored.etag:
            return known[1]
        try:
            found = acl.groups_in(rdf.parse(stored.media_type, stored.content, self._base + stored.path))
        except PodError:
            found = {}
        self._parsed.put(stored.path, (stored.etag, found), PARSED * len(stored.content))
        return found
