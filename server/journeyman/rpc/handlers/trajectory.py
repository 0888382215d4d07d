"""trajectory/export"""

from __future__ import annotations

import journeyman
from journeyman.rpc.router import Context, Handler
from journeyman.trajectory.export import text_of_run
from journeyman_protocol.trajectory import TrajectoryExportParams, TrajectoryPiece

PIECE_CHARACTERS = 1_000_000


async def export(context: Context, params: TrajectoryExportParams) -> TrajectoryPiece:
    text = await text_of_run(context.services.store, params.run_id, journeyman.__version__)
    end = params.offset + PIECE_CHARACTERS
    return TrajectoryPiece(
        run_id=params.run_id, text=text[params.offset : end], next_offset=end if end < len(text) else None
    )


HANDLERS: dict[str, Handler] = {"trajectory/export": export}
