"""What comes in with a pod from elsewhere: its resources one by one, whichever kind of source holds them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import IO, Protocol

from pods.protocol import rdf

MAX_DOCUMENT = 16 * 1024 * 1024  # bytes of RDF, as for one that a client sends


@dataclass(frozen=True, slots=True)
class Incoming:
    """A resource at its path below the pod's root: `""` is the root itself, `notes/` a container."""

    relative: str
    media_type: str
    size: int
    open: Callable[[], AbstractContextManager[IO[bytes]]]

    def content(self) -> bytes:
        """Return the whole content; for what is small enough to be held."""
        with self.open() as file:
            return file.read(self.size + 1)


def is_document(incoming: Incoming) -> bool:
    """Say whether a resource is RDF that is read and rewritten; what is larger is kept as any file is."""
    return rdf.is_rdf(incoming.media_type) and incoming.size <= MAX_DOCUMENT


class Source(Protocol):
    """A pod somewhere else."""

    @property
    def storage(self) -> str:
        """Address of its root container there, with a slash at the end."""

    @property
    def owner(self) -> str:
        """WebID of its owner there."""

    @property
    def made(self) -> str:
        """When it was taken, as one path segment."""

    def resources(self) -> Iterator[Incoming]:
        """Return every resource, a container before its members."""

    def records(self) -> Iterator[Incoming]:
        """Return what is no resource and still the owner's, such as the access log; kept as history."""
