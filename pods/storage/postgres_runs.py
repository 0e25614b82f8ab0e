"""How the jobs of a batch run on PostgreSQL: swiftly, on what the batch has seen, or carefully, waiting for each answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import psycopg
from greenlet import GreenletExit, getcurrent, greenlet

from pods.storage import dialect
from pods.storage.connection import Connection
from pods.storage.jobs import Job
from pods.storage.postgres_rows import SeenRows
from pods.storage.postgres_wire import Answer, Wire
from pods.storage.postgres_wires import Keys, Texts
from pods.storage.transaction import ANY_OF, ANY_OF_MANY, COUNT, SqlTransaction

_LOOKUPS = frozenset(ANY_OF)
_COUNT = dialect.statement(COUNT)
_USES = dialect.statement("SELECT key, used, quota FROM pod WHERE key = ANY(?)")
_ROWS = dialect.statement(ANY_OF_MANY)


class NotSwiftly(Exception):
    """Something went wrong that only a careful attempt can lay to the right job."""


class _Many:
    """Several statements of one kind."""

    def __init__(self, answers: list[Answer]) -> None:
        self._answers = answers

    @property
    def rowcount(self) -> int:
        return sum(answer.rowcount for answer in self._answers)

    def fetchone(self) -> None:
        return None

    def fetchall(self) -> list[Any]:
        return []

    def __iter__(self) -> Any:
        return iter(())


class _Known(Answer):
    """Rows that are known without asking."""

    __slots__ = ()

    def __init__(self, wire: Wire, rows: list[tuple[Any, ...]]) -> None:
        super().__init__(wire, gives_rows=True)
        self.rows, self.count, self.there = rows, len(rows), True


class Careful:
    """The connection of a job that waits for each answer."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Answer:
        return self._wire.send(dialect.statement(sql), parameters).wait()

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> _Many:
        answers = [self._wire.send(dialect.statement(sql), values) for values in parameters]
        return _Many([answer.wait() for answer in answers])


class Swift:
    """What the jobs of a swift batch share: the connection, and what was seen over it."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.seen = SeenRows()
        self._targets: list[str] = []

    def foresee(self, wanted: Iterable[Sequence[str]]) -> None:
        """Ask for all of these rows at once."""
        looked_at = [some for some in wanted if some]
        self._targets = [some[-1] for some in looked_at]
        self._look_up(self.seen.missing(name for some in looked_at for name in some))

    def rows(self, names: Sequence[str]) -> _Known:
        known = self.seen.of(names)
        if known is None:
            # Where one job asks for a container, those after it will do so too.
            containers = [name.rpartition("/")[0] for name in self._targets]
            self._targets = []
            self._look_up(self.seen.missing((*names, *containers)))
            known = self.seen.of(names) or []
        return _Known(self.wire, known)

    def count(self, more: int, pod: int) -> Answer:
        """Change what a pod uses, and know the new state without waiting if the old one is known."""
        answer = self.wire.send(_COUNT, (more, pod))
        known = self.seen.counted(more, pod)
        if known is not None:
            return _Known(self.wire, known)
        others = self.seen.uncounted() - {pod}
        uses = self.wire.send(_USES, (Keys(others),)) if others else None
        if rows := answer.wait().rows:
            self.seen.learn_use(pod, *rows[0])
        for key, used, quota in uses or ():
            self.seen.learn_use(key, used, quota)
        return answer

    def _look_up(self, names: list[str]) -> None:
        if names:
            self.seen.learn(names, self.wire.send(_ROWS, (Texts(names),)).wait().rows)


class Run:
    """A job of a swift batch; the connection of its transaction."""

    def __init__(self, job: Job, shared: Swift, transaction: Callable[[Connection], SqlTransaction]) -> None:
        self._job = job
        self._shared = shared
        self._tx = transaction(self)
        self._batch = getcurrent()
        self._greenlet = greenlet(self._carry_out)
        self._turn = False
        self._changed = False
        self._failed: Exception | None = None

    def start(self) -> Sequence[str]:
        """Run the job until it needs the database; return the names whose rows it looks at first."""
        return self._greenlet.switch() or ()

    def finish(self) -> list[SqlTransaction]:
        """Run the job to its end; return its transaction, or nothing if it failed and left no trace."""
        self._turn = True
        if not self._greenlet.dead:
            self._greenlet.switch()
        if self._failed is not None:
            raise self._failed
        if self._job.error is None:
            return [self._tx]
        if self._changed:
            raise NotSwiftly
        return []

    def give_up(self) -> None:
        """End the job where it stands, if its turn never came."""
        if self._greenlet and not self._greenlet.dead:
            self._greenlet.throw(GreenletExit)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Answer:
        if sql in _LOOKUPS:
            self._await_turn(parameters)
            return self._shared.rows(parameters)
        self._await_turn()
        statement = dialect.statement(sql)
        if statement.changes:
            self._changed = True
            self._shared.seen.change(sql, parameters)
            if sql == COUNT:
                return self._shared.count(*parameters)
        return self._shared.wire.send(statement, parameters)

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> _Many:
        self._await_turn()
        self._changed = True
        statement, answers = dialect.statement(sql), []
        for values in parameters:
            self._shared.seen.change(sql, values)
            answers.append(self._shared.wire.send(statement, values))
        return _Many(answers)

    def _await_turn(self, names: Sequence[str] = ()) -> None:
        if not self._turn:
            self._batch.switch(names)

    def _carry_out(self) -> None:
        job = self._job
        try:
            job.value = job.run(self._tx)
        except psycopg.Error as error:
            self._failed = error
        except Exception as error:  # noqa: BLE001  # the job's own failure goes to its own client
            job.error = error
