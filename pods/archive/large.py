"""Large content of pods that leave or come in: read from the blob store, and put into it before the pod is settled."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping

from pods.archive.incoming import Incoming, Source, is_document
from pods.archive.writing import Contents
from pods.model import Clock
from pods.protocol import conditions
from pods.storage import blobs_sql
from pods.storage.base import Blob, Store, Stored
from pods.storage.blobs import BlobStore, pieces

IN_ROW = 1024 * 1024  # bytes that a row of the database holds, as for what a client sends
PIECE = 1024 * 1024
LEASE_SECONDS = 24 * 3600.0  # until a pod with much content is settled; after a crash its blobs go then


def contents_of(blobs: BlobStore) -> Contents:
    """Return what gives the content of any resource in pieces."""

    def contents(stored: Stored) -> Iterable[bytes]:
        return (stored.content,) if stored.blob is None else pieces(blobs, stored.blob)

    return contents


def keep_large(source: Source, store: Store, blobs: BlobStore, clock: Clock) -> Mapping[str, Blob]:
    """Store the large content of a source and return it by path; what is not settled soon is removed again.

    Not in the transaction that settles the pod: that would hold everybody else's writes up for as long as it takes.
    """
    kept: dict[str, Blob] = {}
    for incoming in (*source.resources(), *source.records()):
        if incoming.size > IN_ROW and not is_document(incoming):
            kept[incoming.relative] = _kept(incoming, store, blobs, clock)
    return kept


def _kept(incoming: Incoming, store: Store, blobs: BlobStore, clock: Clock) -> Blob:
    key = secrets.token_hex(16)
    with store.writing() as tx:
        blobs_sql.expect(tx, key, clock() + LEASE_SECONDS)
    writer, tag, size = blobs.create(key), conditions.tag_maker(incoming.media_type), 0
    try:
        with incoming.open() as file:
            while piece := file.read(PIECE):
                writer.write(piece)
                tag.update(piece)
                size += len(piece)
        writer.finish()
    except BaseException:
        writer.abandon()
        with store.writing() as tx:
            blobs_sql.give_up(tx, key, clock())
        raise
    return Blob(key, size, tag.hexdigest())
