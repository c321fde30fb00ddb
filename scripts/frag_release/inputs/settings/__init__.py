"""Inputs and context together, as the commands use them."""
