"""One connection: bytes in, frames to the session, the outbox out; owner of every task it causes.

Ends when the peer ends, breaks the framing, stops reading, sends `exit`, or its parent process dies.
What the connection started for itself ends with it; runs belong to the daemon and go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from typing import Any

from journeyman.rpc import jsonbody
from journeyman.rpc.auth import Gate, Unauthorized
from journeyman.rpc.framing import FrameDecoder, FramingError, Stage
from journeyman.rpc.hub import Hub
from journeyman.rpc.language import Conversation, Decoder, Ends, Lines
from journeyman.rpc.limits import Limits
from journeyman.rpc.loopback import ends_of, watch_if_theirs
from journeyman.rpc.outbox import Outbox
from journeyman.rpc.parent import watch_process
from journeyman.rpc.refusals import Refusal, refuse
from journeyman.rpc.router import Router
from journeyman.rpc.session import Session

log = logging.getLogger(__name__)

_READ_BYTES = 64 * 1024
_FRAMES_AT_A_TIME = 16


class Connection:
    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        name: str,
        router: Router,
        hub: Hub,
        limits: Limits,
        gate: Gate,
        local: bool,
        lines: Lines | None = None,
    ) -> None:
        """`local`: the peer is on this machine and in our process namespace, so its `processId` means
        something to us; over TCP that has to be seen first (`loopback`). `lines`: what is spoken with a peer
        whose first byte is '{'."""
        self.name = name
        self._reader = reader
        self._writer = writer
        self._hub = hub
        self._limits = limits
        self._gate = gate
        self._local = local
        self._lines = lines
        self._closing = asyncio.Event()
        self._patient = False
        self._frames = 0
        self._tasks: asyncio.TaskGroup | None = None
        self._owned: set[asyncio.Task[None]] = set()
        self._outbox = Outbox(limits, self._broken)
        self.session = Session(
            name=name,
            router=router,
            hub=hub,
            limits=limits,
            gate=gate,
            outbox=self._outbox,
            start=self._start,
            leave=self.close_soon,
            watch_parent=self._watch_parent,
        )
        self._talk: Conversation = self.session
        self.peer = self.session.peer
        self.peer.local = local

    def close_soon(self, reason: str, *, patient: bool = False) -> None:
        """End the connection after what is queued was written; `patient` gives requests in flight a
        moment to be answered first."""
        if not self._closing.is_set():
            log.info("%s closes: %s", self.name, reason)
            self._patient = patient
            self._closing.set()

    async def serve(self) -> None:
        """Serve the peer until the connection ends."""
        self._writer.transport.set_write_buffer_limits(high=_READ_BYTES)
        self._hub.join(self)
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                reader = tasks.create_task(self._read(), name=f"{self.name} reader")
                unsent = self._writer.transport.get_write_buffer_size
                pump = self._outbox.pump(self._writer, unsent)
                writer = tasks.create_task(pump, name=f"{self.name} writer")
                await self._closing.wait()
                reader.cancel()
                await self._finish()
                self._outbox.finish()
                await asyncio.wait({writer}, timeout=self._limits.eof_grace_s)
                writer.cancel()
                await self._part()
        finally:
            self._tasks = None
            self._hub.leave(self)
            # What could not be written by now never will be.
            self._writer.transport.abort()

    async def _part(self) -> None:
        """Let the system take over what was written; a peer that does not read is not waited for."""
        if not self._outbox.broken:
            self._writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(self._limits.eof_grace_s):
                    await self._writer.wait_closed()

    async def _finish(self) -> None:
        if self._patient and len(self._talk.calls):
            serving = [task for task in self._owned if not task.done()]
            await asyncio.wait(serving, timeout=self._limits.eof_grace_s)
        self._talk.close()
        rest = [task for task in self._owned if not task.done()]
        for task in rest:
            task.cancel()
        if rest:
            await asyncio.wait(rest, timeout=self._limits.eof_grace_s)

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        if self._tasks is None:
            work.close()
            raise refuse("cancelled", "The connection is closed.")
        task = self._tasks.create_task(work, name=f"{self.name} {name}")
        self._owned.add(task)
        task.add_done_callback(self._owned.discard)
        return task

    def _broken(self, reason: str) -> None:
        self.close_soon(reason)

    def _watch_parent(self, pid: int) -> None:
        def gone() -> None:
            self.close_soon(f"The client's process {pid} has ended.")

        if self._local:
            self._start(watch_process(pid, gone), "parent watch")
        elif (ends := ends_of(self._writer)) is not None:
            self._start(watch_if_theirs(pid, ends, gone), "parent watch")

    async def _read(self) -> None:
        decoder: Decoder | None = None
        clock = asyncio.get_running_loop().time
        must_show_token_by = clock() + self._limits.auth_s
        mark, since = (Stage.IDLE, 0), clock()
        while not self._closing.is_set():
            stage = Stage.IDLE if decoder is None else decoder.stage
            deadline = None if stage is Stage.IDLE else since + self._patience_s(stage)
            if not self._gate.open:
                deadline = min(deadline or must_show_token_by, must_show_token_by)
            try:
                if deadline is None:
                    data = await self._reader.read(_READ_BYTES)
                else:
                    async with asyncio.timeout_at(deadline):
                        data = await self._reader.read(_READ_BYTES)
            except TimeoutError:
                self._last_word(refuse("timeout", "The message did not arrive in time.", retryable=True))
                return
            except OSError as error:
                self.close_soon(f"The connection is gone: {error}.")
                return
            if not data:
                self.close_soon("The client has closed its side.", patient=True)
                return
            if decoder is None and (decoder := await self._decoder(data)) is None:
                return
            if not await self._feed(decoder, data):
                return
            if (now := (decoder.stage, self._frames)) != mark:
                mark, since = now, clock()

    def _patience_s(self, stage: Stage) -> float:
        return self._limits.header_s if stage is Stage.HEADER else self._limits.body_s

    async def _decoder(self, first: bytes) -> Decoder | None:
        """What the peer's first bytes ask for; None where that is not to be had here."""
        if first[:1] != b"{" or self._lines is None:
            return FrameDecoder(self._limits, self._gate.header)
        self.session.close()
        self._outbox.frame = self._lines.frame
        self._talk = await self._lines.begin(
            Ends(
                name=self.name,
                hub=self._hub,
                limits=self._limits,
                gate=self._gate,
                outbox=self._outbox,
                start=self._start,
                leave=self.close_soon,
                local=self._local,
            )
        )
        self.peer = self._talk.peer
        if not self._gate.takes_messages:
            why = "This port takes its token in a header field, and this protocol has none."
            hint = "Use `journeyman acp`, or start the daemon with --auth initialize."
            self._last_word(refuse("unauthorized", why, hint))
            return None
        return self._lines.decoder(self._limits, self._gate)

    async def _feed(self, decoder: Decoder, data: bytes) -> bool:
        """Take `data`; False when nothing after it can be understood or is wanted."""
        try:
            for frame in decoder.feed(data):
                self._frames += 1
                self._take(frame.body)
                if self._closing.is_set():
                    return False
                if self._frames % _FRAMES_AT_A_TIME == 0:
                    await asyncio.sleep(0)
        except FramingError as error:
            if error.quiet:
                self.close_soon(error.reason)
            else:
                self._last_word(refuse("parse_error", error.reason, "Connect again."))
            return False
        except Unauthorized as error:
            hint = "Send the token of the daemon's token file, or use the Unix socket."
            self._last_word(refuse("unauthorized", str(error), hint))
            return False
        return True

    def _take(self, body: bytes) -> None:
        try:
            message = jsonbody.parse(body, depth_max=self._limits.depth)
        except jsonbody.BadJson as error:
            self._say(refuse("parse_error", str(error)))
            if not self._gate.open:
                self.close_soon("The client showed no valid token.")
            return
        self._talk.receive(message)
        if not self._gate.open and not self._closing.is_set() and not self._talk.token_may_follow:
            # One message is all a peer has to show its token.
            self._last_word(refuse("unauthorized", "The first message must be `initialize` with the token."))

    def _say(self, refusal: Refusal) -> None:
        self._talk.refuse(None, refusal)

    def _last_word(self, refusal: Refusal) -> None:
        self._say(refusal)
        self.close_soon(refusal.message)
