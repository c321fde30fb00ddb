"""Gathering facts for all commands that judge."""
