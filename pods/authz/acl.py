"""Access control lists (Web Access Control 1.0): read a document into rules, and check one before it is stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pods.errors import Conflict, Unprocessable
from pods.model import Agent, Mode, WebId
from pods.protocol.rdf import RDF_TYPE, NamedNode, Quad, node

_ACL = "http://www.w3.org/ns/auth/acl#"
_AUTHORIZATION = node(_ACL + "Authorization")
_PREDICATES = frozenset({"mode", "agent", "agentClass", "agentGroup", "accessTo", "default"})
_NARROWING = frozenset({"condition", "origin"})
_MODES: Mapping[str, Mode] = {
    _ACL + "Read": Mode.READ,
    _ACL + "Append": Mode.APPEND,
    _ACL + "Write": Mode.WRITE | Mode.APPEND,  # WAC, 4.3: Append is a subclass of Write
    _ACL + "Control": Mode.CONTROL,
}
_EVERYBODY = "http://xmlns.com/foaf/0.1/Agent"
_AUTHENTICATED = _ACL + "AuthenticatedAgent"
_HAS_MEMBER = node("http://www.w3.org/2006/vcard/ns#hasMember")

MAX_AUTHORIZATIONS = 1_000  # rules of one list; each is looked at for each request


@dataclass(frozen=True, slots=True)
class Rule:
    """One authorization. Groups stand as the WebIDs of their members."""

    modes: int
    """A sum of `Mode` values; a plain integer, since rules are added up for each request."""
    access_to: frozenset[str]
    default: frozenset[str]
    agents: frozenset[str]
    everybody: bool
    authenticated: bool

    def speaks_of(self, agent: Agent) -> bool:
        """Say whether the rule is about this agent."""
        if self.everybody:
            return True
        return agent.webid is not None and (self.authenticated or agent.webid in self.agents)


def read(quads: Sequence[Quad]) -> tuple[Rule, ...]:
    """Return the rules of an access control list. An authorization that is incomplete grants nothing.

    Agent groups count where their members stand in the same document: the host fetches nothing that
    an ACL names (server-side request forgery), so a group elsewhere matches nobody.
    """
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
        # WAC: a server that does not evaluate a condition or an origin grants more than the list says. We refuse.
        if quad.predicate.value.removeprefix(_ACL) in _NARROWING:
            name = quad.predicate.value.removeprefix(_ACL)
            raise Unprocessable(f"acl:{name} is not evaluated by this host; an ACL with it is not stored.")
    rules = read(quads)
    if len(rules) > MAX_AUTHORIZATIONS:
        raise Unprocessable(f"An ACL has at most {MAX_AUTHORIZATIONS} authorizations.")
    if root is not None and not any(_keeps_control(rule, root) for rule in rules):
        # WAC, 3.2: the root container's ACL "MUST include an authorization allowing acl:Control".
        raise Conflict(
            "The storage's own ACL must let an agent Control the storage, or nobody ever could again."
        )


def _keeps_control(rule: Rule, root: str) -> bool:
    somebody = bool(rule.agents) or rule.authenticated or rule.everybody
    return bool(Mode.CONTROL & rule.modes) and root in rule.access_to and somebody


def _rule(properties: Mapping[str, list[object]], members: Mapping[object, list[str]]) -> Rule:
    modes = Mode.NONE
    for mode in _iris(properties, "mode"):
        modes |= _MODES.get(mode, Mode.NONE)  # a mode that we do not know grants nothing
    classes = _iris(properties, "agentClass")
    agents = {*_iris(properties, "agent")}
    for group in properties.get("agentGroup", ()):
        agents.update(members.get(group, ()))
    return Rule(
        int(modes),
        frozenset(_iris(properties, "accessTo")),
        frozenset(_iris(properties, "default")),
        frozenset(agents),
        everybody=_EVERYBODY in classes,
        authenticated=_AUTHENTICATED in classes,
    )


def _iris(properties: Mapping[str, list[object]], name: str) -> list[str]:
    return [term.value for term in properties.get(name, ()) if isinstance(term, NamedNode)]


def owner_rules(owner: WebId, resource: str, modes: Sequence[str] = ("Read", "Write", "Control")) -> str:
    """Return Turtle that gives the owner these modes on a resource and on all below it."""
    listed = ", ".join(f"acl:{mode}" for mode in modes)
    return (
        f"<#owner> a acl:Authorization; acl:agent <{owner}>; acl:mode {listed};\n"
        f"    acl:accessTo <{resource}>; acl:default <{resource}>.\n"
    )
