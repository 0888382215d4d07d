"""One client's connection: reads frames, hands calls to threads, and outlives no malformed frame."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
import threading
from collections.abc import Sequence
from typing import Any, Callable, Dict, Optional

from .channels import Channel
from .pool import Pool
from .wire import (
    CANCEL,
    CHANNELS_MAX,
    CREDIT,
    DATA,
    END,
    ERROR,
    FRAME_MAX,
    HEADER,
    HELLO,
    NOTE,
    OPEN,
    PIECE,
    RESULT,
    VERSION,
    Gone,
    Malformed,
    Refusal,
    refusal_of,
    rights,
    to_json,
)

Operation = Callable[[Channel, Dict[str, Any], bytes], Optional[Dict[str, Any]]]
"""One that answers None has given its channel to somebody who will end it (`Channel.finish`)."""


class Connection:
    """One client. Its reader never blocks on work; a malformed frame ends it and nothing else."""

    def __init__(self, sock: socket.socket, operations: dict[str, Operation], pool: Pool) -> None:
        self._sock = sock
        self._operations = operations
        self._pool = pool
        self._write_lock = threading.Lock()
        self._channels: dict[int, Channel] = {}
        self._channels_lock = threading.Lock()
        self._newest = 0
        self._dead = False

    def send(
        self, channel: int, kind: int, payload: bytes | memoryview = b"", lent: Sequence[int] = ()
    ) -> None:
        """With the payload go the descriptors `lent`; they stay open here."""
        with self._write_lock:
            if self._dead:
                raise Gone
            try:
                header = HEADER.pack(len(payload), channel, kind)
                sent = self._sock.sendmsg((header, payload), rights(lent) if lent else [])
                if sent < len(header):
                    self._sock.sendall(header[sent:])
                    self._sock.sendall(payload)
                elif sent < len(header) + len(payload):
                    self._sock.sendall(memoryview(payload)[sent - len(header) :])
            except OSError:
                self._dead = True
                raise Gone from None

    def serve(self) -> None:
        reader = self._sock.makefile("rb", buffering=PIECE)
        try:
            self.send(0, HELLO, to_json({"version": VERSION, "pid": os.getpid(), "uid": os.getuid()}))
            while True:
                header = reader.read(HEADER.size)
                if len(header) < HEADER.size:
                    break
                length, channel, kind = HEADER.unpack(header)
                if length > FRAME_MAX:
                    break
                payload = reader.read(length)
                if len(payload) < length:
                    break
                self._take(channel, kind, payload)
        except (Malformed, Gone, OSError, ValueError, KeyError, TypeError, struct.error):
            pass
        finally:
            self._dead = True
            with contextlib.suppress(OSError):
                self._sock.shutdown(socket.SHUT_RDWR)
            with self._channels_lock:
                left = list(self._channels.values())
            for each in left:
                each.drop()
            reader.close()
            self._sock.close()

    def _take(self, ident: int, kind: int, payload: bytes) -> None:
        if kind == OPEN:
            if ident <= self._newest:
                raise Malformed("channel ids must grow")
            self._newest = ident
            line, _, body = payload.partition(b"\n")
            args = json.loads(line)
            if args["op"] == "ping":
                self.send(ident, RESULT, b"{}")
            elif len(self._channels) >= CHANNELS_MAX:
                self.send(ident, ERROR, to_json({"kind": "overloaded", "message": "Too many calls at once."}))
            else:
                channel = Channel(self, ident)
                with self._channels_lock:
                    self._channels[ident] = channel
                try:
                    self._pool.run(lambda: self._work(channel, args, body))
                except RuntimeError:  # no thread is to be had
                    message = "The workspace has too many processes to do this."
                    self.answer(channel, ERROR, {"kind": "overloaded", "message": message})
            return
        if ident > self._newest or kind not in (DATA, END, CREDIT, NOTE, CANCEL):
            raise Malformed("not a frame of an open channel")
        with self._channels_lock:
            known = self._channels.get(ident)
        if known is None:
            return  # it ended while this was on its way
        if kind == DATA:
            known.take_data(payload)
        elif kind == END:
            known.take_end()
        elif kind == CREDIT:
            known.take_credit(struct.unpack("!I", payload)[0])
        elif kind == NOTE:
            known.take_note(json.loads(payload))
        else:
            known.drop()

    def _work(self, channel: Channel, args: dict[str, Any], body: bytes) -> None:
        kind = ERROR
        answer: dict[str, Any] | None = {}
        try:
            operation = self._operations.get(args["op"])
            if operation is None:
                raise Refusal("invalid", "The guest does not know %r." % args["op"])
            kind, answer = RESULT, operation(channel, args, body)
        except Gone:
            answer = {"kind": "cancelled", "message": "The call was dropped."}
        except Refusal as refusal:
            answer = {"kind": refusal.kind, "message": refusal.message}
        except OSError as error:
            refusal = refusal_of(error, str(args.get("path", args.get("cwd", args.get("root", "path")))))
            answer = {"kind": refusal.kind, "message": refusal.message}
        except Exception as error:  # the boundary: a bug of ours becomes an answer, never a hang
            answer = {"kind": "internal", "message": "The guest failed: %r." % error}
        if answer is not None:
            self.answer(channel, kind, answer)

    def answer(self, channel: Channel, kind: int, answer: dict[str, Any]) -> None:
        with self._channels_lock:
            if self._channels.pop(channel.ident, None) is None:
                return
        channel.drop()  # lets go of whoever still waits for input
        payload = to_json(answer)
        if len(payload) > FRAME_MAX:
            kind = ERROR
            payload = to_json({"kind": "invalid", "message": "The answer is too long; ask for less."})
        with contextlib.suppress(Gone):
            self.send(channel.ident, kind, payload)


_LIBC: Any = None
UMASK = 0o022
_CAPABILITIES = 64
_PR_SET_CHILD_SUBREAPER, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 36, 24, 38
