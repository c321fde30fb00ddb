"""What a forge must do for `publish`: tags, builds and releases. Only GitHub does.

Nothing here is from a memory, and every write can be lost and found again. Writes may raise
WriteRefusedError (a right is missing) and WriteFailedError (it may or may not have happened).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from .repository import Forge

if TYPE_CHECKING:
    from ...domain.builds import Artifact, Build, Job, PendingDeployment
    from ...domain.evidence import Answer, Approval, Lifetime, Run
    from ...domain.releases import Asset, Drafts, Release
    from ...domain.review import MergedRequest


class Publisher(Protocol):
    """Tags commits of one repository, and knows how they came about."""

    def tag(self, name: str) -> Answer[str | None]:
        """The commit that a tag points at now, peeled; None where there is no such tag."""

    def create_tag(self, name: str, commit: str) -> bool:
        """Make a tag; raises LostRaceError where there is one of that name at another commit.

        Returns whether this call made it for sure; else somebody may have, and had it built.
        """

    def merged_requests(self, commit: str, named: int | None) -> Answer[Sequence[MergedRequest]]:
        """The merged pull requests, from branches of this repository, that `commit` came with.

        `named` is the number of the one that its message names, for a forge that lists it late.
        """


class Builds(Protocol):
    """What CI does in one repository."""

    def of_commit(self, commit: str, branches: Sequence[str]) -> Answer[Sequence[Run]]:
        """All runs of a commit on one of `branches`, in their latest attempt."""

    def of_tag(self, workflow: str, tag: str, commit: str) -> Answer[Sequence[Build]]:
        """The runs of a workflow file that belong to a tag at a commit.

        Those are what pushes of the tag have started: those that failed, those that have not ended, and the newest
        that passed. Behind them stands what was dispatched at it, the newest first.
        """

    def branch_lifetimes(self, name: str) -> Answer[Sequence[Lifetime]]:
        """When a branch of that name existed; `NotOffered` where the place does not tell."""

    def latest(self, build: Build) -> Answer[Build | None]:
        """The same run as it is now; None where somebody has deleted it."""

    def jobs(self, build: Build) -> Answer[Sequence[Job]]:
        """The jobs of its latest attempt, in the order in which they were started."""

    def pending_deployments(self, build: Build) -> Answer[Sequence[PendingDeployment]]:
        """The environments whose rules it waits for."""

    def approvals(self, run: int) -> Answer[Sequence[Approval]]:
        """Who approved the run of that number, in the order of GitHub."""

    def unfinished(self, workflow: str) -> Answer[Sequence[Build]]:
        """The runs of a workflow file that are in progress, or wait for an approval; the oldest first."""

    def artifacts(self, build: Build) -> Answer[Sequence[Artifact]]:
        """What all its attempts have uploaded, by name; nothing is downloaded."""

    def past(self, workflow: str, limit: int) -> Answer[Sequence[Sequence[Job]]]:
        """The jobs of the last `limit` runs that passed, those of releases first."""

    def start(self, workflow: str, tag: str) -> None:
        """Start a workflow at a tag (the event `workflow_dispatch`)."""


class Releases(Protocol):
    """The releases of one repository."""

    def public(self, tag: str) -> Answer[Release | None]:
        """The public release of a tag."""

    def drafts(self, tag: str) -> Answer[Drafts]:
        """The drafts of a tag that are found; GitHub lets several name one tag."""

    def create_with_notes(self, tag: str) -> Release:
        """Make a public release for an existing tag, with the notes that the forge makes of its commits.

        Returns the one that is there where somebody has made one meanwhile.
        """

    def create_draft(self, tag: str, title: str, body: str) -> Release:
        """Make a draft for an existing tag."""

    def update(self, release: Release, title: str, body: str) -> Release:
        """Replace title and body."""

    def upload(self, release: Release, name: str, content: bytes) -> Asset:
        """Add a JSON file to a draft."""

    def delete(self, release: Release, asset: Asset) -> None:
        """Remove a file from a draft."""

    def publish(self, release: Release) -> Release:
        """Make a draft public, as the latest release."""


class PublishingForge(Forge, Protocol):
    """A forge that can also publish."""

    def publisher(self, name: str) -> Publisher:
        """What tags commits of the repository `OWNER/NAME`; asks nothing yet."""

    def builds(self, name: str) -> Builds:
        """What CI does in a repository; asks nothing yet."""

    def releases(self, name: str) -> Releases:
        """The releases of a repository; asks nothing yet."""
