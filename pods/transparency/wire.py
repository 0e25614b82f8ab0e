"""Stored lines and proofs as JSON, for clients and archives."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pods.transparency.proof import Proof, Seen
from pods.transparency.records import Record


class BadProof(ValueError):
    """A line or proof that is not written as one."""


def record_json(record: Record) -> dict[str, Any]:
    """Return a stored line; `content` stands for a text that is no longer kept."""
    text = (
        {"sealed": _text(record.sealed)} if record.sealed is not None else {"content": _text(record.content)}
    )
    return {"seq": record.seq, "digest": record.digest.hex(), **text}


def record_value(plain: Mapping[str, Any]) -> Record:
    """Return the stored line that a host or an archive gave; raise BadProof."""
    read = _Reader(plain)
    sealed = read.data("sealed") if "sealed" in plain else None
    content = read.data("content") if sealed is None else b""
    try:
        return Record(read.number("seq"), bytes.fromhex(read.text("digest")), sealed, content)
    except ValueError as error:
        raise BadProof(f"A line of the log is not written as one: {error}") from error


def proof_json(proof: Proof) -> dict[str, Any]:
    """Return a proof."""
    return {
        "blind": _text(proof.blind),
        "key": _text(proof.key),
        "size": proof.size,
        "leaf": proof.leaf,
        "checkpoint": proof.checkpoint,
        "verifier_key": proof.verifier_key,
        "inclusion": [_text(step) for step in proof.inclusion],
        "consistency": [_text(step) for step in proof.consistency],
    }


def proof_value(plain: Mapping[str, Any]) -> Proof:
    """Return the proof that a host or an archive gave; raise BadProof."""
    read = _Reader(plain)
    return Proof(
        blind=read.data("blind"),
        key=read.data("key"),
        size=read.number("size"),
        leaf=read.number("leaf"),
        checkpoint=read.text("checkpoint"),
        verifier_key=read.text("verifier_key"),
        inclusion=read.path("inclusion"),
        consistency=read.path("consistency"),
    )


def seen_text(seen: Seen) -> str:
    """Return what a verifier remembers in one line."""
    return " ".join(
        (seen.verifier_key, str(seen.size), _text(seen.root), str(seen.tree_size), _text(seen.tree_root))
    )


def seen_value(text: str) -> Seen | None:
    """Return what a verifier remembered; None for anything else."""
    try:
        verifier_key, size, root, tree_size, tree_root = text.split(" ")
        return Seen(verifier_key, int(size), _bytes(root), int(tree_size), _bytes(tree_root))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class _Reader:
    plain: Mapping[str, Any]

    def text(self, name: str) -> str:
        value: str = self._of(name, str)
        return value

    def number(self, name: str) -> int:
        value: int = self._of(name, int)
        if value < 0 or isinstance(value, bool):
            raise BadProof(f"{name}: {value!r} is no whole number from 0 on.")
        return value

    def data(self, name: str) -> bytes:
        return _bytes(self.text(name))

    def path(self, name: str) -> tuple[bytes, ...]:
        return tuple(_bytes(step) for step in self._of(name, list))

    def _of(self, name: str, kind: type) -> Any:
        value = self.plain.get(name)
        if not isinstance(value, kind):
            raise BadProof(f"{name}: {str(value)[:40]!r} is not a {kind.__name__}.")
        return value


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _bytes(text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise BadProof(f"{str(text)[:40]!r} is not base64.") from error
