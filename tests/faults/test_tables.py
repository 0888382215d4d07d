"""What docs/reliability.md says of faults is what the matrices assert, and no cell is missing."""

from __future__ import annotations

from typing import get_args

from components.harms import WAYS
from faults import docker_cells, docker_hazards, store_cells
from faults.tables import PAGE, page
from journeyman.failures import FAILURE_KINDS


def test_the_page_shows_the_cells() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == page(text), "run `PYTHONPATH=tests .venv/bin/python -m faults.tables`"


def test_every_fault_has_a_cell_at_every_place() -> None:
    assert {place: set(row) for place, row in store_cells.CELLS.items()} == {
        place: set(WAYS) for place in store_cells.PLACES
    }
    assert {place: set(row) for place, row in docker_cells.CELLS.items()} == {
        place: set(docker_cells.WAYS) for place in docker_cells.PLACES
    }
    assert {name: set(row) for name, row in docker_cells.HAZARDS.items()} == {
        name: set(row) for name, row in docker_hazards.HAZARDS.items()
    }
    assert {place.command for place in docker_cells.PLACES.values()} == set(get_args(docker_cells.Command))


def test_every_outcome_is_a_typed_one() -> None:
    cells = [*store_cells.CELLS.values(), *docker_cells.CELLS.values()]
    said = {word for row in cells for both in row.values() for word in both}
    assert {word.rstrip("!") for word in said} - {"ok"} <= set(FAILURE_KINDS) - {"internal"}
