"""An editor with documents of a project's folder, and a run in its workspace, whose model is scripted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from journeyman.agent.starting import StartRun
from journeyman.changed import FolderFile
from journeyman.folder.inside import sha256
from journeyman.records import Chat, Project, Run
from journeyman.rpc.documents import Change, Documents
from journeyman.testing.model import Step
from rpc.harness import Client
from rpc.working import Working
from unit.agent.gated import GatedModel

SAVED = "one\ntwo\nthree\nfour\nfive\n"
OURS = {"protocolVersion": 1, "requests": ["permission/request"], "optOut": ["permission/didResolve"]}
EDITOR: dict[str, Any] = {
    "workspace": {
        "applyEdit": True,
        "workspaceEdit": {"documentChanges": True, "changeAnnotationSupport": {}},
    },
    "experimental": {"journeyman": OURS},
}


@dataclass
class Desk:
    """A project that is a copy of a folder, and one run in it."""

    working: Working
    project: Project
    chat: Chat
    root: str

    @classmethod
    async def of(
        cls,
        working: Working,
        files: dict[str, str],
        root: str = "/home/me/project",
        left_out: tuple[str, ...] | None = None,
    ) -> Desk:
        services = working.world.services
        project = await services.projects.create(source="folder", folder=root, left_out=left_out)
        for name, text in files.items():
            path = working.workspaces.folder(project.id) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, newline="")
        copied = [FolderFile(name, sha256(text.encode()), False) for name, text in files.items()]
        await services.store.folders.remember(project.id, copied)
        working.agent = replace(working.agent, gatekeeper=services.permissions)
        working.start()
        return cls(working, project, await services.chats.create(project.id), root)

    def file(self, name: str = "a.txt") -> Path:
        return self.working.workspaces.folder(self.project.id) / name

    def text(self, name: str = "a.txt") -> str:
        return self.file(name).read_bytes().decode()

    async def editor(self, capabilities: dict[str, Any] | None = None, name: str = "Ed") -> Typist:
        client = await self.working.world.connect(local=True)
        await client.initialize(EDITOR if capabilities is None else capabilities, clientInfo={"name": name})
        return Typist(client, f"file://{self.root}")

    async def begin(self, steps: Sequence[Step]) -> tuple[GatedModel, Run]:
        """A run that waits for the first answer of its model."""
        model = self.working.gated(steps)
        run = await self.working.world.services.runs.start(
            StartRun("Change it.", chat_id=self.chat.id, mode="execute")
        )
        await model.asked()
        return model, run

    async def ended(self, run: Run) -> Run:
        return await self.working.world.services.runs.wait(run.id)

    async def conflicts(self) -> list[dict[str, Any]]:
        events = await self.working.agent.store.events.read(self.chat.id, after=0)
        return [event.data for event in events if event.kind == "document/conflict"]

    async def observations(self) -> list[str]:
        history = await self.working.agent.store.messages.history(self.chat.id)
        return [message.text for message in history if message.role == "tool"]

    async def notes(self) -> list[str]:
        history = await self.working.agent.store.messages.history(self.chat.id)
        return [m.text for m in history if m.role == "user" and m.text.startswith("<note>")]


class Typist:
    """A person at an editor that knows no method of ours."""

    def __init__(self, client: Client, root: str) -> None:
        self.client = client
        self.root = root
        self.documents = Documents()
        self.version = 0

    def uri(self, name: str) -> str:
        return f"{self.root}/{name}"

    def text(self, name: str = "a.txt") -> str:
        found = self.documents.get(self.uri(name))
        assert found is not None
        return found.text

    async def open(self, name: str = "a.txt", text: str = SAVED) -> None:
        self.version += 1
        self.documents.open(self.uri(name), self.version, text)
        document = {"uri": self.uri(name), "languageId": "x", "version": self.version, "text": text}
        self.client.tell("textDocument/didOpen", {"textDocument": document})
        await self.client.result("daemon/ping")

    async def type(self, old: str, new: str, name: str = "a.txt") -> None:
        """Replace a piece of the text; known to the daemon on return."""
        self._changed(name, Change(self.text(name).replace(old, new, 1)))
        await self.client.result("daemon/ping")

    async def save(self, name: str = "a.txt") -> None:
        self.documents.saved(self.uri(name))
        self.client.tell("textDocument/didSave", {"textDocument": {"uri": self.uri(name)}})
        await self.client.result("daemon/ping")

    def _changed(self, name: str, *changes: Change) -> None:
        self.version += 1
        self.documents.change(self.uri(name), self.version, changes)
        told = {"text": self.text(name)}
        identifier = {"uri": self.uri(name), "version": self.version}
        self.client.tell("textDocument/didChange", {"textDocument": identifier, "contentChanges": [told]})

    async def asked_to_edit(self) -> dict[str, Any]:
        """The daemon's request, not answered yet."""
        return await self.client.request("workspace/applyEdit")

    def take(self, request: dict[str, Any], name: str = "a.txt") -> None:
        """Do as asked, where it is for the version that is open, and say so."""
        (change,) = request["params"]["edit"]["documentChanges"]
        assert change["textDocument"]["uri"] == self.uri(name)
        fits = change["textDocument"]["version"] == self.version
        if fits:
            changes = [
                Change(
                    each["newText"],
                    (each["range"]["start"]["line"], each["range"]["start"]["character"]),
                    (each["range"]["end"]["line"], each["range"]["end"]["character"]),
                )
                for each in change["edits"]
            ]
            self._changed(name, *reversed(changes))
        self.answer(request, {"applied": fits})

    def answer(self, request: dict[str, Any], result: Any) -> None:
        self.client.send({"jsonrpc": "2.0", "id": request["id"], "result": result})

    async def choose(self, title: str) -> None:
        """Answer the question that is asked."""
        request = await self.client.request("permission/request")
        option = next(each for each in request["params"]["options"] if each["title"] == title)
        self.answer(request, {"optionId": option["id"]})
