"""changes/* over the wire: listed, decided by several clients, carried to a folder by editor or daemon."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.sandbox import Bench
from journeyman.changed import FolderFile
from journeyman.folder.inside import sha256
from journeyman.guest.client import GuestClient
from rpc.harness import CAPABLE, Client, World

EDITOR: dict[str, Any] = {
    **CAPABLE,
    "workspace": {
        "applyEdit": True,
        "workspaceEdit": {
            "documentChanges": True,
            "resourceOperations": ["create", "rename", "delete"],
            "changeAnnotationSupport": {},
        },
    },
}
SCRIPT = (
    "echo two >> mine.txt; printf 'new\\n' > new.txt; rm gone.txt; printf '\\0\\1' > data.bin;"
    "mkdir -p .git/hooks .vscode; echo evil > .git/hooks/pre-commit; echo '{}' > .vscode/tasks.json;"
    "mkdir -p link; echo x > link/x"
)
FILES = {"mine.txt": b"one\n", "gone.txt": b"gone\n"}


async def step(world: World, guest: GuestClient, chat_id: str, script: str, run_id: str = "r") -> None:
    """What a step of a run does, recorded."""
    services = world.services
    chat = await services.chats.get(chat_id)

    async def warn(message: str, hint: str) -> None:
        raise AssertionError(message)

    recorder = services.checkpoints.recorder(
        guest, project_id=chat.project_id, chat_id=chat_id, run_id=run_id, at_work=lambda: False, say=warn
    )
    await recorder.begin(look=True)
    await recorder.before_change()
    done = await guest.run(["bash", "-c", script])
    assert done.code == 0, done.output
    recorder.after_step("step", "terminal", ())
    await recorder.close()


async def changed(world: World, bench: Bench, folder: Path | None = None) -> tuple[str, GuestClient]:
    """A chat whose agent changed files that came from `folder`."""
    origin = str(folder) if folder is not None else None
    project = await world.services.projects.create(source="folder" if origin else "empty", folder=origin)
    chat_id = (await world.services.chats.create(project.id)).id
    _, guest = await bench.running()
    world.manager.guest = guest
    for name, content in FILES.items():
        await guest.write(name, content)
        if folder is not None:
            (folder / name).write_bytes(content)
    if folder is not None:
        copied = [FolderFile(name, sha256(content), False) for name, content in FILES.items()]
        await world.services.store.folders.remember(project.id, copied)
    await step(world, guest, chat_id, SCRIPT)
    return chat_id, guest


async def local(world: World, capabilities: dict[str, Any]) -> Client:
    client = await world.connect(local=True)
    await client.initialize(capabilities)
    return client


def outcomes(answer: dict[str, Any]) -> dict[str, str]:
    return {item["path"]: item["outcome"] for item in answer["items"]}


def everything(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


async def test_listed_accepted_rejected(world: World, bench: Bench) -> None:
    chat_id, guest = await changed(world, bench)
    client = await world.initialized()
    page = await client.result("changes/list", {"chatId": chat_id, "limit": 3})
    items = page["items"]
    rest = await client.result("changes/list", {"chatId": chat_id, "cursor": page["nextCursor"]})
    items += rest["items"]
    assert [(item["path"], item["kind"], "guarded" in item) for item in items] == [
        (".git/hooks/pre-commit", "created", True),
        (".vscode/tasks.json", "created", True),
        ("data.bin", "created", False),
        ("gone.txt", "deleted", False),
        ("link/x", "created", False),
        ("mine.txt", "edit", False),
        ("new.txt", "created", False),
    ]
    edit = items[5]
    assert {key: edit[key] for key in ("oldStart", "oldLines", "newStart", "newLines", "text")} == {
        "oldStart": 1,
        "oldLines": 0,
        "newStart": 2,
        "newLines": 1,
        "text": "@@ -1,1 +1,2 @@\n one\n+two\n",
    }
    ids = {item["path"]: item["hunkId"] for item in items}
    done = await client.result("changes/accept", {"chatId": chat_id, "hunkIds": [ids["new.txt"]]})
    assert done["items"] == [
        {"hunkId": ids["new.txt"], "outcome": "accepted", "path": "new.txt", "earlier": False}
    ]
    done = await client.result(
        "changes/reject", {"chatId": chat_id, "hunkIds": [ids["mine.txt"], ids["gone.txt"]]}
    )
    assert [item["outcome"] for item in done["items"]] == ["rejected", "rejected"]
    assert (await guest.read("mine.txt")).data == b"one\n"
    assert (await guest.read("gone.txt")).data == b"gone\n"
    left = await client.result("changes/list", {"chatId": chat_id})
    assert [item["path"] for item in left["items"]] == [item["path"] for item in [*items[:3], items[4]]]
    await client.result("checkpoint/undo", {"chatId": chat_id})
    assert (await guest.read("mine.txt")).data == b"one\ntwo\n"


async def test_two_clients_decide_the_same_hunk(world: World, bench: Bench) -> None:
    chat_id, guest = await changed(world, bench)
    one, two = await world.initialized(), await world.initialized()
    for client in (one, two):
        await client.result("agent/subscribe", {"chatId": chat_id})
    items = (await one.result("changes/list", {"chatId": chat_id}))["items"]
    ids = [item["hunkId"] for item in items]
    params = {"chatId": chat_id, "hunkIds": ids}
    first, second = one.ask("changes/accept", params), two.ask("changes/reject", params)
    answers = [(await one.answer(first))["result"]["items"], (await two.answer(second))["result"]["items"]]
    said = {item["outcome"] for answer in answers for item in answer}
    assert len(said) == 1, "both are told the one decision"
    assert sorted(item["earlier"] for answer in answers for item in answer) == [False] * 7 + [True] * 7
    assert ((await guest.read("mine.txt")).data == b"one\n") == (said == {"rejected"})
    for client in (one, two):
        assert await client.notification("changes/didChange") == {"chatId": chat_id, "reason": "decision"}
        await client.until(lambda client=client: "changes/decided" in str(client.notifications))
        client.claim("agent/event")
        client.claim("changes/didChange")


async def test_under_a_run(world: World, bench: Bench) -> None:
    chat_id, guest = await changed(world, bench)
    client = await world.initialized({"experimental": CAPABLE["experimental"]})
    await client.result("agent/subscribe", {"chatId": chat_id})
    run = await client.result("agent/run", {"prompt": "x", "chatId": chat_id, "wait": "accepted"})
    items = (await client.result("changes/list", {"chatId": chat_id}))["items"]
    ids = [item["hunkId"] for item in items if item["path"] == "mine.txt"]
    done = await client.result("changes/reject", {"chatId": chat_id, "hunkIds": ids, "feedback": "No."})
    assert [item["outcome"] for item in done["items"]] == ["rejecting"]
    assert (await guest.read("mine.txt")).data == b"one\ntwo\n"
    await world.runs.finish(await world.services.store.runs.get(run["runId"]))
    await client.until(lambda: "'decision': 'rejected'" in str(client.notifications))
    assert (await guest.read("mine.txt")).data == b"one\n"
    client.claim("agent/event")
    client.claim("changes/didChange")


@pytest.mark.parametrize(
    ("method", "more", "kind"),
    [
        ("changes/list", {}, "invalid"),
        ("changes/list", {"chatId": "nothing"}, "not_found"),
        ("changes/list", {"runId": "nothing"}, "not_found"),
        ("changes/accept", {"chatId": "nothing", "hunkIds": ["a"]}, "not_found"),
        ("changes/reject", {"chatId": "nothing", "hunkIds": ["a"]}, "not_found"),
        ("changes/reject", {"chatId": "nothing", "hunkIds": []}, "invalid"),
        ("changes/apply", {}, "invalid"),
        ("changes/apply", {"chatId": "CHAT"}, "invalid"),
        ("changes/apply", {"chatId": "CHAT", "root": "relative"}, "invalid"),
        ("changes/apply", {"chatId": "CHAT", "root": "/"}, "invalid"),
        ("changes/apply", {"chatId": "CHAT", "root": "/tmp/x", "hunkIds": ["nothing"]}, "conflict"),
    ],
)
async def test_refusals(world: World, method: str, more: dict[str, Any], kind: str) -> None:
    chat_id = await world.chat()
    client = await world.initialized()
    params = {key: chat_id if value == "CHAT" else value for key, value in more.items()}
    assert (await client.error(method, params))["data"]["kind"] == kind


# -- to a folder, by the daemon ------------------------------------------------------------------------


async def test_the_daemon_writes_for_a_client_that_cannot(world: World, bench: Bench, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    chat_id, _ = await changed(world, bench, folder)
    client = await local(world, CAPABLE)
    done = await client.result("changes/apply", {"chatId": chat_id})
    assert done["root"] == str(folder)
    assert outcomes(done) == {
        ".git/hooks/pre-commit": "refused",
        ".vscode/tasks.json": "refused",
        "data.bin": "written",
        "gone.txt": "removed",
        "link/x": "written",
        "mine.txt": "written",
        "new.txt": "written",
    }
    assert everything(folder) == {
        "data.bin": b"\0\1",
        "link/x": b"x\n",
        "mine.txt": b"one\ntwo\n",
        "new.txt": b"new\n",
    }
    again = await client.result("changes/apply", {"chatId": chat_id})
    assert set(outcomes(again).values()) == {"refused"}, "what was carried is not carried again"
    allowed = {"chatId": chat_id, "allow": [".vscode/tasks.json"]}
    assert outcomes(await client.result("changes/apply", allowed)) == {
        ".git/hooks/pre-commit": "refused",
        ".vscode/tasks.json": "written",
    }


async def test_what_changed_in_the_folder_meanwhile_stays(world: World, bench: Bench, tmp_path: Path) -> None:
    folder, outside = tmp_path / "folder", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    chat_id, _ = await changed(world, bench, folder)
    (folder / "mine.txt").write_text("theirs\n")
    (folder / "gone.txt").unlink()
    (folder / "new.txt").write_text("theirs\n")
    (folder / "link").symlink_to(outside)
    client = await local(world, CAPABLE)
    done = await client.result("changes/apply", {"chatId": chat_id})
    assert outcomes(done) == {
        ".git/hooks/pre-commit": "refused",
        ".vscode/tasks.json": "refused",
        "data.bin": "written",
        "gone.txt": "same",
        "link/x": "refused",
        "mine.txt": "refused",
        "new.txt": "refused",
    }
    assert everything(outside) == {}
    assert everything(folder) == {"data.bin": b"\0\1", "mine.txt": b"theirs\n", "new.txt": b"theirs\n"}
    (folder / "mine.txt").write_bytes(FILES["mine.txt"])
    assert outcomes(await client.result("changes/apply", {"chatId": chat_id}))["mine.txt"] == "written"


async def test_only_what_was_accepted_or_named_is_carried(world: World, bench: Bench, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    chat_id, _ = await changed(world, bench, folder)
    client = await local(world, CAPABLE)
    items = (await client.result("changes/list", {"chatId": chat_id}))["items"]
    ids = {item["path"]: item["hunkId"] for item in items}
    await client.result("changes/accept", {"chatId": chat_id, "hunkIds": [ids["mine.txt"]]})
    assert outcomes(await client.result("changes/apply", {"chatId": chat_id, "hunkIds": []})) == {
        "mine.txt": "written"
    }
    named = {"chatId": chat_id, "hunkIds": [ids["new.txt"]]}
    assert outcomes(await client.result("changes/apply", named)) == {"new.txt": "written"}
    assert everything(folder) == {"gone.txt": b"gone\n", "mine.txt": b"one\ntwo\n", "new.txt": b"new\n"}


async def test_a_client_elsewhere_without_edits_is_refused(
    world: World, bench: Bench, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    chat_id, _ = await changed(world, bench)
    client = await world.initialized()
    error = await client.error("changes/apply", {"chatId": chat_id, "root": str(folder)})
    assert error["data"]["kind"] == "unauthorized"
    assert everything(folder) == {}


# -- to a folder, by the editor ------------------------------------------------------------------------


def opened(client: Client, uri: str, text: str, version: int = 1) -> None:
    document = {"uri": uri, "languageId": "text", "version": version, "text": text}
    client.tell("textDocument/didOpen", {"textDocument": document})


async def asked(client: Client, ident: Any, *, applied: bool = True, **more: Any) -> dict[str, Any]:
    """What the editor is asked to edit; it answers at once."""
    request = await client.request("workspace/applyEdit")
    client.send({"jsonrpc": "2.0", "id": request["id"], "result": {"applied": applied, **more}})
    return request["params"]["edit"]


async def test_the_editor_is_asked_with_versions_and_annotations(
    world: World, bench: Bench, tmp_path: Path
) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    chat_id, _ = await changed(world, bench, folder)
    client = await local(world, EDITOR)
    base = f"file://{tmp_path}/a%20folder"
    opened(client, f"{base}/mine.txt", "one\n", version=7)
    ident = client.ask("changes/apply", {"chatId": chat_id})
    edit = await asked(client, ident)
    answer = (await client.answer(ident))["result"]
    assert outcomes(answer) == {
        ".git/hooks/pre-commit": "refused",
        ".vscode/tasks.json": "refused",
        "data.bin": "written",
        "gone.txt": "edited",
        "link/x": "edited",
        "mine.txt": "edited",
        "new.txt": "edited",
    }
    start = {"line": 0, "character": 0}
    at_two = {"line": 1, "character": 0}
    options = {"overwrite": False, "ignoreIfExists": False}

    def made(path: str, text: str) -> list[dict[str, Any]]:
        uri = f"{base}/{path}"
        insert = {"range": {"start": start, "end": start}, "newText": text, "annotationId": path}
        return [
            {"kind": "create", "uri": uri, "options": options, "annotationId": path},
            {"textDocument": {"uri": uri, "version": None}, "edits": [insert]},
        ]

    assert edit["documentChanges"] == [
        {"kind": "delete", "uri": f"{base}/gone.txt", "annotationId": "gone.txt"},
        *made("link/x", "x\n"),
        {
            "textDocument": {"uri": f"{base}/mine.txt", "version": 7},
            "edits": [
                {
                    "range": {"start": at_two, "end": at_two},
                    "newText": "two\n",
                    "annotationId": "mine.txt",
                }
            ],
        },
        *made("new.txt", "new\n"),
    ]
    assert {each["needsConfirmation"] for each in edit["changeAnnotations"].values()} == {True}
    assert set(edit["changeAnnotations"]) == {"gone.txt", "link/x", "mine.txt", "new.txt"}
    assert everything(folder) == {**FILES, "data.bin": b"\0\1"}, "the editor's files are the editor's"


async def test_an_editor_that_says_no(world: World, bench: Bench, tmp_path: Path) -> None:
    chat_id, _ = await changed(world, bench, tmp_path)
    client = await local(world, EDITOR)
    ident = client.ask("changes/apply", {"chatId": chat_id})
    await asked(client, ident, applied=False, failureReason="The user said no.")
    items = {item["path"]: item for item in (await client.answer(ident))["result"]["items"]}
    assert items["mine.txt"]["outcome"] == "refused"
    assert "The user said no." in items["mine.txt"]["why"]
    ident = client.ask("changes/apply", {"chatId": chat_id})
    await asked(client, ident)
    assert outcomes((await client.answer(ident))["result"])["mine.txt"] == "edited"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("one\n", (1, 0)),
        ("mine\none\n", (2, 0)),
        ("one\nmine\n", None),
        ("theirs\n", None),
        ("", None),
    ],
)
async def test_unsaved_text_is_edited_where_its_lines_are_left_alone(
    world: World, bench: Bench, tmp_path: Path, text: str, at: tuple[int, int] | None
) -> None:
    chat_id, _ = await changed(world, bench, tmp_path)
    client = await local(world, EDITOR)
    opened(client, f"file://{tmp_path}/mine.txt", text, version=3)
    ident = client.ask("changes/apply", {"chatId": chat_id})
    edit = await asked(client, ident)
    answer = outcomes((await client.answer(ident))["result"])
    edits = [
        each["edits"][0]["range"]["start"]
        for each in edit["documentChanges"]
        if each.get("textDocument", {}).get("uri", "").endswith("mine.txt")
    ]
    assert edits == ([{"line": at[0], "character": at[1]}] if at else [])
    assert answer["mine.txt"] == ("edited" if at else "refused")


async def test_an_editor_of_few_words(world: World, bench: Bench, tmp_path: Path) -> None:
    """Without document changes nothing can be made or deleted by it: the daemon does that."""
    chat_id, _ = await changed(world, bench, tmp_path)
    client = await local(world, {**CAPABLE, "workspace": {"applyEdit": True}})
    ident = client.ask("changes/apply", {"chatId": chat_id})
    edit = await asked(client, ident)
    assert set(edit) == {"changes"}
    assert [uri.rpartition("/")[2] for uri in edit["changes"]] == ["mine.txt"]
    answer = outcomes((await client.answer(ident))["result"])
    assert answer["mine.txt"] == "edited"
    assert answer["new.txt"] == "written"
    assert answer["gone.txt"] == "removed"


async def test_an_editor_elsewhere_sees_its_own_files(world: World, bench: Bench) -> None:
    chat_id, _ = await changed(world, bench)
    client = await world.initialized(EDITOR)
    root = "vscode-remote://ssh+host/home/ada/project"
    ident = client.ask("changes/apply", {"chatId": chat_id, "root": root})
    edit = await asked(client, ident)
    uris = {each.get("uri") or each["textDocument"]["uri"] for each in edit["documentChanges"]}
    assert uris == {f"{root}/{name}" for name in ("gone.txt", "link/x", "mine.txt", "new.txt")}
    answer = outcomes((await client.answer(ident))["result"])
    assert answer["data.bin"] == answer[".git/hooks/pre-commit"] == "refused"


async def test_links_in_the_folder_are_not_followed_by_the_editor_either(
    world: World, bench: Bench, tmp_path: Path
) -> None:
    folder, outside = tmp_path / "folder", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    chat_id, _ = await changed(world, bench, folder)
    (folder / "link").symlink_to(outside)
    client = await local(world, EDITOR)
    ident = client.ask("changes/apply", {"chatId": chat_id})
    edit = await asked(client, ident)
    assert "link/x" not in str(edit)
    assert outcomes((await client.answer(ident))["result"])["link/x"] == "refused"
