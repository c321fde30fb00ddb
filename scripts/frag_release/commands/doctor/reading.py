"""What the commands have to read, looked at by reading it, and what prepare and publish need for writing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from ...adapters.github.forge import GithubForge
from ...adapters.github.settings import GithubSettings
from ...adapters.http.session import Once
from ...adapters.registry.client import RegistryClient
from ...domain.components import NO_IMAGE, Component, Pin
from ...domain.evidence import Answer, Blob, Image, Unknown
from ...domain.needs.need import (
    Judgement,
    Need,
    Right,
    Row,
    Selection,
    TokenFacts,
    TokenKind,
    judge_right,
    not_needed,
    unseen,
)
from ...domain.needs.workflow import judge_branches, judge_image, judge_seen, judge_workflow_file
from ...domain.needs.writing import (
    BuildWorkflow,
    judge_build,
    judge_direct_commit,
    judge_own_branch,
    judge_pull_request_setting,
    judge_pushed_image,
    judge_tag_creation,
)
from ...domain.plan import RELEASE_BRANCH
from ...domain.workflow_file import WorkflowFileError
from ...domain.workflow_jobs import read_triggers, read_upload
from ...inputs.settings.doctor import DoctorSettings
from ..stack import Stack

_AT_ONCE = 32
"""All that are asked, or nearly: each waits for the network, and some for one another."""


@dataclass(frozen=True)
class Question:
    """`judge` asks whoever can tell, and is not run where no chosen command has the need."""

    need: Need | None
    judge: Callable[[], Judgement]


def answered(questions: Sequence[Question]) -> list[Row]:
    """Ask all questions about needs, several at once; the rows keep their order."""
    asked = [(one.need, one.judge) for one in questions if one.need]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        judged = list(pool.map(lambda each: each[1](), asked))
    return [Row(need, judgement) for (need, _), judgement in zip(asked, judged, strict=True)]


def judge_right_of(token: Callable[[], Answer[TokenFacts]], right: Right, need: Need | None) -> Judgement:
    """Judge a right of a token, which is asked for first."""
    facts = token()
    return unseen(facts) if isinstance(facts, Unknown) else judge_right(right, facts, need.commands if need else ())


def is_same(repository: str, home: str) -> bool:
    """Whether a repository is the workflow's own. GitHub ignores the case of names; a terminal has no such home."""
    return repository.lower() == home.lower() or not home


@dataclass(frozen=True)
class StackFile:
    """The workflow file on the first of the stack's branches."""

    stack: Stack[GithubForge]

    def content(self) -> Answer[Blob | None]:
        """That file; None where there is none."""
        branches, repository = self.stack.branches(), self.stack.repository
        if isinstance(branches, Unknown):
            return branches
        head = repository.branches(branches[:1])[branches[0]]
        if head is None:
            return Unknown(f"there is no branch {branches[0]} to read it from", "Correct stack-branch.")
        return head if isinstance(head, Unknown) else repository.files(self.stack.settings.workflow_file, [head])[head]

    def pins(self) -> Sequence[Pin]:
        """The pins in that file."""
        return self.stack.pins_in(self.content())


