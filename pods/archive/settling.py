"""Settle a pod that comes from elsewhere: a new pod here with its resources, access rules and history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from pods.archive import archive_sql
from pods.archive.incoming import Incoming, Source, is_document
from pods.archive.layout import BadArchive
from pods.archive.moving import Move
from pods.archive.rewriting import Rewritten
from pods.authz import acl
from pods.changes import IDENTITY
from pods.errors import BadTarget, PodError, QuotaExceeded
from pods.model import Mode, Path, WebId
from pods.protocol import headers, rdf, target
from pods.protocol.rdf import Quad
from pods.provision import card_of, create_pod, webid_for
from pods.storage.base import Blob, Pod, Transaction

HISTORY = "history"
"""Container of what was true on another host: its consent records and its access log."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a source."""

    pod: Pod
    resources: int
    history: Path | None
    """Where consent records and log of the former host are, if it had any."""
    left_out: tuple[str, ...]
    """Paths of documents that are kept as plain text, since they are not the RDF that they claim to be."""


@dataclass(frozen=True, slots=True)
class Place:
    """The host that a pod comes to."""

    base: str
    issuer: str
    name: str
    at: float
    quota: int = 0
    """Bytes that the pod may hold; 0 for no limit."""
    foreign: bool = False
    """From another kind of server: documents that do not parse are taken as plain text, since nobody checked them,
    and what every pod here has, such as an inbox, is added."""
    neighbours: tuple[tuple[str, str], ...] = ()
    """Old and new addresses of other pods that move here from the same server: people keep access to each other."""

    @property
    def storage(self) -> str:
        """Address of the pod's root here."""
        return f"{self.base}/{self.name}/"

    @property
    def owner(self) -> WebId:
        """WebID that the owner has here."""
        return webid_for(self.base, self.name)


def history_of(source: Source) -> str:
    """Return where the history of a source goes, below the root of the pod."""
    host = quote(urlsplit(source.storage).netloc.replace(":", "-"), safe="-.")
    return f"{HISTORY}/{host}/{source.made}/"


def move_to(source: Source, place: Place) -> Move:
    """Return how names change. What only a host may write is named where its history lies."""
    history = place.storage + history_of(source)
    managed = tuple((f"{source.storage}{name}/", f"{history}{name}/") for name in sorted(headers.MANAGED))
    return Move((*managed, (source.storage, place.storage), *place.neighbours), source.owner, place.owner)


def rewritten(source: Source, place: Place) -> Rewritten:
    """Return the source as it reads here; raise BadArchive. Takes long for a large pod: not in a transaction."""
    return Rewritten(source, move_to(source, place), place.storage, foreign=place.foreign)


def settle(tx: Transaction, source: Rewritten, place: Place, blobs: Mapping[str, Blob]) -> Settled:
    """Create the pod and write everything into it; `blobs` is large content that was stored beforehand.

    All or nothing: the transaction rolls back on any error. Raises BadArchive for what cannot be taken as it is,
    Conflict for a taken name, QuotaExceeded for a pod that is too large.
    """
    pod = create_pod(
        *(tx, place.name, place.owner),
        base=place.base,
        issuer=place.issuer,
        display_name=place.name,
        at=place.at,
    )
    return _Settling(tx, source, place, blobs, pod).run()


