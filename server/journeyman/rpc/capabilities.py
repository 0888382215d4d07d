"""What one client can do, as it said in `initialize`: typed once here, asked by whoever would use it.

A client that said nothing gets nothing but answers. Nothing here decides what is sent to whom.
"""

from __future__ import annotations

from dataclasses import dataclass

from lsprotocol import types

from journeyman_protocol import PROTOCOL_VERSION
from journeyman_protocol.daemon import ClientJourneyman


@dataclass(frozen=True, slots=True)
class ClientCan:
    """Each field: whether this client takes it from us."""

    work_done_progress: bool = False
    """`window/workDoneProgress/create`."""
    show_messages: bool = False
    """`window/showMessageRequest`: questions with buttons."""
    show_documents: bool = False
    """`window/showDocument`."""
    apply_edits: bool = False
    """`workspace/applyEdit`."""
    document_changes: bool = False
    """Edits that name document versions."""
    change_annotations: bool = False
    """Edits that say why, and whether they need confirmation."""
    file_operations: frozenset[str] = frozenset()
    """Of `create`, `rename` and `delete`, in edits."""
    refresh_code_lenses: bool = False
    """`workspace/codeLens/refresh`."""
    events: bool = False
    """Notifications of ours that were not asked for by name."""
    requests: frozenset[str] = frozenset()
    """Requests of ours that it answers."""
    opted_out: frozenset[str] = frozenset()
    """Notifications it does not want."""
    name: str = ""
    """What the client calls itself, for people: `Visual Studio Code`."""


def client_can(params: types.InitializeParams, ours: ClientJourneyman | None) -> ClientCan:
    """`ours` is what it said in `capabilities.experimental.journeyman`; None: nothing."""
    window, workspace = params.capabilities.window, params.capabilities.workspace
    edits = workspace.workspace_edit if workspace is not None else None
    lenses = workspace.code_lens if workspace is not None else None
    documents = window.show_document if window is not None else None
    info = params.client_info
    return ClientCan(
        work_done_progress=bool(window is not None and window.work_done_progress),
        show_messages=window is not None and window.show_message is not None,
        show_documents=documents is not None and documents.support,
        apply_edits=bool(workspace is not None and workspace.apply_edit),
        document_changes=bool(edits is not None and edits.document_changes),
        change_annotations=edits is not None and edits.change_annotation_support is not None,
        file_operations=frozenset(
            str(getattr(kind, "value", kind))
            for kind in (edits.resource_operations if edits is not None else None) or ()
        ),
        refresh_code_lenses=bool(lenses is not None and lenses.refresh_support),
        events=ours is not None and ours.events,
        requests=frozenset(ours.requests) if ours is not None else frozenset(),
        opted_out=frozenset(ours.opt_out) if ours is not None else frozenset(),
        name=info.name[:100] if info is not None else "",
    )


def speaks(version: int) -> str | None:
    """Why a client of this protocol version cannot be served, with what to do; None where it can."""
    if version > PROTOCOL_VERSION:
        return f"This daemon speaks protocol version {PROTOCOL_VERSION}: update Journeyman."
    if version < 1:
        return f"This daemon speaks protocol versions 1 to {PROTOCOL_VERSION}: say one of them."
    return None
