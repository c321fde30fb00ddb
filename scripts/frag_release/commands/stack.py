"""The stack: the released repository in one view of a forge, and the facts of its releases."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Generic, TypeVar

from ..adapters.ports import Forge, Repository, Writer
from ..adapters.registry import RegistryClient
from ..dataclass import dataclass, replace
from ..domain.components import Pin, read_pins
from ..domain.evidence import Answer, Blob, NotOffered, Unknown, Unseen, answered, seen
from ..domain.facts import ComponentFacts, Released, ReleaseFacts
from ..domain.refs import Ref
from ..domain.versions import parse_production_tag
from ..errors import ConfigurationError, UsageError
from ..inputs.context import Context
from ..inputs.settings import Settings
from .evidence.components import ComponentEvidence, Overrides, with_previous
from .evidence.stack import StackEvidence, TagFacts, with_records
from .session import require

if TYPE_CHECKING:
    from ..domain.deployment_records import Staging
    from .evidence.deployment_records import RecordEvidence

_F = TypeVar("_F", bound=Forge, covariant=True)


@dataclass(frozen=True)
class Stack(Generic[_F]):
    """The stack's repository on `forge`. A forge caches answers, so reading again takes another Stack."""

    settings: Settings
    forge: _F
    context: Context

    @property
    def name(self) -> str:
        """`OWNER/NAME`."""
        return self.settings.stack_repository

    @property
    def repository(self) -> Repository:
        """The reader of the repository."""
        return self.forge.repository(self.name)

    @property
    def writer(self) -> Writer:
        """The writer of the repository."""
        return self.forge.writer(self.name)

    @answered
    def branches(self) -> Sequence[str]:
        """The branches that it is released from: those of the settings, else the default branch.

        In a run of the stack's own, the event contains the default branch.
        """
        if self.settings.stack_branches:
            return self.settings.stack_branches
        own = self.name.lower() == self.context.repository.lower()
        known = self.context.default_branch if own else ""
        return (known or seen(self.repository.default_branch()),)

    def required_branches(self) -> Sequence[str]:
        """The same; raises EvidenceError if they are unknown."""
        return require(self.branches(), f"The default branch of {self.name}")

    @answered
    def releases(self) -> Released:
        """The newest releases, with those that were taken back according to their texts."""
        return replace(seen(self.forge.released(self.name)), tag_format=self.settings.tag_format)

    @answered
    def released(self) -> Released:
        """The newest releases, with those taken back according to texts and trusted records: one round of requests.

        Records are judged only if there are any of rollbacks, and only for releases whose text does not settle it: that
        takes a few more requests.
        """
        with ThreadPoolExecutor(1) as pool:
            asking = pool.submit(self.releases)
            rolled_back = self.forge.rolled_back(self.name)
        released = seen(asking.result())
        standing = [tag for tag in released.tags if not released.taken_back.get(tag)]
        found = self._taken_back(standing) if rolled_back is True else rolled_back or {}
        if isinstance(found, Unknown):
            return replace(released, unread=found.reason)
        return replace(released, taken_back={**released.taken_back, **found})

    @answered
    def _taken_back(self, releases: Sequence[str]) -> Mapping[str, str]:
        return seen(seen(self.records()).taken_back(releases))

    @answered
    def staging(self, digest: str, tag: str, minutes: int) -> Staging:
        """What was on staging as an image of `digest`, according to trusted records."""
        records = seen(self.records())
        return seen(records.staging(digest, tag, minutes, datetime.datetime.now(datetime.timezone.utc)))

    @answered
    def records(self) -> RecordEvidence:
        """The evidence of deployment records; clones have none."""
        from .evidence.deployment_records import RecordEvidence  # late: a gate does not need it

        deployments, branches = self.forge.deployments(self.name), self.branches()
        if deployments is None:
            raise Unseen(NotOffered("clones have no deployment records", "Leave out the input local."))
        settings = self.settings
        return RecordEvidence(deployments, self.repository, settings.workflow_file, seen(branches), settings.tag_format)

    def head(self, branch: str) -> str:
        """The head of a branch; raises EvidenceError if it is unknown, UsageError if there is no such branch."""
        head = require(self.repository.branches([branch])[branch], f"The branch {branch}")
        if head is None:
            raise UsageError(f"{self.name} has no branch {branch}.", "Name it in stack-branch.")
        return head

    def full_ref(self, name: str) -> Ref:
        """The full name of the tag or the branch `name`.

        Raises EvidenceError if either could not be looked up, and UsageError if both or neither have the name.
        """
        tag, branch = Ref.of_tag(name), Ref.of_branch(name)
        with ThreadPoolExecutor(1) as pool:
            asking = pool.submit(self.commit_of, tag)
            is_branch = require(self.commit_of(branch), f"The branch {name} of {self.name}") is not None
        is_tag = require(asking.result(), f"The tag {name} of {self.name}") is not None
        if is_tag and is_branch:
            what = f"The input ref is {name!r}, which names both a tag and a branch of {self.name}."
            raise UsageError(what, f"Write {tag} or {branch}.")
        if not is_tag and not is_branch:
            what = f"The input ref is {name!r}, which names neither a tag nor a branch of {self.name}."
            raise UsageError(what, "Name one that exists.")
        return tag if is_tag else branch

    def commit_of(self, ref: Ref) -> Answer[str | None]:
        """The commit of a ref with a full name; None if there is no such ref. Raises UsageError for other kinds."""
        if ref.tag:
            return self.repository.tags([ref.tag])[ref.tag]
        if ref.branch:
            return self.repository.branches([ref.branch])[ref.branch]
        remedy = f"Name a tag ({Ref.of_tag('NAME')}) or a branch ({Ref.of_branch('NAME')})."
        raise UsageError(f"The input ref cannot be {ref.text!r}.", remedy)

    def pins(self, commits: Sequence[str], built: str = "") -> dict[str, tuple[Pin, ...]]:
        """The pins in the workflow file at each commit, with the inputs' overrides at the one that is built."""
        read = cache(self.pins_in)  # an audit has many commits with the same content
        return {commit: read(content, commit == built) for commit, content in self._files(commits).items()}

    def required_pins(self, commits: Sequence[str]) -> dict[str, tuple[Pin, ...]]:
        """The pins in the workflow file at each commit; raises EvidenceError if one could not be read."""
        file, found = self.settings.workflow_file, self._files(commits)
        return {commit: self.pins_in(require(found[commit], f"{file} at {commit[:12]}")) for commit in found}

    def pins_in(self, content: Answer[Blob | None], is_built: bool = False) -> tuple[Pin, ...]:
        """The pins in a workflow file, with the inputs' overrides if this is the one that is built."""
        settings = self.settings
        choices = settings.choices if is_built else None
        return read_pins(settings.components, settings.workflow_file, content, choices)

    def _files(self, commits: Sequence[str]) -> Mapping[str, Answer[Blob | None]]:
        return self.repository.files(self.settings.workflow_file, commits) if commits else {}

    def overrides(self, commit: str) -> Overrides:
        """Look for overrides in the workflow file at a commit, which is fetched already; makes no other request."""
        from ..domain.overrides import look_for_overrides  # late: the requests go out first

        content = self._files([commit])[commit]
        return look_for_overrides(content, self.settings.components, self.settings.own_action)

    @answered
    def other_keys(self, commit: str) -> Sequence[str]:
        """The keys in which the configuration file at a commit differs from the one in force."""
        from ..inputs.configuration import FILE, Configuration  # late, as it reads YAML
        from .execute import as_configuration

        ruling = self.settings.configuration
        try:
            there = seen(as_configuration(self.repository.files(FILE, [commit])[commit]))
        except ConfigurationError as error:
            return [error.message.rstrip(".")]
        if (ruling is None) != (there is None):
            return ["that only one of the two exists"]
        return (there or Configuration()).differing(ruling or Configuration())

    def component_facts(
        self,
        registry: RegistryClient,
        pins: Sequence[Pin],
        today: datetime.date,
        look: Callable[[], Overrides] | None = None,
    ) -> list[ComponentFacts]:
        """The facts of each pin, in the order of `pins`; `look` looks for overrides. No tag is newer than `today`."""
        return ComponentEvidence(self.forge, registry, self.settings, today).gather(pins, look)

    def tag_facts(self, tag: str, branches: Answer[Sequence[str]], today: datetime.date) -> TagFacts:
        """The facts of a production tag, which exists or is about to be created, and the release before it."""
        parsed = parse_production_tag(tag, self.settings.tag_format)
        if parsed is None:
            raise AssertionError("only production tags are judged as releases")
        return StackEvidence(self.repository, branches, self.pins).gather(parsed, today)

    def release_facts(
        self, tag: Callable[[], TagFacts], components: Callable[[], Sequence[ComponentFacts]]
    ) -> ReleaseFacts:
        """The facts of a release: of its tag, and of each component compared with the release before and its record.

        Both are gathered at the same time, to keep the gate's time limit and number of round trips.
        """
        with ThreadPoolExecutor(1) as pool:
            asking = pool.submit(tag)
            found = components()
        stack, previous = asking.result()
        compared = [with_previous(facts, previous) for facts in found]
        return ReleaseFacts(stack, with_records(self.forge, self.name, previous, compared), previous)
