"""Finding chats by what was said: whatever is typed, for its user only, and nothing that is gone."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contract.store_records import chat, furnish, message, project
from journeyman.adapters.sqlite import SqliteStore, finding, text_index
from journeyman.adapters.sqlite.finding import EXCERPT_CHARS_MAX, pieces
from journeyman.adapters.sqlite.migrating import migrate
from journeyman.adapters.sqlite.migrations import MIGRATIONS
from journeyman.chat.terms import terms_of
from journeyman.failures import Failure
from journeyman.ports.finding import Found, Piece
from journeyman.testing.clock import FakeClock


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(tmp_path / "journeyman.db", clock=FakeClock())
    await furnish(opened)
    yield opened
    await opened.close()


async def places(
    store: SqliteStore, query: str, user: str = "local", project: str | None = None
) -> list[str]:
    """Of everything found: the message's id, or the chat's where it is the title."""
    page = await store.finding.find(user, terms_of(query), project_id=project)
    assert page.next_cursor is None
    return [place(each) for each in page.items]


def place(found: Found) -> str:
    return found.message.id if found.message else found.chat.id


def marked(found: Found) -> str:
    return "".join(f"<{piece.text}>" if piece.hit else piece.text for piece in found.excerpt)


WORDS = {
    "parser": ["m1"],
    "PARSER date": ["m1"],
    "parser missing": [],
    "pars": ["m1"],
    "pa": [],
    "arser": [],
    '"the parser"': ["m1"],
    '"parser the"': [],
    '"the pars"': [],
    "parse_date": ["m1"],
    "src/dates.py": ["m1"],
    "naive": ["m2"],
    "NAÏVE": ["m2"],
    "汉字": ["m2"],
    "parser -> date": ["m1"],
    "observed": [],
    "surroundings": [],
    "weekend": ["c2"],
}


async def test_words_are_found(store: SqliteStore) -> None:
    await store.chats.update("c2", title="Plans for the weekend")
    await store.messages.append(
        [
            message("m1", text="Mend the parser: `parse_date` in src/dates.py\nloses a day."),
            message("m2", role="assistant", text="A naïve split 汉字 was to blame.", context="surroundings"),
            message("m3", role="tool", text="observed: parsing", tool_call_id="1", tool_name="terminal"),
        ]
    )
    assert {query: await places(store, query) for query in WORDS} == WORDS


LOOKED_FOR = [
    'a"b', "' OR 1=1 --", "said:parser", "parser*", "^parser", "NEAR(a b)", "a AND", "AND", "OR NOT",
    "{text}: x", "a)", "-a", "a\0b", "\ud800 x", "x" * 500, "a " * 250,
    "\ufdd0a\ufdd1", "(b", "b OR c", '"b" NOT "b"',
]  # fmt: skip
NOTHING_TO_LOOK_FOR = ["", '"', '""', '"""', "(", "+", "*", "\0", "🧭", "%", " \n"]
TOO_MUCH = ["x" * 501, " ".join(f"word{n}" for n in range(25))]


async def test_nothing_typed_is_syntax(store: SqliteStore) -> None:
    said = [message(f"m{n}", text=query) for n, query in enumerate(LOOKED_FOR)]
    await store.messages.append(said)
    for each, query in zip(said, LOOKED_FOR, strict=True):
        assert each.id in await places(store, query), query


@pytest.mark.parametrize("query", [*NOTHING_TO_LOOK_FOR, *TOO_MUCH])
def test_what_cannot_be_looked_for_is_refused_in_words(query: str) -> None:
    with pytest.raises(Failure) as refused:
        terms_of(query)
    assert (refused.value.kind, refused.value.hint != "") == ("invalid", True)


async def test_anything_typed_is_answered(store: SqliteStore) -> None:
    rng = random.Random(4)
    pieces = [*"ab\"'*^():{}-+ \n\0é漢🧭\ufdd0_/\\.,%", " AND ", " OR ", " NOT ", "NEAR(", "said:", "\ud800"]
    for _ in range(400):
        terms = terms_of("a" + "".join(rng.choices(pieces, k=rng.randrange(1, 30))))
        assert (await store.finding.find("local", terms)).next_cursor is None


