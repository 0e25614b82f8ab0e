"""Web Access Control: the rights that the nearest access control list gives."""

from __future__ import annotations

from collections import OrderedDict

from pods.authz import acl
from pods.authz.base import Rights
from pods.errors import PodError
from pods.model import ALL_MODES, Agent, Mode, Path
from pods.protocol import rdf, target
from pods.storage.base import Stored, Transaction

MAX_CACHED = 4_096  # parsed lists; some kilobytes each
_MODES = tuple(Mode(value) for value in range(ALL_MODES + 1))
_NOTHING = Rights(Mode.NONE, Mode.NONE)


class Wac:
    """An Authorizer that reads ACL resources. Parsed lists are kept by path and entity tag, so a change counts at once."""

    def __init__(self, base_url: str) -> None:
        self._base = base_url
        self._parsed: OrderedDict[tuple[Path, str], tuple[acl.Rule, ...]] = OrderedDict()

    def rights(self, agent: Agent, path: Path, tx: Transaction) -> Rights:
        """Return the modes on a resource; an auxiliary resource has those of its subject."""
        found = tx.first_of(target.acl_candidates(path))
        if found is None:
            return _NOTHING
        subject = target.subject_of(path)
        governed = target.subject_of(found.path)
        # WAC, 4.2 "Effective ACL Resource": the nearest list alone counts; one that is inherited grants
        # through acl:default only. https://solidproject.org/TR/wac#effective-acl-resource
        own = governed == subject
        resource = self._base + governed
        user = public = 0  # plain integers: arithmetic on flags costs more than the decision itself
        for rule in self._rules(found):
            if resource not in (rule.access_to if own else rule.default):
                continue
            if rule.everybody:
                public |= rule.modes
            if rule.speaks_of(agent):
                user |= rule.modes
        pod = tx.pod_by_key(found.pod)
        owner = pod is not None and agent.webid is not None and pod.owner == agent.webid
        return Rights(_MODES[user], _MODES[public], owner)

    def challenge(self, agent: Agent, path: Path, needed: Mode, tx: Transaction) -> str | None:
        """WAC knows no further way in."""
        return None

    def _rules(self, stored: Stored) -> tuple[acl.Rule, ...]:
        key = (stored.path, stored.etag)
        rules = self._parsed.get(key)
        if rules is None:
            try:
                rules = acl.read(rdf.parse(stored.media_type, stored.content, self._base + stored.path))
            except PodError:
                rules = ()  # a list that cannot be read grants nothing
            self._parsed[key] = rules
            while len(self._parsed) > MAX_CACHED:
                self._parsed.popitem(last=False)
        return rules
