"""Access control lists (Web Access Control 1.0): read a document into rules, and check one before it is stored."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pods.errors import Conflict, Unprocessable
from pods.model import Agent, Mode, WebId
from pods.protocol.rdf import RDF_TYPE, NamedNode, Quad, node

_ACL = "http://www.w3.org/ns/auth/acl#"
_AUTHORIZATION = node(_ACL + "Authorization")
_PREDICATES = frozenset(
    {"mode", "agent", "agentClass", "agentGroup", "accessTo", "default", "origin", "condition"}
)
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s\"<>?#@]+", re.IGNORECASE)
_MODES: Mapping[str, Mode] = {
    _ACL + "Read": Mode.READ,
    _ACL + "Append": Mode.APPEND,
    _ACL + "Write": Mode.WRITE | Mode.APPEND,  # WAC, 4.3: Append is a subclass of Write
    _ACL + "Control": Mode.CONTROL,
}
_EVERYBODY = "http://xmlns.com/foaf/0.1/Agent"
_AUTHENTICATED = _ACL + "AuthenticatedAgent"
_CONDITION = node(_ACL + "condition")
_ORIGIN_OF = node(_ACL + "origin")
_HAS_MEMBER = node("http://www.w3.org/2006/vcard/ns#hasMember")

MAX_AUTHORIZATIONS = 1_000  # rules of one list; each is looked at for each request
MAX_GROUPS = 20  # that one list names by address; each may have to be read for a request


@dataclass(frozen=True, slots=True)
class Rule:
    """One authorization. Groups of the same document stand as the WebIDs of their members."""

    modes: int
    """A sum of `Mode` values; a plain integer, since rules are added up for each request."""
    access_to: frozenset[str]
    default: frozenset[str]
    agents: frozenset[str]
    everybody: bool
    authenticated: bool
    groups: tuple[str, ...] = ()
    """Groups of other documents, which must be read to know who is meant."""
    origins: frozenset[str] = frozenset()
    """Where not empty: web pages of these origins alone are meant (WAC, acl:origin)."""

    def admits(self, origin: str | None) -> bool:
        """Say whether a request with this Origin header is meant.

        A browser says where a page comes from, and a page cannot change it. What is no browser need not say it,
        and could say anything: without the header an authorization is not narrowed.
        """
        return not self.origins or origin is None or origin.lower() in self.origins

    def speaks_of(self, agent: Agent) -> bool:
        """Say whether the rule is about this agent."""
        if self.everybody:
            return True
        return agent.webid is not None and (self.authenticated or agent.webid in self.agents)


def read(quads: Sequence[Quad]) -> tuple[Rule, ...]:
    """Return the rules of an access control list. An authorization that is incomplete grants nothing."""
    about: dict[object, dict[str, list[object]]] = defaultdict(lambda: defaultdict(list))
    members: dict[object, list[str]] = defaultdict(list)
    typed: list[object] = []
    for quad in quads:
        if quad.predicate == RDF_TYPE and quad.object == _AUTHORIZATION:
            typed.append(quad.subject)
        elif quad.predicate == _HAS_MEMBER and isinstance(quad.object, NamedNode):
            members[quad.subject].append(quad.object.value)
        elif quad.predicate.value.startswith(_ACL):
            name = quad.predicate.value.removeprefix(_ACL)
            if name in _PREDICATES:
                about[quad.subject][name].append(quad.object)
    return tuple(_rule(about[subject], members) for subject in dict.fromkeys(typed))


def check(quads: Sequence[Quad], *, root: str | None) -> None:
    """Raise Unprocessable for a list that says what this host does not evaluate, Conflict for a lock-out.

    `root` is the address of the storage where the list is that of its root container.
    """
    for quad in quads:
        if quad.predicate == _CONDITION:
            # WAC: a server that does not evaluate a condition grants more than the list says. We refuse.
            raise Unprocessable("acl:condition is not evaluated by this host; an ACL with it is not stored.")
        if quad.predicate == _ORIGIN_OF and _origin(quad.object) is None:
            raise Unprocessable(
                f"acl:origin {quad.object} is no origin: write <https://app.example>, without a path."
            )
    rules = read(quads)
    if len({group for rule in rules for group in rule.groups}) > MAX_GROUPS:
        raise Unprocessable(f"An ACL names at most {MAX_GROUPS} groups of other documents.")
    if len(rules) > MAX_AUTHORIZATIONS:
        raise Unprocessable(f"An ACL has at most {MAX_AUTHORIZATIONS} authorizations.")
    if root is not None and not any(_keeps_control(rule, root) for rule in rules):
        # WAC, 3.2: the root container's ACL "MUST include an authorization allowing acl:Control".
        raise Conflict(
            "The storage's own ACL must let an agent Control the storage, or nobody ever could again."
        )


def _keeps_control(rule: Rule, root: str) -> bool:
    # A group may be emptied, and a page of one origin may vanish: neither keeps a storage governed.
    somebody = (bool(rule.agents) or rule.authenticated or rule.everybody) and not rule.origins
    return bool(Mode.CONTROL & rule.modes) and root in rule.access_to and somebody


def _rule(properties: Mapping[str, list[object]], members: Mapping[object, list[str]]) -> Rule:
    modes = Mode.NONE
    for mode in _iris(properties, "mode"):
        modes |= _MODES.get(mode, Mode.NONE)  # a mode that we do not know grants nothing
    classes = _iris(properties, "agentClass")
    agents = {*_iris(properties, "agent")}
    groups = []
    for group in properties.get("agentGroup", ()):
        if group in members:
            agents.update(members[group])
        elif isinstance(group, NamedNode):
            groups.append(group.value)
    if "condition" in properties:
        modes = Mode.NONE  # stored by another way in: what we cannot evaluate grants nothing
    return Rule(
        int(modes),
        frozenset(_iris(properties, "accessTo")),
        frozenset(_iris(properties, "default")),
        frozenset(agents),
        everybody=_EVERYBODY in classes,
        authenticated=_AUTHENTICATED in classes,
        groups=tuple(dict.fromkeys(groups)),
        # One that is no origin matches none, so that the authorization does not become wider than it was meant.
        origins=frozenset(_origin(term) or "" for term in properties.get("origin", ())),
    )


def groups_in(quads: Sequence[Quad]) -> Mapping[str, frozenset[str]]:
    """Return the groups of a document (`vcard:hasMember`) with the WebIDs of their members."""
    found: dict[str, set[str]] = defaultdict(set)
    for quad in quads:
        subject, member = quad.subject, quad.object
        if quad.predicate == _HAS_MEMBER and isinstance(subject, NamedNode) and isinstance(member, NamedNode):
            found[subject.value].add(member.value)
    return {group: frozenset(members) for group, members in found.items()}


def _origin(term: object) -> str | None:
    """Return an origin as browsers send it (RFC 6454, 6.2), None if the term is none."""
    text = term.value.removesuffix("/") if isinstance(term, NamedNode) else ""
    return text.lower() if _ORIGIN.fullmatch(text) else None


def _iris(properties: Mapping[str, list[object]], name: str) -> list[str]:
    return [term.value for term in properties.get(name, ()) if isinstance(term, NamedNode)]


def owner_rules(owner: WebId, resource: str, modes: Sequence[str] = ("Read", "Write", "Control")) -> str:
    """Return Turtle that gives the owner these modes on a resource and on all below it."""
    listed = ", ".join(f"acl:{mode}" for mode in modes)
    return (
        f"<#owner> a acl:Authorization; acl:agent <{owner}>; acl:mode {listed};\n"
        f"    acl:accessTo <{resource}>; acl:default <{resource}>.\n"
    )
