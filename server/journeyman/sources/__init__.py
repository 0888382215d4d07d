"""Where a new project's files come from: a folder of this machine, a repository, an archive."""
