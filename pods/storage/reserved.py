"""Room in a file that is taken before it is needed, so that a full disk is an error and not the end of a process."""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)
_UNSUPPORTED = (errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


def reserve(file: Path, size: int) -> None:
    """Let the first bytes of a file have their place on the disk, whatever they hold; raise OSError if there is none.

    A file system that cannot do it does nothing. Not `os.posix_fallocate`: where the file system cannot, that reads
    and writes the bytes itself, past a process that changes them through a mapping.
    """
    if not hasattr(_libc, "fallocate"):  # not Linux
        return
    descriptor = os.open(file, os.O_RDWR | os.O_CLOEXEC)
    try:
        if _libc.fallocate(descriptor, 0, ctypes.c_int64(0), ctypes.c_int64(size)) != 0:
            failed = ctypes.get_errno()
            if failed not in _UNSUPPORTED:
                raise OSError(failed, os.strerror(failed), str(file))
    finally:
        os.close(descriptor)
