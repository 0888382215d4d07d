"""Looking through the text index. Every term goes in quoted: nothing a user types is syntax of FTS5."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from journeyman.adapters.sqlite.chats_messages import chat_from, message_from
from journeyman.adapters.sqlite.cursors import decode, encode, page_size
from journeyman.adapters.sqlite.database import Database
from journeyman.adapters.sqlite.text_index import catch_up, is_behind
from journeyman.adapters.sqlite.values import plain_text
from journeyman.ports.finding import Found, Piece, Term
from journeyman.records import Page

SCANNED_MAX = 5_000
"""Most matches looked at for one page, whoever's they are."""
EXCERPT_WORDS = 24
EXCERPT_CHARS_MAX = 400
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
"""Around hits. Unicode keeps them for a program's own use."""
_TOP = 10**17
"""Above every row, and a cursor can say it."""
_MINE = "projects.user_id = :user AND (:project IS NULL OR projects.id = :project)"


def _query(index: str, joined: str, fits: str) -> str:
    """Matches, the newest first and one by one; CROSS JOIN keeps SQLite from sorting them."""
    return (
        f"SELECT {index}.rowid AS n, {fits} AS fits,"
        f" CASE WHEN {fits} THEN snippet({index}, 0, '{_OPEN}', '{_CLOSE}', '…', {EXCERPT_WORDS}) END AS text"
        f" FROM {index} {joined} CROSS JOIN projects ON projects.id = chats.project_id"
        f" WHERE {index} MATCH :terms AND {index}.rowid < :before ORDER BY {index}.rowid DESC"
    )


_QUERIES = (
    _query("titled", "CROSS JOIN chats ON chats.n = titled.rowid", _MINE),
    _query(
        "said",
        "CROSS JOIN messages ON messages.n = said.rowid CROSS JOIN chats ON chats.id = messages.chat_id",
        f"NOT messages.rewound AND {_MINE}",
    ),
)
"""In the order of a cursor, which is a row's number and, as its last bit, which of them it came from."""


class SqliteFinding:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(
        self,
        user_id: str,
        terms: Sequence[Term],
        *,
        project_id: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Found]:
        before, stage = (_TOP, 0) if cursor is None else divmod(decode("found", cursor), 2)
        size = page_size(limit)
        keys = {"user": user_id, "project": project_id, "terms": _match(terms)}

        def work(connection: sqlite3.Connection) -> Page[Found]:
            found: list[Found] = []
            scanned, below = 0, before
            for number in range(stage, len(_QUERIES)):
                rows = connection.execute(_QUERIES[number], {**keys, "before": below})
                for row in rows:
                    if len(found) == size or scanned == SCANNED_MAX:
                        rows.close()
                        return Page(tuple(found), encode("found", below * 2 + number))
                    scanned, below = scanned + 1, row["n"]
                    if row["fits"]:
                        found.append(_found(connection, row, said=number == 1))
                below = _TOP
            return Page(tuple(found))

        behind = await self._database.read(is_behind)
        while behind:
            behind = await self._database.write(catch_up)
        return await self._database.read(work)


def _match(terms: Sequence[Term]) -> str:
    quoted = ('"{}"{}'.format(each.text.replace('"', '""'), "" if each.whole else "*") for each in terms)
    return plain_text(" AND ".join(quoted))


def _found(connection: sqlite3.Connection, row: sqlite3.Row, *, said: bool) -> Found:
    message = None
    if said:
        message = message_from(
            connection.execute("SELECT * FROM messages WHERE n = ?", (row["n"],)).fetchone()
        )
        chat = connection.execute("SELECT * FROM chats WHERE id = ?", (message.chat_id,)).fetchone()
    else:
        chat = connection.execute("SELECT * FROM chats WHERE n = ?", (row["n"],)).fetchone()
    return Found(chat_from(chat), message, pieces(row["text"]))


def pieces(text: str) -> tuple[Piece, ...]:
    """An excerpt taken apart at its marks, and cut where a word of it is endless."""
    found: list[Piece] = []
    left = EXCERPT_CHARS_MAX
    for number, part in enumerate(text.replace(_CLOSE, _OPEN).split(_OPEN)):
        shown = part if len(part) <= left else f"{part[: max(0, left - 1)]}…"
        if shown and left > 0:
            found.append(Piece(shown, hit=number % 2 == 1))
        left -= len(part)
    return tuple(found)
