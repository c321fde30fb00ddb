"""The command `doctor`: report what is missing before anything is written. It only reads, and each thing once.

The last rows are on what enforces the gate from outside: repository settings and workflow files.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from ... import __version__
from ...domain.components import NO_IMAGE, Component, default_stack_image
from ...domain.evidence import Answer, Blob, Unknown
from ...domain.needs import (
    EXAMINED,
    IN_FILE,
    NEED,
    OUTSIDE,
    Judgement,
    Presence,
    Right,
    TokenFacts,
    TokenKind,
    judge_right,
    missing,
    not_needed,
    outside,
    there,
    unseen,
    workflow,
    writers,
    writing,
)
from ...domain.plan import RELEASE_BRANCH
from ...domain.reports.doctor import DoctorReport
from ...domain.site import Page
from ...domain.versions import production_tags
from ...domain.workflow_file import WorkflowFileError
from ...domain.workflow_jobs import read_triggers, read_upload
from ...errors import RefusedError, UsageError
from ...inputs.settings.awx import AwxSettings
from ...inputs.settings.looking import DoctorSettings
from ...inputs.settings.looking import read_doctor_settings as read_settings
from .reading import Examined, Table, in_parallel, seen

if TYPE_CHECKING:
    from ..session import Session


GUARDS = Table(OUTSIDE)
_RULES, _ENVIRONMENTS = "settings/rules", "settings/environments"
_SECRETS, _ACTIONS = "settings/secrets/actions", "settings/actions"
__all__ = ["read_settings", "run"]
_JUDGING = ("gate", "prepare", "publish", "deploy")
_PROPOSING, _COMMITTING = "For `mode: pull-request`, the default of prepare:", "For `mode: commit` of prepare:"
_ENVIRONMENT = "Only a job in an environment can read its secrets: run doctor there, or remove deploy from for."
_OPENING = f"{_PROPOSING} open pull requests in {{stack}}: `pull-requests: write`"
_TAGGING = "For `new`: tag {repository}: `contents: write`"
_CHANGED_SINCE = "For `new`: `workflows: write` in {repository}, if workflow files differ from its default branch"
_TAKES = "The job template accepts what deploy passes, except `extra-vars`, which doctor does not receive"
_MOST_TAGS = 50
_T = TypeVar("_T")
NEEDS, USES = Table(NEED), Table(IN_FILE)


@GUARDS.row("tag-ruleset", "Only release managers can create production tags, and no one can move them", page=_RULES)
def _tags(at: Examined) -> Judgement:
    return outside.judge_tag_rules(at.place.tag_rulesets(), at.settings.tag_format)


@GUARDS.row("environment-reviewers", "Deployments to {environment} need an approval", page=_ENVIRONMENTS)
def _reviewers(at: Examined) -> Judgement:
    token, name = at.token(), at.settings.environment
    is_private = isinstance(token, TokenFacts) and not token.is_public
    found = at.environment()
    return at.misplaced() or outside.judge_reviewers(name, found, is_private, at.settings.tag_format)


@GUARDS.row("environment-people", "More than one person can approve deployments to {environment}", page=_ENVIRONMENTS)
def _people(at: Examined) -> Judgement:
    return outside.judge_people(at.settings.environment, at.environment())


@GUARDS.row("environment-tags", "Only tags of the production form deploy to {environment}", page=_ENVIRONMENTS)
def _deployers(at: Examined) -> Judgement:
    settings, rulesets = at.settings, at.place.tag_rulesets()
    found = at.environment()
    return at.misplaced() or outside.judge_deployers(settings.environment, found, rulesets, settings.tag_format)


@GUARDS.row("environment-secrets", "AWX credentials are secrets of {environment} only", page=_SECRETS)
def _secrets(at: Examined) -> Judgement | None:
    name = at.settings.environment
    return outside.judge_secrets(name, at.place.secrets(name)) if at.awx else None


@GUARDS.row("stack-branch-review", "The stack branch changes by reviewed pull requests", page=_RULES)
def _review(at: Examined) -> Judgement:
    branch = at.branch()
    return outside.judge_review(branch, at.place.guard(branch))


@GUARDS.row("workflow-owners", "Code owners review changes of the workflow file", page=_RULES)
def _owners(at: Examined) -> Judgement:
    branch = at.branch()
    with ThreadPoolExecutor(1) as pool:
        guard = pool.submit(at.place.guard, branch)
        owners = at.owners(branch)
    return writers.judge_owners(at.settings.workflow_file, owners, branch, guard.result())


@GUARDS.row("write-key", "Keys with write access are secrets of guarded environments only", page=_SECRETS)
def _keys(at: Examined) -> Judgement:
    found, secrets = at.writers(), at.place.secrets(at.settings.environment)
    names = set() if isinstance(found, Unknown) else {key.environment for key in found.keys if key.environment}
    return writers.judge_keys(found, {name: at.place.environment(name) for name in sorted(names)}, secrets, at.branch())


@GUARDS.row("moving-tag", "What runs next to a token with write access is pinned to a commit")
def _moving(at: Examined) -> Judgement:
    return writers.judge_moving(at.writers())


@GUARDS.row("deployments-filed", "GitHub files no false deployments, and none at another commit")
def _filing(at: Examined) -> Judgement:
    return writers.judge_filing(at.writers())


@GUARDS.row("other-deployments", "No other workflow file deploys to production without this action")
def _beside(at: Examined) -> Judgement:
    return writers.judge_beside(at.writers())


@GUARDS.row("dispatch-forms", "GitHub shows the workflow forms of the stack branch")
def _forms(at: Examined) -> Judgement:
    branch = at.branch()
    return writers.judge_forms(branch, at.default_branch(), at.writers(), at.forms(branch))


@GUARDS.row("execution-protections", "Workflow execution protections let a tag start its build", page=_ACTIONS)
def _policies(at: Examined) -> Judgement:
    own = at.settings.connections.own_token and "publish" in at.settings.commands
    events = ("push", "workflow_dispatch") if own else ("push",)
    return outside.judge_policies(at.settings.workflow_file, events, at.place.execution_policies())


@GUARDS.row("run-retention", "Workflow runs, the evidence of CI, are kept for 90 days", page=_ACTIONS)
def _retention(at: Examined) -> Judgement:
    named = {one.repository: at.components[one.name] for one in at.settings.components}
    places = {at.settings.stack_repository: at.place, **named}
    return outside.judge_retention(in_parallel(lambda name: places[name].retention(), list(places)))


@GUARDS.row("release-immutability", "A release and its release.json cannot be changed", page="settings")
def _immutability(at: Examined) -> Judgement:
    return outside.judge_immutability(at.place.immutable_releases(), at.place.retention())


@GUARDS.row("{name}-tag-ruleset", "Production tags of {repository} cannot be moved", page=_RULES)
def _component_tags(at: Examined, one: Component) -> Judgement:
    rulesets = at.components[one.name].tag_rulesets()
    return outside.judge_component_tags(one.repository, rulesets, one.tag_format)


@GUARDS.row("{name}-branch-bypass", "The token that tags {repository} cannot change its production branch", page=_RULES)
def _production(at: Examined, one: Component) -> Judgement | None:
    if one not in at.settings.newly_tagged or "prepare" not in at.settings.commands:
        return None
    place = at.components[one.name]
    token = place.token(at.settings.tags_with_own_token, at_home=False)
    may_administer = isinstance(token, TokenFacts) and token.may_administer
    return outside.judge_production(one.repository, in_parallel(place.guard, one.branches), may_administer)


def run(session: Session[DoctorSettings]) -> DoctorReport:
    """Look for everything that the chosen commands need; writes nothing."""
    settings, services = session.settings, session.services
    stack = session.stack_on(session.github)
    forge, awx = stack.forge, settings.awx
    examined = Examined(
        settings,
        stack,
        place=forge.settings(stack.name),
        components={one.name: forge.settings(one.repository) for one in settings.components},
        tickets=forge.ticket_settings(settings.ticket_repository),
        registry=services.registry(),
        site=services.site(),
        awx=(services.awx(awx), awx) if isinstance(awx, AwxSettings) else awx,
    )
    rows = examined.answered([NEEDS, USES, GUARDS])
    kind = _token_kind(examined)
    return DoctorReport(__version__, session.now, settings.stack_repository, settings.commands, kind, rows)


def _token_kind(at: Examined) -> TokenKind | None:
    """The kind of the token, None unless it is certain: one found only by exclusion is not."""
    connections = at.settings.connections
    if not connections.token:
        return TokenKind.NONE
    if connections.own_token:
        return TokenKind.OWN
    facts = at.place.token(own_token=False, at_home=True)
    kind = facts.kind if isinstance(facts, TokenFacts) else None
    sure = kind is not TokenKind.FINE_GRAINED or connections.token.startswith("github_pat_")
    return kind if sure else None


@NEEDS.row("stack-branch", "Read {stack}: `contents: read`", *EXAMINED)
def _stack(at: Examined) -> Judgement:
    heads = at.stack.repository.branches(seen(at.stack.branches()))
    return workflow.judge_branches(at.stack.name, heads, "stack-branch", every=True)


@NEEDS.row("workflow-file", "{file} has a value for every pin", *EXAMINED)
def _workflow_file(at: Examined) -> Judgement:
    return workflow.judge_workflow_file(at.settings.workflow_file, at.pins())


@NEEDS.row("stack-runs", "Read the CI runs of {stack}: `actions: read`", "publish", "announce")
def _stack_runs(at: Examined) -> Judgement:
    runs = at.place.shown_runs()
    return workflow.judge_seen(runs, f"The runs of {at.stack.name} are readable: {runs} in all.")


@NEEDS.row("pull-requests-read", "Read the pull requests of {stack}: `pull-requests: read`", "publish")
def _pull_requests(at: Examined) -> Judgement:
    return workflow.judge_seen(at.place.shown_pull_requests(), f"The pull requests of {at.stack.name} are readable.")


@NEEDS.row("{name}-repository", "Read {repository} and its branch {branches}: `contents: read`", *EXAMINED)
def _repository(at: Examined, one: Component) -> Judgement:
    heads = at.stack.forge.repository(one.repository).branches(one.branches)
    return workflow.judge_branches(one.repository, heads, one.given_in("branch"), every=False)


@NEEDS.row("{name}-runs", "Read the CI runs of {repository}: `actions: read`", *_JUDGING)
def _runs(at: Examined, one: Component) -> Judgement:
    runs = at.components[one.name].shown_runs()
    return workflow.judge_seen(runs, f"The runs of {one.repository} are readable: {runs} in all.")


@NEEDS.row("{name}-image", "Look up the {name}'s image in the registry", *_JUDGING)
def _image(at: Examined, one: Component) -> Judgement | None:
    if one.image == NO_IMAGE:
        return None
    pin = next(pin for pin in at.pins() if pin.component.name == one.name)
    return workflow.judge_image(pin, at.images())


def _right(right: Right, token: Callable[..., Answer[TokenFacts] | None], id: str, what: str, *commands: str) -> None:
    """Add the row of a token permission; without a token (None), nothing is written and the row is left out."""

    @NEEDS.row(id, what, *commands)
    def _judged(at: Examined, *of: Component) -> Judgement | None:
        facts = token(at, *of)
        return None if facts is None else judge_right(right, seen(facts), at.chosen(commands))


_right(Right.CONTENTS, Examined.token, "contents-write", "Write to {stack}: `contents: write`", "prepare", "publish")
_right(Right.WORKFLOWS, Examined.token, "workflows-write", "Change a workflow file: `workflows: write`", "prepare")
_right(Right.PULL_REQUESTS, Examined.token, "pull-requests-write", _OPENING, "prepare")


@NEEDS.row("pull-request-setting", f"{_PROPOSING} allow GitHub Actions to create and approve pull requests", "prepare")
def _setting(at: Examined) -> Judgement:
    own = at.settings.connections.own_token
    return writing.judge_pull_request_setting(own, at.place.may_actions_open_pull_requests() if own else False)


@NEEDS.row("release-branch-rules", f"{_PROPOSING} no rule against pushing `release/…`", "prepare")
def _own_branch(at: Examined) -> Judgement:
    # A branch name like those that prepare pushes: rules are read by name, and the branch need not exist.
    branch = f"{RELEASE_BRANCH}{at.settings.tag_format.like()}"
    return writing.judge_own_branch(branch, at.place.branch_rules(branch))


@NEEDS.row("stack-branch-rules", f"{_COMMITTING} no rule against committing", "prepare")
def _commit(at: Examined) -> Judgement:
    branch, token = at.branch(), seen(at.token())
    return writing.judge_direct_commit(branch, at.place.guard(branch), token)


def _tagging_token(at: Examined, one: Component) -> Answer[TokenFacts] | None:
    if one not in at.settings.newly_tagged:
        return None
    return at.components[one.name].token(at.settings.tags_with_own_token, at_home=False)


_right(Right.CONTENTS, _tagging_token, "{name}-contents-write", _TAGGING, "prepare")
_right(Right.WORKFLOWS, _tagging_token, "{name}-workflows-write", _CHANGED_SINCE, "prepare")


@NEEDS.row("{name}-tag-rules", "For `new`: no rule against creating a production tag of {repository}", "prepare")
def _component_tag_rules(at: Examined, one: Component) -> Judgement | None:
    if one not in at.settings.newly_tagged:
        return None
    return writing.judge_tag_creation(at.components[one.name].tag_rulesets(), one.tag_format.like())


@NEEDS.row("tag-rules", "No rule against creating a production tag", "publish")
def _tag_rules(at: Examined) -> Judgement:
    return writing.judge_tag_creation(at.place.tag_rulesets(), at.settings.tag_format.like())


@NEEDS.row("build-start", "publish triggers {file}", "publish")
def _build(at: Examined) -> Judgement:
    file, token = at.settings.workflow_file, at.token()
    kind, archived = (token.kind, token.archived) if isinstance(token, TokenFacts) else (TokenKind.NONE, False)
    state, triggers = at.place.workflow_state(file), _read(at, read_triggers)
    return writing.judge_build(writing.BuildWorkflow(file, state, triggers, at.settings.tag_format, archived), kind)


@NEEDS.row("actions-write", "Dispatch {file}: `actions: write`", "publish")
def _dispatch(at: Examined) -> Judgement:
    if not at.settings.connections.own_token:
        return not_needed("With a token other than the workflow's own, the push of the tag starts the build.")
    return judge_right(Right.ACTIONS, seen(at.token()), ["publish"])


@NEEDS.row("pushed-image", "{file} records which image it pushed, for rollbacks", "publish", advisory=True)
def _pushed_image(at: Examined) -> Judgement:
    return writing.judge_pushed_image(at.settings.workflow_file, _read(at, read_upload))


def _read(at: Examined, read: Callable[[Blob], _T]) -> _T | WorkflowFileError | Unknown:
    content = at.content()
    if isinstance(content, Unknown):
        return content
    if content is None:
        return WorkflowFileError("there is no such file on the stack branch")
    try:
        return read(content)
    except WorkflowFileError as error:
        return error


@NEEDS.row("ticket-repository", "Tickets in {tickets}", "announce")
def _ticket_place(at: Examined) -> Judgement:
    return writing.judge_ticket_place(at.tickets.ticket_place())


def _ticket_token(at: Examined) -> Answer[TokenFacts]:
    return at.tickets.token(at.settings.own_ticket_token, at.is_home(at.settings.ticket_repository))


_right(Right.ISSUES, _ticket_token, "issues-write", "Open tickets in {tickets}: `issues: write`", "announce")


@NEEDS.row("board-lane", "The board {board} with the lane {lane}", "announce")
def _lane(at: Examined) -> Judgement | None:
    board = at.settings.project
    if not board:
        return None
    status = seen(at.stack.forge.board(board).status(at.settings.project_field, at.settings.project_status))
    return there(f"{board} has the lane {status.option} in its field {status.field}.")


def _board_token(at: Examined) -> Answer[TokenFacts] | None:
    return _ticket_token(at) if at.settings.project else None


_right(Right.PROJECTS, _board_token, "board-write", "Put tickets on {board}: `projects: write`", "announce")


@NEEDS.row("awx-login", "Reach AWX and log in", "deploy")
def _login(at: Examined) -> Judgement | None:
    if isinstance(at.awx, UsageError):
        return missing(at.awx.message, f"{at.awx.remedy} {_ENVIRONMENT}")
    return writing.judge_login(at.awx[0].me(), at.awx[1].url) if at.awx else None


@NEEDS.row("awx-template", "Launch the job template", "deploy")
def _template(at: Examined) -> Judgement | None:
    try:
        return writing.judge_template(at.template()) if at.awx else None
    except RefusedError as error:
        return missing(error.message, error.remedy)


@NEEDS.row("awx-variables", _TAKES, "deploy")
def _variables(at: Examined) -> Judgement | None:
    if not at.awx:
        return None
    try:
        template = seen(at.template())
    except RefusedError:
        return unseen(Unknown("there is no single template to check"))
    client, settings = at.client()
    return writing.judge_variables(client.launch_data(template), settings.variables)


@NEEDS.row("site-text", "A page of the site that shows the release, and lines that find it", "deploy")
def _site(at: Examined) -> Judgement:
    urls = at.settings.site_urls
    if not urls:
        return not_needed("No verify-url is given, so deploy does not check the site.")
    judged = [_first_page(at, urls[0]), *(_other_page(at, url) for url in urls[1:])]
    return next((one for one in judged if one.presence is not Presence.THERE), judged[0])


def _first_page(at: Examined, url: str) -> Judgement:
    answer, site = seen(at.site.page(url)), at.settings.site
    lines, wrong = ((), site.message) if isinstance(site, UsageError) else (site.lines, "")
    page = Page(answer.body)
    judged = writing.judge_site(url, answer.status, page, lines, wrong)
    return missing(judged, writing.advice(page, _known(at)), url) if isinstance(judged, str) else judged


def _other_page(at: Examined, url: str) -> Judgement:
    answer = at.site.page(url)
    return unseen(answer) if isinstance(answer, Unknown) else writing.judge_answer(url, answer.status)


def _known(at: Examined) -> writing.Known:
    """What the page may show. Without release tags, `latest` is the only known tag, as on staging."""
    names = at.stack.repository.tags_starting([""])
    released = [] if isinstance(names, Unknown) else production_tags(names, form=at.settings.tag_format)
    tags = [tag.text for tag in reversed(released)]
    _, owner, name = default_stack_image(at.stack.name).split("/")
    namespaces = [owner, *(pin.namespace for pin in at.pins() if pin.namespace)]
    components = [component.name for component in at.settings.components]
    return writing.Known([*tags[:_MOST_TAGS], "latest"], [name], namespaces, components)


def _used(judge: workflow.Judge, at: Examined) -> Judgement:
    return judge(at.use())


for _id, _what, _judge in workflow.ROWS:
    USES.row(_id, _what)(partial(_used, _judge))


@USES.row("override-secrets", "No secret empties an output or changes the pair unnoticed")
def _override_secrets(at: Examined) -> Judgement:
    return workflow.judge_override_secrets(at.use(), at.place.secrets(at.settings.environment))


@USES.row("deployment-variables", "Deployments are not skipped for a missing variable")
def _switches(at: Examined) -> Judgement:
    return workflow.judge_switches(at.use(), at.place.variables(), at.place.secrets(at.settings.environment))
