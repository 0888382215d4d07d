"""Gets a workspace back from a store with nothing but docs/archive-format.md. Imports nothing of ours.

python independent_reader.py STORE_FOLDER PROJECT_ID TARGET [ARCHIVE_ID]
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import zstandard
from blake3 import blake3

Fetch = Callable[[str], bytes]


class RefusedError(Exception):
    pass


def need(holds: bool, what: str) -> None:
    if not holds:
        raise RefusedError(what)


def content_key(project: str) -> bytes:
    return blake3(project.encode(), derive_key_context="journeyman archive chunk ids v1").digest()


class Reader:
    def __init__(self, fetch: Fetch, keys: list[str], project: str) -> None:
        self.fetch, self.keys, self.project = fetch, keys, project
        self.packs: dict[str, bytes] = {}
        self.frames: dict[int, bytes] = {}

    def newest(self) -> bytes:
        """The manifest HEAD names."""
        line, _, rest = self.fetch(f"p/{self.project}/HEAD").partition(b"\n")
        need(rest.strip() == blake3(line).hexdigest().encode(), "HEAD is damaged")
        head = json.loads(line)
        need(head["version"] == 1 and head["project_id"] == self.project, "HEAD is of something else")
        data = self.fetch(head["manifest_key"])
        need(blake3(data).hexdigest() == head["manifest_digest"], "the manifest is another one")
        return data

    def named(self, archive: str) -> bytes:
        found = [
            key for key in self.keys if key.startswith(f"p/{self.project}/m/") and key.endswith(f"-{archive}")
        ]
        need(len(found) == 1, "there is no such archive")
        return self.fetch(found[0])

    def load(self, data: bytes) -> None:
        need(data[:8] == b"JMMANI01", "this is no manifest")
        own = content_key(self.project)
        need(blake3(data[40:], key=own).digest() == data[8:40], "the manifest is damaged")
        end = 44 + int.from_bytes(data[40:44], "little")
        self.summary = json.loads(data[44:end])
        need(self.summary["version"] in (1, 2), "the manifest is of another version")
        self.body = json.loads(zstandard.ZstdDecompressor().decompress(data[end:]))
        self.key = content_key(self.body.get("content", self.project))

    def chunk(self, number: int) -> bytes:
        ident, frame, offset, length = self.body["chunks"][number]
        if frame not in self.frames:
            pack, start, stored, raw = self.body["frames"][frame]
            name, size, *owner = self.body["packs"][pack]
            at = f"p/{owner[0] if owner else self.project}/packs/{name}"
            if at not in self.packs:
                self.packs = {at: self.fetch(at)}
                need(len(self.packs[at]) == size, "a pack has another size")
            content = zstandard.ZstdDecompressor().decompress(self.packs[at][start : start + stored])
            need(len(content) == raw, "a frame has another size")
            self.frames = {frame: content}
        part = self.frames[frame][offset : offset + length]
        need(blake3(part, key=self.key).hexdigest() == ident, "a chunk is damaged")
        return part

    def restore(self, target: bytes) -> int:
        """Into an empty directory of ours; answers the number of entries."""
        need(not os.listdir(target), "the target is not empty")
        links: list[tuple[bytes, bytes, int]] = []
        late: list[tuple[bytes, int, int, dict[str, str]]] = []
        for kind, path, *rest in self.body["nodes"]:
            relative = path.encode("latin-1")
            need(
                not {b"", b".", b".."} & set(relative.split(b"/")) and b"\0" not in relative,
                "a path leads out",
            )
            place = os.path.join(target, relative)
            if kind == "d":
                os.mkdir(place, 0o700)
                late.append((place, *rest))
            elif kind == "f":
                mode, mtime, xattrs, size, digest, chunks = rest
                hasher = blake3(key=self.key)
                with open(place, "xb") as file:
                    for number in chunks:
                        part = self.chunk(number)
                        hasher.update(part)
                        file.write(part)
                    need(file.tell() == size and hasher.hexdigest() == digest, "a file is not what it was")
                late.append((place, mode, mtime, xattrs))
            elif kind == "h":
                os.link(os.path.join(target, rest[0].encode("latin-1")), place)
            else:
                need(kind == "l", "an entry is of no known kind")
                links.append((place, rest[2].encode("latin-1"), rest[1]))
        for place, text, mtime in links:
            os.symlink(text, place)
            os.utime(place, ns=(mtime, mtime), follow_symlinks=False)
        for place, mode, mtime, xattrs in reversed(late):
            for name, value in xattrs.items():
                os.setxattr(place, name, value.encode("latin-1"))
            os.chmod(place, mode)
            os.utime(place, ns=(mtime, mtime))
        return len(self.body["nodes"])


def folder(root: Path) -> tuple[Fetch, list[str]]:
    keys = [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()]
    return lambda key: (root / key).read_bytes(), keys


def recover(fetch: Fetch, keys: list[str], project: str, target: Path, archive: str | None = None) -> int:
    reader = Reader(fetch, keys, project)
    reader.load(reader.named(archive) if archive else reader.newest())
    return reader.restore(os.fsencode(target))


def main(arguments: list[str]) -> Any:
    store, project, target, *archive = arguments
    Path(target).mkdir(exist_ok=True)
    print(recover(*folder(Path(store)), project, Path(target), *archive), "entries")


if __name__ == "__main__":
    main(sys.argv[1:])
