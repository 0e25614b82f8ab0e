"""Authorizations in access control lists of others (Web Access Control 1.0): add one, take it out, leave the rest."""

from __future__ import annotations

from rdflib import RDF, Graph, Namespace, URIRef
from rdflib.compare import isomorphic
from rdflib.namespace import FOAF

ACL = Namespace("http://www.w3.org/ns/auth/acl#")
_ANYBODY = (FOAF.Agent, ACL.AuthenticatedAgent)


def with_grant(rules: Graph, mark: URIRef, resource: str, agent: str) -> Graph:
    """Return the rules with one more: this agent may read this one resource, and nothing below it.

    Attack 18: never with acl:condition. A server that does not know a condition goes on as if it were not there
    (WAC, "Access Conditions"), so it would narrow nothing and promise what is not kept.
    """
    found = without_grant(rules, mark)
    found.add((mark, RDF.type, ACL.Authorization))
    found.add((mark, ACL.agent, URIRef(agent)))
    found.add((mark, ACL.accessTo, URIRef(resource)))
    found.add((mark, ACL.mode, ACL.Read))
    return found


def without_grant(rules: Graph, mark: URIRef) -> Graph:
    """Return the rules without ours; everybody else's stay as they are."""
    found = Graph()
    for triple in rules:
        if triple[0] != mark:
            found.add(triple)
    return found


def inherited(rules: Graph, container: str, resource: str, place: str) -> Graph:
    """Return what a container's rules say of a resource in it, as the resource's own list at `place` must say it.

    WAC, "Effective ACL Resource": a list of its own ends what a resource inherits, so all that must be said
    again, with acl:accessTo in place of acl:default. Conditions and groups of others are kept as they are.
    """
    found = Graph()
    defaults = sorted(set(rules.subjects(ACL.default, URIRef(container))), key=str)
    for number, subject in enumerate(defaults, 1):
        own = URIRef(f"{place}#inherited-{number}")
        found.add((own, ACL.accessTo, URIRef(resource)))
        for predicate, value in rules.predicate_objects(subject):
            if predicate not in (ACL.default, ACL.accessTo):
                found.add((own, predicate, value))
    return found


def opens(rules: Graph, resource: str, agent: str) -> bool:
    """Say whether some rule of a resource's own list lets an agent read it, by name or with everybody."""
    return any(
        (subject, ACL.mode, ACL.Read) in rules
        and (
            (subject, ACL.agent, URIRef(agent)) in rules
            or any((subject, ACL.agentClass, anybody) in rules for anybody in _ANYBODY)
        )
        for subject in rules.subjects(ACL.accessTo, URIRef(resource))
    )


def same(one: Graph, other: Graph) -> bool:
    """Say whether two lists say the same, however they are written."""
    return isomorphic(one, other)


def keeps_control(rules: Graph, resource: str) -> bool:
    """Say whether somebody may still change the rules of a resource: without that nobody could ever withdraw."""
    return any(
        (subject, ACL.mode, ACL.Control) in rules
        for subject in rules.subjects(ACL.accessTo, URIRef(resource))
    )
