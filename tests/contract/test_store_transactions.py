"""Group commit: many writes share a transaction, none shares another's failure, none is answered early."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest

from journeyman.adapters.sqlite import database as module
from journeyman.adapters.sqlite.database import Database
from journeyman.failures import Failure
from journeyman.ports.writes import Write


def prepare(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE IF NOT EXISTS log (n INTEGER PRIMARY KEY, text TEXT UNIQUE)")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(tmp_path / "log.db", prepare=prepare)
    yield opened
    await opened.close()


def insert(text: str) -> Callable[[sqlite3.Connection], int | None]:
    return lambda connection: connection.execute("INSERT INTO log (text) VALUES (?)", (text,)).lastrowid


def texts(connection: sqlite3.Connection) -> list[str]:
    return [row["text"] for row in connection.execute("SELECT text FROM log ORDER BY n")]


class Gate:
    """Holds the connection's thread inside a read, so that what is handed over meanwhile is one batch."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.open = threading.Event()

    def __call__(self, connection: sqlite3.Connection) -> None:
        self.entered.set()
        assert self.open.wait(90)


async def hold(database: Database, group: asyncio.TaskGroup) -> Gate:
    gate = Gate()
    group.create_task(database.read(gate))
    assert await asyncio.to_thread(gate.entered.wait, 30)
    return gate


async def test_the_file_is_as_durable_as_promised(database: Database) -> None:
    def facts(connection: sqlite3.Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "locking_mode")
        return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    assert await database.read(facts) == ["wal", 2, 1, "exclusive"]


async def test_waiting_writes_share_one_commit_in_order(database: Database) -> None:
    seen: list[str] = []
    await database.read(lambda connection: connection.set_trace_callback(seen.append))
    async with asyncio.TaskGroup() as group:
        gate = await hold(database, group)
        tasks = [group.create_task(database.write(insert(f"t{n}"))) for n in range(100)]
        await asyncio.sleep(0)
        gate.open.set()
    assert seen.count("COMMIT") == 1
    assert not [each for each in seen if "SAVEPOINT" in each]
    assert [task.result() for task in tasks] == list(range(1, 101))


async def test_what_is_handed_over_in_one_turn_of_the_loop_shares_one_commit(database: Database) -> None:
    seen: list[str] = []
    await database.read(lambda connection: connection.set_trace_callback(seen.append))
    await database._execute(lambda: None)  # pyright: ignore  the thread has left the read, and waits
    first = database.submit(insert("first"))
    time.sleep(0.05)  # the thread may run, but has been told nothing
    second = database.submit(insert("second"))
    assert [await first, await second] == [1, 2]
    assert seen.count("COMMIT") == 1


async def test_whether_it_is_stored_is_said_in_the_thread_and_before_the_future(database: Database) -> None:
    said: dict[str, tuple[bool, bool, bool]] = {}

    def hear(name: str, write: Write[int | None]) -> None:
        said[name] = (write.stored, write.done(), threading.current_thread() is threading.main_thread())

    writes = {name: database.submit(insert(name)) for name in ("a", "b")}
    writes["again"] = database.submit(insert("a"))
    for name, write in writes.items():
        write.then(partial(hear, name, write))
    await asyncio.wait(writes.values())
    assert said == {"a": (True, False, False), "b": (True, False, False), "again": (False, False, False)}
    assert isinstance(writes["again"].exception(), Failure)
    writes["a"].then(partial(hear, "late", writes["a"]))
    assert said["late"] == (True, True, True)


async def test_what_is_made_of_a_write_is_made_after_its_commit(database: Database) -> None:
    steps: list[str] = []
    await database.read(lambda connection: connection.set_trace_callback(steps.append))

    def finish(number: int | None) -> str:
        steps.append("finish")
        return f"number {number}"

    write = database.submit(insert("made"), finish=finish)
    write.then(lambda: steps.append("then"))
    assert await write == "number 1"
    assert steps[-3:] == ["COMMIT", "then", "finish"]


