"""Gathering facts, for every command that judges."""
