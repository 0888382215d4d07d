"""A daemon nobody needs leaves, and a preview somebody looks at is a need."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from journeyman.config import Settings
from journeyman.daemon import life


class Looks:
    """Counts how often the daemon asked itself; at the fifth time the need ends."""

    def __init__(self, then: Any) -> None:
        self.count = 0
        self._then = then

    def look(self) -> bool:
        self.count += 1
        if self.count == 5:
            self._then()
        return True


@pytest.mark.parametrize("need", ["preview", "run", "client"])
async def test_it_stays_while_it_is_needed(tmp_path: Path, need: str) -> None:
    runs = SimpleNamespace(running=int(need == "run"), queued=0)
    forwards = SimpleNamespace(in_use=need == "preview")
    members = ["client"] if need == "client" else []

    class Hub(list[str]):
        last_left = 0.0

    hub = Hub(members)

    def no_more() -> None:
        runs.running = 0
        forwards.in_use = False
        hub.clear()

    looks = Looks(no_more)
    app: Any = SimpleNamespace(services=SimpleNamespace(runs=runs, forwards=forwards))
    settings = Settings.model_validate({"data_dir": tmp_path, "idle_exit_s": 0.005})
    server: Any = SimpleNamespace(hub=hub)
    told: Any = looks
    reason = await life._until_not_needed(  # pyright: ignore[reportPrivateUsage]
        settings, app, server, asyncio.Event(), told
    )
    assert looks.count >= 5
    assert reason.startswith("no client, no run and no preview")
