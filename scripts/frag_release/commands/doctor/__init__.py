"""The command `doctor`: says what is missing before anything is written. It only reads, and asks each question once."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from ... import __version__
from ...adapters.awx.client import Awx
from ...adapters.github.forge import GithubForge
from ...adapters.github.settings import GithubSettings
from ...adapters.http.session import Once
from ...adapters.registry.client import RegistryClient
from ...adapters.site import SiteClient
from ...domain.awx_jobs import Template
from ...domain.components import default_stack_image
from ...domain.evidence import Answer, Unknown
from ...domain.gate_use import GateUse, read_gate_use
from ...domain.needs import workflow
from ...domain.needs.need import (
    Judgement,
    Presence,
    Right,
    Selection,
    TokenFacts,
    TokenKind,
    in_file,
    missing,
    not_needed,
    there,
    unseen,
)
from ...domain.needs.writing import (
    Known,
    advice,
    judge_answer,
    judge_login,
    judge_site,
    judge_template,
    judge_ticket_place,
    judge_variables,
)
from ...domain.reports.doctor import DoctorReport
from ...domain.site import Page
from ...domain.versions import production_tags
from ...domain.workflow_file import WorkflowFileError
from ...errors import RefusedError, UsageError
from ...inputs.settings.awx import AwxSettings
from ...inputs.settings.doctor import DoctorSettings
from ...inputs.settings.doctor import read_doctor_settings as read_settings
from ..stack import Stack
from .outside import Files, Outside
from .reading import Question, Reading, StackFile, Writing, answered, is_same, judge_right_of

if TYPE_CHECKING:
    from ..session import Session


_NOT_ASKED = Unknown("AWX was not asked about it", "Mend the inputs for AWX first.")
_ENVIRONMENT = "Secrets of an environment are seen only by a job in it: run doctor there, or leave deploy out of for."


@dataclass(frozen=True)
class Deployment:
    """Asks AWX what deploy would ask it before the launch."""

    awx: Awx
    settings: AwxSettings
    _found: Once[str, Answer[Template] | RefusedError] = field(default_factory=Once, init=False)

    def login(self) -> Judgement:
        """Whether the login is accepted."""
        return judge_login(self.awx.me(), self.settings.url)

    def template(self) -> Judgement:
        """Whether the template is there to be launched."""
        found = self._template()
        return missing(found.message, found.remedy) if isinstance(found, RefusedError) else judge_template(found)

    def variables(self) -> Judgement:
        """Whether the template takes what it is given."""
        found = self._template()
        if isinstance(found, Template):
            return judge_variables(self.awx.launch_data(found), self.settings.variables)
        return unseen(found) if isinstance(found, Unknown) else unseen(Unknown("there is no one template to look at"))

    def _template(self) -> Answer[Template] | RefusedError:
        return self._found.get("", self._find)

    def _find(self) -> Answer[Template] | RefusedError:
        try:
            return self.awx.template(self.settings.template, self.settings.organization)
        except RefusedError as error:
            return error


def questions_of_deployment(selection: Selection, deployment: Deployment | UsageError | None) -> list[Question]:
    """Everything that is asked, nothing of other deployers; if the inputs for AWX are wrong, that is the answer."""
    if deployment is None:
        return []
    kinds = ("awx-login", "awx-template", "awx-variables")
    takes = "The job template takes what deploy gives it without `extra-vars`, which doctor is not given"
    needed = ("Reach AWX, and log in", "Launch the job template", takes)
    if isinstance(deployment, UsageError):
        wrong = missing(deployment.message, f"{deployment.remedy} {_ENVIRONMENT}")
        judges = (lambda: wrong, *[lambda: unseen(_NOT_ASKED)] * 2)
    else:
        judges = (deployment.login, deployment.template, deployment.variables)
    return [Question(selection.need(*each), judge) for *each, judge in zip(kinds, needed, judges, strict=True)]


_MOST_TAGS = 50


class SitePage:
    """Asks the site for its pages, and where `verify-text` does not do, the forge for the tags of releases."""

    def __init__(self, settings: DoctorSettings, selection: Selection, client: SiteClient, file: StackFile) -> None:
        self._settings = settings
        self._selection = selection
        self._client = client
        self._file = file

    def questions(self) -> list[Question]:
        """The one question."""
        need = self._selection.need("site-text", "A page of the site that shows the release, and lines that find it")
        return [Question(need, self._judge)]

    def _judge(self) -> Judgement:
        urls = self._settings.site_urls
        if not urls:
            return not_needed("No verify-url is given, so deploy does not look at the site.")
        judged = [self._first(urls[0]), *map(self._other, urls[1:])]
        return next((one for one in judged if one.presence is not Presence.THERE), judged[0])

    def _first(self, url: str) -> Judgement:
        answer, site = self._client.page(url), self._settings.site
        if isinstance(answer, Unknown):
            return unseen(answer)
        lines, wrong = ((), site.message) if isinstance(site, UsageError) else (site.lines, "")
        page = Page(answer.body)
        judged = judge_site(url, answer.status, page, lines, wrong)
        return missing(judged, advice(page, self._known()), url) if isinstance(judged, str) else judged

    def _other(self, url: str) -> Judgement:
        answer = self._client.page(url)
        return unseen(answer) if isinstance(answer, Unknown) else judge_answer(url, answer.status)

    def _known(self) -> Known:
        """What the page may show. Without the tags of releases `latest` is all that is known, as on staging."""
        settings = self._settings
        names = self._file.stack.repository.tags_starting([""])
        tags = (
            []
            if isinstance(names, Unknown)
            else [tag.text for tag in reversed(production_tags(names, form=settings.tag_format))]
        )
        _, owner, name = default_stack_image(settings.stack_repository).split("/")
        namespaces = [owner, *(pin.namespace for pin in self._file.pins() if pin.namespace)]
        components = [component.name for component in settings.components]
        return Known([*tags[:_MOST_TAGS], "latest"], [name], namespaces, components)


class Tickets:
    """Asks about the tickets' repository and the board, with the token that writes to them."""

    def __init__(self, settings: DoctorSettings, selection: Selection, forge: GithubForge) -> None:
        self._settings = settings
        self._selection = selection
        self._forge = forge
        self._tickets = forge.ticket_settings(settings.ticket_repository)

    def questions(self) -> list[Question]:
        """Everything that is asked; nothing about a board where none is named."""
        tickets, need = self._settings.ticket_repository, self._selection.need
        writes = need("issues-write", f"Open tickets in {tickets}: `issues: write`")
        asked = [
            Question(need("ticket-repository", f"Tickets in {tickets}"), self._place),
            Question(writes, partial(judge_right_of, self._token, Right.ISSUES, writes)),
        ]
        return [*asked, *self._of_board()] if self._settings.project else asked

    def _of_board(self) -> list[Question]:
        board, need = self._settings.project, self._selection.need
        lane = f"The board {board} with the lane {self._settings.project_status}"
        moves = need("board-write", f"Put tickets on {board}: `projects: write`")
        return [
            Question(need("board-lane", lane), self._lane),
            Question(moves, partial(judge_right_of, self._token, Right.PROJECTS, moves)),
        ]

    def _place(self) -> Judgement:
        return judge_ticket_place(self._tickets.ticket_place())

    def _token(self) -> Answer[TokenFacts]:
        at_home = is_same(self._settings.ticket_repository, self._settings.home)
        return self._tickets.token(self._settings.own_ticket_token, at_home)

    def _lane(self) -> Judgement:
        wanted = self._settings.project_field, self._settings.project_status
        lane = self._forge.board(self._settings.project).lane(*wanted)
        if isinstance(lane, Unknown):
            return unseen(lane)
        return there(f"{self._settings.project} has the lane {lane.option} in its field {lane.field}.")


