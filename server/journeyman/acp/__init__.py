"""The Agent Client Protocol (version 1) beside LSP: the other room that knows a wire format.

A line is a message (`ndjson`), `endpoint` answers each request once and in order, `sessions` are chats that
a client has open, `mapping` turns their events into `session/update`. Messages have the shapes of the package
`agent-client-protocol`; its server is not used (docs/decisions/0021). Nothing here knows how a run, a
workspace or a model works, and nothing of the rooms below knows this one.
"""
