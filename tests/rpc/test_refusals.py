"""The tables are total: every kind has a code, every method a handler."""

from __future__ import annotations

from typing import Any

import pytest

from journeyman.failures import FAILURE_KINDS, Failure
from journeyman.rpc import refusals
from journeyman.rpc.handlers import HANDLERS
from journeyman.workspace.errors import WorkspaceError
from journeyman_protocol.errors import ErrorCode, ErrorData
from journeyman_protocol.methods import REQUESTS


def test_every_kind_has_a_code_and_every_code_is_used() -> None:
    assert set(refusals.CODES) == set(refusals.ERROR_KINDS)
    assert set(FAILURE_KINDS) <= set(refusals.CODES)
    on_occasion = {ErrorCode.CONTENT_MODIFIED, ErrorCode.REQUEST_FAILED}
    assert set(refusals.CODES.values()) | on_occasion == set(ErrorCode)


def test_every_method_has_a_handler_and_nothing_else_has() -> None:
    assert set(HANDLERS) == {row.name for row in REQUESTS}


@pytest.mark.parametrize("kind", FAILURE_KINDS)
def test_a_failure_and_a_workspace_error_read_the_same(kind: Any) -> None:
    failure = Failure(kind, "It broke.", hint="Mend it.", retryable=True)
    value = WorkspaceError(kind, "It broke.", "Mend it.", retryable=True)
    one, other = refusals.from_failure(failure).wire(), refusals.from_failure(value.as_failure()).wire()
    assert one == other
    assert one["code"] == refusals.CODES[kind]
    assert ErrorData.model_validate(one["data"]).hint == "Mend it."


def test_secrets_do_not_leave_in_a_sentence() -> None:
    failure = Failure("model_refused", "The key sk-aaaaaaaaaaaaaaaaaaaaaaaa is wrong.")
    assert "sk-aaaa" not in str(refusals.from_failure(failure).wire())


def test_a_group_with_one_failure_is_that_failure() -> None:
    group = ExceptionGroup("tasks", [ExceptionGroup("inner", [Failure("busy", "Busy.")])])
    assert refusals.from_exception(group, "x").data.kind == "busy"


def test_a_bug_is_an_incident(caplog: pytest.LogCaptureFixture) -> None:
    refusal = refusals.from_exception(KeyError("boom"), "x")
    assert refusal.code == ErrorCode.INTERNAL_ERROR
    assert refusal.data.incident_id
    assert refusal.data.incident_id in caplog.text
    assert "boom" not in str(refusal.wire())
