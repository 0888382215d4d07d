"""What a trial needs of the daemon: projects with files in them, and a command's end."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from journeyman.evaluating.task import TaskFile

OUTPUT_CHARACTERS_KEPT = 4_000
GRACE_S = 30.0


class Asker(Protocol):
    """The part of the daemon's client that is used here."""

    def request(self, method: str, params: dict[str, Any]) -> Awaitable[dict[str, Any]]: ...

    def on(self, method: str, handler: Callable[[dict[str, Any]], None]) -> object: ...


@dataclass(slots=True)
class Ended:
    """A command's end: its exit code (None where it has none), and the end of its output."""

    code: int | None
    reason: str
    output: str


@dataclass(slots=True)
class Commands:
    """Runs commands over one connection and tells their output apart."""

    client: Asker
    _output: dict[str, str] = field(default_factory=dict[str, str])
    _ended: dict[str, asyncio.Future[dict[str, Any]]] = field(
        default_factory=dict[str, "asyncio.Future[dict[str, Any]]"]
    )

    def __post_init__(self) -> None:
        self.client.on("workspace/execOutput", self._heard)
        self.client.on("workspace/execExited", self._exited)

    async def run(self, project_id: str, command: str, env: dict[str, str], timeout_s: float) -> Ended:
        params: dict[str, Any] = {
            "projectId": project_id,
            "argv": ["bash", "-c", command],
            "env": env,
            "encoding": "utf8",
            "timeoutMs": max(1, int(timeout_s * 1000)),
        }
        exec_id: str = (await self.client.request("workspace/exec", params))["execId"]
        try:
            async with asyncio.timeout(timeout_s + GRACE_S):
                exited = await self._end_of(exec_id)
        except TimeoutError:
            return Ended(None, "timeout", self._output.pop(exec_id, ""))
        finally:
            self._ended.pop(exec_id, None)
        code = exited.get("code") if exited["reason"] == "exited" else None
        return Ended(code, exited["reason"], self._output.pop(exec_id, ""))

    def _end_of(self, exec_id: str) -> asyncio.Future[dict[str, Any]]:
        """It may have been heard before the command's id was."""
        return self._ended.setdefault(exec_id, asyncio.get_running_loop().create_future())

    def _heard(self, output: dict[str, Any]) -> None:
        text = self._output.get(output["execId"], "") + output["content"]
        self._output[output["execId"]] = text[-OUTPUT_CHARACTERS_KEPT:]

    def _exited(self, exited: dict[str, Any]) -> None:
        end = self._end_of(exited["execId"])
        if not end.done():
            end.set_result(exited)


async def make_project(client: Asker, name: str, files: Iterable[TaskFile]) -> str:
    made = await client.request("project/create", {"name": name, "source": "empty"})
    try:
        await bring_in(client, made["id"], files)
    except BaseException:  # it is nobody's yet
        await remove(client, made["id"])
        raise
    return made["id"]


async def bring_in(client: Asker, project_id: str, files: Iterable[TaskFile], below: str = "") -> None:
    sent = [
        {
            "path": f"{below}{each.path}",
            "content": base64.b64encode(each.content).decode(),
            "executable": each.executable,
        }
        for each in files
    ]
    if sent:
        await client.request("workspace/import", {"projectId": project_id, "files": sent})


async def remove(client: Asker, project_id: str) -> None:
    await client.request("project/delete", {"projectId": project_id, "archives": True})
