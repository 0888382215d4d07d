"""python3 -m wordcount FILE: the number of words, their average length, and the five most frequent."""

import sys
from pathlib import Path

from wordcount.stats import average_length, top
from wordcount.text import words


def main(arguments):
    if len(arguments) != 1:
        print("usage: python3 -m wordcount FILE", file=sys.stderr)
        return 2
    found = words(Path(arguments[0]).read_text(encoding="utf-8"))
    print(f"{len(found)} words, {average_length(found):.1f} characters on average")
    for word, count in top(found, 5):
        print(f"{count:>5} {word}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