async def test_one_that_is_refused_is_known_not_to_be_stored(database: Database) -> None:
    await database.close()
    said: list[bool] = []
    refused = database.submit(insert("late"))
    refused.then(lambda: said.append(refused.stored))
    assert said == [False]
    with pytest.raises(Failure, match="closed"):
        await refused


async def test_a_patient_write_shares_the_commit_of_the_next(database: Database) -> None:
    seen: list[str] = []
    await database.read(lambda connection: connection.set_trace_callback(seen.append))
    patient = database.submit(insert("patient"), patient=True)
    assert await database.write(insert("next")) == 2
    assert seen.count("COMMIT") == 1
    assert (patient.done(), patient.result()) == (True, 1)


async def test_a_patient_write_is_stored_where_nothing_comes_after_it(database: Database) -> None:
    first, second = (database.submit(insert(text), patient=True) for text in ("one", "two"))
    async with asyncio.timeout(90):
        assert await asyncio.gather(first, second) == [1, 2]


async def test_a_read_sees_a_patient_write_and_closing_keeps_it(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "log.db", prepare=prepare)
    seen = database.submit(insert("seen"), patient=True)
    assert await database.read(texts) == ["seen"]
    kept = database.submit(insert("kept"), patient=True)
    await database.close()
    assert (await seen, await kept) == (1, 2)
    again = await Database.open(tmp_path / "log.db", prepare=prepare)
    assert await again.read(texts) == ["seen", "kept"]
    await again.close()


async def test_a_failing_write_takes_nothing_else_with_it(database: Database) -> None:
    def half(connection: sqlite3.Connection) -> None:
        insert("half")(connection)
        raise LookupError("a bug")

    def refusal(connection: sqlite3.Connection) -> None:
        insert("refused")(connection)
        raise Failure("conflict", "No.")

    async with asyncio.TaskGroup() as group:
        gate = await hold(database, group)
        works = [insert("a"), half, insert("a"), refusal, insert("b")]
        answers = group.create_task(
            asyncio.wait_for(
                asyncio.gather(*[database.write(work) for work in works], return_exceptions=True), 30
            )
        )
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        gate.open.set()
    first, bug, twice, refused, last = answers.result()
    assert (first, last) == (1, 2)
    assert isinstance(bug, LookupError)
    assert isinstance(twice, Failure)
    assert isinstance(refused, Failure)
    assert (twice.kind, refused.kind) == ("conflict", "conflict")
    assert await database.read(texts) == ["a", "b"]


async def test_nobody_is_answered_when_the_commit_fails(database: Database) -> None:
    def lose(connection: sqlite3.Connection) -> None:
        # A foreign key that is checked at the end makes COMMIT itself fail.
        connection.execute("CREATE TABLE mother (id INTEGER PRIMARY KEY)")
        connection.execute(
            "CREATE TABLE child (m INTEGER REFERENCES mother (id) DEFERRABLE INITIALLY DEFERRED)"
        )
        connection.execute("INSERT INTO child VALUES (1)")

    async with asyncio.TaskGroup() as group:
        gate = await hold(database, group)
        answers = group.create_task(
            asyncio.wait_for(
                asyncio.gather(
                    *[database.write(work) for work in (insert("a"), lose, insert("b"))],
                    return_exceptions=True,
                ),
                30,
            )
        )
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        gate.open.set()
    assert all(isinstance(answer, Failure) for answer in answers.result())
    assert len({id(answer) for answer in answers.result()}) == 3
    assert await database.read(texts) == []
    assert await database.write(insert("c")) == 1


async def test_a_full_disk_is_said_and_survived(database: Database) -> None:
    await database.write(insert("before"))

    def limit(pages: int) -> Callable[[sqlite3.Connection], object]:
        return lambda connection: connection.execute(f"PRAGMA max_page_count={pages}").fetchone()

    await database.read(limit(1))  # SQLite keeps to what is there: the next page is one too many
    answers = await asyncio.gather(
        *[database.write(insert(str(n) + "x" * 100_000)) for n in range(3)], return_exceptions=True
    )
    for answer in answers:
        assert isinstance(answer, Failure)
        assert (answer.kind, answer.retryable) == ("disk_full", True)
    assert await database.read(texts) == ["before"]
    await database.read(limit(1_000_000))
    assert await database.write(insert("after")) == 2


