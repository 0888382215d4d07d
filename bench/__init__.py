"""Benchmarks: ratios to the machine's own limits, measured in one run. Never asserted."""
