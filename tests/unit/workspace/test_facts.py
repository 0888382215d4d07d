"""What is live and what is left over, as a table: the judgement every deletion rests on."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from journeyman.ports.sandbox import Generation, Instance
from journeyman.records import WorkspaceRow, WorkspaceState
from journeyman.testing.clock import START
from journeyman.workspace.facts import Facts


@dataclass(frozen=True)
class Case:
    name: str
    live: int | None
    stray_instances: tuple[str, ...] = ()
    stray_generations: tuple[int, ...] = ()
    row: tuple[WorkspaceState, int, str | None] | None = ("idle", 1, None)
    """State, generation and journal."""
    main: int | None = None
    staging: int | None = None
    complete: tuple[int, ...] = ()
    incomplete: tuple[int, ...] = ()


CASES = [
    Case("nothing at all", None, row=None),
    Case("a running workspace", 1, main=1, complete=(1,)),
    Case("files without instance", 1, complete=(1,)),
    Case("no row, a workspace", 3, row=None, main=3, complete=(3,)),
    Case("no row, only files", 3, row=None, complete=(2, 3)),
    Case("a row that lags behind the instance", 2, row=("cold", 0, None), main=2, complete=(2,)),
    Case("died while creating", None, ("main",), (1,), row=("creating", 0, None), main=1, incomplete=(1,)),
    Case("died before the instance", None, (), (1,), row=("creating", 0, None), incomplete=(1,)),
    Case("an instance without files", None, ("main",), row=("idle", 1, None), main=1),
    Case("restore staged", 1, ("staging",), (2,), ("idle", 1, "restore"), 1, 2, (1,), (2,)),
    Case("staged, complete, undecided", 1, ("staging",), (2,), ("idle", 1, "restore"), 1, 2, (1, 2)),
    Case("undecided, instances gone", 1, (), (2,), ("idle", 1, "restore"), complete=(1, 2)),
    Case("undecided, nothing before", None, ("staging",), (2,), ("archived", 0, "restore"), None, 2, (2,)),
    Case("decided", 2, ("staging", "main"), (1,), ("restoring", 2, "swap"), 1, 2, (1, 2)),
    Case("decided, but the new files are gone", 1, (), (), ("restoring", 2, "swap"), 1, None, (1,)),
    Case("swap done", 2, (), (1,), ("restoring", 2, "swap"), 2, None, (1, 2)),
    Case("an unknown complete generation is kept", 2, row=("idle", 2, None), complete=(1, 2, 3)),
    Case("archive begun", 1, row=("archiving", 1, "packs_uploaded"), main=1, complete=(1,)),
    Case("deletion intended", 1, row=("archived", 1, "delete"), main=1, complete=(1,)),
    Case("archived: what lies about is not opened", None, row=("archived", 0, None), complete=(4,)),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_facts(case: Case) -> None:
    row = None
    if case.row is not None:
        state, generation, journal = case.row
        row = WorkspaceRow("p", state, 1, generation, None, None, journal, "a1", START, START)
    numbered = dict.fromkeys(case.complete, True) | dict.fromkeys(case.incomplete, False)
    facts = Facts(
        row,
        _instance("main", case.main),
        _instance("staging", case.staging),
        tuple(Generation(n, complete) for n, complete in sorted(numbered.items())),
    )
    assert facts.live == case.live
    assert {i.id for i in facts.leftover_instances} == set(case.stray_instances)
    assert facts.leftover_generations == case.stray_generations
    assert case.live not in facts.leftover_generations


def _instance(ident: str, generation: int | None) -> Instance | None:
    if generation is None:
        return None
    return Instance(ident, ident, "p", generation, 1, "running", START)
