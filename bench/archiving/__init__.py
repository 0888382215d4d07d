"""`make bench-archive`: archiving and restoring a tree, beside `tar | zstd`, restic and Docker's ways."""
