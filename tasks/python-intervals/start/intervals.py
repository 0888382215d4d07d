"""Intervals as pairs (start, end) with start <= end."""


def merge(intervals):
    """The same points in as few intervals as possible, sorted."""
    merged = []
    for start, end in intervals:
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged
