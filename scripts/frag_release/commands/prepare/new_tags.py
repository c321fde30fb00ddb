"""Finding the tags for `new`: the head of a component's production branch, already tagged or to be tagged."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from ...adapters.ports import Repository
from ...adapters.ports.publishing import PublishingForge
from ...dataclass import dataclass, field, replace
from ...domain.components import Component
from ...domain.evidence import Answer, Run, Unknown
from ...domain.facts import NOT_ASKED
from ...domain.new_tags import (
    NewTag,
    asked_part,
    is_forgotten,
    lacking,
    next_tag,
    require_plausible,
    tag_at,
    wanted_commit,
)
from ...domain.newest import Newest, doubts
from ...domain.plan import PLAN_AGAIN, ChoiceError
from ...domain.refs import TagFormat
from ...domain.versions import production_tags, same_number
from ...domain.workflow_file import WorkflowFileError
from ...domain.workflow_jobs import read_triggers
from ...errors import RefusedError
from ...inputs.settings.release import PrepareSettings
from ..evidence.histories import is_secret
from ..journal import Journal
from ..session import require
from .drafting import all_tags

_LOOKED_AT = 100
"""The number of highest production tags that are searched for one at the commit; an annotated one costs a request."""

_MOST_WORKFLOWS = 30


@dataclass(frozen=True)
class PlannedTag:
    """The approved tag of a component. `is_there`: it points at the approved commit already."""

    tag: str
    commit: str
    is_there: bool


@dataclass
class NewTags:
    """The new tags, kept over all attempts of a run. `today` is the date in the stack's time zone.

    `settled` are those that an earlier attempt made, or whose CI passed in it: they stay, even if something is pushed
    meanwhile. `burned` are names that GitHub refuses, by repository.
    """

    settings: PrepareSettings
    journal: Journal
    today: datetime.date
    settled: dict[str, NewTag] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    burned: dict[str, set[str]] = field(default_factory=dict)

    def find(self, forge: PublishingForge, newest: Mapping[str, Answer[Newest]]) -> tuple[NewTag, ...]:
        """Return the tag of each component whose choice is `new`; raises RefusedError and EvidenceError."""
        asked = self.settings.newly_tagged
        with ThreadPoolExecutor(len(asked)) as pool:
            found = pool.map(lambda one: self._find(forge, one, newest[one.name]), asked)
            return tuple(found)

    def _find(self, forge: PublishingForge, component: Component, newest: Answer[Newest]) -> NewTag:
        if component.name in self.settled:
            return self.settled[component.name]
        repository = forge.repository(component.repository)
        planned = self._planned(repository, component)
        found = self._commit(forge, repository, component, planned)
        form = component.tag_format
        years = [f"{form.prefix}{self.today.year}.", *([f"{planned.tag.partition('.')[0]}."] if planned else [])]
        names = require(all_tags(repository, years), f"The list of tags of {repository.name}")
        try:
            require_plausible(repository.name, names, self.today, form, component.format_input)
            found = self._tagged(forge, repository, found, names, planned, newest)
        except ChoiceError as error:
            raise RefusedError(error.message, error.remedy) from error
        found = replace(found, is_default=self._note_lacking(forge, repository, found))
        return self._with_plan_facts(forge, repository, found, newest)

    def _planned(self, repository: Repository, component: Component) -> PlannedTag | None:
        """Return the approved tag, and whether it exists: an earlier run of this plan may have made it."""
        approval = self.settings.approval
        if approval is None or not approval.tag_of(component.name):
            return None
        tag, commit = approval.tag_of(component.name), approval.commit_of(component.name)
        at = require(repository.tags([tag])[tag], f"The tag {tag} of {repository.name}")
        return PlannedTag(tag, commit, is_there=at == commit)

    def _commit(
        self, forge: PublishingForge, repository: Repository, component: Component, planned: PlannedTag | None
    ) -> NewTag:
        """Return the chosen commit, which must be on a production branch, without its tag."""
        branch, wanted = component.branches[0], wanted_commit(self.settings.choices[component.name].tag) or ""
        if planned and planned.is_there:
            wanted = planned.commit
        head = require(repository.branches([branch])[branch], f"The branch {branch} of {repository.name}")
        if head is None:
            what = f"{repository.name} has no branch {branch}."
            raise RefusedError(what, f"Name its production branch in {component.given_in('branch')}.")
        facts = require(forge.writer(repository.name).message_of(wanted or head), f"The commit {wanted or head[:12]}")
        place = require(
            repository.placements([facts.sha], component.branches)[facts.sha], f"The commit {facts.sha[:12]}"
        )
        if not place.branches:
            raise RefusedError(
                f"{facts.sha[:12]} is not on {' or '.join(component.branches)} of {repository.name}.",
                f"Name a commit of that branch in {component.given_in('tag')}, or use new for its head.",
            )
        subject = facts.message.partition("\n")[0]
        return NewTag(component, branch, head, facts.sha, "", placement=place, subject=subject, is_head=not wanted)

    def _tagged(
        self,
        forge: PublishingForge,
        repository: Repository,
        found: NewTag,
        names: Collection[str],
        planned: PlannedTag | None,
        newest: Answer[Newest],
    ) -> NewTag:
        """Add the tag at the commit, or the next tag: one without evidence of its CI does not count."""
        if planned and planned.is_there:
            return replace(found, tag=planned.tag, is_there=True, runs=self._runs(forge, repository.name, planned.tag))
        form = found.component.tag_format
        tags = production_tags(names, form=form)
        highest = repository.tags([tag.text for tag in tags[-_LOOKED_AT:]])
        tag = require(tag_at(found.commit, highest, form, doubts(tags, self.today)), f"The tag of {found.commit[:12]}")
        if tag:
            runs = self._runs(forge, repository.name, tag)
            if not is_forgotten(tag, found.commit, runs, self.today, form):
                return replace(found, tag=tag, is_there=True, runs=runs)
            self.journal.note(f"GitHub no longer has the CI runs of {tag} of {repository.name}, so it is not used.")
        burned = self.burned.get(repository.name, ())
        if planned and planned.commit == found.commit:
            chosen = self._still_free(repository.name, planned.tag, [*names, *burned], form)
        else:
            chosen = self._next(found.component, names, burned, newest)
        return replace(found, tag=chosen, shadow=repository.branches([chosen])[chosen])

    def _next(
        self, component: Component, names: Collection[str], burned: Collection[str], newest: Answer[Newest]
    ) -> str:
        """Return the name of the next tag; raises ChoiceError and EvidenceError."""
        form, name, last = component.tag_format, component.name, ""
        if not form.by_month:
            what = f"The newest {name} tag"
            last = require(require(newest, what).tag(), what)
        return next_tag(self.today, names, form, burned, asked_part(self.settings.choices[name].tag), last, name)

    @staticmethod
    def _still_free(repository: str, tag: str, names: Collection[str], form: TagFormat) -> str:
        """Return the approved tag, which stays even if the month has changed; raises RefusedError if it is taken."""
        if taken := same_number(tag, names, form):
            raise RefusedError(
                f"The tag {tag} of {repository} was approved, but {taken[0]} is now taken, and not by this plan.",
                PLAN_AGAIN,
            )
        return tag

    def _runs(self, forge: PublishingForge, repository: str, tag: str) -> Answer[Sequence[Run]] | None:
        return forge.runs.tag_runs(repository, [tag])[tag] if self.settings.check_ci else None

    def _note_lacking(self, forge: PublishingForge, repository: Repository, found: NewTag) -> bool:
        """Note the default branch's commits that production lacks; return whether it is a production branch."""
        default = repository.default_branch()
        if isinstance(default, Unknown) or default in found.component.branches:
            return not isinstance(default, Unknown)
        head = repository.branches([default])[default]
        history = repository.history(found.head, head) if isinstance(head, str) else head
        if history is None:
            return False
        secret = is_secret(forge, repository.name, {self.settings.stack_repository, self.settings.home})
        note = lacking(default, found.branch, history, repository.name, secret)
        if note:
            self.journal.note(note)
        return False

    def _with_plan_facts(
        self, forge: PublishingForge, repository: Repository, found: NewTag, newest: Answer[Newest]
    ) -> NewTag:
        """Add which workflows to follow, and what the plan shows about a tag that is to be made."""
        if not found.waits_for_ci:
            return found
        found = replace(found, starts=_starts(forge, repository, found))
        if found.is_there:
            return found
        before = "" if isinstance(newest, Unknown) else newest.tag()
        since = "" if isinstance(before, Unknown) else before
        at = repository.tags([since])[since] if since else None
        shown_in = {self.settings.stack_repository, self.settings.home}
        check = self.settings.check_ci
        return replace(
            found,
            since=since,
            history=repository.history(at, found.commit) if isinstance(at, str) else NOT_ASKED,
            branch_runs=forge.builds(repository.name).of_commit(found.commit, found.component.branches)
            if check
            else None,
            is_secret=is_secret(forge, repository.name, shown_in),
        )


