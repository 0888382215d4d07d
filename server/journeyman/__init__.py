"""Journeyman: a coding agent that lives beside the editor like a language server."""

__version__ = "0.1.0"
