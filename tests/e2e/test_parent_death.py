"""An editor that is killed leaves no process and no connection behind, however it was connected."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys

import pytest

from e2e.daemons import place
from e2e.editors_that_die import ARRANGEMENTS, killed
from e2e.refused import served
from journeyman.rpc import loopback
from journeyman.rpc.loopback import Ends

TIMES = 3


async def test_nothing_is_left_of_an_editor_that_was_killed(unused_tcp_port: int) -> None:
    with place() as where:
        async with served(where, "--tcp", f"127.0.0.1:{unused_tcp_port}") as client:
            for arrangement in ARRANGEMENTS:
                for _ in range(TIMES):
                    await killed(where, client, arrangement, unused_tcp_port)


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_only_who_has_the_other_end_is_watched(family: socket.AddressFamily, host: str) -> None:
    with socket.create_server((host, 0), family=family) as listening:
        port = listening.getsockname()[1]
        hold = f"import socket, sys; held = socket.create_connection(({host!r}, {port})); sys.stdin.read()"
        script = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}])"
        holder, stranger = (
            subprocess.Popen([sys.executable, "-c", text], stdin=subprocess.PIPE)
            for text in (script, "import sys; sys.stdin.read()")
        )
        taken, theirs = listening.accept()
        ends = Ends(family, (host, port), (theirs[0], theirs[1]))
        with taken:
            assert loopback.has_other_end(holder.pid, ends), "through a child of its"
            assert loopback.has_other_end(os.getpid(), ends), "an ancestor of it"
            assert not loopback.has_other_end(stranger.pid, ends)
            assert not loopback.has_other_end(0, ends)
            assert not loopback.has_other_end(2**22 + 1, ends), "nobody"
            other = Ends(family, (host, port), (theirs[0], 1))
            assert not loopback.has_other_end(holder.pid, other), "no such connection"
        for each in (holder, stranger):
            each.communicate(b"")


async def test_ends_are_known_on_loopback_only() -> None:
    async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.append(loopback.ends_of(writer))
        writer.close()

    found: list[Ends | None] = []
    server = await asyncio.start_server(nothing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await reader.read()
    here = writer.get_extra_info("sockname")
    writer.close()
    server.close()
    assert found == [Ends(socket.AF_INET, ("127.0.0.1", port), (here[0], here[1]))]
    one, other = socket.socketpair()
    _, pair = await asyncio.open_connection(sock=one)
    assert loopback.ends_of(pair) is None
    pair.close()
    other.close()