def _starts(forge: PublishingForge, repository: Repository, tag: NewTag) -> Answer[Sequence[str]]:
    """Return the files of the workflows that a push of the tag starts, according to the files at its commit."""
    listed = forge.runs.workflows(repository.name)
    if isinstance(listed, Unknown):
        return listed
    starts: list[str] = []
    for file in sorted({one.file for one in listed if not one.deleted and one.file.startswith(".github/")}):
        if len(starts) == _MOST_WORKFLOWS:
            break
        blob = repository.files(file, [tag.commit])[tag.commit]
        if isinstance(blob, Unknown):
            return blob
        try:
            if blob is not None and read_triggers(blob).tags.start(tag.tag):
                starts.append(file)
        except WorkflowFileError:
            continue
    return starts


def followed(forge: PublishingForge, tag: NewTag) -> Sequence[str]:
    """Return the files of the workflows whose runs must pass: those named in the inputs, or those the tag starts."""
    names = tag.component.ci_workflows
    if not names:
        return () if isinstance(tag.starts, Unknown) else tag.starts
    found: list[str] = []
    for name in names:
        if name.endswith((".yml", ".yaml")):
            found.append(name if "/" in name else f".github/workflows/{name}")
            continue
        known = require(forge.runs.workflows(tag.component.repository), f"The workflows of {tag.component.repository}")
        found += [one.file for one in known if one.name == name and not one.deleted]
    return list(dict.fromkeys(found))
