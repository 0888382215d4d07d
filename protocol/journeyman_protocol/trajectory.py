"""What a run asked its model and what came of it, as lines of JSON to keep, replay and compare."""

from __future__ import annotations

from pydantic import Field

from journeyman_protocol.base import Id, Message
from journeyman_protocol.rows import Method, request


class TrajectoryExportParams(Message):
    run_id: Id
    offset: int = Field(default=0, ge=0)
    """`nextOffset` of the piece before; 0 for the first."""


class TrajectoryPiece(Message):
    run_id: Id
    text: str
    """JSON Lines as docs/trajectories.md describes them, in ASCII; a piece may end inside a line. Secrets are
    taken out."""
    next_offset: int | None = None
    """Ask again with `offset` set to it; absent after the last piece. While a run goes on its text only
    grows."""


ROWS: tuple[Method, ...] = (
    request(
        "trajectory/export",
        TrajectoryExportParams,
        TrajectoryPiece,
        "Everything a run asked its model, was answered and did.",
    ),
)
