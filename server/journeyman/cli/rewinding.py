"""journeyman checkpoints and rewind: what each step did to the files, and taking it back."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from journeyman.cli import output
from journeyman.cli.options import Json
from journeyman.cli.visible import visible
from journeyman.failures import Failure, not_found

Chat = Annotated[str, typer.Argument(help="Chat id, or its first characters.")]
Which = Annotated[str | None, typer.Argument(help="Checkpoint id, or its first characters.")]
WHYS = {
    "changed": "somebody else changed it since",
    "too_large": "too large: its content is not kept",
    "not_empty": "something else is in it",
    "blocked": "something is in its way",
    "failed": "the system refused",
}
KINDS = {"start": "start of a run", "step": "step", "safety": "before a rewind", "rewind": "rewind"}


async def _checkpoint_ref(request: Any, chat: str, which: str) -> dict[str, Any]:
    from journeyman.cli.ids import FULL_ID, all_items, chat_id

    ref = {"chatId": await chat_id(request, chat)}
    if len(which) >= FULL_ID:
        return {**ref, "checkpointId": which}
    items = await all_items(request, "checkpoint/list", ref)
    found = [item["id"] for item in items if item["id"].startswith(which)]
    if len(found) != 1:
        failure = not_found("checkpoint", which)
        failure.hint = f"`journeyman checkpoints {chat}` shows what there is."
        raise failure
    return {**ref, "checkpointId": found[0]}


def checkpoints(
    chat: Chat,
    checkpoint: Which = None,
    since: Annotated[
        bool, typer.Option("--since", help="With a checkpoint: what the agent changed since it.")
    ] = False,
    json: Json = False,
) -> None:
    """List a chat's checkpoints, newest first; or show what one of them changed, as a diff.

    There is one before each run and one after each step that changed files.

    Example: journeyman checkpoints c0ff 4d5e --since
    """
    from journeyman.cli.ids import all_items, chat_id
    from journeyman.cli.link import Link, call

    async def ask(client: Link) -> list[dict[str, Any]]:
        if checkpoint is None:
            ref = {"chatId": await chat_id(client.request, chat)}
            return await all_items(client.request, "checkpoint/list", ref)
        ref = await _checkpoint_ref(client.request, chat, checkpoint)
        against = {"against": "now" if since else "before"}
        return await all_items(client.request, "checkpoint/diff", {**ref, **against})

    items = call(ask)
    if json:
        output.print_json(items)
    elif checkpoint is None:
        output.print_table(
            ["checkpoint", "made", "kind", "files", "what"],
            [
                [i["id"], output.when(i["createdAt"]), KINDS[i["kind"]], str(i["files"]), i["title"]]
                for i in items
            ],
            empty="This chat has no checkpoint yet. A run makes them.",
        )
    else:
        _print_diffs(items)


def rewind(
    chat: Chat,
    checkpoint: Which = None,
    files: Annotated[bool, typer.Option("--files", help="The files only.")] = False,
    conversation: Annotated[bool, typer.Option("--conversation", help="Messages and plan only.")] = False,
    both: Annotated[bool, typer.Option("--both", help="Files and conversation: the default.")] = False,
    preview: Annotated[bool, typer.Option("--preview", help="Say what would be done; do nothing.")] = False,
    on_conflict: Annotated[
        Literal["keep", "overwrite"],
        typer.Option(help="What becomes of files somebody else changed since."),
    ] = "keep",
    undo: Annotated[bool, typer.Option("--undo", help="Take the newest rewind of this chat back.")] = False,
    json: Json = False,
) -> None:
    """Take back what the agent did in a chat since a checkpoint.

    Files somebody else made or changed stay. What is there now is kept: --undo brings it back.

    Example: journeyman rewind c0ff 4d5e --preview
    """
    from journeyman.cli.ids import chat_id
    from journeyman.cli.link import Link, call

    chosen = [
        name for name, wanted in (("files", files), ("conversation", conversation), ("both", both)) if wanted
    ]
    if len(chosen) > 1 or undo == (checkpoint is not None) or (undo and (preview or chosen)):
        raise Failure(
            "invalid",
            "Give a checkpoint and at most one of --files, --conversation and --both, or --undo alone.",
            hint=f"`journeyman checkpoints {chat}` shows what can be gone back to.",
        )
    scope = chosen[0] if chosen else "both"

    async def ask(client: Link) -> dict[str, Any]:
        if undo or checkpoint is None:
            ref = {"chatId": await chat_id(client.request, chat)}
            return await client.request("checkpoint/undo", {**ref, "onConflict": on_conflict})
        ref = await _checkpoint_ref(client.request, chat, checkpoint)
        method = "checkpoint/preview" if preview else "checkpoint/restore"
        return await client.request(method, {**ref, "scope": scope, "onConflict": on_conflict})

    done = call(ask)
    if json:
        output.print_json(done)
    else:
        _print_result(done, chat, preview=preview, undo=undo)


def _print_diffs(items: list[dict[str, Any]]) -> None:
    from journeyman.cli.diff import styled

    if not items:
        output.stderr().print("Nothing was changed.", style="dim", markup=False)
    for item in items:
        if item.get("diff"):
            lines = [visible(line) for line in item["diff"].rstrip("\n").split("\n")]
            for line in styled(lines):
                output.stdout().print(line)
            continue
        note = "binary" if item.get("binary") else item["kind"]
        if not item.get("kept", True):
            note = "too large: its content is not kept"
        output.stdout().print(f"{item['change']} {visible(item['path'])} ({note})", markup=False)


def _print_result(done: dict[str, Any], chat: str, *, preview: bool, undo: bool) -> None:
    out = output.stdout()
    for item in done["files"]:
        out.print(f"{item['action']:8} {visible(item['path'])}", markup=False)
    if (more := done["filesTotal"] - len(done["files"])) > 0:
        out.print(f"... and {more:,} more")
    for item in done["kept"]:
        why = visible(item.get("message") or "") or WHYS[item["why"]]
        out.print(f"kept     {visible(item['path'])}: {why}", style="yellow", markup=False)
    if (more := done["keptTotal"] - len(done["kept"])) > 0:
        out.print(f"... and {more:,} more stay")
    would = "would be " if preview else ""
    parts = (
        [f"{output.count(done['filesTotal'], 'file')} {would}put back"]
        if done["scope"] != "conversation"
        else []
    )
    if done["scope"] != "files":
        parts.append(f"{output.count(done['messagesHidden'], 'message')} {would}taken back")
        if done["messagesShown"]:
            parts.append(f"{done['messagesShown']} {would}shown again")
    out.print(", ".join(parts), style="green", markup=False)
    if not preview and not undo:
        output.stderr().print(
            f"`journeyman rewind {chat} --undo` takes this back.", style="dim", markup=False
        )