async def test_a_cancelled_caller_disturbs_nobody(database: Database) -> None:
    async with asyncio.TaskGroup() as group:
        gate = await hold(database, group)
        tasks = [group.create_task(database.write(insert(f"t{n}"))) for n in range(20)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        await asyncio.sleep(0)
        gate.open.set()
    assert all(task.cancelled() for task in tasks[::2])
    stored = await database.read(texts)
    assert {f"t{n}" for n in range(1, 20, 2)} <= set(stored)
    assert stored == sorted(stored, key=lambda text: int(text[1:]))


async def test_a_read_sees_the_writes_before_it(database: Database) -> None:
    async with asyncio.TaskGroup() as group:
        for n in range(50):
            group.create_task(database.write(insert(f"t{n}")))
            read = group.create_task(database.read(texts))
            await asyncio.sleep(0)
            read.add_done_callback(lambda done, n=n: done.result().index(f"t{n}"))
    assert len(await database.read(texts)) == 50


async def test_too_much_waiting_is_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAITING_MAX", 10)
    async with asyncio.TaskGroup() as group:
        gate = await hold(database, group)
        waiting = [group.create_task(database.write(insert(f"t{n}"))) for n in range(10)]
        await asyncio.sleep(0)
        with pytest.raises(Failure) as caught:
            await database.write(insert("one too many"))
        gate.open.set()
    assert (caught.value.kind, caught.value.retryable) == ("overloaded", True)
    assert len(waiting) == 10
    assert "one too many" not in await database.read(texts)


async def test_a_disk_that_does_not_answer_is_said(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DEADLINE_S", 0.01)
    async with asyncio.TaskGroup() as group:
        gate = Gate()
        held = asyncio.gather(database.read(gate), return_exceptions=True)
        assert await asyncio.to_thread(gate.entered.wait, 30)
        with pytest.raises(Failure) as caught:
            await database.write(insert("late"))
        gate.open.set()
        group.create_task(asyncio.wait_for(held, 30))
    assert caught.value.kind == "storage_failed"
    assert "not known" in caught.value.hint


async def test_after_a_failed_sync_nothing_more_is_acknowledged(database: Database) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
        error.sqlite_errorname = "SQLITE_IOERR_FSYNC"
        raise error

    for work in (fail, insert("afterwards")):
        with pytest.raises(Failure) as caught:
            await database.write(work)
        assert caught.value.kind in ("storage_failed", "disk_full")
        assert "start the daemon again" in caught.value.hint


async def test_closing_finishes_what_was_handed_over(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "log.db", prepare=prepare)
    async with asyncio.TaskGroup() as group:
        for n in range(100):
            group.create_task(database.write(insert(f"t{n}")))
        await asyncio.sleep(0)
        await database.close()
    await database.close()
    with pytest.raises(Failure) as caught:
        await database.write(insert("late"))
    assert caught.value.kind == "draining"
    again = await Database.open(tmp_path / "log.db", prepare=prepare)
    assert len(await again.read(texts)) == 100
    await again.close()


async def test_a_second_owner_is_refused_until_the_first_has_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PRAGMAS", ("PRAGMA busy_timeout=10", *module._PRAGMAS[1:]))
    first = await Database.open(tmp_path / "log.db", prepare=prepare)
    with pytest.raises(Failure) as caught:
        await Database.open(tmp_path / "log.db", prepare=prepare)
    assert caught.value.kind == "already_running"
    await first.close()
    second = await Database.open(tmp_path / "log.db", prepare=prepare)
    await second.close()


@pytest.mark.parametrize("content", [b"this is not a database" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
async def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log.db"
    path.write_bytes(content)
    with pytest.raises(Failure) as caught:
        await Database.open(path, prepare=prepare)
    assert caught.value.kind == "storage_failed"
    assert path.read_bytes() == content


async def test_a_directory_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Failure) as caught:
        await Database.open(tmp_path / "file" / "log.db", prepare=prepare)
    assert caught.value.kind == "storage_failed"
