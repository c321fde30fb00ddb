"""Putting the gate in front of a workflow that has none: what has to change, and how the file takes it."""
