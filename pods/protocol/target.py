"""Request paths: one canonical spelling per resource, and the paths that depend on it."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

from pods.errors import BadTarget, LongTarget
from pods.model import Path

MAX_PATH = 2048  # bytes; proxies and browsers break above
MAX_SEGMENT = 255  # bytes; a name that every file system can hold, so that an export never fails
MAX_DEPTH = 62  # containers above a resource; each may hold the ACL that governs it
ACL = ".acl"
META = ".meta"
AUXILIARY = (ACL, META)
DESCRIPTION = ".well-known/solid"
"""Path of a storage's description below its root; it is made on the fly and never stored."""
CARD = "profile/card"
"""Path of the owner's profile below the root of the pod."""

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PLAIN = re.compile(rb"(?:/[A-Za-z0-9_~-][A-Za-z0-9_~-]*(?:\.[A-Za-z0-9_~-]+)*)+/?")
# RFC 3986, 3.3: pchar = unreserved / pct-encoded / sub-delims / ":" / "@"
_PATH = re.compile(rb"/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_POD_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@lru_cache(maxsize=4096)
def canonical(raw_path: bytes) -> Path:
    """Return the one spelling of a request path; raise BadTarget if it is ambiguous or not allowed.

    The same string is authorised and stored, so that no second spelling slips past an ACL.
    """
    if len(raw_path) > MAX_PATH:
        raise LongTarget(f"The path is longer than {MAX_PATH} bytes.")
    if not _PLAIN.fullmatch(raw_path):
        raw_path = _normalised(raw_path)
    path = raw_path.decode("ascii")
    if path.count("/") >= MAX_DEPTH:
        raise BadTarget(f"The path is deeper than {MAX_DEPTH} levels.")
    if len(path) > MAX_SEGMENT and any(len(segment) > MAX_SEGMENT for segment in path.split("/")):
        raise LongTarget(f"A segment of the path is longer than {MAX_SEGMENT} bytes.")
    if any(suffix in path for suffix in AUXILIARY):
        _refuse_nested_auxiliary(path)
    return Path(path)


def _normalised(raw_path: bytes) -> bytes:
    if not _PATH.fullmatch(raw_path):
        raise BadTarget("The path holds a character that must be percent-encoded, or a broken escape.")
    path = _ESCAPE.sub(_normal_escape, raw_path)
    segments = path.split(b"/")[1:]
    for position, segment in enumerate(segments):
        # "//" and dot segments mean different resources to different programs on the way (path confusion).
        if segment in (b".", b"..") or (not segment and position < len(segments) - 1):
            raise BadTarget("The path holds an empty or a dot segment.")
    try:
        text = unquote_to_bytes(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadTarget("The path does not decode to UTF-8.") from error
    if not unicodedata.is_normalized("NFC", text):
        raise BadTarget("The path is not in Unicode normal form C.")
    return path


def _normal_escape(escape: re.Match[bytes]) -> bytes:
    value = int(escape[1], 16)
    if value in b"/\\" or value < 0x20 or value == 0x7F:
        raise BadTarget("The path hides a slash, a backslash or a control character in an escape.")
    # RFC 3986, 6.2.2: escapes of unreserved characters are decoded, the others are upper-cased.
    return bytes((value,)) if value in _UNRESERVED else escape[0].upper()


def _refuse_nested_auxiliary(path: str) -> None:
    *above, last = path.split("/")
    if any(segment.endswith(AUXILIARY) for segment in above):
        raise BadTarget("A container cannot end in .acl or .meta: these suffixes are reserved.")
    suffix = _auxiliary_suffix(last)
    if suffix and last.removesuffix(suffix).endswith(AUXILIARY):
        raise BadTarget("An auxiliary resource has no auxiliary resource of its own.")


def _auxiliary_suffix(name: str) -> str | None:
    return next((suffix for suffix in AUXILIARY if name.endswith(suffix)), None)


def is_container(path: Path) -> bool:
    """Say whether the path names a container (Solid Protocol, 3.1: it ends with a slash)."""
    return path.endswith("/")


def is_acl(path: Path) -> bool:
    """Say whether the path names an access control list."""
    return path.endswith(ACL)


def is_auxiliary(path: Path) -> bool:
    """Say whether the path names an ACL or a description resource."""
    return path.endswith(AUXILIARY)


def subject_of(path: Path) -> Path:
    """Return the resource that an auxiliary resource is about; any other path is its own subject."""
    if not path.endswith(AUXILIARY):
        return path
    return Path(path.removesuffix(ACL) if path.endswith(ACL) else path.removesuffix(META))


def acl_of(path: Path) -> Path:
    """Return the path of the ACL of a resource; auxiliary resources share their subject's."""
    return Path(subject_of(path) + ACL)


def parent_of(path: Path) -> Path | None:
    """Return the container of a resource, None for the root of a pod."""
    cut = path.rfind("/", 0, -1) + 1
    return Path(path[:cut]) if cut > 1 else None


@lru_cache(maxsize=4096)
def acl_candidates(path: Path) -> tuple[Path, ...]:
    """Return the ACLs that may govern a resource, its own first, then its containers' upwards."""
    subject = subject_of(path)
    container = parent_of(subject)
    if container is None and not is_container(path):
        # "/anna" itself: whoever may look into "/anna/" is told that it is not this
        container = pod_root(path)
    return (Path(subject + ACL), *_acls_from(container))


@lru_cache(maxsize=1024)
def _acls_from(container: Path | None) -> tuple[Path, ...]:
    """Return the ACLs of a container and of those above it: the same for all its members."""
    if container is None:
        return ()
    return (Path(container + ACL), *_acls_from(parent_of(container)))


def pod_name(path: Path) -> str:
    """Return the first segment of a path, which names the pod."""
    return path[1:].partition("/")[0]


def pod_root(path: Path) -> Path:
    """Return the root container of the pod that a path lies in."""
    return Path(f"/{pod_name(path)}/")


def is_pod_name(name: str) -> bool:
    """Say whether a pod may be called so."""
    return _POD_NAME.fullmatch(name) is not None


def segment_from_slug(slug: str) -> str | None:
    """Return the path segment that a client suggested, None if it cannot be one.

    Reserved suffixes are not taken: a slug must never create an ACL.
    """
    name = unicodedata.normalize("NFC", _unescaped(slug.strip()).strip("/"))
    segment = quote(name, safe="-._~!$&'()*+,;=:@")
    if not segment or segment.startswith(".") or segment.endswith(AUXILIARY) or len(segment) > MAX_SEGMENT:
        return None
    try:
        canonical(f"/{segment}".encode("ascii"))
    except BadTarget:
        return None
    return segment


def _unescaped(slug: str) -> str:
    """Return what a Slug means: the percent-encoding of a text in UTF-8 (RFC 5023, 9.7), or the text as it came."""
    try:
        return unquote_to_bytes(slug).decode("utf-8")
    except UnicodeDecodeError:
        return slug
