"""An image from a file on a disk to the bytes a provider gets, and what was said about it found again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from components.images import base64_of, png
from components.provider import ScriptedProvider, answer, chunk, text_answer, tool_piece
from e2e.daemons import Place, place
from e2e.refused import served

MODEL = "openai-compatible/tiny"
LOOK = answer(tool_piece("{}", index=0, id="l", name="ls"), chunk(finish="tool_calls"))
ONE = png(1, "sketch.png")
SHOWN = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{base64_of(ONE)}"}}


async def said(where: Place, *arguments: str) -> tuple[int, str]:
    """A command's exit code and all it printed."""
    process = await asyncio.create_subprocess_exec(
        *where.command(*arguments),
        env=where.env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    return process.returncode or 0, printed.decode()


def images_of(request: Any) -> list[Any]:
    parts = [message["content"] for message in request.json["messages"] if message["role"] == "user"]
    return [
        part for content in parts if isinstance(content, list) for part in content if part["type"] != "text"
    ]


async def test_a_file_goes_to_the_model_and_its_chat_is_found_again(tmp_path: Path) -> None:
    image = tmp_path / "sketch.png"
    image.write_bytes(ONE.data)
    look = ("run", "What is on the bluebottle sketch?", "--attach", str(image), "--model", MODEL)
    async with ScriptedProvider() as provider:
        with place(JOURNEYMAN_MODEL_BASE_URL=provider.base_url) as where:
            async with served(where):
                code, printed = await said(where, *look)
            assert code == 2, printed
            assert "is not known to take images" in printed
            assert "model_images" in printed
            assert provider.requests == []
        sees = {
            "JOURNEYMAN_MODEL_BASE_URL": provider.base_url,
            "JOURNEYMAN_MODEL_IMAGES": "ollama/x, openai-*",
        }
        with place(**sees) as where:
            provider.script(LOOK, text_answer("A bluebottle."))
            async with served(where) as client:
                code, printed = await said(where, *look)
                assert code == 0, printed
                assert [images_of(request) for request in provider.requests] == [[SHOWN], [SHOWN]]
                (chat,) = (await client.request("chat/list", {}))["items"]
            # Another daemon on the same data.
            provider.script(text_answer("Blue."))
            async with served(where) as client:
                again = {"chatId": chat["id"], "prompt": "Which colour is it?", "model": MODEL}
                run = await client.request("agent/run", again)
                assert (run["status"], run["summary"]) == ("completed", "Blue.")
                assert images_of(provider.requests[-1]) == [SHOWN]
                got = await client.request("chat/image", {"chatId": chat["id"], "imageId": ONE.picture.id})
                assert got["data"] == base64_of(ONE)
                code, printed = await said(where, "chats", "search", "bluebot")
                assert code == 0, printed
                rows = [line.split("\t") for line in printed.splitlines()]
                assert [(row[0], row[2]) for row in rows] == [
                    (chat["id"][:12], ""),
                    (chat["id"][:12], "assistant"),
                    (chat["id"][:12], "user"),
                ]
                await client.request("chat/delete", {"chatId": chat["id"]})
                assert "Nothing was found" in (await said(where, "chats", "search", "bluebot"))[1]
