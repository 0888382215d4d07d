"""workspace/readFile, writeFile and the others over the wire, on a real guest."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from typing import Any

import pytest

from components.sandbox import Bench
from rpc.harness import Client, World


@pytest.fixture
async def editor(world: World, bench: Bench) -> Client:
    """A client whose project has a real workspace."""
    _, world.manager.guest = await bench.running()
    return await world.initialized()


@pytest.fixture
async def project(editor: Client) -> str:
    return (await editor.result("project/create", {"name": "P"}))["id"]


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def test_write_read_and_a_conflict_that_says_what_is_there(editor: Client, project: str) -> None:
    ref: dict[str, Any] = {"projectId": project, "path": "a/é.txt"}
    made = await editor.result(
        "workspace/writeFile",
        {**ref, "content": "héllo", "encoding": "utf8", "expectedSha256": "", "executable": True},
    )
    assert (made["stat"]["size"], made["stat"]["mode"], made["sha256"]) == (6, 0o755, sha("héllo".encode()))
    read = await editor.result("workspace/readFile", {**ref, "encoding": "utf8", "limit": 2})
    assert (read["content"], read["bytes"], read["size"], read["etag"]) == ("h", 1, 6, made["stat"]["etag"])
    read = await editor.result("workspace/readFile", {**ref, "offset": 1, "limit": 2, "hash": False})
    assert (base64.b64decode(read["content"]), read["bytes"], read.get("sha256")) == ("é".encode(), 2, None)
    stale = {**ref, "content": "", "expectedSha256": sha(b"other")}
    refused = await editor.error("workspace/writeFile", stale)
    assert refused["code"] == -32801
    assert refused["data"]["current"]["sha256"] == made["sha256"]
    refused = await editor.error("workspace/writeFile", {**ref, "content": "", "etag": "1-2-3-4"})
    assert (refused["code"], refused["data"]["current"]["etag"]) == (-32801, made["stat"]["etag"])
    refused = await editor.error("workspace/readFile", {**ref, "etag": "1-2-3-4"})
    assert refused["code"] == -32801
    kept = await editor.result("workspace/writeFile", {**ref, "content": "", "etag": made["stat"]["etag"]})
    assert (kept["stat"]["size"], kept["stat"]["mode"]) == (0, 0o755)


async def test_many_writers_one_winner(editor: Client, project: str) -> None:
    ref = {"projectId": project, "path": "f", "expectedSha256": "", "encoding": "utf8"}
    asked = [editor.ask("workspace/writeFile", {**ref, "content": str(number)}) for number in range(10)]
    answers = await asyncio.gather(*(editor.answer(each) for each in asked))
    assert sum("result" in each for each in answers) == 1
    assert {each["error"]["code"] for each in answers if "error" in each} == {-32801}


async def test_flags(editor: Client, project: str) -> None:
    ref = {"projectId": project, "path": "f", "content": "MQ=="}
    assert (await editor.error("workspace/writeFile", {**ref, "create": False}))["data"][
        "kind"
    ] == "not_found"
    await editor.result("workspace/writeFile", ref)
    taken = await editor.error("workspace/writeFile", {**ref, "overwrite": False})
    assert (taken["code"], taken["data"]["kind"]) == (-31991, "conflict")
    await editor.result("workspace/writeFile", {**ref, "create": False, "content": "Mg=="})


async def test_a_directory_in_pages(editor: Client, project: str) -> None:
    for name in "abcde":
        ref = {"projectId": project, "path": f"d/{name}"}
        await editor.result("workspace/createDirectory", ref)
    names: list[str] = []
    ask: dict[str, Any] = {"projectId": project, "path": "d", "limit": 2}
    while True:
        page = await editor.result("workspace/readDirectory", ask)
        names += [item["name"] for item in page["items"]]
        if "nextCursor" not in page:
            break
        ask["cursor"] = page["nextCursor"]
    assert names == list("abcde")
    top = await editor.result("workspace/readDirectory", {"projectId": project})
    assert [item["name"] for item in top["items"]] == ["d"]
    for cursor in ("§", "not base64", "/w=="):
        refused = await editor.error("workspace/readDirectory", {**ask, "cursor": cursor})
        assert refused["data"]["kind"] == "invalid"


async def test_moving_and_deleting(editor: Client, project: str) -> None:
    ref = {"projectId": project}
    await editor.result("workspace/writeFile", {**ref, "path": "d/f", "content": "MQ=="})
    await editor.result("workspace/writeFile", {**ref, "path": "g", "content": ""})
    taken = await editor.error("workspace/rename", {**ref, "path": "g", "newPath": "d"})
    assert taken["data"]["kind"] == "conflict"
    moved = await editor.result("workspace/rename", {**ref, "path": "d", "newPath": "g", "overwrite": True})
    assert moved["kind"] == "directory"
    assert (await editor.error("workspace/delete", {**ref, "path": "g"}))["data"]["kind"] == "conflict"
    await editor.result("workspace/delete", {**ref, "path": "g", "recursive": True})
    assert (await editor.error("workspace/stat", {**ref, "path": "g"}))["data"]["kind"] == "not_found"


CASES: list[tuple[str, dict[str, Any], str]] = [
    ("readFile", {"path": "../x"}, "path_refused"),
    ("readFile", {"path": "a\0b"}, "path_refused"),
    ("readFile", {"path": "x" * 300}, "invalid"),
    ("readFile", {"path": "x" * 5000}, "invalid"),
    ("readFile", {"path": "bin", "encoding": "utf8"}, "invalid"),
    ("readFile", {"path": "bin", "limit": 5_000_000}, "invalid"),
    ("readFile", {"path": "nothing"}, "not_found"),
    ("readFile", {"path": "."}, "invalid"),
    ("readDirectory", {"path": "bin"}, "invalid"),
    ("readDirectory", {"path": "nothing"}, "not_found"),
    ("readDirectory", {"limit": 5001}, "invalid"),
    ("writeFile", {"path": ".", "content": ""}, "invalid"),
    ("writeFile", {"path": "bin", "content": "not base64!"}, "invalid"),
    ("writeFile", {"path": "bin", "content": "é"}, "invalid"),
    ("writeFile", {"path": "bin/below", "content": ""}, "invalid"),
    ("writeFile", {"path": "f", "content": "", "expectedSha256": "abc"}, "invalid"),
    ("writeFile", {"path": "f", "content": "", "etag": "e", "overwrite": False}, "invalid"),
    ("writeFile", {"path": "f", "content": "x" * 6_000_000, "encoding": "utf8"}, "invalid"),
    ("writeFile", {"path": "/etc/x", "content": ""}, "path_refused"),
    ("rename", {"path": "nothing", "newPath": "x"}, "not_found"),
    ("rename", {"path": "bin", "newPath": "/x"}, "path_refused"),
    ("delete", {"path": "."}, "invalid"),
    ("stat", {"path": "bin/below"}, "not_found"),
    ("createDirectory", {"path": "bin"}, "conflict"),
]


async def test_what_cannot_be_is_one_sentence_and_a_kind(editor: Client, project: str) -> None:
    binary = base64.b64encode(b"\xff\xfe").decode()
    await editor.result("workspace/writeFile", {"projectId": project, "path": "bin", "content": binary})
    for method, params, kind in CASES:
        refused = await editor.error(f"workspace/{method}", {"projectId": project, **params})
        assert (refused["data"]["kind"], refused["message"].strip() != "") == (kind, True), (method, params)


async def test_a_time_no_calendar_knows(editor: Client, project: str, bench: Bench) -> None:
    await bench.opened[0].run(["bash", "-c", "touch -d @-99999999999 f || touch -d @0 f"])
    assert "mtime" in await editor.result("workspace/stat", {"projectId": project, "path": "f"})


async def test_touching_counts_anew_and_renaming_a_chat(editor: Client, project: str, world: World) -> None:
    told = await editor.result("workspace/touch", {"projectId": project})
    assert told["projectId"] == project
    assert ("touch", (project,), {}) in world.manager.calls
    chat = await editor.result("chat/create", {"projectId": project, "title": "One"})
    renamed = await editor.result("chat/rename", {"chatId": chat["id"], "title": "Two"})
    assert renamed["title"] == "Two"
    assert (await editor.result("chat/get", {"chatId": chat["id"]}))["title"] == "Two"