_SIMPLER = "Correct it, or write it in a simpler form."


@dataclass(frozen=True)
class InFile:
    """Asks the file, and for names the settings of the repository."""

    settings: DoctorSettings
    stack: GithubSettings
    file: StackFile
    _found: Once[str, Answer[GateUse]] = field(default_factory=Once, init=False)

    def questions(self) -> list[Question]:
        """Everything that is asked."""
        rows: list[tuple[str, str, workflow.Judge]] = [
            *workflow.ROWS,
            ("override-secrets", "No secret empties an output, or changes the pair unseen", self._secrets),
            ("deployment-variables", "The variables without which deployments are skipped", self._switches),
        ]
        return [Question(in_file(kind, what), partial(self._judged, judge)) for kind, what, judge in rows]

    def _judged(self, judge: Callable[[GateUse], Judgement]) -> Judgement:
        use = self._found.get("", self._read)
        try:
            judged = unseen(use) if isinstance(use, Unknown) else judge(use)
        except WorkflowFileError as error:
            judged = unseen(self._unreadable(error))
        return replace(judged, file=self.settings.workflow_file) if judged.line else judged

    def _read(self) -> Answer[GateUse]:
        content, settings = self.file.content(), self.settings
        if isinstance(content, Unknown):
            return content
        if content is None:
            return Unknown(f"there is no file {settings.workflow_file} on the stack branch", "Correct workflow-file.")
        try:
            return read_gate_use(content, settings.components, settings.own_action, settings.environment)
        except WorkflowFileError as error:
            return self._unreadable(error)

    def _unreadable(self, error: WorkflowFileError) -> Unknown:
        return Unknown(f"{self.settings.workflow_file} cannot be read: {error.message}", _SIMPLER)

    def _secrets(self, use: GateUse) -> Judgement:
        return workflow.judge_override_secrets(use, self.stack.secrets(self.settings.environment))

    def _switches(self, use: GateUse) -> Judgement:
        variables, secrets = self.stack.variables(), self.stack.secrets(self.settings.environment)
        return workflow.judge_switches(use, variables, secrets)


