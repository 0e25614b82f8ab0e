"""Data Integrity proofs with `eddsa-rdfc-2022` (W3C REC 2025-05-15): made for our documents, checked for any."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pyoxigraph import CanonicalizationAlgorithm, Dataset, Quad, RdfFormat, Triple, parse

from consent import wire
from consent.credentials import multikey
from consent.credentials.keys import Signer
from vocab import jsonld

CRYPTOSUITE = "eddsa-rdfc-2022"
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|^`\\]*\Z")
Document = Mapping[str, Any]


class BadProof(ValueError):
    """A proof that is missing, of another kind, by a key that may not assert, or that does not verify."""


def secured(document: Document, signer: Signer, at: float) -> dict[str, Any]:
    """Return the document with a proof of the signer's made at this time."""
    options = _options(signer.method, wire.timestamp(at))
    value = signature(document, options, signer.key)
    return {**document, "proof": {**options, "proofValue": multikey.base58(value)}}


def secured_as_told(
    document: Document, statements: Iterable[Triple], signer: Signer, at: float
) -> dict[str, Any]:
    """Return what `secured` does for a document of our own making that is known to be read as these statements.

    Reading it again, as is done for every other document, would take most of the time of an archive.
    """
    created = wire.timestamp(at)
    config = _config_hash(tuple(document["@context"]), signer.method, created)
    told = hashlib.sha256(in_order(Dataset(Quad(*triple) for triple in statements))).digest()
    value = multikey.base58(signer.key.sign(config + told))
    return {**document, "proof": {**_options(signer.method, created), "proofValue": value}}


def verify(document: Document, controller: Document) -> str:
    """Check the one proof of a document by the issuer's controlled identifier document; return the method's IRI.

    Raises BadProof. Times and status are the caller's to look at.
    """
    proof = document.get("proof")
    if not isinstance(proof, Mapping) or not isinstance(proof.get("proofValue"), str):
        raise BadProof("the document needs one proof with a proofValue")
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    # EdDSA Cryptosuites, 3.2.5: any other type or cryptosuite is a PROOF_VERIFICATION_ERROR.
    if (options.get("type"), options.get("cryptosuite")) != ("DataIntegrityProof", CRYPTOSUITE):
        raise BadProof(f"the proof is no DataIntegrityProof with {CRYPTOSUITE}")
    if options.get("proofPurpose") != "assertionMethod":
        raise BadProof("the proof is made for another purpose than assertionMethod")
    method = str(options.get("verificationMethod"))
    unsecured = {name: value for name, value in document.items() if name != "proof"}
    try:
        key = multikey.public_key(_method(controller, method))
        content = multikey.from_base58(proof["proofValue"])
        key.verify(content, hash_data(unsecured, options))
    except multikey.BadMultibase as error:
        raise BadProof(str(error)) from error
    except InvalidSignature as error:
        raise BadProof("the signature does not fit the document") from error
    _same_as_signed(unsecured)
    return method


def signature(document: Document, options: Document, key: Ed25519PrivateKey) -> bytes:
    """Return the signature over a document without proof and the options of its proof."""
    _same_as_signed(document)
    return key.sign(hash_data(document, options))


def hash_data(document: Document, options: Document) -> bytes:
    """Return what is signed: the hash of the proof's options, then that of the document (3.2.4)."""
    if "@context" not in document:
        raise BadProof("the document has no @context, so nothing in it means anything")
    # 3.2.5: the options are read with the context of the document; whatever context they name does not count.
    config = {**options, "@context": document["@context"]}
    return _hash(config) + _hash(document)


def canonical(document: Document) -> bytes:
    """Return the canonical N-Quads of a document (RDFC-1.0); raise BadProof if it is no JSON-LD of ours."""
    try:
        lines = jsonld.nquads(document)
    except jsonld.BadJsonLd as error:
        raise BadProof(str(error)) from error
    return in_order(Dataset(parse(lines.encode(), RdfFormat.N_QUADS)))


def in_order(dataset: Dataset) -> bytes:
    """Return the canonical N-Quads of statements (RDFC-1.0); it names the blank nodes of the dataset anew."""
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    # RDFC-1.0, 5: canonical N-Quads are sorted by code point, each once, each with a newline.
    return "".join(sorted(f"{quad} .\n" for quad in dataset)).encode()


def _options(method: str, created: str) -> dict[str, str]:
    return {
        "type": "DataIntegrityProof",
        "cryptosuite": CRYPTOSUITE,
        "created": created,
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
    }


@lru_cache(maxsize=16)  # the same for every proof of an archive
def _config_hash(context: tuple[str, ...], method: str, created: str) -> bytes:
    return _hash({**_options(method, created), "@context": list(context)})


def _hash(document: Document) -> bytes:
    return hashlib.sha256(canonical(document)).digest()


def _same_as_signed(document: Document) -> None:
    """Raise BadProof unless the JSON is what its statements read like: a member that no statement carries is unsigned.

    Data Integrity 1.0, 2.4.1: who reads the JSON must read what was signed.
    """
    try:
        again = jsonld.compact_with(document)
        names = set(_names(jsonld.expand(document, "")))
    except jsonld.BadJsonLd as error:
        raise BadProof(str(error)) from error
    # JSON-LD API, 7.1: a statement with a relative IRI, or with a blank node for its predicate, is left out.
    if _plain(again) != _plain(document) or not all(_ABSOLUTE.match(name) for name in names):
        raise BadProof("the document has members that its contexts do not define, or define otherwise")


def _names(expanded: object) -> Iterator[str]:
    """Return every IRI in an expanded document that must be absolute for its statements to count."""
    if isinstance(expanded, list):
        for one in expanded:
            yield from _names(one)
    elif isinstance(expanded, Mapping):
        yield from (name for name in expanded if not name.startswith("@"))
        for name in ("@id", "@type"):
            found = expanded.get(name, [])
            yield from (one for one in ([found] if isinstance(found, str) else found))
        for name, inner in expanded.items():
            if name not in ("@id", "@type", "@value"):
                yield from _names(inner)


def _plain(value: object) -> object:
    """Return a value with sets of one as their member, and members in no order."""
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items() if name != "@context"}
    if isinstance(value, list):
        inner = [_plain(one) for one in value]
        return inner[0] if len(inner) == 1 else sorted(inner, key=repr)
    return value


def _method(controller: Document, name: str) -> str:
    """Return the key of a method that the controller lets assert (CID 1.0, 3.3)."""
    owner = controller.get("id")
    # CID 1.0, 3.3: the document must be the one that the method's own IRI leads to.
    if not isinstance(owner, str) or name.partition("#")[0] != owner:
        raise BadProof("the proof's method is of another controller")
    if name not in controller.get("assertionMethod", ()):
        raise BadProof("the controller does not list the proof's key for assertions")
    for one in controller.get("verificationMethod", ()):
        if one.get("id") == name and one.get("type") == "Multikey" and one.get("controller") == owner:
            return str(one.get("publicKeyMultibase"))
    raise BadProof("the controller does not describe the proof's key as a Multikey")
