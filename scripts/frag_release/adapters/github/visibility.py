"""Who may see a repository on GitHub, and what it is called by now."""

from __future__ import annotations

from typing import TypedDict

from ...domain.evidence import Answer, Unknown
from .api import RepositoryApi


class Visibility(TypedDict):
    """`repos/get`, as far as it tells who may see a repository."""

    private: bool


class FullName(TypedDict):
    """`repos/get`: `OWNER/NAME` as it is now."""

    full_name: str


def is_named(api: RepositoryApi, name: str) -> bool:
    """Whether this is the repository's name: the one that it is asked for by, or the one that it was given since."""
    if name.lower() == api.name.lower():
        return True
    entry = api.entry()
    facts = entry if isinstance(entry, Unknown) else api.read(entry, FullName, "the entry")
    return not isinstance(facts, Unknown) and facts["full_name"].lower() == name.lower()


def is_private(api: RepositoryApi) -> Answer[bool]:
    """Whether not everybody may see it; one that is internal to an enterprise is private, too (`repos/get`)."""
    entry = api.entry()
    facts = entry if isinstance(entry, Unknown) else api.read(entry, Visibility, "the entry")
    return facts if isinstance(facts, Unknown) else facts["private"]
