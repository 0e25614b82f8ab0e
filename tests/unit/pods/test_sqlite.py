"""The store on SQLite where several processes begin on one new file."""

import threading
from pathlib import Path

from pods.storage.sqlite import SqliteStore

FILES = 100  # of which one in twenty failed where nobody waited
AT_ONCE = 6


def test_a_new_file_may_be_opened_by_many_at_once(tmp_path: Path) -> None:
    failures: list[BaseException] = []
    for number in range(FILES):
        ready = threading.Barrier(AT_ONCE)

        def start(ready: threading.Barrier = ready, path: Path = tmp_path / f"{number}.sqlite") -> None:
            ready.wait()
            try:
                SqliteStore(path).close()
            except BaseException as error:  # noqa: BLE001  # said by the assertion below
                failures.append(error)

        threads = [threading.Thread(target=start) for _ in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []
