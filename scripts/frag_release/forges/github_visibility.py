"""Who may see a repository on GitHub."""

from __future__ import annotations

from typing import TypedDict

from ..domain.evidence import Answer, Unknown
from .github_api import RepositoryApi


class Visibility(TypedDict):
    """`repos/get`, as far as it tells who may see a repository."""

    private: bool


def is_private(api: RepositoryApi) -> Answer[bool]:
    """Whether not everybody may see it; one that is internal to an enterprise is private, too (`repos/get`)."""
    entry = api.entry()
    facts = entry if isinstance(entry, Unknown) else api.read(entry, Visibility, "the entry")
    return facts if isinstance(facts, Unknown) else facts["private"]
