"""Clones on this disk as a forge."""
