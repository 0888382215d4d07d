"""Durable memory in one SQLite file. `SqliteStore` is the only name the rest of the house needs."""

from journeyman.adapters.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
