"""Writes on resources, authorised already: replace, create, patch and delete by the rules of the protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from pods import described
from pods.authz import acl
from pods.errors import (
    BadContent,
    BadRequest,
    Conflict,
    MethodNotAllowed,
    NotFound,
    PodError,
    Unprocessable,
    UnsupportedMedia,
)
from pods.long_listings import AT_ONCE
from pods.model import NO_CONDITIONS, Answer, Body, Operation, Path
from pods.patched import Graph, PatchedGraphs
from pods.protocol import conditions, headers, listing, n3_patch, patch, rdf, sparql_update, target
from pods.protocol.patch import Patch
from pods.protocol.rdf import NamedNode, Quad, node
from pods.provision import card_of
from pods.quota import Quota
from pods.representation import tags
from pods.storage import members_sql
from pods.storage.base import Blob, Stored, Transaction

_READERS: dict[str, Callable[[bytes, str], Patch]] = {
    patch.N3_PATCH: n3_patch.read,
    patch.SPARQL_UPDATE: sparql_update.read,
}
IDENTITY = frozenset(
    {
        node("http://www.w3.org/ns/solid/terms#oidcIssuer"),
        node("http://www.w3.org/ns/pim/space#storage"),
        node("http://www.w3.org/ns/ldp#inbox"),
    }
)
"""What a profile says that decides who may speak for its owner, and where; an app must not change it."""


class Content(NamedTuple):
    """What is to be stored: its bytes, and its quads where it is RDF and they are looked at; of a patched document its graph."""

    media_type: str
    content: bytes
    quads: Sequence[Quad] = ()
    blob: Blob | None = None
    graph: Graph | None = None


def read_body(body: Body | None, address: str, *, looked_at: bool) -> Content:
    """Return the body of a PUT or POST, with its quads if they are looked at; raise BadRequest or BadContent."""
    if body is None or not body.media_type:
        # Solid Protocol, 2.1: content without a Content-Type is refused with 400.
        raise BadRequest("The Content-Type header is missing; say what the body is, such as text/turtle.")
    if rdf.is_rdf(body.media_type) and looked_at:
        return Content(body.media_type, body.content, rdf.parse(body.media_type, body.content, address))
    if rdf.is_rdf(body.media_type):
        rdf.check(body.media_type, body.content, address)
    return Content(body.media_type, body.content)


def read_any(op: Operation, base: str) -> Content | Patch | PodError | None:
    """Return the body as the method wants it, or what is wrong with it, to be said after authorisation."""
    address = base + op.path
    try:
        if op.method == "PATCH":
            return read_patch(op.body, address)
        empty = op.body is None or (not op.body.media_type and not op.body.content)
        if op.method == "DELETE" or (empty and target.is_container(op.path)):
            return None
        # The address of what is posted is not known yet.
        return read_body(op.body, address, looked_at=op.method == "POST" or _is_looked_at(op.path))
    except PodError as error:
        return error


def read_patch(body: Body | None, address: str) -> Patch:
    """Return the patch in a body; raise BadRequest, UnsupportedMedia, BadContent or Unprocessable."""
    if body is None or not body.media_type:
        raise BadRequest(f"The Content-Type header is missing; a patch is {headers.ACCEPT_PATCH}.")
    reader = _READERS.get(body.media_type)
    if reader is None:
        raise UnsupportedMedia(
            f"A patch is {headers.ACCEPT_PATCH}, not {body.media_type}.",
            headers=(("accept-patch", headers.ACCEPT_PATCH),),
        )
    return reader(body.content, address)


class Changes:
    """Carries out writes in a transaction. Whoever calls has authorised them."""

    def __init__(self, base_url: str, new_name: Callable[[], str], quota: Quota) -> None:
        self._base = base_url
        self._quota = quota
        self._new_name = new_name
        self._graphs = PatchedGraphs(base_url)

    def replace(
        self, op: Operation, stored: Stored | None, content: Content, tx: Transaction, at: float
    ) -> Answer:
        """PUT: create or replace a resource."""
        require_conditions(op, stored)
        _require_kind(op)
        return self._store(op.path, stored, content, tx, at)

    def create(self, op: Operation, content: Content | None, tx: Transaction, at: float) -> Answer:
        """POST: create a member of a container under the name that the client suggests, or another one."""
        container = tx.get(op.path)
        if container is None:
            raise NotFound("There is no container at this address to create a member in.")
        require_conditions(op, container)
        as_container = not headers.CONTAINER_TYPES.isdisjoint(op.link_types)
        if content is None and not as_container:
            raise BadRequest("The Content-Type header is missing; say what the body is, such as text/turtle.")
        path = self._free_path(op, tx, "/" if as_container else "")
        body = content if content is not None else Content(rdf.TURTLE, b"")
        return self._store(path, None, body, tx, at)

    def patch(
        self, op: Operation, stored: Stored | None, change: Patch, tx: Transaction, at: float
    ) -> Answer:
        """PATCH: change an RDF document, which is created if there is none."""
        require_conditions(op, stored)
        media_type = stored.media_type if stored is not None else rdf.TURTLE
        if not rdf.is_rdf(media_type):
            raise Conflict(f"The resource is {media_type}, which cannot be patched; replace it with PUT.")
        if stored is not None and target.is_container(op.path):
            return self._patch_container(stored, change, tx, at)
        before = self._graphs.of(stored) if stored is not None else Graph(())
        # A patch speaks of the default graph; named graphs stay as they are.
        after, named = patch.apply(change, before.triples), before.named
        if len(after) + len(named) > rdf.MAX_TRIPLES:
            raise BadContent(f"The document would have more than {rdf.MAX_TRIPLES} triples.")
        # Names of the document itself stay short, as their author most likely wrote them.
        short = {"": f"{self._base}{op.path}#", **before.prefixes}
        content = rdf.serialise_graph(media_type, after, named, short)
        looked_at = tuple(rdf.quads_of(after)) if _is_looked_at(op.path) else ()
        result = Content(media_type, content, looked_at, graph=Graph(after, named, short))
        return self._store(op.path, stored, result, tx, at)

    def _patch_container(self, stored: Stored, change: Patch, tx: Transaction, at: float) -> Answer:
        """Change what a GET shows: what is taken out is, wherever it was said; what is new is the container's own."""
        # Who may write a container may write its description: they share their ACL.
        before = self._graphs.of(stored).triples
        said = described.said_of(stored.path, self._graphs, self._base, tx)
        stated = self._stated(stored, patch.terms(change), tx)
        after = patch.apply(change, [*before, *said.shown, *rdf.parted(stated)[0]])
        described.take_out(said, after, self._quota, tx, at)
        result = Content(rdf.TURTLE, b"", tuple(described.own(after, before, said)))
        return self._store(stored.path, stored, result, tx, at, stated)

    def delete(self, op: Operation, stored: Stored, tx: Transaction, at: float) -> Answer:
        """DELETE: remove a resource with its auxiliary resources."""
        require_conditions(op, stored)
        if "DELETE" not in headers.allowed(op.path):
            raise MethodNotAllowed(
                "The profile says who may log in for its owner; it can be changed, not deleted."
                if op.path == card_of(target.pod_root(op.path))
                else "The storage itself and its ACL cannot be deleted.",
                headers=(("allow", headers.allowed(op.path)),),
            )
        tx.delete(op.path, at)
        self._renew(op.path, tx, at)
        return Answer(204)

    def _store(
        self,
        path: Path,
        stored: Stored | None,
        content: Content,
        tx: Transaction,
        at: float,
        stated: Sequence[Quad] | None = None,
    ) -> Answer:
        if target.is_auxiliary(path):
            self._check_auxiliary(path, content)
        elif target.is_container(path):
            content = self._container_content(path, stored, content, tx, stated)
        elif _is_looked_at(path):
            self._check_profile(path, stored, content)
        written = tx.write(path, content.media_type, content.content, at, blob=content.blob)
        self._quota.require_kept(stored, written, tx)
        if content.graph is not None:
            self._graphs.keep(written, content.graph)
        self._renew(path, tx, at)
        fields = (
            ("etag", f'"{written.etag}"'),
            ("last-modified", conditions.http_date(written.modified)),
            *headers.descriptive(self._base, path),
        )
        if stored is not None:
            return Answer(204, fields)
        # RFC 9110, 15.3.2, asks for Location only where the server chose the address; many clients read it always.
        return Answer(201, (*fields, ("location", self._base + path)))

    def _renew(self, path: Path, tx: Transaction, at: float) -> None:
        """Give a container that is described anew a new tag, since it shows what its description says."""
        if path.endswith(f"/{target.META}") and (container := tx.get(target.subject_of(path))) is not None:
            tx.write(container.path, container.media_type, container.content, at)

    def _check_auxiliary(self, path: Path, content: Content) -> None:
        if not rdf.is_rdf(content.media_type):
            raise _not_rdf("An auxiliary resource")
        if target.is_acl(path):
            subject = target.subject_of(path)
            is_root = subject == target.pod_root(path)
            acl.check(content.quads, root=self._base + subject if is_root else None)

    def _check_profile(self, path: Path, stored: Stored | None, content: Content) -> None:
        known = (
            rdf.parse(stored.media_type, stored.content, self._base + path)
            if stored is not None and rdf.is_rdf(stored.media_type)
            else []
        )
        if rdf.objects(content.quads, IDENTITY) != rdf.objects(known, IDENTITY):
            raise Conflict(
                "solid:oidcIssuer, pim:storage and ldp:inbox of the profile are kept by the host: they decide "
                "who may log in for you. Send them as they were; they change through the account only."
            )

    def _container_content(
        self,
        path: Path,
        stored: Stored | None,
        content: Content,
        tx: Transaction,
        stated: Sequence[Quad] | None,
    ) -> Content:
        """Return what a client adds to what the host states; a patch has shown the client `stated` already."""
        if (content.content or content.blob) and not rdf.is_rdf(content.media_type):
            raise _not_rdf("What is said about a container")
        own = stated
        if own is None:
            named = [term for quad in content.quads for term in (quad.subject, quad.object)]
            own = self._stated(stored or Stored(path, 0, rdf.TURTLE, b"", "", 0), named, tx)
        kept = listing.added(content.quads, own, path, self._base, whole=stated is not None)
        return Content(rdf.TURTLE, rdf.serialise(rdf.TURTLE, kept) if kept else b"", tuple(kept))

    def _stated(self, container: Stored, named: Iterable[object], tx: Transaction) -> list[Quad]:
        """Return what the host states of a container and its members; of very many, of those that are named.

        A write to a container must not cost what all its members cost: other writers wait for it.
        """
        members = tx.children(container.path, limit=AT_ONCE + 1)
        if len(members) > AT_ONCE:
            prefix = self._base + container.path
            iris = [term.value for term in named if isinstance(term, NamedNode)]
            below = {iri[len(prefix) :].partition("/")[0] for iri in iris if iri.startswith(prefix)}
            if len(below) > AT_ONCE:
                raise Unprocessable(
                    f"Of a container with very many members at most {AT_ONCE} can be named in one write."
                )
            members = members_sql.named(tx, container.path, below)
        return listing.quads(container, members, self._base)

    def _free_path(self, op: Operation, tx: Transaction, ending: str) -> Path:
        suggested = target.segment_from_slug(op.slug) if op.slug else None
        names = [suggested, f"{suggested}-{self._new_name()}"] if suggested else [self._new_name()]
        for name in names:
            document, container = Path(f"{op.path}{name}"), Path(f"{op.path}{name}/")
            if tx.get(document) is None and tx.get(container) is None and not headers.is_managed(document):
                return target.canonical(f"{op.path}{name}{ending}".encode("ascii"))
        raise Unprocessable("No free name was found for the new resource; suggest another Slug.")


