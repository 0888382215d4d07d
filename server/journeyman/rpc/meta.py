"""`_meta`: what the params of any request may carry beside what its method takes."""

from __future__ import annotations

from typing import Any

from journeyman.ports.tracing import Parent
from journeyman.rpc.jsonbody import as_object
from journeyman.rpc.refusals import refuse
from journeyman_protocol.rows import Method

META = "_meta"


def without_meta(
    params: dict[str, Any] | None, row: Method | None
) -> tuple[Parent | None, dict[str, Any] | None]:
    """Where the request belongs in its caller's trace, and the params as the row knows them."""
    if params is None or META not in params:
        return None, params
    meta = as_object(params[META])
    if meta is None:
        raise refuse("invalid", "`_meta` must be an object.", "`_meta`: send an object, or leave it out.")
    if row is not None and "meta" not in row.params.model_fields:
        params = {name: value for name, value in params.items() if name != META}
    return parent_of(meta), params


def parent_of(meta: dict[str, Any]) -> Parent | None:
    """A `traceparent` that is no text is as good as none: tracing refuses nothing."""
    above, state = meta.get("traceparent"), meta.get("tracestate")
    if not isinstance(above, str):
        return None
    return Parent(above, state if isinstance(state, str) else "")