class _Settling:
    """One run; remembers what was written."""

    def __init__(
        self, tx: Transaction, source: Rewritten, place: Place, blobs: Mapping[str, Blob], pod: Pod
    ) -> None:
        self._tx = tx
        self._source = source
        self._place = place
        self._blobs = blobs
        self._pod = pod
        self._history = history_of(source)
        self._has_history = False
        self._written: set[str] = set()
        self._card = card_of(pod.root)

    def run(self) -> Settled:
        fresh = [stored.path for stored in archive_sql.resources(self._tx, self._pod.key)]
        for incoming in self._source.resources():
            self._guarded(self._take, incoming)
        for record in self._source.records():
            self._guarded(self._keep, record)
        if not self._place.foreign:
            self._drop_defaults(fresh)
        if self._has_history:
            self._close_history()
        usage = self._tx.usage(self._pod.key)
        if self._place.quota and usage.used > self._place.quota:
            raise QuotaExceeded(
                f"The pod holds {usage.used} bytes; this host gives {self._place.quota}. Nothing was taken."
            )
        history = Path(f"{self._pod.root}{HISTORY}/") if self._has_history else None
        as_text = tuple(self._pod.root + relative for relative in self._source.as_text)
        return Settled(self._pod, len(self._written), history, as_text)

    def _guarded(self, work: Callable[[Incoming], None], incoming: Incoming) -> None:
        try:
            work(incoming)
        except PodError as error:
            raise BadArchive(f"{incoming.relative or 'the root container'}: {error}") from error

    def _take(self, incoming: Incoming) -> None:
        path = _path(f"{self._pod.root}{incoming.relative}")
        if headers.is_managed(path):
            # A consent is given to a controller on one host; it never moves by itself, nor does a log line.
            if not target.is_auxiliary(path) and incoming.size:
                self._keep(incoming)
            return
        if path == f"{self._pod.root}{target.DESCRIPTION}":
            return
        self._written.add(path)
        if is_document(incoming):
            self._take_document(path, incoming)
        elif target.is_auxiliary(path) or target.is_container(path) or path == self._card:
            raise BadArchive(f"{incoming.relative} must be an RDF document that is not too large.")
        else:
            self._write(path, incoming)

    def _take_document(self, path: Path, incoming: Incoming) -> None:
        content, media_type = incoming.content(), incoming.media_type
        if target.is_acl(path) or path == self._card:
            quads = rdf.parse(media_type, content, self._place.base + path)
            if path == self._card:
                content = self._anchored_card(media_type, quads)
            else:
                content = self._checked_acl(path, media_type, content, quads)
        self._tx.write(path, media_type, content, self._place.at)

    def _checked_acl(self, path: Path, media_type: str, content: bytes, quads: list[Quad]) -> bytes:
        subject = self._place.base + target.subject_of(path)
        is_root = target.subject_of(path) == self._pod.root
        if is_root and not _controls(quads, self._place.owner, subject):
            own = acl.owner_rules(self._place.owner, subject)
            prefix = "@prefix acl: <http://www.w3.org/ns/auth/acl#>.\n"
            quads = [*quads, *rdf.parse(rdf.TURTLE, (prefix + own).encode(), f"{subject}.acl")]
            content = rdf.serialise(media_type, quads)
        acl.check(quads, root=subject if is_root else None)
        return content

    def _anchored_card(self, media_type: str, quads: list[Quad]) -> bytes:
        """Return the profile with this host's issuer, storage and inbox, whatever the archive says of them."""
        fresh = self._tx.get(self._card)
        own = (
            rdf.parse(fresh.media_type, fresh.content, self._place.base + self._card)
            if fresh is not None
            else []
        )
        anchors = [quad for quad in own if quad.predicate in IDENTITY]
        kept = [quad for quad in quads if quad.predicate not in IDENTITY]
        return rdf.serialise(media_type, [*kept, *anchors], {"solid": "http://www.w3.org/ns/solid/terms#"})

    def _keep(self, incoming: Incoming) -> None:
        """Write what is history: unchanged, since it says what was."""
        self._has_history = True
        path = _path(f"{self._pod.root}{self._history}{incoming.relative}")
        self._write(path, incoming)

    def _write(self, path: Path, incoming: Incoming) -> None:
        blob = self._blobs.get(incoming.relative)
        content = b"" if blob is not None else incoming.content()
        self._tx.write(path, incoming.media_type, content, self._place.at, blob=blob)

    def _drop_defaults(self, fresh: list[Path]) -> None:
        """Remove what a new pod has and this one had not: the owner may have deleted it, and its access rule."""
        needed = {self._pod.root, f"{self._pod.root}.acl", self._card}
        for path in reversed(fresh):
            if path in needed or path in self._written or headers.is_managed(path) or path.endswith("/"):
                continue
            self._tx.delete(path, self._place.at)

    def _close_history(self) -> None:
        """Let nobody but the owner see what was, whatever the root's own rules say."""
        rules = "@prefix acl: <http://www.w3.org/ns/auth/acl#>.\n" + acl.owner_rules(self._place.owner, "./")
        path = Path(f"{self._pod.root}{HISTORY}/.acl")
        self._tx.write(path, rdf.TURTLE, rules.encode(), self._place.at)


def _path(text: str) -> Path:
    try:
        path = target.canonical(text.encode("ascii"))
    except (BadTarget, UnicodeEncodeError) as error:
        raise BadArchive(f"{text!r} is no path that this host serves: {error}") from error
    if path != text:
        raise BadArchive(f"{text!r} is not written in its canonical form.")
    return path


def _controls(quads: list[Quad], owner: str, resource: str) -> bool:
    return any(
        owner in rule.agents and Mode.CONTROL & rule.modes and resource in rule.access_to
        for rule in acl.read(quads)
    )
