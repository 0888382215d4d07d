"""A workspace that is a dictionary, answering the four methods `--folder` needs."""

from __future__ import annotations

import base64
import hashlib
from typing import Any


class DictWorkspace:
    def __init__(self) -> None:
        self.files: dict[str, tuple[bytes, bool]] = {}
        self.batches: list[int] = []

    async def request(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        answers = {
            "workspace/import": self.import_files,
            "workspace/files": self.list_files,
            "workspace/readFile": self.read_file,
        }
        return answers[method](params)

    def import_files(self, params: dict[str, Any]) -> dict[str, Any]:
        held = 0
        for file in params["files"]:
            content = base64.b64decode(file["content"])
            held += len(content)
            self.files[file["path"]] = (content, file["executable"])
        self.batches.append(held)
        return {"files": len(params["files"]), "bytes": held}

    def list_files(self, params: dict[str, Any]) -> dict[str, Any]:
        exclude = set(params["exclude"])
        return {
            "items": [
                {
                    "path": path,
                    "size": len(content),
                    "sha256": hashlib.sha256(content).hexdigest(),
                    "executable": executable,
                }
                for path, (content, executable) in self.files.items()
                if not exclude & set(path.split("/"))
            ],
            "skipped": [],
        }

    def read_file(self, params: dict[str, Any]) -> dict[str, Any]:
        content, _ = self.files[params["path"]]
        part = content[params["offset"] : params["offset"] + params["limit"]]
        return {
            "content": base64.b64encode(part).decode(),
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
