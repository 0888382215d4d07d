"""Counts words: `text` finds them, `stats` counts them, `__main__` prints the report."""
