"""Making a file durable: by the kernel where it offers that, in a thread elsewhere, and never without an answer."""

import asyncio
import errno
import os
import platform
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pods.storage import disk as disk_module
from pods.storage.disk import Disk


@pytest.fixture
def disk() -> Iterator[Disk]:
    disk = Disk()
    yield disk
    disk.close()


@pytest.fixture
def file(tmp_path: Path) -> Iterator[int]:
    number = os.open(tmp_path / "log", os.O_RDWR | os.O_CREAT)
    os.write(number, b"what was written")
    yield number
    os.close(number)


@pytest.fixture
def by_hand(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The files that a thread of ours made durable."""
    made: list[int] = []
    sync = disk_module._sync

    def noting(file: int) -> None:
        sync(file)
        made.append(file)
        assert threading.current_thread() is not threading.main_thread()

    monkeypatch.setattr(disk_module, "_sync", noting)
    return made


async def test_the_kernel_is_waited_for_without_a_thread(disk: Disk, file: int, by_hand: list[int]) -> None:
    if platform.machine() not in disk_module._NUMBERS or platform.system() != "Linux":
        pytest.skip("this system makes nothing durable by itself")
    for _ in range(20):
        await disk.durable(file)
    assert by_hand == []


async def test_the_event_loop_goes_on_meanwhile(disk: Disk, file: int) -> None:
    order: list[str] = []

    async def other() -> None:
        order.append("other")

    async def waits() -> None:
        await disk.durable(file)
        order.append("durable")

    await asyncio.gather(waits(), other())
    assert order == ["other", "durable"]


async def test_where_the_kernel_offers_nothing_a_thread_waits(
    disk: Disk, file: int, by_hand: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_module, "_NUMBERS", {})
    await disk.durable(file)
    await disk.durable(file)
    assert by_hand == [file, file]


async def test_what_the_kernel_does_not_take_a_thread_does(
    disk: Disk, file: int, by_hand: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    await disk.durable(file)
    monkeypatch.setattr(disk_module, "_FDSYNC", 99)  # an order that no kernel knows
    other = Disk()
    await other.durable(file)
    await other.durable(file)
    other.close()
    assert by_hand == [file, file]


@pytest.mark.parametrize("numbers", [disk_module._NUMBERS, {}], ids=["the kernel", "a thread"])
async def test_what_cannot_be_made_durable_is_an_error(
    disk: Disk, monkeypatch: pytest.MonkeyPatch, numbers: dict[str, tuple[int, ...]]
) -> None:
    monkeypatch.setattr(disk_module, "_NUMBERS", numbers)
    reads, writes = os.pipe()
    with pytest.raises(OSError, match="nvalid argument") as failed:
        await disk.durable(writes)  # a pipe is on no disk
    assert failed.value.errno == errno.EINVAL
    os.close(reads)
    os.close(writes)


def test_one_event_loop_may_follow_another(disk: Disk, file: int) -> None:
    for _ in range(3):
        asyncio.run(disk.durable(file))


def test_closing_twice_is_as_good_as_once(disk: Disk, file: int) -> None:
    asyncio.run(disk.durable(file))
    disk.close()
