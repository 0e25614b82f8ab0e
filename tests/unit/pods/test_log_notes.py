"""Checkpoints as signed notes: what is signed is read, what was changed is refused."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pods.transparency.notes import BadNote, Checkpoint, Signer, opened

ROOT = hashlib.sha256(b"root").digest()
SIGNER = Signer("pods.example/.consent/log", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
NOTE = SIGNER.sign(12, ROOT, 1772366400.9)


def test_a_note_says_what_was_signed() -> None:
    checkpoint = Checkpoint("pods.example/.consent/log", 12, ROOT, 1772366400)
    assert opened(NOTE, SIGNER.verifier_key) == checkpoint


def test_a_note_is_written_as_others_read_it() -> None:
    """C2SP tlog-checkpoint: origin, size and root, a line each; signed-note: a blank line, a dash, name, base64."""
    body, _, signatures = NOTE.partition("\n\n")
    assert body.splitlines()[:3] == ["pods.example/.consent/log", "12", base64.b64encode(ROOT).decode()]
    dash, name, signature = signatures.rstrip("\n").split(" ")
    assert (dash, name) == ("\N{EM DASH}", "pods.example/.consent/log")
    public = b"\1" + SIGNER.key.public_key().public_bytes_raw()
    key_id = hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]
    assert base64.b64decode(signature)[:4] == key_id
    SIGNER.key.public_key().verify(base64.b64decode(signature)[4:], f"{body}\n".encode())


def test_the_signature_of_a_witness_may_stand_beside_the_logs_own() -> None:
    witness = Signer("witness.example", Ed25519PrivateKey.from_private_bytes(bytes(32)))
    line = witness.sign(1, ROOT, 1).splitlines()[-1]
    assert opened(f"{NOTE}{line}\n", SIGNER.verifier_key).size == 12


@pytest.mark.parametrize(
    "changed",
    [
        NOTE.replace("\n12\n", "\n13\n"),
        NOTE.replace("1772366400", "1772366401"),
        NOTE.replace("pods.example", "pods.other"),
        NOTE.partition("\n\n")[0] + "\n",
        NOTE.rpartition(" ")[0] + " AAAA\n",
        NOTE.rpartition(" ")[0] + " !\n",
        "",
    ],
)
def test_a_note_that_was_changed_is_refused(changed: str) -> None:
    with pytest.raises(BadNote):
        opened(changed, SIGNER.verifier_key)


def test_a_note_of_another_key_is_refused() -> None:
    other = Signer(SIGNER.origin, Ed25519PrivateKey.from_private_bytes(bytes(32)))
    for key in (other.verifier_key, SIGNER.verifier_key.replace("pods", "pads"), "", "a+b+c"):
        with pytest.raises(BadNote):
            opened(NOTE, key)
