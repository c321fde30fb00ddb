"""Judging the releases of the past: pure, from the facts of a whole history to what is said of each tag."""
