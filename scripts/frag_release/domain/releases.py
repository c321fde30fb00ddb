"""A release of a tag on the forge, as people see it beside the tag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Asset:
    """A file of a release. `digest` (`sha256:…`) is empty where the forge does not tell; `whole`: it has arrived."""

    id: int
    name: str
    digest: str
    whole: bool


@dataclass(frozen=True)
class Release:
    """A release, or a draft of one, which only those see who may write."""

    id: int
    tag: str
    title: str
    body: str
    url: str
    draft: bool
    immutable: bool
    upload_url: str
    assets: Sequence[Asset] = ()

    def asset(self, name: str) -> Asset | None:
        """Return a file by its name."""
        return next((one for one in self.assets if one.name == name), None)

    def has_whole(self, name: str) -> bool:
        """Whether the file is there, and was not broken off on its way."""
        asset = self.asset(name)
        return asset is not None and asset.whole


@dataclass(frozen=True)
class Drafts:
    """The drafts of a tag, oldest first; where the list of releases was cut, `among` how many of the newest."""

    found: Sequence[Release]
    among: int = 0
