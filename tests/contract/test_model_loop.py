"""The event loop is never blocked by a model call: building the client and TLS happens in a thread."""

from __future__ import annotations

from blockbuster import blockbuster_ctx

from components.endpoint import REQUEST, connected
from components.provider import text_answer
from journeyman.model.assembly import collect


async def test_nothing_blocks_the_loop() -> None:
    async with connected(text_answer("one"), text_answer("two")) as (_, model):
        with blockbuster_ctx():
            assert (await collect(model.stream(REQUEST))).text == "one"
            assert (await collect(model.stream(REQUEST))).text == "two"
