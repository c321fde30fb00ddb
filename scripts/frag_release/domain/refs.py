"""Refs by their full names: a name alone cannot tell a branch from a tag."""

from __future__ import annotations

from dataclasses import dataclass

TAGS, BRANCHES, PULLS = "refs/tags/", "refs/heads/", "refs/pull/"


@dataclass(frozen=True)
class Ref:
    """A ref by its full name, or a short name of which it is not known yet what it names; empty for none."""

    text: str

    @staticmethod
    def of_tag(name: str) -> Ref:
        """The ref of a tag."""
        return Ref(f"{TAGS}{name}")

    @staticmethod
    def of_branch(name: str) -> Ref:
        """The ref of a branch."""
        return Ref(f"{BRANCHES}{name}")

    @property
    def is_full(self) -> bool:
        """Whether it is a full name."""
        return self.text.startswith("refs/")

    @property
    def tag(self) -> str:
        """The tag's own name, empty if it is not a tag."""
        return self._below(TAGS)

    @property
    def branch(self) -> str:
        """The branch's own name, empty if it is not a branch."""
        return self._below(BRANCHES)

    @property
    def is_pull(self) -> bool:
        """Whether it is of a pull request."""
        return self.text.startswith(PULLS)

    @property
    def name(self) -> str:
        """What people call it: the tag's or branch's own name, else the whole ref."""
        return self.tag or self.branch or self.text

    def _below(self, start: str) -> str:
        return self.text[len(start) :] if self.text.startswith(start) else ""

    def __str__(self) -> str:
        return self.text
