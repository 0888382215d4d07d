"""Code lenses over what is left to decide, and documents of workspaces, for editors without a plugin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.sandbox import Bench
from rpc.harness import Client, World
from rpc.test_changes import EDITOR, changed, step

REFRESHING: dict[str, Any] = {
    **EDITOR,
    "workspace": {**EDITOR["workspace"], "codeLens": {"refreshSupport": True}},
}
REFRESH = "workspace/codeLens/refresh"


async def editing(
    world: World, folder: Path, *, capabilities: Any = REFRESHING, local: bool = True
) -> Client:
    client = await world.connect(local=local)
    where = [{"uri": folder.as_uri(), "name": "folder"}]
    await client.initialize(capabilities, workspaceFolders=where)
    return client


async def lenses(client: Client, path: Path) -> list[dict[str, Any]]:
    return await client.result("textDocument/codeLens", {"textDocument": {"uri": path.as_uri()}})


async def refreshed(client: Client) -> None:
    asked = await client.request(REFRESH)
    client.send({"jsonrpc": "2.0", "id": asked["id"], "result": None})


async def act(client: Client, lens: dict[str, Any]) -> Any:
    command = lens["command"]
    params = {"command": command["command"], "arguments": command["arguments"]}
    return await client.result("workspace/executeCommand", params)


async def test_a_change_is_decided_from_its_lens(world: World, bench: Bench, tmp_path: Path) -> None:
    chat_id, guest = await changed(world, bench, tmp_path)
    client = await editing(world, tmp_path)
    accept, reject, apply = await lenses(client, tmp_path / "mine.txt")
    assert [each["command"]["title"] for each in (accept, reject, apply)] == [
        "Journeyman: Accept (+1 -0)",
        "Journeyman: Reject",
        "Journeyman: Bring into this folder",
    ]
    assert accept["range"]["start"] == {"line": 1, "character": 0}, "after the line that is there"
    done = await act(client, reject)
    assert [item["outcome"] for item in done["items"]] == ["rejected"]
    await refreshed(client)
    assert (await guest.read("mine.txt")).data == b"one\n"
    assert await lenses(client, tmp_path / "mine.txt") == []
    (deleted,) = {
        tuple(lens["command"]["arguments"][0]["hunkIds"])
        for lens in await lenses(client, tmp_path / "gone.txt")
    }
    left = await client.result("changes/list", {"chatId": chat_id})
    assert deleted[0] in {item["hunkId"] for item in left["items"]}


async def test_each_chat_that_changed_a_file_has_its_own(world: World, bench: Bench, tmp_path: Path) -> None:
    first, guest = await changed(world, bench, tmp_path)
    project_id = (await world.services.chats.get(first)).project_id
    second = (await world.services.chats.create(project_id)).id
    await step(world, guest, second, "echo three >> mine.txt", run_id="r2")
    client = await editing(world, tmp_path)
    found = await lenses(client, tmp_path / "mine.txt")
    assert {lens["command"]["arguments"][0]["chatId"] for lens in found} == {first, second}
    for chat_id in (first, second):
        (listed,) = [
            item["hunkId"]
            for item in (await client.result("changes/list", {"chatId": chat_id}))["items"]
            if item["path"] == "mine.txt"
        ]
        named = [each["command"]["arguments"][0] for each in found]
        assert {tuple(each["hunkIds"]) for each in named if each["chatId"] == chat_id} == {(listed,)}


async def test_what_a_lens_brings_into_the_folder_comes_by_the_editor(
    world: World, bench: Bench, tmp_path: Path
) -> None:
    await changed(world, bench, tmp_path)
    client = await editing(world, tmp_path)
    *_, apply = await lenses(client, tmp_path / "mine.txt")
    command = apply["command"]
    ident = client.ask(
        "workspace/executeCommand", {"command": command["command"], "arguments": command["arguments"]}
    )
    edit = await client.request("workspace/applyEdit")
    (change,) = edit["params"]["edit"]["documentChanges"]
    assert change["textDocument"]["uri"] == (tmp_path / "mine.txt").as_uri()
    client.send({"jsonrpc": "2.0", "id": edit["id"], "result": {"applied": True}})
    answer = await client.answer(ident)
    assert [(item["path"], item["outcome"]) for item in answer["result"]["items"]] == [("mine.txt", "edited")]
    await refreshed(client)


@pytest.mark.parametrize(
    ("name", "local"),
    [("other.txt", True), ("../outside.txt", True), ("mine.txt", False)],
    ids=["unchanged", "outside", "another machine"],
)
async def test_elsewhere_there_is_none(
    world: World, bench: Bench, tmp_path: Path, name: str, local: bool
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    await changed(world, bench, folder)
    client = await editing(world, folder, local=local)
    assert await lenses(client, folder / name) == []


async def test_an_editor_that_cannot_refresh_is_not_asked(world: World, bench: Bench, tmp_path: Path) -> None:
    await changed(world, bench, tmp_path)
    client = await editing(world, tmp_path, capabilities=EDITOR)
    accept, *_ = await lenses(client, tmp_path / "mine.txt")
    await act(client, accept)
    await client.result("daemon/ping", {})
    assert not client.requests


async def content(client: Client, uri: str) -> str:
    return (await client.result("workspace/textDocumentContent", {"uri": uri}))["text"]


async def test_documents_of_a_workspace_now_and_before(world: World, bench: Bench, tmp_path: Path) -> None:
    chat_id, guest = await changed(world, bench, tmp_path)
    project_id = (await world.services.chats.get(chat_id)).project_id
    await guest.write("a b/ü.txt", "grüße\n".encode())
    client = await editing(world, tmp_path)
    root = f"journeyman://{project_id}"
    assert await content(client, f"{root}/mine.txt") == "one\ntwo\n"
    assert await content(client, f"{root}/mine.txt?before={chat_id}") == "one\n"
    assert await content(client, f"{root}/gone.txt?before={chat_id}") == "gone\n"
    assert await content(client, f"{root}/a%20b/%C3%BC.txt") == "grüße\n"


@pytest.mark.parametrize(
    ("uri", "kind", "said"),
    [
        ("file:///etc/passwd", "invalid", "is no document of a workspace"),
        ("journeyman://PROJECT", "invalid", "is no document of a workspace"),
        ("journeyman://nobody/mine.txt", "not_found", "project"),
        ("journeyman://PROJECT/missing.txt", "not_found", "missing.txt"),
        ("journeyman://PROJECT/..%2F..%2Fetc/passwd", "path_refused", "leads out of the workspace"),
        ("journeyman://PROJECT/binary", "invalid", "binary is no text"),
        ("journeyman://PROJECT/large", "invalid", "larger than 4 MiB"),
        ("journeyman://PROJECT/mine.txt?before=nobody", "not_found", "chat"),
        ("journeyman://PROJECT/large?before=CHAT", "not_found", "nothing to decide"),
    ],
)
async def test_what_is_no_document_is_refused(
    world: World, bench: Bench, uri: str, kind: str, said: str
) -> None:
    chat_id, guest = await changed(world, bench)
    project_id = (await world.services.chats.get(chat_id)).project_id
    await guest.write("binary", b"\xff\xfe\x00")
    await guest.write("large", b"x" * (4 * 1024 * 1024 + 1))
    client = await world.initialized()
    error = await client.error(
        "workspace/textDocumentContent",
        {"uri": uri.replace("PROJECT", project_id).replace("CHAT", chat_id)},
    )
    assert (error["data"]["kind"], said in error["message"]) == (kind, True), error


async def test_initialize_says_so(world: World) -> None:
    client = await world.connect()
    said = (await client.initialize())["capabilities"]
    assert said["codeLensProvider"] == {"resolveProvider": False}
    assert said["workspace"]["textDocumentContent"] == {"schemes": ["journeyman"]}
