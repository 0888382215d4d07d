"""Requests of the daemon to one client. Their ids are a table of their own: 's1', 's2', ... can meet no
id of the client's. Every request has a deadline and fails when the connection closes; one that nobody waits
for any more is cancelled at the client, so that a question does not stay on a screen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from journeyman.failures import Failure
from journeyman.rpc.jsonbody import as_object
from journeyman.rpc.limits import Limits


class Outbound:
    def __init__(
        self,
        send: Callable[[dict[str, Any]], None],
        limits: Limits,
        *,
        cancel: tuple[str, str] = ("$/cancelRequest", "id"),
    ) -> None:
        """`cancel`: the notification that cancels a request, and its parameter for the id."""
        self._send = send
        self._limits = limits
        self._cancel = cancel
        self._pending: dict[int | str, asyncio.Future[Any]] = {}
        self._count = 0
        self._closed = False

    def __len__(self) -> int:
        return len(self._pending)

    async def request(self, method: str, params: Any, *, timeout_s: float | None = None) -> Any:
        """The client's raw result. Raises `Failure`: `timeout`, `cancelled` (the connection closed), or
        `conflict` with the client's own message where it answered with an error."""
        if self._closed:
            raise _gone()
        self._count += 1
        ident = f"s{self._count}"
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._pending[ident] = future
        try:
            self._send({"jsonrpc": "2.0", "id": ident, "method": method, "params": params})
            async with asyncio.timeout(timeout_s or self._limits.request_s):
                return await future
        except TimeoutError as error:
            raise Failure("timeout", f"The client did not answer {method} in time.") from error
        finally:
            del self._pending[ident]
            if (future.cancelled() or not future.done()) and not self._closed:
                method, name = self._cancel
                self._send({"jsonrpc": "2.0", "method": method, "params": {name: ident}})

    def answered(self, message: dict[str, Any]) -> bool:
        """Give a response to whoever waits for it; False when nobody does (any more)."""
        ident = message.get("id")
        future = self._pending.get(ident) if isinstance(ident, int | str) else None
        if future is None or future.done():
            return False
        if "error" in message:
            text = (as_object(message["error"]) or {}).get("message")
            future.set_exception(Failure("conflict", str(text or "The client refused.")[:500]))
        else:
            future.set_result(message.get("result"))
        return True

    def close(self) -> None:
        self._closed = True
        for future in self._pending.values():
            if not future.done():
                future.set_exception(_gone())


def _gone() -> Failure:
    return Failure("cancelled", "The client's connection is closed.")