class Reading:
    """Asks the forge and the registry for what every command has to read."""

    def __init__(
        self,
        settings: DoctorSettings,
        selection: Selection,
        registry: RegistryClient,
        file: StackFile,
    ) -> None:
        self._settings = settings
        self._selection = selection
        self._forge = file.stack.forge
        self._registry = registry
        self._file = file
        self._images: Once[str, Mapping[tuple[str, str], Answer[Image]]] = Once()

    def questions(self) -> list[Question]:
        """Everything that is asked."""
        stack, file, need = self._settings.stack_repository, self._settings.workflow_file, self._selection.need
        return [
            Question(need("stack-branch", f"Read {stack}: `contents: read`"), self._stack),
            Question(need("workflow-file", f"{file} with a value for every pin"), self._workflow_file),
            Question(need("stack-runs", f"Read the CI runs of {stack}: `actions: read`"), partial(self._runs, stack)),
            Question(
                need("pull-requests-read", f"Read the pull requests of {stack}: `pull-requests: read`"),
                self._pull_requests,
            ),
            *(one for component in self._settings.components for one in self._of_component(component)),
        ]

    def _of_component(self, component: Component) -> list[Question]:
        name, repository, need = component.name, component.repository, self._selection.need
        branches = " or ".join(component.branches)
        found = [
            Question(
                need("component-repository", f"Read {repository} and its branch {branches}: `contents: read`", name),
                partial(self._repository, component),
            ),
            Question(
                need("component-runs", f"Read the CI runs of {repository}: `actions: read`", name),
                partial(self._runs, repository),
            ),
        ]
        if component.image != NO_IMAGE:
            image = need("component-image", f"Ask the registry for the {name}'s image", name)
            found.append(Question(image, partial(self._image, name)))
        return found

    def _stack(self) -> Judgement:
        branches = self._file.stack.branches()
        if isinstance(branches, Unknown):
            return unseen(branches)
        repository = self._settings.stack_repository
        heads = self._forge.repository(repository).branches(branches)
        return judge_branches(repository, heads, "stack-branch", every=True)

    def _repository(self, component: Component) -> Judgement:
        heads = self._forge.repository(component.repository).branches(component.branches)
        return judge_branches(component.repository, heads, component.given_in("branch"), every=False)

    def _workflow_file(self) -> Judgement:
        return judge_workflow_file(self._settings.workflow_file, self._file.pins())

    def _runs(self, repository: str) -> Judgement:
        runs = self._forge.settings(repository).shown_runs()
        return judge_seen(runs, f"The runs of {repository} are shown: {runs} in all.")

    def _pull_requests(self) -> Judgement:
        repository = self._settings.stack_repository
        shown = self._forge.settings(repository).shown_pull_requests()
        return judge_seen(shown, f"The pull requests of {repository} are shown.")

    def _image(self, component: str) -> Judgement:
        pin = next(one for one in self._file.pins() if one.component.name == component)
        return judge_image(pin, self._images.get("", self._all_images))

    def _all_images(self) -> Mapping[tuple[str, str], Answer[Image]]:
        """Ask for all together, so that one login serves them all."""
        return self._registry.images({pin.place for pin in self._file.pins() if pin.place and pin.tag})


_T = TypeVar("_T")

_PROPOSING, _COMMITTING = "For `mode: pull-request`, the default of prepare:", "For `mode: commit` of prepare:"