def _is_looked_at(path: Path) -> bool:
    """Say whether what a resource states decides if it may be stored: an auxiliary's, a container's, a profile's."""
    return target.is_auxiliary(path) or target.is_container(path) or path == card_of(target.pod_root(path))


def _not_rdf(what: str) -> UnsupportedMedia:
    offered = ", ".join(rdf.OFFERED)
    return UnsupportedMedia(f"{what} is RDF: {offered}.", headers=(("accept-put", offered),))


def _require_kind(op: Operation) -> None:
    """Raise Conflict if the Link types name another kind of resource than the address (Solid Protocol, 3.1)."""
    if target.is_container(op.path):
        if headers.LDP_NON_RDF_SOURCE in op.link_types:
            raise Conflict("An address that ends with a slash is a container's, never that of a binary.")
    elif not headers.CONTAINER_TYPES.isdisjoint(op.link_types):
        raise Conflict("The address of a container ends with a slash; add it, or leave out the Link type.")


def require_conditions(op: Operation, stored: Stored | None) -> None:
    """Raise PreconditionFailed unless the conditional fields of a write hold for what is stored."""
    if op.conditions is NO_CONDITIONS:
        return
    if stored is None:
        conditions.require(op.conditions, (), None)
    else:
        conditions.require(op.conditions, tags(stored.etag), stored.modified)
