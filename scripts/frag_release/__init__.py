"""Decides, on evidence, whether a stack release may reach production, and explains why."""

from __future__ import annotations

__version__ = "1.0.0"
