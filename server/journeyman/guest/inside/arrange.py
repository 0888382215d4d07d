"""A page of a directory, and moving and removing what is there, for people who look at it in an editor."""

from __future__ import annotations

import bisect
import contextlib
import errno
import os
import stat
from typing import Any

from . import libc
from .channels import Channel
from .files import Files, stat_of, text_of
from .paths import Place
from .removal import remove_tree
from .wire import Refusal, to_json

PAGE_MAX = 5000
_RENAME_NOREPLACE = 1


class Arrange:
    def __init__(self, files: Files) -> None:
        self.root = files.root
        self._files = files

    def entries(self, channel: Channel, args: dict[str, Any], _: bytes) -> dict[str, Any]:
        """Up to `limit` entries whose names sort after `after` (byte order). `more`: there are others.
        Names that are not UTF-8 cannot be said in the protocol: they are counted."""
        handle = self.root.open_directory(args["path"])
        try:
            names: list[bytes] = []
            unnamed = 0
            for name in map(os.fsencode, os.listdir(handle)):
                try:
                    name.decode()
                    names.append(name)
                except UnicodeDecodeError:
                    unnamed += 1
            names.sort()
            begin = bisect.bisect_right(names, args["after"].encode()) if args["after"] else 0
            end = begin + min(int(args["limit"]), PAGE_MAX)
            batch: list[dict[str, Any]] = []
            for name in names[begin:end]:
                try:
                    info = os.stat(name, dir_fd=handle, follow_symlinks=False)
                    entry: dict[str, Any] = {"name": name.decode(), **stat_of(info)}
                    if stat.S_ISLNK(info.st_mode):
                        target = os.readlink(name, dir_fd=handle)
                        entry["target"] = target.decode("utf-8", "replace")
                        entry["target_kind"] = self._files.kind_behind(
                            "%s/%s" % (args["path"], name.decode())
                        )
                except FileNotFoundError:
                    continue
                batch.append(entry)
                if len(batch) == 200:
                    channel.send(to_json(batch))
                    batch = []
            if batch:
                channel.send(to_json(batch))
            last = names[end - 1].decode() if end < len(names) else None
            return {"last": last, "unnamed": unnamed}
        finally:
            os.close(handle)

    def remove(self, _c: Channel, args: dict[str, Any], _b: bytes) -> dict[str, Any]:
        with self.root.resolve(args["path"], follow=False) as place:
            place.must_be_named()
            if not args.get("recursive", True):
                info = place.lstat()
                if info is not None and stat.S_ISDIR(info.st_mode):
                    try:
                        os.rmdir(place.name, dir_fd=place.fd)
                    except OSError as error:
                        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                            what = text_of(place.parts)
                            raise Refusal("conflict", "%s is not empty." % what) from None
                        raise
                    return {}
            remove_tree(place.name, place.fd)
        return {}

    def rename(self, _c: Channel, args: dict[str, Any], _b: bytes) -> dict[str, Any]:
        """Without `overwrite` (the default here is to have it) what is at the target is a conflict; with
        `replace` a directory there goes too, after the move."""
        with self.root.resolve(args["source"], follow=False) as source:
            source.must_be_named()
            if source.lstat() is None:
                raise Refusal("not_found", "There is no %s." % args["source"])
            with self.root.resolve(args["target"], follow=False, make=True) as target:
                target.must_be_named()
                if not args.get("overwrite", True):
                    _move_if_free(source, target)
                elif not args.get("replace", False):
                    os.rename(source.name, target.name, src_dir_fd=source.fd, dst_dir_fd=target.fd)
                else:
                    _move_in_place_of(source, target)
        return {}


def _move_if_free(source: Place, target: Place) -> None:
    taken = Refusal("conflict", "%s is already there." % text_of(target.parts))
    done = libc.renameat2(source.fd, source.name, target.fd, target.name, _RENAME_NOREPLACE)
    if done == errno.EEXIST:
        raise taken
    if done in (errno.ENOSYS, errno.EINVAL) and not _within(source, target):
        # A file system or a libc without it: look first, which is not proof against somebody faster.
        if target.lstat() is not None:
            raise taken
        os.rename(source.name, target.name, src_dir_fd=source.fd, dst_dir_fd=target.fd)
    elif done:
        raise OSError(done, os.strerror(done))


def _within(source: Place, target: Place) -> bool:
    return target.parts[: len(source.parts)] == source.parts


def _move_in_place_of(source: Place, target: Place) -> None:
    if source.parts == target.parts:
        return
    if _within(source, target) or _within(target, source):
        raise Refusal(
            "invalid", "%s and %s lie in each other." % (text_of(source.parts), text_of(target.parts))
        )
    info = target.lstat()
    if info is None or not stat.S_ISDIR(info.st_mode):
        if info is not None and stat.S_ISDIR(
            os.stat(source.name, dir_fd=source.fd, follow_symlinks=False).st_mode
        ):
            os.unlink(target.name, dir_fd=target.fd)
        os.rename(source.name, target.name, src_dir_fd=source.fd, dst_dir_fd=target.fd)
        return
    aside = b".jm-%s.tmp" % os.urandom(8).hex().encode()
    os.rename(target.name, aside, src_dir_fd=target.fd, dst_dir_fd=target.fd)
    try:
        os.rename(source.name, target.name, src_dir_fd=source.fd, dst_dir_fd=target.fd)
    except OSError:
        with contextlib.suppress(OSError):
            os.rename(aside, target.name, src_dir_fd=target.fd, dst_dir_fd=target.fd)
        raise
    remove_tree(aside, target.fd)
