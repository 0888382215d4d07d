"""Fakes and scripted parts, shipped for our tests and other people's.

Every fake passes the same conformance suite as the real adapter of its port (`tests/contract`).
"""
