"""Notices of the host in inboxes (LDN): of people here, and of organisations here or on another host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from consent import people_sql, wire
from consent.rights import outgoing_sql
from pods.model import Path, WebId
from pods.storage.base import Pod, Transaction

MEDIA_TYPE = "application/ld+json"
_CONTEXT: Mapping[str, Any] = {
    "id": "@id",
    "type": "@type",
    "as": "https://www.w3.org/ns/activitystreams#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "Announce": "as:Announce",
    "actor": {"@id": "as:actor", "@type": "@id"},
    "object": {"@id": "as:object", "@type": "@id"},
    "target": {"@id": "as:target", "@type": "@id"},
    "cc": {"@id": "as:cc", "@type": "@id"},
    "summary": {"@id": "as:summary", "@container": "@language"},
    "content": {"@id": "as:content", "@container": "@language"},
    "published": {"@id": "as:published", "@type": "xsd:dateTime"},
    "endTime": {"@id": "as:endTime", "@type": "xsd:dateTime"},
}
"""Written out, so that a reader of the inbox needs nothing from anywhere else."""


class Notices:
    """Writes notices on the host at `origin`; a notice of a name that is there already is replaced, never doubled."""

    def __init__(self, origin: str) -> None:
        self._origin = origin

    def to_pod(
        self,
        tx: Transaction,
        pod: Pod,
        name: str,
        subject: str,
        summary: Mapping[str, str],
        at: float,
        *,
        content: Mapping[str, str] | None = None,
        due_at: float | None = None,
        copy_to: str = "",
    ) -> None:
        """Put a notice about `subject`, an IRI, into the inbox of a pod."""
        path = Path(f"{pod.root}inbox/{name}.jsonld")
        notice = self._notice(
            self._origin + path,
            pod.owner,
            subject,
            summary,
            at,
            content=content,
            due_at=due_at,
            copy_to=copy_to,
        )
        tx.write(path, MEDIA_TYPE, notice, at)

    def to_owner(
        self,
        tx: Transaction,
        webid: str,
        name: str,
        subject: str,
        summary: Mapping[str, str],
        at: float,
        *,
        content: Mapping[str, str] | None = None,
        due_at: float | None = None,
        copy_to: str = "",
        concerns: int = 0,
    ) -> None:
        """Tell somebody: in their inbox here, or by the queue for other hosts.

        `concerns` is the key of the pod that a queued notice goes with when it is removed.
        """
        pod = people_sql.own_pod(tx, WebId(webid))
        if pod is not None:
            self.to_pod(tx, pod, name, subject, summary, at, content=content, due_at=due_at, copy_to=copy_to)
        elif not webid.startswith(self._origin + "/"):
            # LDN, 3.3: a notice without an address of its own gets that of the resource it becomes.
            notice = self._notice(
                "", webid, subject, summary, at, content=content, due_at=due_at, copy_to=copy_to
            )
            outgoing_sql.add(tx, name, webid, concerns, notice.decode(), at)

    def _notice(
        self,
        iri: str,
        target: str,
        subject: str,
        summary: Mapping[str, str],
        at: float,
        *,
        content: Mapping[str, str] | None,
        due_at: float | None,
        copy_to: str,
    ) -> bytes:
        notice = {
            "@context": _CONTEXT,
            "id": iri,
            "type": "Announce",
            "actor": self._origin + "/",
            "object": subject,
            "target": target,
            "summary": dict(summary),
            "published": wire.timestamp(at),
        }
        if content:
            notice["content"] = dict(content)
        if due_at is not None:
            notice["endTime"] = wire.timestamp(due_at)
        if copy_to:
            notice["cc"] = copy_to
        return orjson.dumps(notice)