class Writing:
    """Asks about rights and rules on the stack's repository, and on those of `components` that are to be tagged."""

    def __init__(
        self,
        settings: DoctorSettings,
        selection: Selection,
        stack: GithubSettings,
        components: Mapping[str, GithubSettings],
        file: StackFile,
    ) -> None:
        self._settings = settings
        self._selection = selection
        self._stack = stack
        self._components = components
        self._file = file

    def questions(self) -> list[Question]:
        """Everything that is asked."""
        return [
            *self._of_prepare(),
            *(question for one in self._settings.newly_tagged for question in self._of_tagging(one)),
            *self._of_publish(),
        ]

    def _of_prepare(self) -> list[Question]:
        stack, need = self._settings.stack_repository, self._selection.need
        setting = need("pull-request-setting", f"{_PROPOSING} allow GitHub Actions to create and approve pull requests")
        opens = need("pull-requests-write", f"{_PROPOSING} open pull requests in {stack}: `pull-requests: write`")
        return [
            self._right(Right.CONTENTS, need("contents-write", f"Write to {stack}: `contents: write`")),
            self._right(Right.WORKFLOWS, need("workflows-write", "Change a workflow file: `workflows: write`")),
            self._right(Right.PULL_REQUESTS, opens),
            Question(setting, self._setting),
            Question(
                need("release-branch-rules", f"{_PROPOSING} no rule against pushing `release/…`"), self._own_branch
            ),
            Question(need("stack-branch-rules", f"{_COMMITTING} no rule against committing"), self._commit),
        ]

    def _of_tagging(self, component: Component) -> list[Question]:
        name, repository, need = component.name, component.repository, self._selection.need
        place = self._components[name]
        token = partial(place.token, self._settings.tags_with_own_token, at_home=False)
        rights = {
            Right.CONTENTS: need("component-contents-write", f"For `new`: tag {repository}: `contents: write`", name),
            Right.WORKFLOWS: need(
                "component-workflows-write",
                f"For `new`: `workflows: write` in {repository}, if workflow files differ from its default branch",
                name,
            ),
        }
        rules = need("component-tag-rules", f"For `new`: no rule against making a production tag of {repository}", name)
        return [
            *(Question(one, partial(judge_right_of, token, right, one)) for right, one in rights.items()),
            Question(rules, lambda: judge_tag_creation(place.tag_rulesets(), component.tag_format.like())),
        ]

    def _of_publish(self) -> list[Question]:
        need, file = self._selection.need, self._settings.workflow_file
        dispatch = need("actions-write", f"Dispatch {file}: `actions: write`")
        return [
            Question(need("tag-rules", "No rule against making a production tag"), self._tag_rules),
            Question(need("build-start", f"{file} is started by what publish does"), self._build),
            Question(dispatch, partial(self._dispatch, dispatch)),
            Question(need("pushed-image", f"{file} says which image it pushed, for rollbacks"), self._pushed_image),
        ]

    def _right(self, right: Right, need: Need | None) -> Question:
        return Question(need, partial(judge_right_of, self._token, right, need))

    def _token(self) -> TokenFacts | Unknown:
        at_home = is_same(self._settings.stack_repository, self._settings.home)
        return self._stack.token(self._settings.connections.own_token, at_home)

    def _own_branch(self) -> Judgement:
        # A branch such as prepare pushes: rules are asked for by name, and it need not be there.
        branch = f"{RELEASE_BRANCH}{self._settings.tag_format.like()}"
        return judge_own_branch(branch, self._stack.branch_rules(branch))

    def _commit(self) -> Judgement:
        branches, token = self._file.stack.branches(), self._token()
        if isinstance(branches, Unknown):
            return unseen(branches)
        if isinstance(token, Unknown):
            return unseen(token)
        return judge_direct_commit(branches[0], self._stack.guard(branches[0]), token)

    def _setting(self) -> Judgement:
        own = self._settings.connections.own_token
        return judge_pull_request_setting(own, self._stack.may_actions_open_pull_requests() if own else False)

    def _tag_rules(self) -> Judgement:
        return judge_tag_creation(self._stack.tag_rulesets(), self._settings.tag_format.like())

    def _build(self) -> Judgement:
        file, token = self._settings.workflow_file, self._token()
        kind, archived = (token.kind, token.archived) if isinstance(token, TokenFacts) else (TokenKind.NONE, False)
        state, form = self._stack.workflow_state(file), self._settings.tag_format
        build = BuildWorkflow(file, state, self._read(read_triggers), archived, form)
        return judge_build(build, kind)

    def _pushed_image(self) -> Judgement:
        return judge_pushed_image(self._settings.workflow_file, self._read(read_upload))

    def _read(self, read: Callable[[Blob], _T]) -> _T | WorkflowFileError | Unknown:
        content = self._file.content()
        if isinstance(content, Unknown):
            return content
        if content is None:
            return WorkflowFileError("there is no such file on the stack branch")
        try:
            return read(content)
        except WorkflowFileError as error:
            return error

    def _dispatch(self, need: Need | None) -> Judgement:
        if not self._settings.connections.own_token:
            return not_needed("With another token than the workflow's own, the push of the tag starts the build.")
        return judge_right_of(self._token, Right.ACTIONS, need)
