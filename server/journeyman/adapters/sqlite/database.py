"""One SQLite connection, one thread, whole transactions: everything that is durable goes through here.

`write` and `read` hand over a function that runs on the connection's own thread, so that a transaction
costs one hop however many statements it has. Writes that wait at the same time share one COMMIT (group
commit). Where one of them fails they are taken back and done again, each alone in its savepoint: it takes
nothing else with it. Nobody is answered before COMMIT returned. Reads run after the writes that were handed
over before them.

The file is locked for this one connection: SQLite before 3.51.3 can corrupt a WAL file that is reset
while another connection looks at it (https://sqlite.org/wal.html), and one data directory has one daemon.
This module knows no table.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar, cast

import aiosqlite

from journeyman.adapters.sqlite.faults import failure_from, lost_its_word
from journeyman.adapters.sqlite.log_room import make_room
from journeyman.failures import Failure
from journeyman.paths import make_private
from journeyman.ports.writes import Write

T = TypeVar("T")

WAITING_MAX = 4096
"""Most reads and writes that wait for the thread; more are refused as `overloaded`."""
BATCH_MAX = 256
"""Most of them in one transaction."""
DEADLINE_S = 60.0
"""A disk that does not answer for so long counts as broken."""
BUSY_TIMEOUT_MS = 2000
"""How long opening waits for a process that is just leaving."""
PATIENCE_S = 0.01
"""How long a write that may wait does so for one that may not, to share its COMMIT."""

_PRAGMAS = (
    f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}",
    "PRAGMA locking_mode=EXCLUSIVE",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA journal_size_limit=67108864",
    "PRAGMA temp_store=MEMORY",
)


@dataclass(slots=True, eq=False)
class _Job:
    work: Callable[[sqlite3.Connection], Any]
    future: Write[Any]
    writes: bool
    finish: Callable[[Any], Any] | None = None
    value: Any = None
    error: BaseException | None = None


class Database(aiosqlite.Connection):
    """Open with `Database.open`; close with `close`, which first finishes what was handed over."""

    def __init__(self, path: Path, prepare: Callable[[sqlite3.Connection], None]) -> None:
        super().__init__(partial(_connect, path, prepare), iter_chunk_size=64)
        # An exit that skips `close` must not hang on this thread: to SQLite it is a crash like any other.
        self._thread.daemon = True
        self.path = path
        self._loop = asyncio.get_running_loop()
        self._queue = cast("SimpleQueue[tuple[None, Callable[[], None]]]", self._tx)  # pyright: ignore[reportUnknownMemberType]
        self._jobs: deque[_Job] = deque()
        self._drain_is_queued = False
        self._begins_soon = False
        self._patience: asyncio.TimerHandle | None = None
        self._waited_for: deque[tuple[float, asyncio.Future[Any]]] = deque()
        """Deadlines and what they are of, the oldest first."""
        self._watching = False
        self._refusal: Failure | None = None

    @classmethod
    async def open(cls, path: Path, *, prepare: Callable[[sqlite3.Connection], None]) -> Database:
        """Open or make the file (mode 0600) and run `prepare` (migrations) on it before anything else.

        In use by another process: `already_running`. Not a database, or no right: `storage_failed`."""
        database = cls(path, prepare)
        try:
            await database._opened()
        except sqlite3.Error as error:
            raise failure_from(error, path) from error
        except OSError as error:
            raise Failure(
                "storage_failed",
                f"The database {path} cannot be opened: {error.strerror}.",
                hint="Check the owner and the permissions of its directory.",
            ) from error
        return database

    async def _opened(self) -> None:
        try:
            await self
        except BaseException:  # cancelled or not: the thread needs our loop to stop
            # The thread still has to say that it stops, which needs our event loop.
            await asyncio.to_thread(self._thread.join, BUSY_TIMEOUT_MS / 1000 + 1)
            raise

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in a transaction; its result is answered after COMMIT.

        `work` must only use the connection it is given, must not commit, may run after its caller was
        cancelled, and twice, the first time for nothing. What it raises undoes it alone; SQLite's errors
        arrive as `Failure`s."""
        return await self._hand_over(work, writes=True)

    def submit(
        self,
        work: Callable[[sqlite3.Connection], Any],
        *,
        patient: bool = False,
        finish: Callable[[Any], Any] | None = None,
    ) -> Write[Any]:
        """As `write`: handed over when this returns, stored once the future is done. Where it is refused, the
        future says so. To cancel the future is to stop waiting for it. A `patient` one waits up to
        `PATIENCE_S` for whatever is handed over next. `finish` makes the result of what `work` answered, when
        nobody waits for the commit any more."""
        try:
            return self._hand_over(work, writes=True, patient=patient, finish=finish)
        except Failure as refusal:
            refused: Write[Any] = Write(self._loop)
            refused.settle(stored=False)
            refused.set_exception(refusal)
            return refused

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work`, which must not change anything, on a state that includes every write handed over
        before. It sees nothing that is not committed."""
        return await self._hand_over(work, writes=False)

    async def close(self) -> None:
        """Finish what was handed over, then let go of the file. A second call does nothing."""
        self._refusal = self._refusal or Failure("draining", "The database is closed.", retryable=True)
        self._begin()
        try:
            await super().close()
        except sqlite3.Error as error:
            raise failure_from(error, self.path) from error

    def _hand_over(
        self,
        work: Callable[[sqlite3.Connection], T],
        *,
        writes: bool,
        patient: bool = False,
        finish: Callable[[Any], Any] | None = None,
    ) -> Write[T]:
        if self._refusal is not None:
            raise _again(self._refusal)
        if len(self._jobs) >= WAITING_MAX:
            raise Failure(
                "overloaded",
                f"More than {WAITING_MAX} reads and writes wait for the database.",
                hint="Try again in a moment.",
                retryable=True,
                retry_after_ms=500,
            )
        future: Write[T] = Write(self._loop)
        self._jobs.append(_Job(work, future, writes, finish))
        if not patient:
            self._begin_soon()
        elif self._patience is None:
            self._patience = self._loop.call_later(PATIENCE_S, self._begin)
        self._expect(future)
        return future

    def _begin_soon(self) -> None:
        """What is handed over in one turn of the loop wakes the thread once. Before the end of it the thread
        could not run anyway: the interpreter runs one at a time."""
        if not self._begins_soon:
            self._begins_soon = True
            self._loop.call_soon(self._begin)

    def _begin(self) -> None:
        self._begins_soon = False
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        if not self._drain_is_queued:
            self._drain_is_queued = True
            self._queue.put_nowait((None, self._drain))

    def _expect(self, future: asyncio.Future[Any]) -> None:
        waited_for = self._waited_for
        while waited_for and waited_for[0][1].done():
            waited_for.popleft()
        waited_for.append((self._loop.time() + DEADLINE_S, future))
        if not self._watching:
            self._watching = True
            self._loop.call_later(DEADLINE_S, self._watch)

    def _watch(self) -> None:
        """One timer for everything that waits: a deadline of its own would cost each more than its work."""
        waited_for, now = self._waited_for, self._loop.time()
        while waited_for and (waited_for[0][1].done() or waited_for[0][0] <= now):
            future = waited_for.popleft()[1]
            if not future.done():
                future.set_exception(
                    Failure(
                        "storage_failed",
                        f"The database {self.path} did not answer for {DEADLINE_S:.0f} seconds.",
                        hint="Whether the last change was stored is not known: look before repeating it.",
                    )
                )
        self._watching = bool(waited_for)
        if waited_for:
            self._loop.call_at(waited_for[0][0], self._watch)

    # What follows runs on the connection's thread.

    def _drain(self) -> None:
        # In this order: a job that arrives after the flag fell queues a drain of its own.
        self._drain_is_queued = False
        connection = cast("sqlite3.Connection", self._connection)
        while self._jobs:
            jobs = [self._jobs.popleft() for _ in range(min(len(self._jobs), BATCH_MAX))]
            writes = [job for job in jobs if job.writes]
            if writes:
                self._transact(connection, writes)
                for job in writes:
                    job.future.settle(stored=job.error is None)
                for job in writes:
                    self._finish(job)
            for job in jobs:
                if not job.writes and not job.future.cancelled():
                    self._attempt(connection, job)
            self._loop.call_soon_threadsafe(_deliver, jobs)

    def _transact(self, connection: sqlite3.Connection, jobs: list[_Job]) -> None:
        """All jobs in one transaction. When the transaction itself fails, every one of them has failed."""
        try:
            if self._refusal is not None and self._refusal.kind != "draining":
                raise _again(self._refusal)
            connection.execute("BEGIN IMMEDIATE")
            if not self._attempt_together(connection, jobs):
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                if len(jobs) == 1:  # nothing to keep it apart from
                    return
                connection.execute("BEGIN IMMEDIATE")
                for job in jobs:
                    self._attempt_alone(connection, job)
            connection.execute("COMMIT")
        except BaseException as error:  # noqa: BLE001  whatever it is, everybody who waits gets an answer
            with suppress(sqlite3.Error):
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
            for job in jobs:
                job.error = _again(error) if isinstance(error, Failure) else self._translate(error)

    def _attempt_together(self, connection: sqlite3.Connection, jobs: list[_Job]) -> bool:
        """Whether all of them went well. They nearly always do, and then a savepoint for each would have been
        for nothing."""
        for job in jobs:
            self._attempt(connection, job)
            if job.error is not None:
                return False
        return True

    def _attempt_alone(self, connection: sqlite3.Connection, job: _Job) -> None:
        connection.execute("SAVEPOINT alone")
        self._attempt(connection, job)
        if job.error is not None:
            if not connection.in_transaction:
                # Some errors (a full disk, say) make SQLite undo the whole transaction, not the statement.
                raise job.error
            connection.execute("ROLLBACK TO alone")
        connection.execute("RELEASE alone")

    def _attempt(self, connection: sqlite3.Connection, job: _Job) -> None:
        job.error = None
        try:
            job.value = job.work(connection)
        except BaseException as error:  # noqa: BLE001  whatever it is, it belongs to the one who asked
            job.error = self._translate(error)

    def _finish(self, job: _Job) -> None:
        if job.finish is None or job.error is not None:
            return
        try:
            job.value = job.finish(job.value)
        except BaseException as error:  # noqa: BLE001  whatever it is, it belongs to the one who asked
            job.error = error

    def _translate(self, error: BaseException) -> BaseException:
        if isinstance(error, (UnicodeEncodeError, OverflowError)):
            failure = Failure("invalid", "A text or a number is not one that can be stored.")
            failure.__cause__ = error
            return failure
        if not isinstance(error, sqlite3.Error):
            return error
        failure = failure_from(error, self.path)
        if lost_its_word(error):
            failure.hint = "Check the disk, then start the daemon again."
            self._refusal = failure
        return failure


def _deliver(jobs: list[_Job]) -> None:
    for job in jobs:
        if job.future.done():
            continue
        if job.error is None:
            job.future.set_result(job.value)
        else:
            job.future.set_exception(job.error)


def _again(failure: Failure) -> Failure:
    """The same failure as a new exception: one object must not be raised at several people."""
    fresh = Failure(
        failure.kind,
        failure.message,
        hint=failure.hint,
        retryable=failure.retryable,
        retry_after_ms=failure.retry_after_ms,
        data=failure.data,
    )
    fresh.__cause__ = failure.__cause__
    return fresh


def _connect(path: Path, prepare: Callable[[sqlite3.Connection], None]) -> sqlite3.Connection:
    make_private(path.parent)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    connection = sqlite3.connect(path, isolation_level=None, cached_statements=256)
    try:
        connection.row_factory = sqlite3.Row
        for pragma in _PRAGMAS:
            connection.execute(pragma).fetchall()
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            raise Failure(
                "storage_failed",
                f"The file system of {path} does not support write-ahead logging.",
                hint="Choose a data directory on a local disk.",
            )
        prepare(connection)
        make_room(connection, path)
    except BaseException:  # nobody else closes it
        connection.close()
        raise
    return connection
