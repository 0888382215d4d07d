"""The database's shape, as an ordered list of changes to it. A published migration is never edited."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Migration:
    name: str
    statements: tuple[str, ...]


_HOUSE = Migration(
    "house",
    (
        "CREATE TABLE users (id TEXT PRIMARY KEY, name TEXT NOT NULL, created_at TEXT NOT NULL)",
        # `n` is the order of creation: what lists page by.
        """
        CREATE TABLE projects (
            n INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            user_id TEXT NOT NULL REFERENCES users (id),
            name TEXT NOT NULL,
            source TEXT NOT NULL,
            image TEXT,
            commands TEXT NOT NULL,
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL)
        """,
        "CREATE INDEX projects_of_user ON projects (user_id, n)",
        """
        CREATE TABLE chats (
            n INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
            title TEXT NOT NULL,
            model TEXT,
            cwd TEXT NOT NULL,
            epoch TEXT NOT NULL,
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL)
        """,
        "CREATE INDEX chats_of_project ON chats (project_id, n)",
        """
        CREATE TABLE messages (
            n INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            chat_id TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
            run_id TEXT,
            role TEXT NOT NULL,
            text TEXT NOT NULL,
            reasoning TEXT NOT NULL,
            tool_calls TEXT NOT NULL,
            tool_call_id TEXT,
            tool_name TEXT,
            ok INTEGER,
            context TEXT NOT NULL,
            created_at TEXT NOT NULL)
        """,
        "CREATE INDEX messages_of_chat ON messages (chat_id, n)",
        """
        CREATE TABLE runs (
            n INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            chat_id TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
            project_id TEXT NOT NULL,
            user_id TEXT NOT NULL,
            client_run_id TEXT,
            prompt TEXT NOT NULL,
            mode TEXT NOT NULL,
            model TEXT,
            status TEXT NOT NULL,
            open INTEGER NOT NULL,
            effort TEXT,
            budget TEXT NOT NULL,
            created_at TEXT NOT NULL,
            started_at TEXT,
            finished_at TEXT,
            stop_reason TEXT,
            summary TEXT NOT NULL,
            usage TEXT NOT NULL,
            changes TEXT NOT NULL,
            commands TEXT NOT NULL,
            steps INTEGER NOT NULL)
        """,
        "CREATE UNIQUE INDEX runs_of_client ON runs (user_id, client_run_id) WHERE client_run_id IS NOT NULL",
        "CREATE INDEX runs_of_chat ON runs (chat_id, n)",
        "CREATE INDEX runs_open ON runs (n) WHERE open",
        """
        CREATE TABLE todos (
            chat_id TEXT PRIMARY KEY REFERENCES chats (id) ON DELETE CASCADE,
            rev INTEGER NOT NULL,
            items TEXT NOT NULL)
        """,
        # One tree instead of a table and an index: an append, the most frequent write, touches one page.
        """
        CREATE TABLE events (
            chat_id TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
            seq INTEGER NOT NULL,
            ts TEXT NOT NULL,
            kind TEXT NOT NULL,
            data TEXT NOT NULL,
            run_id TEXT,
            item_id TEXT,
            PRIMARY KEY (chat_id, seq)) WITHOUT ROWID
        """,
        # No reference to the project: the records outlive it until their objects are gone.
        """
        CREATE TABLE archives (
            id TEXT PRIMARY KEY,
            project_id TEXT NOT NULL,
            seq INTEGER NOT NULL,
            manifest_key TEXT NOT NULL,
            digest TEXT NOT NULL,
            files INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            new_bytes INTEGER NOT NULL,
            epoch INTEGER NOT NULL,
            created_at TEXT NOT NULL)
        """,
        "CREATE INDEX archives_of_project ON archives (project_id, seq)",
        # Nor here: an instance may have to be removed after its project was.
        """
        CREATE TABLE workspaces (
            project_id TEXT PRIMARY KEY,
            state TEXT NOT NULL,
            epoch INTEGER NOT NULL,
            generation INTEGER NOT NULL,
            instance_id TEXT,
            lease TEXT,
            journal TEXT,
            archive_id TEXT,
            last_used_at TEXT NOT NULL,
            updated_at TEXT NOT NULL)
        """,
    ),
)

_SOURCES = Migration(
    "sources",
    (
        "ALTER TABLE projects ADD COLUMN forward_ports TEXT NOT NULL DEFAULT '[]'",
        "ALTER TABLE projects ADD COLUMN pending INTEGER NOT NULL DEFAULT 0",
    ),
)

_QUOTAS = Migration("quotas", ("ALTER TABLE projects ADD COLUMN quota TEXT NOT NULL DEFAULT '{}'",))

_CHECKPOINTS = Migration(
    "checkpoints",
    (
        "ALTER TABLE messages ADD COLUMN rewound INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX messages_rewound ON messages (chat_id, n) WHERE rewound",
        # The conversation then: messages up to `bound`, without those in the ranges `hidden`.
        """
        CREATE TABLE checkpoints (
            n INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            project_id TEXT NOT NULL,
            chat_id TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
            run_id TEXT,
            kind TEXT NOT NULL,
            title TEXT NOT NULL,
            created_at TEXT NOT NULL,
            files INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            bound INTEGER NOT NULL,
            hidden TEXT NOT NULL,
            todo TEXT,
            changes BLOB NOT NULL)
        """,
        "CREATE INDEX checkpoints_of_chat ON checkpoints (chat_id, n)",
        "CREATE INDEX checkpoints_of_project ON checkpoints (project_id, n)",
        """
        CREATE TABLE rewinds (
            n INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            project_id TEXT NOT NULL,
            chat_id TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
            checkpoint_id TEXT NOT NULL,
            safety_id TEXT NOT NULL,
            scope TEXT NOT NULL,
            undoes TEXT,
            undone INTEGER NOT NULL DEFAULT 0,
            open INTEGER NOT NULL,
            created_at TEXT NOT NULL,
            plan BLOB NOT NULL)
        """,
        "CREATE INDEX rewinds_of_chat ON rewinds (chat_id, n)",
        "CREATE INDEX rewinds_open ON rewinds (n) WHERE open",
    ),
)

_PERMISSIONS = Migration(
    "permissions",
    (
        """
        CREATE TABLE permissions (
            n INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            chat_id TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
            run_id TEXT NOT NULL,
            call_id TEXT NOT NULL,
            subject TEXT NOT NULL,
            effect_hash TEXT NOT NULL,
            options TEXT NOT NULL,
            state TEXT NOT NULL,
            option_id TEXT,
            feedback TEXT NOT NULL,
            decided_by TEXT,
            created_at TEXT NOT NULL,
            expires_at TEXT NOT NULL,
            decided_at TEXT,
            used_at TEXT)
        """,
        "CREATE INDEX permissions_of_chat ON permissions (chat_id, n)",
        "CREATE INDEX permissions_of_run ON permissions (run_id, n)",
        "CREATE INDEX permissions_pending ON permissions (n) WHERE state = 'pending'",
    ),
)

_INPUTS = Migration(
    "inputs",
    (
        # Where a run stands in the queue; NULL: where it came.
        "ALTER TABLE runs ADD COLUMN rank REAL",
        "ALTER TABLE runs ADD COLUMN rev INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE runs ADD COLUMN resumes TEXT",
        "CREATE UNIQUE INDEX runs_resumed ON runs (resumes) WHERE resumes IS NOT NULL",
        """
        CREATE TABLE inputs (
            n INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            chat_id TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
            run_id TEXT NOT NULL,
            user_id TEXT NOT NULL,
            client_run_id TEXT,
            text TEXT NOT NULL,
            rev INTEGER NOT NULL,
            state TEXT NOT NULL,
            created_at TEXT NOT NULL)
        """,
        "CREATE UNIQUE INDEX inputs_of_client ON inputs (user_id, client_run_id)"
        " WHERE client_run_id IS NOT NULL",
        "CREATE INDEX inputs_waiting ON inputs (chat_id, n) WHERE state = 'waiting'",
    ),
)

_FOLDERS = Migration(
    "folders",
    (
        "ALTER TABLE projects ADD COLUMN folder TEXT",
        "CREATE INDEX projects_of_folder ON projects (folder, n) WHERE folder IS NOT NULL",
    ),
)

_CHANGES = Migration(
    "changes",
    (
        # States of a path: in the user's folder, accepted, as the agent left it; NULL where nothing is there.
        """
        CREATE TABLE changed_paths (
            chat_id TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
            path BLOB NOT NULL,
            project_id TEXT NOT NULL,
            origin TEXT,
            base TEXT,
            last TEXT,
            sure INTEGER NOT NULL,
            PRIMARY KEY (chat_id, path)) WITHOUT ROWID
        """,
        "CREATE INDEX changed_paths_of_project ON changed_paths (project_id, chat_id, path)",
        """
        CREATE TABLE hunks (
            chat_id TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
            hunk_id TEXT NOT NULL,
            path BLOB NOT NULL,
            decision TEXT NOT NULL,
            decided_at TEXT NOT NULL,
            note TEXT NOT NULL,
            told INTEGER NOT NULL,
            PRIMARY KEY (chat_id, hunk_id)) WITHOUT ROWID
        """,
        "CREATE INDEX hunks_untold ON hunks (chat_id, decided_at) WHERE NOT told OR decision = 'rejecting'",
        """
        CREATE TABLE folder_files (
            project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
            path TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            executable INTEGER NOT NULL,
            PRIMARY KEY (project_id, path)) WITHOUT ROWID
        """,
    ),
)

_TURNS = Migration(
    "turns",
    (
        "CREATE TABLE prefixes (digest TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID",
        """
        CREATE TABLE turns (
            run_id TEXT NOT NULL,
            step INTEGER NOT NULL,
            chat_id TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
            message_id TEXT NOT NULL,
            model TEXT NOT NULL,
            prefix TEXT NOT NULL,
            kept INTEGER NOT NULL,
            added TEXT NOT NULL,
            settings TEXT NOT NULL,
            bytes INTEGER NOT NULL,
            sha256 TEXT NOT NULL,
            stop_reason TEXT NOT NULL,
            seconds REAL NOT NULL,
            usage TEXT NOT NULL,
            PRIMARY KEY (run_id, step)) WITHOUT ROWID
        """,
        "CREATE INDEX turns_of_chat ON turns (chat_id)",
    ),
)

_EDITORS = Migration(
    "editors",
    (
        # What the editor showed when it was asked, as JSON; NULL: nothing.
        "ALTER TABLE runs ADD COLUMN context TEXT",
        "ALTER TABLE inputs ADD COLUMN context TEXT",
    ),
)

_TEXTS = Migration(
    "texts",
    (
        "CREATE VIEW spoken AS SELECT n, chat_id, text FROM messages WHERE role <> 'tool'",
        # Of other tables' texts, a copy of none; `text_index` keeps them.
        "CREATE VIRTUAL TABLE titled USING fts5"
        " (title, content='chats', content_rowid='n', tokenize='unicode61 remove_diacritics 2')",
        "CREATE VIRTUAL TABLE said USING fts5"
        " (text, content='spoken', content_rowid='n', prefix='3', tokenize='unicode61 remove_diacritics 2')",
        "INSERT INTO titled (rowid, title) SELECT n, title FROM chats",
        "CREATE TABLE said_until (n INTEGER NOT NULL)",
        "INSERT INTO said_until VALUES (0)",
    ),
)

_PICTURES = Migration(
    "pictures",
    (
        "CREATE TABLE pictures (id TEXT PRIMARY KEY, mime TEXT NOT NULL, data BLOB NOT NULL)",
        """
        CREATE TABLE chat_pictures (
            chat_id TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
            picture_id TEXT NOT NULL,
            PRIMARY KEY (chat_id, picture_id)) WITHOUT ROWID
        """,
        "CREATE INDEX chats_of_picture ON chat_pictures (picture_id)",
        "CREATE TRIGGER pictures_nobody_has AFTER DELETE ON chat_pictures"
        " WHEN NOT EXISTS (SELECT 1 FROM chat_pictures WHERE picture_id = old.picture_id)"
        " BEGIN DELETE FROM pictures WHERE id = old.picture_id; END",
        # Which of them, as JSON; NULL: none.
        "ALTER TABLE messages ADD COLUMN pictures TEXT",
        "ALTER TABLE runs ADD COLUMN pictures TEXT",
        "ALTER TABLE inputs ADD COLUMN pictures TEXT",
    ),
)

_LEFT_OUT = Migration(
    "what of a folder was left out",
    (
        # Names, as JSON; NULL for projects of no folder, and for older ones.
        "ALTER TABLE projects ADD COLUMN left_out TEXT",
    ),
)

_EXPLORED = Migration(
    "what exploring asked",
    (
        # As in `turns`, with the answer instead of a message's id.
        """
        CREATE TABLE explored (
            run_id TEXT NOT NULL,
            call_id TEXT NOT NULL,
            step INTEGER NOT NULL,
            chat_id TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
            model TEXT NOT NULL,
            prefix TEXT NOT NULL,
            kept INTEGER NOT NULL,
            added TEXT NOT NULL,
            settings TEXT NOT NULL,
            bytes INTEGER NOT NULL,
            sha256 TEXT NOT NULL,
            answer TEXT NOT NULL,
            stop_reason TEXT NOT NULL,
            seconds REAL NOT NULL,
            usage TEXT NOT NULL,
            PRIMARY KEY (run_id, call_id, step)) WITHOUT ROWID
        """,
        "CREATE INDEX explored_of_chat ON explored (chat_id)",
    ),
)

_THOUGHTS = Migration(
    "thoughts",
    (
        # What a provider wants back with its answer, as JSON; NULL: nothing.
        "ALTER TABLE messages ADD COLUMN thoughts TEXT",
    ),
)

MIGRATIONS: tuple[Migration, ...] = (
    _HOUSE,
    _SOURCES,
    _QUOTAS,
    _CHECKPOINTS,
    _PERMISSIONS,
    _INPUTS,
    _FOLDERS,
    _CHANGES,
    _TURNS,
    _EDITORS,
    _TEXTS,
    _PICTURES,
    _LEFT_OUT,
    _EXPLORED,
    _THOUGHTS,
)
"""Migration number n (from 1) brings a database from version n - 1 to n."""
