"""All 20 tasks: 20 of 20 by who knows the answers, none by who lies, none by who attacks the check."""

from __future__ import annotations

import pytest

from e2e.test_scripted_tasks import scripted


@pytest.mark.prove
@pytest.mark.bubblewrap
@pytest.mark.timeout(900)
def test_every_task_judges_rightly() -> None:
    said = scripted()
    assert "knows the answers: 20 of 20 solved, 0 errors" in said
    assert "says it is done: 0 of 20 solved, 0 errors" in said
    assert "attacks the check: 0 of 20 solved, 0 errors" in said
