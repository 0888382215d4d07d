"""The wire: the only room that knows JSON-RPC, LSP framing and the types of `journeyman_protocol`.

Bytes come in through `transport`, are cut into frames by `framing`, become messages in `session`, and
reach a handler by `router`. What the rooms below answer is turned into wire types by `wire` and
`refusals`, and leaves through `outbox`. Nothing here knows how a run, a workspace or an archive works.
"""
