"""Where the sockets are, and whose they must be."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from components.missing import unavailable
from journeyman import paths
from journeyman.client import launch
from journeyman.failures import Failure
from journeyman.rpc.sockets import bind_unix


def test_without_a_runtime_directory_the_sockets_lie_directly_in_tmp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.delenv("JOURNEYMAN_RUNTIME_DIR", raising=False)
    place = paths.runtime_dir(Path("/home/ada/data"))
    assert place.parent == Path("/tmp")
    assert str(os.getuid()) in place.name
    assert place != paths.runtime_dir(Path("/home/ada/other"))


def test_a_long_data_directory_still_has_a_short_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JOURNEYMAN_RUNTIME_DIR", raising=False)
    socket_path = paths.daemon_socket(Path("/x" * 500))
    assert len(os.fsencode(str(socket_path))) <= paths.SOCKET_PATH_BYTES_MAX


def test_a_directory_of_somebody_else_is_neither_used_nor_trusted(tmp_path: Path) -> None:
    if os.getuid() != 0:
        unavailable("only root can make a directory that is somebody else's")
    foreign = tmp_path / "foreign"
    foreign.mkdir(mode=0o777)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        other.bind(str(foreign / "daemon.sock"))
        other.listen()
        ours = launch.connect(foreign / "daemon.sock")
        assert ours is not None
        ours.close()
        os.chown(foreign, 4711, 4711)
        assert launch.connect(foreign / "daemon.sock") is None
        with pytest.raises(Failure) as caught:
            bind_unix(foreign / "daemon.sock")
    assert caught.value.kind == "unauthorized"


def test_what_is_made_on_the_way_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        place = tmp_path / "a" / "b" / "c"
        paths.make_private(place)
        paths.make_private(place)
    finally:
        os.umask(before)
    assert [stat.S_IMODE(each.stat().st_mode) for each in (place, place.parent, place.parent.parent)] == [
        0o700
    ] * 3
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        paths.make_private(tmp_path / "file")
