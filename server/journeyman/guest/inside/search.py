"""grep and glob: ripgrep where there is one, to say where to look, and the same answers without it."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from typing import Any

from .channels import Channel
from .globs import Ignored, compile_pattern, glob_regex
from .lines import Lines
from .paths import OPEN_DIRECTORY, OPEN_READ, Root, Walker
from .wire import DEPTH_MAX, Gone, Refusal


class Search:
    def __init__(self, root: Root, environment: dict[str, str]) -> None:
        self.root = root
        self.environment = environment

    def glob(self, channel: Channel, args: dict[str, Any], _: bytes) -> dict[str, Any]:
        rule = compile_pattern(glob_regex(args["pattern"].lstrip("/")))
        base = self.root.open_directory(args["path"])
        try:
            found = [
                (mtime, path) for path, mtime, _size in self._files(base, None, channel) if rule.match(path)
            ]
        finally:
            os.close(base)
        found.sort(key=lambda each: (-each[0], each[1]))
        limit = int(args["limit"])
        return {"paths": [path for _, path in found[:limit]], "more": max(0, len(found) - limit)}

    def _files(self, base: int, ignored: Ignored | None, channel: Channel) -> Iterator[tuple[str, int, int]]:
        """Regular files and links below `base`, without .git: (path, mtime in ns, size)."""
        stack: list[tuple[int, str]] = [(os.dup(base), "")]
        try:
            while stack:
                if channel.gone:
                    raise Gone
                handle, prefix = stack.pop()
                try:
                    if ignored is not None:
                        ignored.enter(handle, prefix)
                    for name in os.listdir(handle):
                        try:
                            info = os.stat(name, dir_fd=handle, follow_symlinks=False)
                        except OSError:
                            continue
                        path = prefix + name
                        is_directory = stat.S_ISDIR(info.st_mode)
                        if name == ".git" or (ignored is not None and ignored.hides(path, is_directory)):
                            continue
                        if not is_directory:
                            yield path, info.st_mtime_ns, info.st_size
                        elif path.count("/") < DEPTH_MAX:
                            with contextlib.suppress(OSError):
                                inner = os.open(name, OPEN_DIRECTORY, dir_fd=handle)
                                stack.append((inner, path + "/"))
                finally:
                    os.close(handle)
        finally:
            for handle, _ in stack:
                os.close(handle)

    def grep(self, channel: Channel, args: dict[str, Any], _: bytes) -> dict[str, Any]:
        """Answers [[path below the workspace, line, text]...] and how much more there was."""
        with self.root.resolve(args["path"]) as place:
            if place.lstat() is None:
                raise Refusal("not_found", "There is no %s." % args["path"])
            parts = place.parts
        program = shutil.which("rg", path=self.environment["PATH"])
        source = self._ripgrep(program, parts, args, channel) if program else self._scan(parts, args, channel)
        limit, more = int(args["limit"]), 0
        matches: list[list[Any]] = []
        files: set[str] = set()
        for path, line, text in source:
            if len(matches) < limit:
                matches.append([path, line, text[:500]])
            else:
                more += 1
                files.add(path)
        return {"matches": matches, "more": more, "files": len(files)}

    def _ripgrep(
        self, program: str, parts: list[bytes], args: dict[str, Any], channel: Channel
    ) -> Iterator[tuple[str, int, str]]:
        command: list[Any] = [program, "--no-config", "--null", "-nb", "--no-heading", "--with-filename"]
        command += ["--color=never", "--hidden", "--glob=!.git", "--no-require-git", "--sortr=modified"]
        command += ["--encoding=none", "--max-columns=4096", "--max-columns-preview", "--no-messages"]
        command += ["--ignore-case"] if args["ignore_case"] else []
        command += ["--glob=" + args["glob"]] if args["glob"] else []
        command += ["--regexp=" + args["pattern"], "--", b"/".join([b".", *parts])]
        lines = Lines(self.root.fd)
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
            cwd="/proc/self/fd/%d" % self.root.fd, env=self.environment,
        ) as process:  # fmt: skip
            assert process.stdout is not None
            assert process.stderr is not None
            try:
                for raw in process.stdout:
                    path, _, rest = raw.partition(b"\0")
                    number, _, rest = rest.partition(b":")
                    offset, _, text = rest.partition(b":")
                    if number.isdigit() and offset.isdigit():
                        line = text.rstrip(b"\r\n")
                        if lines.holds(path[2:], int(offset), line):
                            told = line.decode("utf-8", "replace")
                            yield path[2:].decode("utf-8", "surrogateescape"), int(number), told
                    if channel.gone:
                        raise Gone
                problem = process.stderr.read(8192).decode("utf-8", "replace").strip()
            finally:
                process.kill()
                lines.close()
        if problem and "No files were searched" not in problem:
            raise Refusal("invalid", "The pattern does not parse: %s" % problem.splitlines()[-1])

    def _scan(
        self, parts: list[bytes], args: dict[str, Any], channel: Channel
    ) -> Iterator[tuple[str, int, str]]:
        rule = compile_pattern(args["pattern"], re.IGNORECASE if args["ignore_case"] else 0)
        wanted = args["glob"]
        only = compile_pattern(glob_regex(wanted if "/" in wanted else "**/" + wanted)) if wanted else None
        below = b"/".join(parts).decode("utf-8", "surrogateescape")
        files = self._files(self.root.fd, Ignored(), channel)
        chosen = [
            (mtime, path)
            for path, mtime, _ in files
            if (not below or path == below or path.startswith(below + "/"))
            and (only is None or only.match(path))
        ]
        walker = Walker(self.root.fd)
        try:
            for _, path in sorted(chosen, key=lambda each: (-each[0], each[1])):
                pieces = path.encode("utf-8", "surrogateescape").split(b"/")
                try:
                    handle = os.open(pieces[-1], OPEN_READ, dir_fd=walker.parent(pieces))
                except OSError:
                    continue
                with os.fdopen(handle, "rb") as source:
                    if not stat.S_ISREG(os.fstat(handle).st_mode) or b"\0" in source.read(8192):
                        continue
                    source.seek(0)
                    for number, raw in enumerate(iter(lambda s=source: s.readline(1 << 20), b""), 1):
                        text = raw.rstrip(b"\r\n").decode("utf-8", "replace")
                        if rule.search(text):
                            yield path, number, text
                if channel.gone:
                    raise Gone
        finally:
            walker.close()
