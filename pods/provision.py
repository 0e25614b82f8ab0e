"""A new pod with everything that belongs into it, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pods.authz import acl
from pods.errors import BadRequest
from pods.model import Path, WebId
from pods.protocol import target
from pods.protocol.rdf import TURTLE
from pods.storage.base import Pod, Transaction

Kind = Literal["person", "organisation"]
_CLASSES: Mapping[Kind, str] = {
    "person": "foaf:Person, schema:Person",
    "organisation": "foaf:Organization, schema:Organization",
}
CONTAINERS = ("purchases", "participation", "value", "consents", "activity")
_PREFIXES = (
    "@prefix acl: <http://www.w3.org/ns/auth/acl#>.\n"
    "@prefix foaf: <http://xmlns.com/foaf/0.1/>.\n"
    "@prefix ldp: <http://www.w3.org/ns/ldp#>.\n"
    "@prefix pim: <http://www.w3.org/ns/pim/space#>.\n"
    "@prefix po: <https://w3id.org/portico/ns#>.\n"
    "@prefix schema: <http://schema.org/>.\n"
    "@prefix solid: <http://www.w3.org/ns/solid/terms#>.\n\n"
)
_PUBLIC_READ = (
    "<#public> a acl:Authorization; acl:agentClass foaf:Agent; acl:mode acl:Read;\n    acl:accessTo <%s>.\n"
)
_INBOX_APPEND = (
    "<#senders> a acl:Authorization; acl:agentClass acl:AuthenticatedAgent; acl:mode acl:Append;\n"
    "    acl:accessTo <./>.\n"
)


def card_of(root: Path) -> Path:
    """Return the path of a pod's WebID profile."""
    return Path(root + target.CARD)


def webid_for(base: str, name: str) -> WebId:
    """Return the WebID that a new pod of this name has."""
    return WebId(f"{base}{card_of(Path(f'/{name}/'))}#me")


def create_pod(
    tx: Transaction,
    name: str,
    owner: WebId,
    *,
    base: str,
    issuer: str,
    display_name: str,
    at: float,
    kind: Kind = "person",
) -> Pod:
    """Create a pod with its profile, containers and access rules; raise BadRequest or Conflict on the name."""
    if not target.is_pod_name(name):
        raise BadRequest(
            f"The pod name {name!r} cannot be used: 1 to 63 small letters, digits and hyphens, no hyphen first."
        )
    pod = tx.add_pod(name, owner, at)
    root = pod.root
    documents: dict[str, str] = {
        ".acl": acl.owner_rules(owner, "./"),
        "profile/card": _profile(f"{base}{root}", owner, issuer, display_name, kind),
        "profile/card.acl": acl.owner_rules(owner, "card") + _PUBLIC_READ % "card",
        "inbox/": "",
        "inbox/.acl": acl.owner_rules(owner, "./") + _INBOX_APPEND,
        "settings/prefs.ttl": _preferences(root),
        "settings/publicTypeIndex.ttl": "<> a solid:TypeIndex, solid:ListedDocument.\n",
        "settings/publicTypeIndex.ttl.acl": (
            acl.owner_rules(owner, "publicTypeIndex.ttl") + _PUBLIC_READ % "publicTypeIndex.ttl"
        ),
        "settings/privateTypeIndex.ttl": _private_index(root),
        **{f"{container}/": "" for container in CONTAINERS},
        # What the host writes here is the owner's alone to see, whatever the root's ACL says later.
        "consents/.acl": acl.owner_rules(owner, "./", ("Read",)),
        "activity/.acl": acl.owner_rules(owner, "./", ("Read",)),
    }
    for path, content in documents.items():
        turtle = (_PREFIXES + content).encode() if content else b""
        tx.write(Path(root + path), TURTLE, turtle, at)
    return pod


def _profile(storage: str, owner: WebId, issuer: str, display_name: str, kind: Kind) -> str:
    return (
        f"<> a foaf:PersonalProfileDocument; foaf:maker <{owner}>; foaf:primaryTopic <{owner}>.\n\n"
        f"<{owner}> a {_CLASSES[kind]};\n"
        f"    foaf:name {_literal(display_name)};\n"
        f"    solid:oidcIssuer <{issuer}>;\n"
        f"    pim:storage <{storage}>;\n"
        f"    ldp:inbox <{storage}inbox/>;\n"
        f"    pim:preferencesFile <{storage}settings/prefs.ttl>;\n"
        f"    solid:publicTypeIndex <{storage}settings/publicTypeIndex.ttl>.\n"
    )


def _preferences(root: Path) -> str:
    return (
        "<> a pim:ConfigurationFile.\n"
        f"<{card_of(root)}#me> solid:publicTypeIndex <publicTypeIndex.ttl>;\n"
        "    solid:privateTypeIndex <privateTypeIndex.ttl>.\n"
    )


def _private_index(root: Path) -> str:
    return (
        "<> a solid:TypeIndex, solid:UnlistedDocument.\n"
        "<#purchases> a solid:TypeRegistration; solid:forClass schema:Order;\n"
        f"    solid:instanceContainer <{root}purchases/>.\n"
        "<#participation> a solid:TypeRegistration; solid:forClass po:Participation;\n"
        f"    solid:instanceContainer <{root}participation/>.\n"
        "<#value> a solid:TypeRegistration; solid:forClass po:ValueShare;\n"
        f"    solid:instanceContainer <{root}value/>.\n"
    )


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'
