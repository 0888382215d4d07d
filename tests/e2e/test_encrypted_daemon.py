"""A daemon with a key file: away, encrypted, and back; without the key nothing is lost and nothing leaks."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from e2e.daemons import place
from journeyman.cli.main import main
from journeyman.client.connection import Client
from journeyman.failures import Failure

pytestmark = pytest.mark.bubblewrap


async def test_a_workspace_goes_and_comes_back_with_the_key_and_stays_without_it(tmp_path: Path) -> None:
    key, store = tmp_path / "archive.key", tmp_path / "store"
    assert main(["archive", "key", str(key)]) == 0
    with place(JOURNEYMAN_OBJECTS=str(store), JOURNEYMAN_ARCHIVE_KEY_FILE=str(key)) as where:
        where.start()
        async with Client.connect(socket=where.socket) as client:
            ref = {"projectId": (await client.request("project/create", {"name": "P"}))["id"]}
            secret = {**ref, "path": "the-name-of-it", "content": "what it says " * 99, "encoding": "utf8"}
            await client.request("workspace/writeFile", secret)
            await client.request("workspace/archive", ref)
        stored = [path for path in store.rglob("*") if path.is_file()]
        seen = b"\n".join(str(path).encode() + path.read_bytes() for path in stored)
        assert len(stored) >= 4  # SEALED, HEAD, a manifest, a pack
        for word in (b"the-name-of-it", b"what it says"):
            assert word not in seen
        where.stop()

        del where.settings["JOURNEYMAN_ARCHIVE_KEY_FILE"]
        where.start()
        async with Client.connect(socket=where.socket) as client:
            with pytest.raises(Failure) as refused:
                await client.request("workspace/open", ref)
            assert refused.value.kind == "store_refused"
            assert "archive_key_file" in (refused.value.hint or "")
        where.stop()

        where.settings["JOURNEYMAN_ARCHIVE_KEY_FILE"] = str(key)
        where.start()
        async with Client.connect(socket=where.socket) as client:
            got = await client.request("workspace/readFile", {**ref, "path": "the-name-of-it"})
            assert base64.b64decode(got["content"]).decode() == secret["content"]
