"""What one client watches: changes go out at its pace; while it is slow the guest puts them together."""

from __future__ import annotations

from journeyman.failures import Failure
from journeyman.ports.guest import Watch
from journeyman.rpc.peer import Peer
from journeyman.rpc.refusals import from_failure
from journeyman_protocol.watching import FileChange, FilesChanged

PER_CONNECTION_MAX = 32


class Watches:
    """Belongs to one connection; they end with it."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._watches: dict[str, Watch] = {}
        self._closed = False

    def __len__(self) -> int:
        return len(self._watches)

    def check_room(self) -> None:
        """Raise `overloaded` where this connection watches too much already."""
        if len(self._watches) >= PER_CONNECTION_MAX:
            raise Failure(
                "overloaded",
                f"This connection watches {PER_CONNECTION_MAX} places.",
                hint="End one with workspace/unwatch, or watch one directory above them.",
            )

    def add(self, ident: str, watch: Watch) -> None:
        """Tell the client what it sees, from a later turn of the loop on: an answer queued at once comes
        first."""
        if self._closed:
            watch.close()
            return
        self._watches[ident] = watch
        self._peer.start(self._pump(ident, watch), f"watch {ident}")

    def end(self, ident: str) -> None:
        """Stop one. One that has ended by itself: nothing."""
        if (watch := self._watches.pop(ident, None)) is not None:
            watch.close()

    def close(self) -> None:
        self._closed = True
        for ident in list(self._watches):
            self.end(ident)

    async def _pump(self, ident: str, watch: Watch) -> None:
        try:
            async for batch in watch.changes():
                changes = [FileChange(kind=change.kind, path=change.path) for change in batch.changes]
                self._tell(FilesChanged(watch_id=ident, changes=changes, overflow=batch.overflow))
                await self._peer.outbox.room()
        except Failure as failure:
            # Dropped by `end`, it is nobody's any more.
            if ident in self._watches:
                self._tell(FilesChanged(watch_id=ident, changes=[], ended=from_failure(failure).data))
        finally:
            self.end(ident)

    def _tell(self, told: FilesChanged) -> None:
        self._peer.notify("workspace/didChangeFiles", told.wire())
