"""Measuring an agent: tasks, each done in a project of its own and judged where the agent could not reach.

A client like any other: it speaks the public protocol and knows nothing of the daemon's inside.
"""