@pytest.mark.parametrize("size", [1, 2, 6])
async def test_titles_come_first_then_messages_each_newest_first_page_by_page(
    store: SqliteStore, size: int
) -> None:
    await store.messages.append([message(f"m{n}", ["c1", "c2"][n % 2], text=f"needle {n}") for n in range(5)])
    await store.chats.update("c1", title="needle in the title")
    got: list[str] = []
    cursor, pages = None, 0
    while pages == 0 or cursor is not None:
        page = await store.finding.find("local", terms_of("needle"), cursor=cursor, limit=size)
        got += [place(each) for each in page.items]
        cursor, pages = page.next_cursor, pages + 1
        assert pages <= 6
    assert got == ["c1", "m4", "m3", "m2", "m1", "m0"]
    with pytest.raises(Failure, match="cursor"):
        await store.finding.find("local", terms_of("needle"), cursor="bm9uc2Vuc2U")


async def test_one_page_looks_through_so_many_texts_only(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.messages.append([message("mine", text="needle")])
    await store.messages.append([message(f"m{n}", "c3", text="needle") for n in range(25)])
    monkeypatch.setattr(finding, "SCANNED_MAX", 10)
    page = await store.finding.find("local", terms_of("needle"))
    seen = 1
    while page.next_cursor is not None:
        assert page.items == ()
        page = await store.finding.find("local", terms_of("needle"), cursor=page.next_cursor)
        seen += 1
    assert ([place(each) for each in page.items], seen) == (["mine"], 3)


async def test_each_user_and_each_project_finds_its_own(store: SqliteStore) -> None:
    await store.projects.add(project("p3"))
    await store.chats.add(chat("c4", "p3", title="needle of p3"))
    await store.messages.append(
        [
            message("m1", "c1", text="needle"),
            message("m2", "c3", text="needle"),
            message("m3", "c4", text="needle"),
        ]
    )
    assert await places(store, "needle") == ["c4", "m3", "m1"]
    assert await places(store, "needle", project="p1") == ["m1"]
    assert await places(store, "needle", project="p3") == ["c4", "m3"]
    assert await places(store, "needle", project="p2") == []
    assert await places(store, "needle", user="other") == ["m2"]
    assert await places(store, "needle", user="nobody") == []


async def test_the_excerpt_is_around_the_words(store: SqliteStore) -> None:
    text = f"{'before ' * 40}the lost needle\nis here {'after ' * 40}"
    await store.messages.append([message("m1", text=text), message("m2", text=f"needle {'x' * 100_000}")])
    around = marked((await store.finding.find("local", terms_of("needle lost"))).items[0])
    assert "the <lost> <needle>\nis here" in around
    assert (around[:7], around[-6:]) == ("…before", "after…")
    endless = (await store.finding.find("local", terms_of("needle"))).items[0]
    assert sum(len(piece.text) for piece in endless.excerpt) <= EXCERPT_CHARS_MAX
    assert (marked(endless)[:12], marked(endless)[-2:]) == ("<needle> xxx", "x…")


def test_marks_in_a_text_are_no_hits_that_cannot_be_read() -> None:
    assert pieces("a \ufdd0b\ufdd1 c") == (Piece("a ", False), Piece("b", True), Piece(" c", False))
    assert "".join(piece.text for piece in pieces("\ufdd0\ufdd0a\ufdd1b\ufdd0")) == "ab"


async def test_what_was_said_since_is_found_however_much(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_index, "CAUGHT_UP_MAX", 3)
    for round_ in range(3):
        said = [message(f"m{round_}.{n}", text="needle") for n in range(7)]
        await store.messages.append(said)
        found = await asyncio.gather(*(places(store, "needle") for _ in range(3)))
        assert {len(each) for each in found} == {7 * (round_ + 1)}


@pytest.mark.parametrize("known", [True, False])
async def test_what_is_gone_is_not_found(store: SqliteStore, known: bool) -> None:
    await store.messages.append([message("m1", "c1", text="needle"), message("m2", "c2", text="needle")])
    if known:
        assert await places(store, "needle") == ["m2", "m1"]
    await store.chats.update("c2", title="a needle")
    await store.chats.update("c2", title="renamed")
    await store.chats.delete("c1")
    assert await places(store, "needle") == ["m2"]
    await store.projects.delete("p1")
    assert await places(store, "needle") == []
    assert await places(store, "renamed") == []


async def test_the_index_is_what_it_indexes_whatever_happens(tmp_path: Path) -> None:
    """FTS5 compares itself with the tables, after chats were made, said in, copied, renamed and deleted."""
    rng, path = random.Random(7), tmp_path / "journeyman.db"
    store = await SqliteStore.open(path, clock=FakeClock())
    await furnish(store)
    chats, said = ["c1", "c2", "c3"], 0
    for turn in range(100):
        one = rng.choice(chats)
        match rng.randrange(7):
            case 0:
                chats.append(f"n{turn}")
                await store.chats.add(chat(chats[-1], "p2", title=f"chat {turn}"))
            case 1:
                chats.append(f"f{turn}")
                ids = iter(f"x{turn}.{n}" for n in range(10_000))
                await store.forks.fork(
                    one, chat(chats[-1], "p1"), at_seq=None, new_id=lambda ids=ids: next(ids)
                )
            case 2:
                await store.chats.update(
                    one, title=rng.choice(["same", f"title {turn}\0", ""]), cwd="/workspace"
                )
            case 3 if len(chats) > 2:
                chats.remove(one)
                await store.chats.delete(one)
            case 4:
                await places(store, f"w{rng.randrange(turn + 1)}")
            case _:
                roles = rng.choices(["user", "assistant", "tool"], k=3)
                await store.messages.append(
                    [
                        message(f"m{turn}.{n}", one, role=role, text=f"w{turn} é\0")
                        for n, role in enumerate(roles)
                    ]
                )
                said += 1
    assert said > 15
    assert await places(store, "nothing") == []
    await store.close()
    with sqlite3.connect(path) as connection:
        for index in ("said", "titled"):
            connection.execute(f"INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)")
        assert connection.execute("SELECT count(*) FROM said_docsize").fetchone() == (
            connection.execute("SELECT count(*) FROM messages WHERE role <> 'tool'").fetchone()
        )
    connection.close()


async def test_chats_from_before_there_was_an_index_are_found(tmp_path: Path) -> None:
    path = tmp_path / "journeyman.db"
    before = [each.name for each in MIGRATIONS].index("texts")
    with sqlite3.connect(path, isolation_level=None) as connection:
        migrate(connection, "2026-01-01T00:00:00.000000Z", MIGRATIONS[:before])
        time = "2026-01-01T00:00:00.000000Z"
        connection.execute("INSERT INTO users VALUES ('local', 'L', ?)", (time,))
        connection.execute(
            "INSERT INTO projects (id, user_id, name, source, commands, created_at, updated_at)"
            " VALUES ('p1', 'local', 'P', 'empty', '{}', ?, ?)", (time, time)
        )  # fmt: skip
        connection.execute(
            "INSERT INTO chats (id, project_id, title, cwd, epoch, created_at, updated_at)"
            " VALUES ('c1', 'p1', 'an old needle', '/workspace', 'e', ?, ?)", (time, time)
        )  # fmt: skip
        for n, role in enumerate(("user", "assistant", "tool")):
            connection.execute(
                "INSERT INTO messages (id, chat_id, role, text, reasoning, tool_calls, context, created_at)"
                " VALUES (?, 'c1', ?, 'needle', '', '[]', '', ?)", (f"m{n}", role, time)
            )  # fmt: skip
    connection.close()
    store = await SqliteStore.open(path, clock=FakeClock())
    try:
        assert await places(store, "needle") == ["c1", "m1", "m0"]
    finally:
        await store.close()
