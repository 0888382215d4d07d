"""Archives made to do harm by hand: refused in one typed failure, or brought back as just what they say.

All of them are restored by the real guest, in one child process under a limit on its memory; nothing but the
staging directory may change. That the old workspace stays is shown with the manager in `test_old_state`.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from hostile.played import play
from hostile.scene import Case
from hostile.tables import CASES, TABLES

PEAK_MB = 768


@pytest.fixture(scope="module")
def verdicts() -> dict[str, dict[str, Any]]:
    return play("cases")


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=f"{table}: {case.name}") for table, cases in TABLES.items() for case in cases],
)
def test_a_forged_archive(case: Case, verdicts: dict[str, dict[str, Any]]) -> None:
    verdict = verdicts[case.name]
    assert verdict["untouched"], "something outside changed"
    assert verdict["peak_mb"] < PEAK_MB
    if not case.match or (case.either and verdict["outcome"] == "faithful"):
        assert verdict["outcome"] == "faithful", verdict
        return
    assert (verdict["outcome"], verdict["kind"]) == ("refused", case.kind), verdict
    assert re.search(case.match, verdict["message"]), verdict["message"]
    assert verdict["begun"] == case.begun, verdict
    assert verdict["left"] == 0 or "the restored workspace" in verdict["message"], "half of it is left"


def test_there_are_enough_and_each_has_its_own_name() -> None:
    assert len(CASES) >= 200
    assert len({case.name for case in CASES}) == len(CASES)
    assert sum(not case.match for case in CASES) < len(CASES) / 4, "most are refused"
