"""A worker of a pod host whose computations take until a file says that they may end.

python -m tests.system.slow_questions DATA DATABASE PORT
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uvicorn

from consent.aggregation.engine import Cells, exact_cells
from consent.aggregation.plan_sql import Plan
from consent.main import extension, schemas
from pods.http.connection import Connection
from pods.main import application, open_core
from pods.settings import PodSettings
from tests.pod_host import ORIGIN

GO = "let-them-end"
PATIENCE = 120.0


def main(data: Path, database: str, port: int) -> None:
    """Serve until the process is killed."""

    def slow(connection: Any, plan: Plan, units: Sequence[int]) -> Cells:
        deadline = time.monotonic() + PATIENCE
        while not (data / GO).exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        return exact_cells(connection, plan, units)

    core = open_core(PodSettings(data=data, pod_url=ORIGIN, database=database), time.time, schemas=schemas())
    added = extension(core, engine=slow)
    app = application(
        core,
        authorizer=added.authorizer,
        observers=added.observers,
        routes=added.routes,
        alongside=added.alongside,
    )
    uvicorn.run(
        app, host="127.0.0.1", port=port, log_level="warning", http=Connection, ws="none", loop="uvloop"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
