"""The daemon over real stdio, as the editors' own test client sees it (pytest-lsp checks LSP's rules)."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Generator
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

from e2e.daemons import Place, place


@pytest.fixture(scope="module")
def here() -> Generator[Place]:
    with place() as found:
        yield found


@pytest.fixture(params=["neovim", "visual-studio-code", "emacs"])
async def client(request: pytest.FixtureRequest, here: Place) -> AsyncGenerator[LanguageClient]:
    command = [sys.executable, "-m", "journeyman", "stdio"]
    config = ClientServerConfig(server_command=command, server_env=here.env)
    client = await config.start()
    assert isinstance(client, LanguageClient)
    params = types.InitializeParams(capabilities=client_capabilities(request.param))
    answer = await client.initialize_session(params)
    client.answer = answer  # type: ignore[attr-defined]
    yield client
    await client.shutdown_session()
    await client.stop()


async def ask(client: LanguageClient, method: str, params: dict[str, Any]) -> Any:
    return await client.protocol.send_request_async(method, params)


async def test_capabilities(client: LanguageClient) -> None:
    answer: types.InitializeResult = client.answer  # type: ignore[attr-defined]
    experimental: Any = answer.capabilities.experimental
    assert experimental["journeyman"]["protocolVersion"] == 1
    assert isinstance(answer.capabilities.text_document_sync, types.TextDocumentSyncOptions)
    assert (await ask(client, "daemon/ping", {})).now.endswith("Z")


async def test_projects_chats_and_todos(client: LanguageClient) -> None:
    project = await ask(client, "project/create", {"name": "From an editor"})
    chat = await ask(client, "chat/create", {"projectId": project.id})
    items = [{"id": "a", "content": "Look around."}]
    changed = await ask(client, "todo/update", {"chatId": chat.id, "ifRev": 0, "items": items})
    assert changed.rev == 1
    listed = await ask(client, "todo/list", {"chatId": chat.id})
    assert [item.content for item in listed.items] == ["Look around."]
    with pytest.raises(JsonRpcException) as caught:
        await ask(client, "todo/update", {"chatId": chat.id, "ifRev": 0, "items": []})
    assert caught.value.code == -32801


async def test_documents_and_unknown_requests(client: LanguageClient) -> None:
    document = types.TextDocumentItem(uri="file:///x.py", language_id="python", version=1, text="x = 1\n")
    client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=document))
    with pytest.raises(JsonRpcException) as caught:
        await ask(client, "no/such", {})
    assert caught.value.code == -32601
    identifier = types.TextDocumentIdentifier(uri="file:///x.py")
    client.text_document_did_close(types.DidCloseTextDocumentParams(text_document=identifier))
    assert (await ask(client, "daemon/ping", {})).now
