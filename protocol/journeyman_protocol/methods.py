"""One row per method: the table everything else is made from.

The router, JSON Schema, TypeScript and Lua types, PROTOCOL.md, the golden examples and the test that asks
whether every method is handled, tested and documented all iterate `METHODS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from journeyman_protocol import (
    agent,
    archives,
    chat,
    checkpoint,
    daemon,
    differences,
    files,
    model,
    ports,
    project,
    terminal,
    todo,
    watching,
    workspace,
)
from journeyman_protocol.base import Empty, Message, Paged


class Direction(StrEnum):
    REQUEST = "request"
    """Client to daemon, answered."""
    NOTIFICATION_IN = "notificationIn"
    """Client to daemon, not answered."""
    NOTIFICATION_OUT = "notificationOut"
    """Daemon to client, not answered."""


class Scope(StrEnum):
    """Which requests of one connection keep their order among themselves."""

    NONE = "none"
    PROJECT = "project"
    CHAT = "chat"
    EXEC = "exec"


@dataclass(frozen=True, slots=True)
class Method:
    name: str
    direction: Direction
    params: type[Message]
    result: type[Message] | None
    scope: Scope
    since: int
    """Protocol version that introduced it."""
    doc: str


def _request(
    name: str,
    params: type[Message],
    result: type[Message],
    doc: str,
    scope: Scope = Scope.NONE,
) -> Method:
    return Method(name, Direction.REQUEST, params, result, scope, 1, doc)


def _incoming(name: str, params: type[Message], doc: str) -> Method:
    return Method(name, Direction.NOTIFICATION_IN, params, None, Scope.NONE, 1, doc)


def _outgoing(name: str, params: type[Message], doc: str) -> Method:
    return Method(name, Direction.NOTIFICATION_OUT, params, None, Scope.NONE, 1, doc)


METHODS: tuple[Method, ...] = (
    _request(
        "project/create",
        project.ProjectCreateParams,
        project.ProjectCreated,
        "Make a project: empty, or of a folder, a git repository or another project's archive.",
    ),
    _request(
        "project/fork",
        project.ProjectForkParams,
        project.Project,
        "Make a project that shares an archive of another; no content is copied.",
        Scope.PROJECT,
    ),
    _request("project/list", project.ProjectListParams, project.ProjectPage, "List projects, newest first."),
    _request("project/get", project.ProjectRef, project.Project, "One project."),
    _request(
        "project/update",
        project.ProjectUpdateParams,
        project.Project,
        "Rename, or set commands or quota.",
        Scope.PROJECT,
    ),
    _request(
        "project/delete",
        project.ProjectDeleteParams,
        Empty,
        "Delete a project with its chats and its workspace; its archives only when asked.",
        Scope.PROJECT,
    ),
    _request("chat/create", chat.ChatCreateParams, chat.Chat, "Make a chat in a project."),
    _request("chat/list", chat.ChatListParams, chat.ChatPage, "List chats, newest first."),
    _request("chat/get", chat.ChatRef, chat.Chat, "One chat."),
    _request("chat/messages", chat.ChatMessagesParams, chat.MessagePage, "Stored messages, oldest first."),
    _request("chat/rename", chat.ChatRenameParams, chat.Chat, "Give a chat another title.", Scope.CHAT),
    _request("chat/delete", chat.ChatRef, Empty, "Delete a chat with all it holds.", Scope.CHAT),
    _request(
        "agent/run",
        agent.AgentRunParams,
        agent.Run,
        "Run the agent. Without chat and project, both are made. A run in a busy project waits its turn.",
        Scope.CHAT,
    ),
    _request("agent/cancel", agent.RunRef, agent.Run, "Cancel a run; answers once its processes are dead."),
    _request(
        "agent/subscribe",
        agent.SubscribeParams,
        agent.SubscribeResult,
        "Follow a chat's events from a place in its log, missing nothing.",
    ),
    _request("agent/unsubscribe", agent.ChatRefParams, Empty, "Stop following a chat."),
    _request(
        "checkpoint/list",
        checkpoint.CheckpointListParams,
        checkpoint.CheckpointPage,
        "States of a chat that can be gone back to, newest first.",
    ),
    _request(
        "checkpoint/diff",
        checkpoint.CheckpointDiffParams,
        checkpoint.CheckpointDiffPage,
        "What a checkpoint's step changed, or what the agent changed since, file by file.",
    ),
    _request(
        "checkpoint/preview",
        checkpoint.RewindParams,
        checkpoint.RewindResult,
        "What checkpoint/restore would do now.",
        Scope.CHAT,
    ),
    _request(
        "checkpoint/restore",
        checkpoint.RewindParams,
        checkpoint.RewindResult,
        "Take back what the chat's agent did since a checkpoint. What others changed stays. Can be undone.",
        Scope.CHAT,
    ),
    _request(
        "checkpoint/undo",
        checkpoint.UndoParams,
        checkpoint.RewindResult,
        "Take back the chat's newest rewind.",
        Scope.CHAT,
    ),
    _request("todo/list", todo.TodoListParams, todo.TodoList, "A chat's todo list."),
    _request("todo/update", todo.TodoUpdateParams, todo.TodoList, "Replace a chat's todo list.", Scope.CHAT),
    _request(
        "workspace/open",
        workspace.WorkspaceRef,
        workspace.WorkspaceStatus,
        "Get or create the workspace: map, running, stopped, restored or new.",
        Scope.PROJECT,
    ),
    _request("workspace/status", workspace.WorkspaceRef, workspace.WorkspaceStatus, "State of a workspace."),
    _request("workspace/list", Paged, workspace.WorkspaceList, "State of every workspace there is."),
    _request(
        "workspace/archive",
        workspace.ArchiveParams,
        workspace.ArchiveResult,
        "Put the workspace away: upload, verify, move the pointer, and only then remove it.",
        Scope.PROJECT,
    ),
    _request(
        "workspace/restore",
        workspace.RestoreParams,
        workspace.RestoreResult,
        "Bring an archive back: staged and verified, then swapped in.",
        Scope.PROJECT,
    ),
    _request("workspace/archives", workspace.WorkspaceRef, workspace.ArchiveList, "Archives, newest first."),
    _request(
        "workspace/nameArchive",
        archives.NameArchiveParams,
        workspace.Archive,
        "Give an archive a name, which keeps it, or take it away.",
    ),
    _request(
        "workspace/verifyArchive",
        archives.VerifyArchiveParams,
        archives.VerifyArchiveResult,
        "Look whether an archive is whole.",
    ),
    _request(
        "workspace/deleteArchive",
        archives.ArchiveRef,
        archives.Done,
        "Remove an archive for good; never the newest one.",
    ),
    _request(
        "workspace/pruneArchives",
        archives.PruneParams,
        archives.PruneResult,
        "Thin out a project's archives as the settings say, and collect what none of them needs.",
    ),
    _request(
        "workspace/close",
        workspace.WorkspaceRef,
        workspace.WorkspaceStatus,
        "End the workspace's processes and keep its files on this machine.",
        Scope.PROJECT,
    ),
    _request(
        "workspace/import",
        workspace.ImportParams,
        workspace.ImportResult,
        "Copy files into the workspace.",
        Scope.PROJECT,
    ),
    _request(
        "workspace/files",
        workspace.FilesParams,
        workspace.FileList,
        "Regular files of the workspace with their hashes, to compare with a folder.",
    ),
    _request(
        "workspace/touch",
        workspace.WorkspaceRef,
        workspace.WorkspaceStatus,
        "Count the time until the workspace is archived from now.",
    ),
    _request("workspace/readFile", files.ReadFileParams, files.ReadFileResult, "A range of a file."),
    _request("workspace/writeFile", files.WriteFileParams, files.WriteFileResult, "Replace a file at once."),
    _request(
        "workspace/readDirectory",
        files.ReadDirectoryParams,
        files.DirectoryPage,
        "A directory's entries with their state, a page at a time.",
    ),
    _request("workspace/stat", files.PathRef, files.FileStat, "State of a file, directory or link."),
    _request("workspace/createDirectory", files.PathRef, files.FileStat, "Make a directory and those above."),
    _request("workspace/rename", files.RenameParams, files.FileStat, "Move a file, directory or link."),
    _request(
        "workspace/diff",
        differences.DiffParams,
        differences.DiffPage,
        "What differs between an archive and the workspace or another archive.",
    ),
    _request(
        "workspace/diffFile",
        differences.DiffFileParams,
        differences.DiffFileResult,
        "One file as a unified diff between an archive and the workspace or another archive.",
    ),
    _request(
        "workspace/watch",
        watching.WatchParams,
        watching.WatchResult,
        "Be told what changes in a directory, from the answer on, missing nothing.",
    ),
    _request("workspace/unwatch", watching.WatchRef, Empty, "Stop watching; no error where it has ended."),
    _request(
        "workspace/exec",
        terminal.ExecParams,
        terminal.ExecResult,
        "Start a command or a terminal of a person's own in the workspace.",
    ),
    _request(
        "workspace/execWrite",
        terminal.ExecWriteParams,
        Empty,
        "Give a command input, in the order of the requests.",
        Scope.EXEC,
    ),
    _request("workspace/execResize", terminal.ExecResizeParams, Empty, "A terminal has another size now."),
    _request("workspace/execKill", terminal.ExecKillParams, Empty, "Signal all that came of a command."),
    _request("workspace/execAck", terminal.ExecAckParams, Empty, "Output was taken; more may be sent."),
    _request(
        "workspace/ports",
        ports.PortsParams,
        ports.PortList,
        "Where programs in the workspace listen. Brings back no workspace; a frozen one goes on.",
    ),
    _request(
        "workspace/forward",
        ports.ForwardParams,
        ports.Forwarded,
        "Open a port of the workspace on the daemon's machine, for whoever has the link. It belongs to the "
        "project: it ends with `workspace/unforward`, and when the workspace is put away or closed.",
    ),
    _request(
        "workspace/unforward",
        ports.UnforwardParams,
        Empty,
        "Close a forwarded port for everybody; no error where it is not.",
    ),
    _request("workspace/delete", files.DeleteParams, Empty, "Delete a file, directory or link."),
    _request("model/list", Empty, model.ModelList, "Models, and which of them can be used now."),
    _request("daemon/ping", Empty, daemon.PingResult, "Is anybody there? Answered before `initialize` too."),
    _request("daemon/status", Empty, daemon.DaemonStatus, "What the daemon is doing."),
    _incoming("$/cancelRequest", daemon.CancelParams, "Cancel a request; it is still answered (LSP)."),
    _incoming(
        "window/workDoneProgress/cancel",
        daemon.WorkDoneProgressCancelParams,
        "Cancel the run behind a progress token (LSP).",
    ),
    _outgoing("agent/event", agent.Event, "The one stream: what happens in a chat that is subscribed to."),
    _outgoing("todo/didChange", todo.TodoList, "A subscribed chat's todo list changed."),
    _outgoing("workspace/didChangeFiles", watching.FilesChanged, "What this connection watches changed."),
    _outgoing("workspace/didChangePorts", ports.PortList, "The ports of a watched project, as they are now."),
    _outgoing("workspace/execOutput", terminal.ExecOutput, "What a command of this connection wrote."),
    _outgoing("workspace/execExited", terminal.ExecExited, "A command of this connection ended."),
    _outgoing("workspace/didChangeStatus", workspace.WorkspaceStatus, "A workspace changed its state."),
    _outgoing("workspace/willExpire", workspace.WillExpire, "A workspace will be archived within a minute."),
    _outgoing("$/progress", daemon.ProgressParams, "Begin, report and end of work (LSP)."),
)

BY_NAME: dict[str, Method] = {method.name: method for method in METHODS}
REQUESTS: tuple[Method, ...] = tuple(m for m in METHODS if m.direction is Direction.REQUEST)
