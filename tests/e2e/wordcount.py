"""The example project and its recording, driven through a daemon."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from journeyman.client.connection import Client

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
RECORDING = f"replay/{EXAMPLES / 'recordings' / 'wordcount.jsonl'}"
AGAIN = f"replay/{EXAMPLES / 'recordings' / 'restored.jsonl'}"


async def new_project(client: Client) -> str:
    """A project with the example's files in its workspace."""
    root = EXAMPLES / "wordcount"
    files = [
        {"path": str(path.relative_to(root)), "content": base64.b64encode(path.read_bytes()).decode()}
        for path in sorted(root.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    ]
    project: dict[str, Any] = await client.request("project/create", {"source": "folder"})
    await client.request("workspace/import", {"projectId": project["id"], "files": files})
    return str(project["id"])


async def repaired(client: Client, project_id: str) -> dict[str, Any]:
    run: dict[str, Any] = await client.request(
        "agent/run", {"prompt": "Repair the tests.", "projectId": project_id, "model": RECORDING}
    )
    assert run["status"] == "completed", run["summary"]
    assert set(run["changes"]["files"]) == {"wordcount/stats.py", "wordcount/text.py"}
    return run


async def still_green(client: Client, **where: str) -> dict[str, Any]:
    run: dict[str, Any] = await client.request(
        "agent/run", {"prompt": "Run the tests again.", "model": AGAIN, "mode": "execute", **where}
    )
    assert run["status"] == "completed", run["summary"]
    return run


async def digests(client: Client, project_id: str) -> dict[str, str]:
    """What is in the workspace: path to SHA-256. Caches aside, which a test run writes anew."""
    listed = await client.request("workspace/files", {"projectId": project_id, "exclude": ["__pycache__"]})
    return {file["path"]: file["sha256"] for file in listed["items"]}
