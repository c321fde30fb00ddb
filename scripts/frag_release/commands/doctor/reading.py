"""The sources that `doctor` reads, and its tables: each row has a function from `Examined` to a judgement."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import groupby
from typing import TypeVar

from ...adapters.awx import Awx
from ...adapters.github import GithubForge
from ...adapters.github.settings import GithubSettings
from ...adapters.http import SingleFlight
from ...adapters.registry import RegistryClient
from ...adapters.site import SiteClient
from ...dataclass import dataclass, field, replace
from ...domain.awx_jobs import Template
from ...domain.components import Component, Pin
from ...domain.environments import is_production
from ...domain.evidence import Answer, Blob, Image, TooLong, Unknown
from ...domain.gate_use import GateUse, read_gate_use
from ...domain.needs import NEED, Judgement, Need, Presence, Row, TokenFacts, unseen
from ...domain.needs.protection import Environment
from ...domain.needs.workflow import judge_place
from ...domain.needs.writers import PLACES, Owners, Writers, read_writers
from ...domain.workflow_file import WorkflowFileError
from ...errors import UsageError
from ...inputs.settings.awx import AwxSettings
from ...inputs.settings.looking import DoctorSettings
from ..stack import Stack

_AT_ONCE = 32
"""Nearly all rows at once: each waits for the network, and some for one another."""
_FOLDER = ".github/workflows"
_MOST_FILES = 30
_SIMPLER = "Correct it, or write it in a simpler form."
_NOT_ASKED = Unknown("AWX was not queried", "Correct the inputs for AWX first.")

_T = TypeVar("_T")
_Key = TypeVar("_Key")
Judge = TypeVar("Judge", bound="Callable[..., Judgement | None]")


class NotSeenError(Exception):
    """What a row is about could not be read: `why`."""

    def __init__(self, why: Unknown) -> None:
        super().__init__(why.reason)
        self.why = why


def seen(answer: Answer[_T]) -> _T:
    """Return the value; raises NotSeenError, which becomes the judgement of the row."""
    if isinstance(answer, Unknown):
        raise NotSeenError(answer)
    return answer


def in_parallel(ask: Callable[[_Key], _T], keys: Sequence[_Key]) -> dict[_Key, _T]:
    """Call `ask` for each key at the same time."""
    with ThreadPoolExecutor(max(1, len(keys))) as pool:
        return dict(zip(keys, pool.map(ask, keys), strict=True))


@dataclass(frozen=True)
class Question:
    """A row: a need, whose id and words have placeholders for names, and the function that judges it.

    A row with `{name}` in its id is repeated for each component, which `judge` then receives, too. `judge` returns None
    if the row does not apply. `page` is the path of its settings in the repository on GitHub.
    """

    need: Need
    judge: Callable[..., Judgement | None]
    page: str

    @property
    def is_of_component(self) -> bool:
        """Whether the row is repeated for each component."""
        return "{name}" in self.need.id


@dataclass(frozen=True)
class Table:
    """Questions whose findings have one `rule`, in the order of the report."""

    rule: str
    questions: list[Question] = field(default_factory=list, init=False)

    def row(
        self, id: str, what: str, *commands: str, page: str = "", advisory: bool = False
    ) -> Callable[[Judge], Judge]:
        """Make a function the judge of a row. Without `commands` the row is about the gate and always asked."""

        def added(judge: Judge) -> Judge:
            need = Need(id, commands or ("gate",), what, self.rule, advisory)
            self.questions.append(Question(need, judge, page))
            return judge

        return added


@dataclass(frozen=True)
class Examined:
    """The sources: `place` has the settings of the stack's repository, `components` those of each component by name.

    `awx` is the client with its settings, the error in the inputs for it, or None if AWX does not deploy.
    """

    settings: DoctorSettings
    stack: Stack[GithubForge]
    place: GithubSettings
    components: Mapping[str, GithubSettings]
    tickets: GithubSettings
    registry: RegistryClient
    site: SiteClient
    awx: tuple[Awx, AwxSettings] | UsageError | None
    _images: SingleFlight[str, Mapping[tuple[str, str], Answer[Image]]] = field(
        default_factory=SingleFlight, init=False
    )
    _templates: SingleFlight[str, Answer[Template]] = field(default_factory=SingleFlight, init=False)
    _uses: SingleFlight[str, GateUse] = field(default_factory=SingleFlight, init=False)
    _writers: SingleFlight[str, Answer[Writers]] = field(default_factory=SingleFlight, init=False)

    def answered(self, tables: Sequence[Table]) -> list[Row]:
        """Judge all rows of the chosen commands, several at once; the rows keep their order."""
        asked = [one for table in tables for one in self._asked(table)]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            judged = list(pool.map(lambda each: each[1](), asked))
        return [Row(need, judgement) for (need, _), judgement in zip(asked, judged, strict=True) if judgement]

    def _asked(self, table: Table) -> Iterator[tuple[Need, Callable[[], Judgement | None]]]:
        for of_component, group in groupby(table.questions, key=lambda one: one.is_of_component):
            questions = list(group)
            for subject in [[one] for one in self.settings.components] if of_component else [[]]:
                names = self._names(*subject)
                for question in questions:
                    need = question.need
                    if commands := self.chosen(need.commands) if need.rule == NEED else need.commands:
                        filled = replace(need, id=need.id.format(**names), what=need.what.format(**names))
                        yield replace(filled, commands=commands), partial(self._judged, question, subject, names)

    def _names(self, component: Component | None = None) -> dict[str, str]:
        settings = self.settings
        names = {
            "stack": settings.stack_repository,
            "repository": settings.stack_repository,
            "file": settings.workflow_file,
            "environment": settings.environment,
            "tickets": settings.ticket_repository,
            "board": settings.project,
            "lane": settings.project_status,
        }
        if component:
            branches = " or ".join(component.branches)
            names |= {"name": component.name, "repository": component.repository, "branches": branches}
        return names

    def _judged(self, question: Question, subject: Sequence[Component], names: Mapping[str, str]) -> Judgement | None:
        """Judge a row, and add the file or settings page to check unless the judgement names one."""
        try:
            judged = question.judge(self, *subject)
        except NotSeenError as error:
            judged = unseen(error.why)
        except WorkflowFileError as error:
            judged = unseen(Unknown(f"{self.settings.workflow_file} cannot be read: {error.message}", _SIMPLER))
        if judged and judged.line and not judged.file:
            judged = replace(judged, file=self.settings.workflow_file)
        is_settled = judged is None or judged.presence in (Presence.THERE, Presence.NOT_NEEDED)
        if judged is None or is_settled or judged.url or not question.page:
            return judged
        return replace(judged, url=f"{self.stack.context.server_url}/{names['repository']}/{question.page}")

    def chosen(self, commands: Sequence[str]) -> list[str]:
        """Those of `commands` that are examined, in the order of the input."""
        return [one for one in self.settings.commands if one in commands]

    def token(self) -> Answer[TokenFacts]:
        """The facts of the commands' token, on the stack's repository."""
        at_home = self.is_home(self.settings.stack_repository)
        return self.place.token(self.settings.connections.own_token, at_home)

    def is_home(self, repository: str) -> bool:
        """Whether a repository is the workflow's own, in any case of letters. True in a terminal, which has no home."""
        return repository.lower() == self.settings.home.lower() or not self.settings.home

    def branch(self) -> str:
        """The first of the stack's branches; raises NotSeenError."""
        return seen(self.stack.branches())[0]

    def content(self) -> Answer[Blob | None]:
        """The workflow file on that branch; None if there is none."""
        branches = self.stack.branches()
        if isinstance(branches, Unknown):
            return branches
        head = self._head(branches[0], " to read it from")
        return self._at(head, self.settings.workflow_file)

    def pins(self) -> Sequence[Pin]:
        """The pins in that file."""
        return self.stack.pins_in(self.content())

    def use(self) -> GateUse:
        """How that file uses the gate; raises NotSeenError and WorkflowFileError."""
        return self._uses.get("", self._use)

    def _use(self) -> GateUse:
        content, settings = seen(self.content()), self.settings
        if content is None:
            what = f"there is no file {settings.workflow_file} on the stack branch"
            raise NotSeenError(Unknown(what, "Correct workflow-file."))
        return read_gate_use(content, settings.components, settings.own_action, settings.environment)

    def images(self) -> Mapping[tuple[str, str], Answer[Image]]:
        """The pinned images, looked up together so that one login serves them all."""
        return self._images.get("", self._all_images)

    def _all_images(self) -> Mapping[tuple[str, str], Answer[Image]]:
        return self.registry.images({one.place for one in self.pins() if one.place and one.tag})

    def client(self) -> tuple[Awx, AwxSettings]:
        """AWX with its settings; raises NotSeenError if the inputs for it do not allow a query."""
        if not isinstance(self.awx, tuple):
            raise NotSeenError(_NOT_ASKED)
        return self.awx

    def template(self) -> Answer[Template]:
        """The job template of AWX; raises NotSeenError, and RefusedError unless exactly one has that name."""
        client, settings = self.client()
        return self._templates.get("", lambda: client.template(settings.template, settings.organization))

    def environment(self) -> Answer[Environment | None]:
        """The production environment; None if there is none."""
        return self.place.environment(self.settings.environment)

    def misplaced(self) -> Judgement | None:
        """Why the environment does not guard production; None if it does, or if other rows report the file."""
        try:
            return judge_place(self.use(), self.settings.environment)
        except (NotSeenError, WorkflowFileError):
            return None

    def default_branch(self) -> Answer[str]:
        """The default branch, whose workflow forms GitHub shows."""
        return self.stack.context.default_branch or self.stack.repository.default_branch()

    def forms(self, branch: str) -> Answer[tuple[Mapping[str, str], Mapping[str, str]]]:
        """The workflow files of a branch and of the default branch, with their content ids."""
        default = self.default_branch()
        if isinstance(default, Unknown):
            return default
        here, shown = self._listed(branch), self._listed(default)
        return here if isinstance(here, Unknown) else shown if isinstance(shown, Unknown) else (here, shown)

    def owners(self, branch: str) -> Answer[Owners | None]:
        """The file CODEOWNERS of a branch; None if there is none."""
        found = self._read(branch, PLACES)
        for path, blob in found.items():
            if isinstance(blob, Unknown):
                return blob
            if blob is not None:
                return Owners(path, blob.content.decode("utf-8", "replace"))
        return None

    def writers(self) -> Answer[Writers]:
        """What writes in the workflow files of the stack's branch; raises NotSeenError if the branch is unknown."""
        return self._writers.get("", lambda: self._read_writers(self.branch()))

    def _read_writers(self, branch: str) -> Answer[Writers]:
        listed = self._listed(branch)
        if isinstance(listed, Unknown):
            return listed
        paths = [f"{_FOLDER}/{name}" for name in listed if name.endswith((".yml", ".yaml"))]
        if len(paths) > _MOST_FILES:
            return TooLong(f"there are more than {_MOST_FILES} workflow files", "Check them yourself.")
        files = {path.rpartition("/")[2]: blob for path, blob in self._read(branch, paths).items()}
        build, environment = self.settings.workflow_file.rpartition("/")[2], self.settings.environment
        production = environment if is_production(environment) else ""
        return read_writers(files, self.settings.own_action, build, production)

    def _listed(self, branch: str) -> Answer[Mapping[str, str]]:
        head = self._head(branch)
        return head if isinstance(head, Unknown) else self.place.workflow_files(head)

    def _read(self, branch: str, paths: Sequence[str]) -> dict[str, Answer[Blob | None]]:
        head = self._head(branch)
        return in_parallel(partial(self._at, head), paths)

    def _at(self, head: Answer[str], path: str) -> Answer[Blob | None]:
        return head if isinstance(head, Unknown) else self.stack.repository.files(path, [head])[head]

    def _head(self, branch: str, why: str = "") -> Answer[str]:
        head = self.stack.repository.branches([branch])[branch]
        return Unknown(f"there is no branch {branch}{why}", "Correct stack-branch.") if head is None else head
