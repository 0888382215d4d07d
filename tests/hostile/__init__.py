"""Archives made to do harm, in tables by idea; `child` restores every one with the real guest."""
