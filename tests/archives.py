"""Archives for tests: a pod taken away, a tampered copy, and one settled on another host."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from pods.archive.facts import account_facts
from pods.archive.large import contents_of, keep_large
from pods.archive.reading import PodArchive
from pods.archive.settling import Place, Settled, rewritten, settle
from pods.archive.writing import ArchiveWriter
from pods.main import Core

Files = dict[str, bytes]


def export(core: Core, name: str, file: Path) -> Path:
    """Write the archive of a pod."""
    with core.store.reading() as tx, file.open("wb") as output:
        pod = tx.pod(name)
        assert pod is not None
        writer = ArchiveWriter(core.settings.pod_url, contents_of(core.blobs))
        writer.write(tx, pod, account_facts(core.accounts, tx, pod), output, core.clock())
    return file


def settled(core: Core, file: Path, name: str, *, quota: int = 0) -> Settled:
    """Settle an archive as a new pod with an account."""
    with PodArchive(file) as archive:
        place = Place(core.settings.pod_url, core.settings.issuer, name, core.clock(), quota)
        with rewritten(archive, place) as ready:
            large = keep_large(ready, core.store, core.blobs, core.clock)
            with core.store.writing() as tx:
                done = settle(tx, ready, place, large)
                core.accounts.create(tx, name, webid=done.pod.owner)
                return done


def files_of(file: Path) -> Files:
    """Return everything in an archive."""
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def repacked(files: Mapping[str, bytes], file: Path, *, sealed: bool = True) -> Path:
    """Write files into an archive; with `sealed` the digests are made right again, as a forger would."""
    held = dict(files)
    if sealed:
        lines = [json.loads(line) for line in held["indice.jsonl"].splitlines()]
        for line in lines:
            if line["file"] in held:
                content = held[line["file"]]
                line["size"], line["sha256"] = len(content), hashlib.sha256(content).hexdigest()
        held["indice.jsonl"] = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        crate = json.loads(held["ro-crate-metadata.json"])
        for entity in crate["@graph"]:
            if entity.get("@type") == "File":
                entity["sha256"] = hashlib.sha256(held[entity["@id"]]).hexdigest()
        held["ro-crate-metadata.json"] = json.dumps(crate).encode()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in held.items():
            archive.writestr(name, content)
    return file


def with_index_line(files: Files, change: Callable[[list[dict[str, object]]], None]) -> Files:
    """Return the files with an index that was changed."""
    lines = [json.loads(line) for line in files["indice.jsonl"].splitlines()]
    change(lines)
    return {**files, "indice.jsonl": b"".join(json.dumps(line).encode() + b"\n" for line in lines)}
