"""Header fields of resources: Link, Allow, WAC-Allow and Accept-*, and the fields that clients send."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from pods.model import Mode, Path
from pods.protocol import target
from pods.protocol.patch import PATCH_TYPES
from pods.protocol.rdf import OFFERED

_LDP = "http://www.w3.org/ns/ldp#"
LDP_RESOURCE, LDP_CONTAINER, LDP_BASIC_CONTAINER, LDP_NON_RDF_SOURCE = [
    _LDP + name for name in ("Resource", "Container", "BasicContainer", "NonRDFSource")
]
CONTAINER_TYPES = frozenset({LDP_CONTAINER, LDP_BASIC_CONTAINER})
STORAGE = "http://www.w3.org/ns/pim/space#Storage"
_SOLID = "http://www.w3.org/ns/solid/terms#"
MANAGED = frozenset({"consents", "activity"})
"""Containers of each pod that only the host itself writes."""

ACCEPT_PATCH = ", ".join(PATCH_TYPES)
_ACCEPT_RDF = ", ".join(OFFERED)
_ACCEPT_ANY = f"{_ACCEPT_RDF}, */*"
"""Whatever comes is kept; what we can also convert and patch stands first, for clients that take the first they know."""
_PECULIAR = ("/", *target.AUXILIARY, "/" + target.DESCRIPTION, "/" + target.CARD)
"""Endings of paths whose fields are not those of any document."""

_MODE_NAMES = ((Mode.READ, "read"), (Mode.WRITE, "write"), (Mode.APPEND, "append"), (Mode.CONTROL, "control"))
_LINK = re.compile(r"<([^>]*)>([^<]*)")
_REL_TYPE = re.compile(r';\s*rel\s*=\s*(?:"[^"]*\btype\b[^"]*"|type\b)', re.IGNORECASE)
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})\Z", re.IGNORECASE)


def is_managed(path: Path) -> bool:
    """Say whether the path lies where only the host writes."""
    parts = path.split("/", 3)
    return len(parts) > 2 and parts[2] in MANAGED


@lru_cache(maxsize=4096)
def allowed(path: Path) -> str:
    """Return the methods that a resource supports, as Allow says it."""
    methods = ["GET", "HEAD", "OPTIONS"]
    if is_managed(path) or path.endswith("/" + target.DESCRIPTION):
        return ", ".join(methods)
    if target.is_container(path):
        methods.append("POST")
    methods += ["PUT", "PATCH"]
    # Solid Protocol, 5.4: the root container and its ACL cannot be deleted, and do not claim it; nor can the profile.
    root = target.pod_root(path)
    if path != root + target.CARD and (
        target.subject_of(path) != root or target.is_auxiliary(path) != target.is_acl(path)
    ):
        methods.append("DELETE")
    return ", ".join(methods)


@lru_cache(maxsize=4096)
def descriptive(base: str, path: Path) -> tuple[tuple[str, str], ...]:
    """Return the fields that tell a client how to go on from here: Link, Allow and Accept-*."""
    if path.endswith(_PECULIAR) or is_managed(path):
        return _described(base, path)
    # Of ordinary documents there are too many to remember each, and nearly all is the same for all of a pod.
    before, after, further = _of_documents(base, target.pod_root(path))
    address = base + path
    link = f'{before}<{address}{target.ACL}>; rel="acl", <{address}{target.META}>; rel="describedby"{after}'
    return (("link", link), *further)


@lru_cache(maxsize=1024)
def _of_documents(base: str, root: Path) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """Return what stands before and after a document's own links, and the other fields."""
    (_, link), *further = _described(base, Path(f"{root}-"))
    before, _, rest = link.partition(f"<{base}{root}-{target.ACL}>")
    return before, rest.partition('"describedby"')[2], tuple(further)


def _described(base: str, path: Path) -> tuple[tuple[str, str], ...]:
    found = [("link", ", ".join(_links(base, path))), *_takes(path)]
    if target.is_container(path) and "POST" in allowed(path):
        found.append(("accept-post", _ACCEPT_ANY))
    return tuple(found)


@lru_cache(maxsize=4096)
def vacant(path: Path) -> tuple[tuple[str, str], ...]:
    """Return the fields of an answer that finds nothing: how something may be put here (RFC 9110, 10.2.1)."""
    # POST makes members of a container that is there, DELETE removes what is there: neither can be done.
    methods = [name for name in allowed(path).split(", ") if name not in ("POST", "DELETE")]
    return tuple((name, ", ".join(methods) if name == "allow" else value) for name, value in _takes(path))


def _takes(path: Path) -> list[tuple[str, str]]:
    found = [("allow", allowed(path))]
    if "PUT" in found[0][1]:
        found += [
            ("accept-put", _ACCEPT_RDF if target.is_auxiliary(path) else _ACCEPT_ANY),
            ("accept-patch", ACCEPT_PATCH),
        ]
    return found


def _links(base: str, path: Path) -> list[str]:
    root = target.pod_root(path)
    types = [LDP_RESOURCE]
    if target.is_container(path):
        types += [LDP_CONTAINER, LDP_BASIC_CONTAINER]
    if path == root:
        types.append(STORAGE)
    links = [f'<{one}>; rel="type"' for one in types]
    if not target.is_acl(path):
        links.append(f'<{base}{target.acl_of(path)}>; rel="acl"')
    if not target.is_auxiliary(path) and not is_managed(path):
        links.append(f'<{base}{path}{target.META}>; rel="describedby"')
    links.append(f'<{base}{root}{target.DESCRIPTION}>; rel="{_SOLID}storageDescription"')
    if path in (root, root + target.CARD):
        links.append(f'<{base}{root}inbox/>; rel="{_LDP}inbox"')
    return links


def joined(fields: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the fields with all Link values in one (RFC 9110, 5.3): some clients read one field, or one value of each."""
    links = ", ".join(value for name, value in fields if name == "link")
    return [("link", links), *[field for field in fields if field[0] != "link"]]


def owner_link(webid: str) -> str:
    """Return the Link value by which a storage names its owner (Solid Protocol, 4.1)."""
    return f'<{webid}>; rel="{_SOLID}owner"'


@lru_cache(maxsize=256)
def wac_allow(user: Mode, public: Mode) -> str:
    """Return the WAC-Allow field: what the agent and what everybody may do here (WAC, 5.2).

    No space behind the comma: some clients split there and take the name as it comes.
    """
    return f'user="{_names(user)}",public="{_names(public)}"'


def _names(modes: Mode) -> str:
    return " ".join(name for mode, name in _MODE_NAMES if mode in modes)


def types_of_link(link: str) -> frozenset[str]:
    """Return the targets of `rel="type"` in a Link field."""
    return frozenset(
        uri for uri, parameters in _LINK.findall(link) if _REL_TYPE.search(parameters.split(",")[0])
    )


def byte_range(header: str, length: int) -> tuple[int, int] | None:
    """Return first and last position of a single range, None to serve the whole (RFC 9110, 14.2).

    A range that cannot be satisfied gives (-1, -1).
    """
    match = _RANGE.match(header.strip())
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        first, last = max(length - int(match[2]), 0), length - 1
        return (first, last) if int(match[2]) and length else (-1, -1)
    first = int(match[1])
    last = min(int(match[2]), length - 1) if match[2] else length - 1
    if match[2] and int(match[2]) < first:
        return None
    return (first, last) if first < length else (-1, -1)
