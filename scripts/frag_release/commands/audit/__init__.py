"""The command `audit`: every past release, judged by the same rules."""
