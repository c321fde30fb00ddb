"""Workflow files for the tests of the domain."""

from __future__ import annotations

from frag_release.domain.evidence import Blob


def blob(content: str | bytes) -> Blob:
    """The file of that content, as a forge returns it."""
    data = content.encode() if isinstance(content, str) else content
    return Blob(len(data), data)
