"""What a proof found out is told at the end, in whatever process it ran; pytest shows what a test prints only
where it fails. This file knows nothing of what is proved."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter

import pytest


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Figures, and the seed that gives them again."""
    return lambda text: record_property("found", text)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    told = [
        (report.nodeid.rpartition("/")[2], text)
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
        for name, text in report.user_properties
        if name == "found"
    ]
    if told:
        terminalreporter.section("what was found")
    for test, text in sorted(told, key=itemgetter(0)):
        terminalreporter.write_line(f"{test}: {text}")
