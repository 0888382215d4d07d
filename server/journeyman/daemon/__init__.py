"""The daemon as a process: its life (`life`) and its log (`log`)."""

from journeyman.daemon.life import parse_address, serve

__all__ = ["parse_address", "serve"]
