"""Web Access Control: the rights that the nearest access control list gives."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pods.authz import acl
from pods.authz.base import Rights
from pods.authz.groups import Groups
from pods.authz.remote_groups import RemoteGroups
from pods.errors import PodError
from pods.kept import Kept
from pods.model import ALL_MODES, Agent, Mode, Path
from pods.protocol import rdf, target
from pods.storage.base import Pod, Stored, Transaction

ROOM = 8 * 1024 * 1024  # bytes of one worker for parsed lists
PARSED = 6  # bytes of a parsed list for each of its document, about
_MODES = tuple(Mode(value) for value in range(ALL_MODES + 1))
_NOTHING = Rights(Mode.NONE, Mode.NONE)


class Wac:
    """An Authorizer that reads ACL resources. Parsed lists are kept with their entity tag, so a change counts at once.

    Without `remote`, groups on other hosts have no members.
    """

    def __init__(self, base_url: str, remote: RemoteGroups | None = None) -> None:
        self._base = base_url
        self._remote = remote
        self._groups = Groups(base_url, remote)
        self._parsed: Kept[Path, tuple[str, tuple[acl.Rule, ...]]] = Kept(ROOM)

    def rights(self, agent: Agent, path: Path, tx: Transaction) -> Rights:
        """Return the modes on a resource; an auxiliary resource has those of its subject."""
        # Whoever asks for the rights to a resource looks at the resource next.
        found = tx.first_of(target.acl_candidates(path), beside=path)
        if found is None:
            return _NOTHING
        pod = tx.pod_by_key(found.pod)
        user, public, grouped = self._ungrouped(agent, path, found)
        unknown: tuple[str, ...] = ()
        if grouped and pod is not None:
            user, unknown = self._with_groups(agent, user, grouped, pod, tx)
        owner = pod is not None and agent.webid is not None and pod.owner == agent.webid
        if owner and agent.origin is None and not agent.claims:
            # A list that forgets its owner, an app's mistake, can be mended; otherwise nobody could ever open, change
            # or delete what it governs. A page must still have its origin listed, or acl:origin narrowed nothing.
            user |= Mode.CONTROL
        return Rights(_MODES[user], _MODES[public], owner, unknown=unknown)

    def _ungrouped(self, agent: Agent, path: Path, found: Stored) -> tuple[int, int, list[acl.Rule]]:
        """Return the agent's and everybody's modes, and the rules that could add some for members of a group."""
        subject = target.subject_of(path)
        governed = target.subject_of(found.path)
        # WAC, 4.2 "Effective ACL Resource": the nearest list alone counts; one that is inherited grants
        # through acl:default only. https://solidproject.org/TR/wac#effective-acl-resource
        own = governed == subject
        resource = self._base + governed
        user = public = 0  # plain integers: arithmetic on flags costs more than the decision itself
        grouped: list[acl.Rule] = []
        for rule in self._rules(found):
            if resource not in (rule.access_to if own else rule.default):
                continue
            if rule.origins and not rule.admits(agent.origin):
                continue
            if rule.everybody:
                public |= rule.modes
            if rule.speaks_of(agent):
                user |= rule.modes
            elif rule.groups and agent.webid is not None:
                grouped.append(rule)
        return user, public, grouped

    def _with_groups(
        self, agent: Agent, user: int, rules: Sequence[acl.Rule], pod: Pod, tx: Transaction
    ) -> tuple[int, tuple[str, ...]]:
        """Return the modes with those that membership adds, and the groups that must be fetched to know more."""

        def readable(path: Path) -> bool:
            # The right to a group document does not itself hang on groups: two could wait for each other.
            found = tx.first_of(target.acl_candidates(path))
            return found is not None and bool(self._ungrouped(Agent(pod.owner), path, found)[0] & Mode.READ)

        unknown: list[tuple[int, str]] = []
        for rule in rules:
            for group in rule.groups:
                if not rule.modes & ~user:
                    break
                members = self._groups.members(group, tx, pod=pod.key, readable=readable)
                if members is None:
                    unknown.append((rule.modes, group))
                elif agent.webid in members:
                    user |= rule.modes
        return user, tuple(dict.fromkeys([group for modes, group in unknown if modes & ~user]))

    def challenge(self, agent: Agent, path: Path, needed: Mode, tx: Transaction) -> str | None:
        """WAC knows no further way in."""
        return None

    async def learn(self, groups: Collection[str]) -> None:
        """Fetch the groups' documents."""
        if self._remote is not None:
            await self._remote.fetch(groups)

    def _rules(self, stored: Stored) -> tuple[acl.Rule, ...]:
        known = self._parsed.get(stored.path)
        if known is not None and known[0] == stored.etag:
            return known[1]
        try:
            rules = acl.read(rdf.parse(stored.media_type, stored.content, self._base + stored.path))
        except PodError:
            rules = ()  # a list that cannot be read grants nothing
        self._parsed.put(stored.path, (stored.etag, rules), PARSED * len(stored.content))
        return rules