@dataclass(frozen=True)
class Doctor:
    """The command with all that it needs. `now` is in UTC.

    `deployment` is what is wrong with the inputs for AWX where it cannot be asked, None if AWX does not deploy.
    """

    settings: DoctorSettings
    stack: Stack[GithubForge]
    registry: RegistryClient
    deployment: Deployment | UsageError | None
    site: SiteClient
    now: datetime.datetime

    def run(self) -> DoctorReport:
        """Look for everything that the chosen commands need."""
        settings, forge, selection = self.settings, self.stack.forge, Selection(self.settings.commands)
        stack, file = forge.settings(self.stack.name), StackFile(self.stack)
        components = {one.name: forge.settings(one.repository) for one in settings.components}
        rows = answered(
            [
                *Reading(settings, selection, self.registry, file).questions(),
                *Writing(settings, selection, stack, components, file).questions(),
                *Tickets(settings, selection, forge).questions(),
                *questions_of_deployment(selection, self.deployment),
                *SitePage(settings, selection, self.site, file).questions(),
                *InFile(settings, stack, file).questions(),
                *Outside(settings, stack, components, file, Files(stack, file, settings.own_action)).questions(),
            ]
        )
        kind = self._token_kind(stack)
        return DoctorReport(__version__, self.now, settings.stack_repository, settings.commands, kind, rows)

    def _token_kind(self, stack: GithubSettings) -> TokenKind | None:
        """What is examined, as far as it is known for sure: what is told by exclusion alone is not."""
        connections = self.settings.connections
        if not connections.token:
            return TokenKind.NONE
        if connections.own_token:
            return TokenKind.OWN
        facts = stack.token(own_token=False, at_home=True)
        kind = facts.kind if isinstance(facts, TokenFacts) else None
        sure = kind is not TokenKind.FINE_GRAINED or connections.token.startswith("github_pat_")
        return kind if sure else None


__all__ = ["read_settings", "run"]


def run(session: Session[DoctorSettings]) -> DoctorReport:
    """Look for what is missing; writes nothing."""
    settings, services = session.settings, session.services
    registry, awx = services.registry(), settings.awx
    deployment = Deployment(services.awx(awx), awx) if isinstance(awx, AwxSettings) else awx
    return Doctor(settings, session.stack_on(session.github), registry, deployment, services.site(), session.now).run()
