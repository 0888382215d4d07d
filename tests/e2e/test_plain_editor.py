"""The main job from editors that know no method of ours, as pytest-lsp has them: a code action, its command,
the progress, the question at the end, the edit.
"""

from __future__ import annotations

import ast
import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

from components.provider import ScriptedProvider, answer, chunk, tool_piece
from e2e.daemons import place
from journeyman.rpc.plain.ending import BRING, LATER

SAVED = 'prin("hello")\n'
UNSAVED = '# not saved yet\nprin("hello")\n'
FIXED = '# not saved yet\nprint("hello")\n'
PATIENCE_S = 60.0


def calls(name: str, **arguments: Any) -> Any:
    return answer(tool_piece(json.dumps(arguments), index=0, id=name, name=name), chunk(finish="tool_calls"))


FIXING = [
    calls("edit", path="src/hello.py", old_string='prin("', new_string='print("'),
    calls("terminal", command="python3 src/hello.py"),
    calls("fin", summary="It was a typo."),
]


@dataclass
class Editor:
    client: LanguageClient
    folder: Path
    provider: ScriptedProvider
    shows: bool
    """Whether this editor opens documents when asked to."""
    choice: str = BRING
    asked: asyncio.Queue[types.ShowMessageRequestParams] = field(default_factory=asyncio.Queue)
    edits: asyncio.Queue[types.ApplyWorkspaceEditParams] = field(default_factory=asyncio.Queue)

    async def told(self) -> str:
        """The first message there is."""
        while not self.client.messages:  # noqa: ASYNC110 - the test client keeps a plain list
            await asyncio.sleep(0.01)
        return self.client.messages[0].message

    async def opened(self) -> types.ShowDocumentParams:
        """The first document it was asked to show."""
        while not self.client.shown_documents:  # noqa: ASYNC110 - the test client keeps a plain list
            await asyncio.sleep(0.01)
        return self.client.shown_documents[0]

    @property
    def file(self) -> Path:
        return self.folder / "src" / "hello.py"

    @property
    def uri(self) -> str:
        return self.file.as_uri()

    async def do(self, title: str) -> Any:
        """Open the file with what is not saved yet, take the code action of that title."""
        document = types.TextDocumentItem(uri=self.uri, language_id="python", version=7, text=UNSAVED)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=document))
        where = types.Range(types.Position(1, 0), types.Position(1, 4))
        found = types.Diagnostic(range=where, message="undefined name 'prin'", source="pyflakes")
        actions = await self.client.text_document_code_action_async(
            types.CodeActionParams(
                text_document=types.TextDocumentIdentifier(uri=self.uri),
                range=where,
                context=types.CodeActionContext(diagnostics=[found]),
            )
        )
        assert actions is not None
        action = next(each for each in actions if each.title == title)
        # lsprotocol 2025.0.0 reads a code action with a command as a command, which it then keeps as text.
        command = ast.literal_eval(str(action.command))
        return await self.client.workspace_execute_command_async(
            types.ExecuteCommandParams(command=command["command"], arguments=command["arguments"])
        )


@pytest.fixture(params=["neovim", "visual-studio-code"])
async def editor(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Editor]:
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "hello.py").write_text(SAVED)
    async with ScriptedProvider() as provider:
        settings = {
            "JOURNEYMAN_MODEL_BASE_URL": provider.base_url,
            "JOURNEYMAN_MODEL": "openai-compatible/scripted",
        }
        with place(**settings) as where:
            command = [sys.executable, "-m", "journeyman", "stdio"]
            client = await ClientServerConfig(server_command=command, server_env=where.env).start()
            assert isinstance(client, LanguageClient)
            capabilities = client_capabilities(request.param)
            window = capabilities.window
            shows = window is not None and window.show_document is not None and window.show_document.support
            opened = Editor(client, folder, provider, shows)
            _listen(client, opened)
            await client.initialize_session(
                types.InitializeParams(
                    capabilities=capabilities,
                    workspace_folders=[types.WorkspaceFolder(uri=folder.as_uri(), name="project")],
                )
            )
            yield opened
            await client.shutdown_session()
            await client.stop()


def _listen(client: LanguageClient, editor: Editor) -> None:
    def choose(params: types.ShowMessageRequestParams) -> types.MessageActionItem:
        editor.asked.put_nowait(params)
        return types.MessageActionItem(title=editor.choice)

    def edit(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
        editor.edits.put_nowait(params)
        return types.ApplyWorkspaceEditResult(applied=True)

    client.feature("window/showMessageRequest")(choose)
    client.feature("workspace/applyEdit")(edit)


async def test_a_fix_from_the_light_bulb_to_the_edit(editor: Editor) -> None:
    editor.provider.script(*FIXING)
    run = await editor.do("Fix with Journeyman")
    async with asyncio.timeout(PATIENCE_S):
        question = await editor.asked.get()
        assert question.type is types.MessageType.Info
        assert question.message.startswith("It was a typo.")
        assert [each.title for each in question.actions or []] == [BRING, LATER]
        edit = (await editor.edits.get()).edit
        told = await editor.told()
        if editor.shows:
            shown = await editor.opened()
            assert (shown.uri, shown.take_focus) == (editor.uri, False)
    if edit.document_changes:
        (change,) = [each for each in edit.document_changes if isinstance(each, types.TextDocumentEdit)]
        assert (change.text_document.uri, change.text_document.version) == (editor.uri, 7)
        edits = change.edits
    else:  # an editor that knows no versions
        assert edit.changes is not None
        assert list(edit.changes) == [editor.uri]
        edits = edit.changes[editor.uri]
    assert _applied(UNSAVED, edits) == FIXED
    assert told.startswith("1 file brought into")
    prompt = str(editor.provider.requests[0].body)
    assert "undefined name" in prompt
    assert "(pyflakes)" in prompt
    assert "src/hello.py" in prompt
    (progress,) = editor.client.progress_reports.values()
    assert isinstance(progress[0], types.WorkDoneProgressBegin)
    assert run["status"] in ("queued", "running")


async def test_the_same_folder_is_the_same_project_and_not_now_changes_nothing(editor: Editor) -> None:
    editor.choice = LATER
    editor.provider.script(*FIXING)
    first = await editor.do("Fix with Journeyman")
    async with asyncio.timeout(PATIENCE_S):
        await editor.asked.get()
    editor.provider.script(calls("fin", summary="It prints hello."))
    second = await editor.do("Ask Journeyman about the selection")
    async with asyncio.timeout(PATIENCE_S):
        told = await editor.told()
    assert told == "It prints hello."
    assert second["projectId"] == first["projectId"]
    assert editor.edits.empty()
    assert editor.file.read_text() == SAVED


async def test_a_file_of_no_open_folder_is_refused_in_words(editor: Editor) -> None:
    command = types.ExecuteCommandParams(
        command="journeyman.fix", arguments=[{"uri": "file:///elsewhere/a.py"}]
    )
    with pytest.raises(Exception, match="in no folder that is open in the editor"):
        await editor.client.workspace_execute_command_async(command)


def _applied(text: str, edits: Any) -> str:
    """The text after the edits, from the last to the first."""
    lines = text.splitlines(keepends=True)

    def offset(at: types.Position) -> int:
        return sum(map(len, lines[: at.line])) + at.character

    for edit in sorted(edits, key=lambda each: offset(each.range.start), reverse=True):
        text = text[: offset(edit.range.start)] + edit.new_text + text[offset(edit.range.end) :]
    return text
