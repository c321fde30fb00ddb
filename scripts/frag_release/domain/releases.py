"""A release of a tag on the forge, as people see it beside the tag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .versions import ProductionTag, production_tags


@dataclass(frozen=True)
class Asset:
    """A file of a release. `digest` (`sha256:…`) is empty where the forge does not tell; `whole`: it has arrived."""

    id: int
    name: str
    digest: str
    whole: bool


@dataclass(frozen=True)
class Released:
    """The tags of the newest public releases that hold a `release.json`; `is_all` where no older releases are left."""

    tags: Sequence[str]
    is_all: bool

    def below(self, tag: ProductionTag) -> str:
        """Return the highest production tag below `tag`, empty where there is none among them."""
        return next((one.text for one in reversed(production_tags(self.tags)) if one.version < tag.version), "")

    def above(self, tag: ProductionTag) -> str:
        """Return the highest production tag of all if it is above `tag`, else nothing."""
        return next((one.text for one in reversed(production_tags(self.tags)) if one.version > tag.version), "")


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
