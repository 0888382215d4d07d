"""The commands one client has running: their output at the client's pace, and nobody else's hands on them."""

from __future__ import annotations

import asyncio
import base64
import codecs
from typing import TYPE_CHECKING

from journeyman.failures import Failure
from journeyman.rpc.peer import Peer
from journeyman.workspace.terminals import Ended, Terminal, Terminals, signal_name
from journeyman_protocol.files import Encoding
from journeyman_protocol.terminal import ExecExited, ExecOutput

if TYPE_CHECKING:
    from journeyman.ports.guest import ProcessSpec

PER_CONNECTION_MAX = 64


class PeerTerminals:
    """Belongs to one connection; what it has running ends with it."""

    def __init__(self, peer: Peer, terminals: Terminals) -> None:
        self._peer = peer
        self._terminals = terminals
        self._shown: dict[str, Shown] = {}
        self._opening = 0
        self._closed = False

    def __len__(self) -> int:
        return len(self._shown)

    def acknowledge(self, exec_id: str, count: int) -> None:
        """Of a command that has ended it means nothing any more."""
        if (shown := self._shown.get(exec_id)) is not None:
            shown.acknowledge(count)

    def get(self, exec_id: str) -> Shown:
        shown = self._shown.get(exec_id)
        if shown is None:
            raise Failure(
                "not_found",
                f"This connection runs no command {exec_id!r}.",
                hint="It has ended, or another connection started it.",
            )
        return shown

    async def open(
        self,
        project_id: str,
        spec: ProcessSpec,
        *,
        encoding: Encoding,
        window: int | None,
        timeout_s: float | None,
    ) -> Shown:
        """Start a command. Its first output is sent in a later turn of the loop, so an answer that is
        queued at once comes before it."""
        if len(self._shown) + self._opening >= PER_CONNECTION_MAX:
            raise Failure(
                "overloaded", f"This connection runs {PER_CONNECTION_MAX} commands.", hint="End one first."
            )
        self._opening += 1
        try:
            terminal = await self._terminals.open(project_id, spec)
        finally:
            self._opening -= 1
        shown = Shown(self._peer, terminal, encoding, window)
        self._shown[terminal.id] = shown

        def ended(how: Ended) -> None:
            self._shown.pop(terminal.id, None)
            shown.ended(how)

        self._terminals.follow(terminal, shown.take, ended, timeout_s=timeout_s)
        if self._closed:
            shown.drop()
        return shown

    def close(self) -> None:
        self._closed = True
        for shown in list(self._shown.values()):
            shown.drop()


class Shown:
    """One command as its client sees it."""

    def __init__(self, peer: Peer, terminal: Terminal, encoding: Encoding, window: int | None) -> None:
        self.terminal = terminal
        self._peer = peer
        self._encoding: Encoding = encoding
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._window = window
        self._sent = 0
        self._taken = 0
        self._gone = False
        self._news = asyncio.Event()

    def drop(self) -> None:
        self._gone = True
        self._news.set()
        self.terminal.drop()

    def acknowledge(self, count: int) -> None:
        self._taken = min(self._taken + count, self._sent)
        self._news.set()

    async def take(self, data: bytes) -> None:
        """Send it, once the client has room."""
        at = 0
        while at < len(data) and not self._gone:
            room = len(data) - at if self._window is None else self._window - (self._sent - self._taken)
            if room <= 0:
                self._news.clear()
                await self._news.wait()
                continue
            piece = data[at : at + room]
            at += len(piece)
            self._send(piece)
            await self._peer.outbox.room()

    def ended(self, how: Ended) -> None:
        if not self._gone:
            self._send(b"", last=True)
            signalled = how.code is not None and how.code < 0
            told = ExecExited(
                exec_id=self.terminal.id,
                reason=how.reason,
                code=128 - how.code if signalled and how.code is not None else how.code,
                signal=signal_name(-how.code) if signalled and how.code is not None else None,
                message=how.message,
            )
            self._peer.notify("workspace/execExited", told.wire())

    def _send(self, data: bytes, *, last: bool = False) -> None:
        if self._encoding == "utf8":
            content = self._decoder.decode(data, last)
        else:
            content = base64.b64encode(data).decode()
        if content:
            told = ExecOutput(
                exec_id=self.terminal.id, offset=self._sent, content=content, encoding=self._encoding
            )
            self._peer.notify("workspace/execOutput", told.wire())
        self._sent += len(data)
