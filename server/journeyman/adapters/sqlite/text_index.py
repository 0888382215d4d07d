"""Keeping the text index of titles and messages (FTS5) as what it indexes. No trigger does it: SQLite lets
none write to such a table while the schema is not trusted.

Titles are written with their chat. Messages wait until somebody searches: a run's step is not slowed down by
an index few will ask for, and a database from before there was one opens at once. Answers of tools are left
out: they are most of a chat's bytes, and for the most part files of the workspace.
"""

from __future__ import annotations

import sqlite3

CAUGHT_UP_MAX = 200
"""Most messages indexed in one transaction: others want to write, too."""
_BEHIND = (
    "SELECT max(n) FROM (SELECT n FROM messages WHERE n > (SELECT n FROM said_until) ORDER BY n LIMIT ?)"
)


def index_title(connection: sqlite3.Connection, chat_id: str) -> None:
    connection.execute(
        "INSERT INTO titled (rowid, title) SELECT n, title FROM chats WHERE id = ?", (chat_id,)
    )


def forget_title(connection: sqlite3.Connection, chat_id: str) -> None:
    """Before it changes: the index is told what it forgets."""
    connection.execute(
        "INSERT INTO titled (titled, rowid, title) SELECT 'delete', n, title FROM chats WHERE id = ?",
        (chat_id,),
    )


def is_behind(connection: sqlite3.Connection) -> bool:
    """Whether there are messages that were not indexed yet."""
    return connection.execute(_BEHIND, (1,)).fetchone()[0] is not None


def catch_up(connection: sqlite3.Connection) -> bool:
    """Index the next messages; whether there may be more."""
    newest = connection.execute(_BEHIND, (CAUGHT_UP_MAX,)).fetchone()[0]
    if newest is None:
        return False
    connection.execute(
        "INSERT INTO said (rowid, text) SELECT n, text FROM spoken"
        " WHERE n > (SELECT n FROM said_until) AND n <= ?",
        (newest,),
    )
    connection.execute("UPDATE said_until SET n = ?", (newest,))
    return True


def forget_chat(connection: sqlite3.Connection, chat_id: str) -> None:
    """Before the chat goes."""
    forget_title(connection, chat_id)
    connection.execute(
        "INSERT INTO said (said, rowid, text) SELECT 'delete', n, text FROM spoken"
        " WHERE chat_id = ? AND n <= (SELECT n FROM said_until)",
        (chat_id,),
    )


def forget_chats_of(connection: sqlite3.Connection, project_id: str) -> None:
    """Before the project goes, and its chats with it."""
    for row in connection.execute("SELECT id FROM chats WHERE project_id = ?", (project_id,)).fetchall():
        forget_chat(connection, row["id"])
