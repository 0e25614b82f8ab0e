"""Waiting for the disk without a thread: the kernel makes a file durable and tells the event loop (Linux AIO).

A thread that comes back from the disk asks for the interpreter again and again, and each time the event loop stops for
it: at sixteen writes at once that is an eighth of what a write costs. Where the kernel does not offer it, a thread waits.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import platform
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

_sync = getattr(os, "fdatasync", os.fsync)

# Numbers of io_setup, io_destroy, io_submit and io_getevents (linux/include/uapi/asm-generic/unistd.h, and x86's own).
_GENERIC = (0, 1, 2, 4)
_NUMBERS = {"x86_64": (206, 207, 209, 208), "aarch64": _GENERIC, "riscv64": _GENERIC}
_FDSYNC = 3  # IOCB_CMD_FDSYNC: as fdatasync; the kernel has a thread of its own for it
_TELL = 1  # IOCB_FLAG_RESFD


class _Order(ctypes.Structure):
    """struct iocb of linux/aio_abi.h, as machines have it that put the low byte first."""

    _fields_ = (
        *(("data", ctypes.c_uint64), ("key", ctypes.c_uint32), ("rw_flags", ctypes.c_uint32)),
        *(("opcode", ctypes.c_uint16), ("priority", ctypes.c_int16), ("file", ctypes.c_uint32)),
        *(("buffer", ctypes.c_uint64), ("bytes", ctypes.c_uint64), ("offset", ctypes.c_int64)),
        *(("reserved", ctypes.c_uint64), ("flags", ctypes.c_uint32), ("tell", ctypes.c_uint32)),
    )


class _Outcome(ctypes.Structure):
    """struct io_event."""

    _fields_ = (
        *(("data", ctypes.c_uint64), ("order", ctypes.c_uint64)),
        *(("result", ctypes.c_int64), ("further", ctypes.c_int64)),
    )


class Disk:
    """Makes files durable, one after another, for one event loop at a time."""

    def __init__(self) -> None:
        self._kernel: _Kernel | None = None
        self._refused = False
        self._thread: ThreadPoolExecutor | None = None

    async def durable(self, file: int) -> None:
        """Return when what was written to a file outlives a power cut; raise OSError if it may not."""
        kernel = self._asked()
        done = kernel.begun(file) if kernel is not None else None
        if done is not None:
            await done
            return
        self._refused = True
        await self.beside(lambda: _sync(file))

    def _asked(self) -> _Kernel | None:
        if self._refused:
            return None
        if self._kernel is None or self._kernel.loop is not asyncio.get_running_loop():
            if self._kernel is not None:
                self._kernel.close()
            self._kernel = _Kernel.opened()
        return self._kernel

    async def beside(self, work: Callable[[], None]) -> None:
        """Do something that waits for the disk in a thread."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="disk")
        await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        """Release what is held; nothing may be under way."""
        if self._thread is not None:
            self._thread.shutdown(wait=True)
        if self._kernel is not None:
            self._kernel.close()
            self._kernel = None


class _Kernel:
    """A queue of orders to the kernel, for one order at a time."""

    def __init__(self, numbers: tuple[int, ...], call: Callable[..., Any], queue: ctypes.c_ulong) -> None:
        _, self._destroy, self._submit, self._outcomes = numbers
        self._call = call
        self._queue = queue
        self._told = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self.loop = asyncio.get_running_loop()
        self.loop.add_reader(self._told, self._done)
        self._order = _Order(opcode=_FDSYNC, flags=_TELL, tell=self._told)
        self._orders = (ctypes.POINTER(_Order) * 1)(ctypes.pointer(self._order))
        self._outcome = _Outcome()
        self._waiting: asyncio.Future[None] | None = None

    @classmethod
    def opened(cls) -> _Kernel | None:
        """Return a queue; None where there is none to be had: another system, a sandbox, too many queues."""
        numbers = _NUMBERS.get(platform.machine())
        if numbers is None or sys.platform != "linux" or sys.byteorder != "little":
            return None
        # None of these calls waits, so the interpreter is kept.
        call = ctypes.PyDLL(None, use_errno=True).syscall
        call.restype = ctypes.c_long
        queue = ctypes.c_ulong(0)
        if call(ctypes.c_long(numbers[0]), ctypes.c_long(1), ctypes.byref(queue)) != 0:
            return None
        return cls(numbers, call, queue)

    def begun(self, file: int) -> asyncio.Future[None] | None:
        """Let the kernel make a file durable; None if it does not take the order."""
        self._order.file = file
        if self._call(ctypes.c_long(self._submit), self._queue, ctypes.c_long(1), self._orders) != 1:
            return None
        self._waiting = self.loop.create_future()
        return self._waiting

    def _done(self) -> None:
        os.eventfd_read(self._told)
        found = self._call(
            *(ctypes.c_long(self._outcomes), self._queue, ctypes.c_long(1), ctypes.c_long(1)),
            *(ctypes.byref(self._outcome), None),
        )
        waiting, self._waiting = self._waiting, None
        if waiting is None or waiting.done():
            return
        error = -self._outcome.result if found == 1 else ctypes.get_errno()
        if error:
            waiting.set_exception(OSError(error, os.strerror(error)))
        else:
            waiting.set_result(None)

    def close(self) -> None:
        """Give the queue back."""
        if not self.loop.is_closed():
            self.loop.remove_reader(self._told)
        self._call(ctypes.c_long(self._destroy), self._queue)
        os.close(self._told)
