"""The contract between the daemon and its clients: pydantic models and one table of methods.

This package is a leaf: it imports pydantic and nothing of ours. `schema.json`, `PROTOCOL.md`, the
clients' types and the golden examples are made from it by `journeyman_protocol.gen`.
"""

PROTOCOL_VERSION = 1
