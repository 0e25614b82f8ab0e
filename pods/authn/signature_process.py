"""The process that checks ES256 signatures for a worker: `python -m pods.authn.signature_process`, on its standard input.

It says READY, takes records of a point, a digest and a signature, and answers each with a byte, until the socket ends.
"""

from __future__ import annotations

import ctypes
import signal
import socket
import sys

from pods.protocol import es256

READY = b"\x02"
GOOD, BAD = 1, 0
RECORD = es256.POINT + es256.DIGEST + es256.SIGNATURE
GROUP = 4  # answers that are sent at once: the worker goes on with these while the next are checked
_PIECE = 64 * 1024
_PR_SET_PDEATHSIG = 1  # prctl(2)


def serve(connection: socket.socket) -> None:
    """Answer one record after the other."""
    connection.sendall(READY)
    received = b""
    while piece := connection.recv(_PIECE):
        received += piece
        records = [received[at : at + RECORD] for at in range(0, len(received) - RECORD + 1, RECORD)]
        received = received[len(records) * RECORD :]
        for first in range(0, len(records), GROUP):
            connection.sendall(bytes(map(_answer, records[first : first + GROUP])))


def record(point: bytes, digest: bytes, signature: bytes) -> bytes:
    """Return the question whether a signature holds."""
    return point + digest + signature


def _answer(asked: bytes) -> int:
    key = es256.key_at(asked[: es256.POINT])
    digest, signature = asked[es256.POINT : -es256.SIGNATURE], asked[-es256.SIGNATURE :]
    return GOOD if es256.is_signature(key, digest, signature) else BAD


def _end_with_worker() -> None:
    """Let the system end this process with its worker, however that ends (Linux; elsewhere nothing happens).

    A process that is stopped never reads that the socket has ended. One whose worker ended before this line does
    read it, and so does one that was told nothing here.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL))


if __name__ == "__main__":
    _end_with_worker()
    # Ctrl-C and a stop of the service reach the whole group, and the worker still has requests to answer.
    for ends in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ends, signal.SIG_IGN)
    with socket.socket(fileno=sys.stdin.fileno()) as its_worker:
        serve(its_worker)
