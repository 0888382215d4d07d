"""The seams of the house: what the rooms above need from the world, as typing Protocols.

Each module holds one port, its value types, and its contract in docstrings. Every adapter and every
fake of a port passes the same conformance suite (`tests/contract`). Ports import nothing but records.
"""
