"""What the commands have to read, looked at by reading it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from ...adapters.github.forge import GithubForge
from ...adapters.http.session import Once
from ...adapters.registry.client import RegistryClient
from ...domain.components import NO_IMAGE, Component, Pin
from ...domain.evidence import Answer, Blob, Image, Unknown
from ...domain.needs.need import Judgement, Need, Row, Selection, unseen
from ...domain.needs.rights import Right, TokenFacts, judge_right
from ...domain.needs.workflow import judge_branches, judge_image, judge_seen, judge_workflow_file
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
