"""What prepare and publish need for writing, told by reading alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from ...adapters.github.settings import GithubSettings
from ...domain.components import Component
from ...domain.evidence import Blob, Unknown
from ...domain.needs.need import Judgement, Need, Selection, not_needed, unseen
from ...domain.needs.rights import Right, TokenFacts, TokenKind
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
from ...domain.workflow_jobs import read_upload
from ...domain.workflow_triggers import read_triggers
from ...inputs.settings.doctor import DoctorSettings
from .reading import Question, StackFile, is_same, judge_right_of

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
