"""Judgements on what writing and deploying need besides token rights: rules, settings, triggers, AWX, the site."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...dataclass import dataclass
from ..awx_jobs import MAY_LAUNCH, LaunchData, Template, Variables
from ..builds import PUSHED_IMAGE
from ..evidence import Answer, NotOffered, Unknown
from ..refs import TagFormat
from ..site import LineError, Page, PageError, SiteLine, fits, look_at, pointer_of, read_lines
from ..workflow_file import WorkflowFileError
from ..workflow_jobs import Tags, Triggers, Upload
from . import (
    UNARCHIVE,
    Judgement,
    Presence,
    TokenFacts,
    TokenKind,
    hidden,
    missing,
    not_needed,
    there,
    unseen,
    unverifiable,
)
from .protection import COMMIT, OWN_BRANCH, BranchGuard, BranchRule, Ruleset, judge_branch_rules, judge_tag_rulesets

_MOST_PROPOSED = 5
_LONGEST_POINTER = 200
_WORDS = ("Stack ", "stack ", "Stack: ", "stack: ", "stack:", "stack-")
_BYPASS = "or let the owner of the token bypass it (Settings > Rules > Rulesets)"
_CENTURY = range(2000, 2100)
_UPLOAD_IT = (
    "Add the two steps that follow the push in examples/build-main.yaml (docs/publish.md, Which image is recorded). "
    "GitHub Enterprise Server does not support this upload: roll back by hand there."
)
_SETTING = (
    "Settings > Actions > General > Workflow permissions: turn on Allow GitHub Actions to create and approve pull "
    "requests (if it is greyed out, in the organisation's settings first)."
)


@dataclass(frozen=True)
class Known:
    """What a page may show: `tags` of the stack, the likeliest first, in images of these `names` and `namespaces`.

    `components` are the names of components that may be shown next to it.
    """

    tags: Sequence[str]
    names: Sequence[str]
    namespaces: Sequence[str]
    components: Sequence[str]

    @property
    def forms(self) -> list[str]:
        """The forms in which the tag may be written. A proposal takes nothing from the page but its JSON pointers."""
        prefixes = ["", "v"]
        for namespace in dict.fromkeys(self.namespaces):
            prefixes.append(f"{namespace}:")
            prefixes += [f"{host}{namespace}/{name}:" for host in ("", "docker.io/") for name in self.names]
        prefixes += [f"{name}:" for name in self.names]
        return [f"{prefix}{{image-tag}}" for prefix in prefixes]


def judge_site(url: str, status: int, page: Page, lines: Sequence[SiteLine], wrong: str) -> Judgement | str:
    """Return whether a page matches each of `lines`; else the problem, for which `proposals` may help.

    `wrong` is why there are no usable lines.
    """
    if status != 200:
        return judge_answer(url, status)
    if wrong or not lines:
        return wrong or "The input verify-text is empty, but deploy needs it with verify-url."
    if failing := [str(number) for number, line in enumerate(lines, 1) if not fits(line, page)]:
        why = _why_not_json(page) if any(line.pointer for line in lines) else ""
        return f"{url} has no match for line {', '.join(failing)} of verify-text, or several that differ.{why}"
    return there(f"{url} has a match for each line of verify-text.", url)


def _why_not_json(page: Page) -> str:
    try:
        _ = page.document
    except PageError as error:
        return f" The page {error}."
    return ""


def judge_answer(url: str, status: int) -> Judgement:
    """Return whether a page has the status that deploy expects."""
    if status == 200:
        return there(f"{url} returns 200.", url)
    return missing(f"{url} returned {status}, but deploy waits for 200.", "Correct verify-url, or the page.")


def advice(page: Page, known: Known) -> str:
    """Return a remedy with lines that match the page."""
    found = proposals(page, known)
    if found:
        return f"If the page shows the stack's own version there, set verify-text to: {'; or '.join(found)}"
    return (
        "No release tag of the stack was recognised on the page. Make the page show it, and name the "
        "place in verify-text: POINTER = VALUE for a JSON page, such as /version/stack = {image-tag}, or the "
        "text around it, such as Stack {image-tag}."
    )


def proposals(page: Page, known: Known) -> list[str]:
    """Return lines that match the likeliest tag on the page; empty if none was recognised."""
    try:
        places = list(_texts(page.document))
    except PageError:
        return _matching_texts(page, known)
    ranked = enumerate(known.tags)
    forms = {form.replace("{image-tag}", tag): (rank, form) for rank, tag in ranked for form in known.forms}
    found = [(*forms[text], pointer_of(tokens)) for tokens, text in places if text in forms]
    found = [one for one in found if _is_usable(pointer=one[2], form=one[1], known=known)]
    found = [one for one in found if "stack" in one[2].casefold()] or found
    likeliest = min((rank for rank, *_ in found), default=0)
    return [f"{pointer} = {form}" for rank, form, pointer in found if rank == likeliest][:_MOST_PROPOSED]


def _matching_texts(page: Page, known: Known) -> list[str]:
    prefixes = (*(f"{name}:" for name in known.names), *_WORDS)
    lines = [SiteLine(f"{prefix}{{image-tag}}") for prefix in prefixes]
    for tag in known.tags:
        found = [line.text for line in lines if look_at(line, {"image-tag": tag}, page).found]
        if found:
            return found[:1]
    return []


def _is_usable(pointer: str, form: str, known: Known) -> bool:
    """Whether a line reads back as this pointer and form, and the pointer does not name a component."""
    if not pointer.isprintable() or len(pointer) > _LONGEST_POINTER:
        return False
    try:
        same = read_lines(f"{pointer} = {form}", ["image-tag"], ()) == (SiteLine(form, pointer),)
    except LineError:
        return False
    return same and not any(name in pointer.casefold() for name in known.components)


def _texts(document: object) -> Iterator[tuple[list[str], str]]:
    """Yield each text in a document with its path. No recursion: a page may be nested to any depth."""
    left: list[tuple[list[str], object]] = [([], document)]
    while left:
        tokens, value = left.pop()
        if isinstance(value, str) and tokens:
            yield tokens, str(value)
        elif isinstance(value, dict):
            left += [([*tokens, name], each) for name, each in reversed(value.items())]
        elif isinstance(value, list):
            left += [([*tokens, str(number)], each) for number, each in reversed(list(enumerate(value)))]


def judge_login(name: Answer[str], url: str) -> Judgement:
    """Return whether AWX was reached and accepted the login; `name` is the account's name in AWX."""
    if isinstance(name, Unknown):
        return unseen(name)
    return there(f"{url} accepts the login of {name or 'an account'}.")


def judge_template(template: Answer[Template]) -> Judgement:
    """Return whether the account can see the template, and may launch it."""
    if isinstance(template, Unknown):
        return unseen(template)
    where = f" of {template.organization}" if template.organization else ""
    found = f"The job template {template.name!r}{where} exists"
    if problem := template.problem():
        return missing(f"{found}, and {problem[0]}.", problem[1], template.url)
    if template.may_launch is None:
        return unverifiable(
            f"{found}; AWX does not report whether this account may launch it.", MAY_LAUNCH, template.url
        )
    return there(f"{found}, and this account may launch it.", template.url)


def judge_variables(data: Answer[LaunchData], variables: Variables) -> Judgement:
    """Return whether the template accepts `variables` at launch. Only deploy has those that its survey may need."""
    if isinstance(data, Unknown):
        return unseen(data)
    problem = data.problem(variables)
    if problem is None:
        return there(f"The job template accepts {', '.join(variables)} at launch.")
    what, remedy = f"The job template {problem[0]}.", problem[1]
    if data.questions and (data.unpromptable(variables) or data.missing(variables)):
        asks = ", ".join(sorted(data.questions)[:10])
        return unverifiable(f"{what} Its survey asks for {asks}, which extra-vars of deploy may contain.", remedy)
    return missing(what, remedy)


@dataclass(frozen=True)
class TicketPlace:
    """The repository for tickets, from `GET /repos/{owner}/{repo}`."""

    repository: str
    has_issues: bool
    archived: bool


def judge_ticket_place(place: Answer[TicketPlace]) -> Judgement:
    """Return whether tickets can be opened in a repository."""
    if isinstance(place, Unknown):
        return unseen(place)
    if place.archived:
        return missing(f"{place.repository} is archived.", UNARCHIVE)
    if not place.has_issues:
        return missing(f"Issues are turned off in {place.repository}.", "Turn them on: Settings > General > Features.")
    return there(f"{place.repository} can be read, and has issues.")


@dataclass(frozen=True)
class BuildWorkflow:
    """The stack's build workflow: `state` as GitHub Actions returns it, `triggers` as its file has them."""

    file: str
    state: Answer[str]
    triggers: Triggers | WorkflowFileError | Unknown
    tag_format: TagFormat
    archived: bool = False


def judge_own_branch(branch: str, rules: Answer[Sequence[BranchRule]]) -> Judgement:
    """Return whether rules allow creating and pushing a branch such as `branch`, for a pull request."""
    if isinstance(rules, Unknown):
        return hidden(rules, "If a rule forbids it, prepare reports which.")
    return judge_branch_rules(branch, rules, OWN_BRANCH, f"Exclude release/* from that rule, {_BYPASS}.")


def judge_direct_commit(branch: str, guard: BranchGuard, token: TokenFacts) -> Judgement:
    """Return whether the token may commit to a branch; not needed if not or unknown, as the default mode does not."""
    judged = _judge_direct_commit(branch, guard, token)
    if judged.presence is Presence.THERE:
        return judged
    return not_needed(f"{judged.message} mode: pull-request, the default, does not need it.")


def _judge_direct_commit(branch: str, guard: BranchGuard, token: TokenFacts) -> Judgement:
    rules, classic = guard.rules, guard.classic
    if isinstance(rules, Unknown):
        return unseen(rules)
    if isinstance(classic, Unknown):
        return unseen(classic)
    if classic and classic.forbids_pushes(token.may_administer):
        return missing(f"The protection of {branch} may refuse a commit that is pushed to it directly.", "")
    return judge_branch_rules(branch, rules, COMMIT, "")


def judge_tag_creation(rulesets: Answer[Sequence[Ruleset]], tag: str) -> Judgement:
    """Return whether the tag rulesets let the token create a production tag such as `tag`."""
    if isinstance(rulesets, NotOffered):
        return there("No ruleset forbids a tag: rulesets are not available for the repository.")
    if isinstance(rulesets, Unknown):
        return hidden(rulesets, "If a ruleset forbids it, the command that tags reports it.")
    return judge_tag_rulesets(tag, rulesets)


def judge_pull_request_setting(own_token: bool, allowed: Answer[bool]) -> Judgement:
    """Return whether GitHub Actions may open pull requests, a setting for the workflow's own token only."""
    if not own_token:
        return not_needed("It applies only to the workflow's own token, and this is another one.")
    if isinstance(allowed, Unknown):
        return hidden(allowed, f"If it is off, prepare reports it. {_SETTING}")
    return there("It is turned on.") if allowed else missing("It is turned off.", _SETTING)


def judge_build(build: BuildWorkflow, kind: TokenKind) -> Judgement:
    """Return whether the tag that `publish` creates starts the build: by its push or, for the own token, a dispatch."""
    if build.archived:
        return missing("The repository is archived, so no workflow can start.", UNARCHIVE)
    if isinstance(build.triggers, Unknown):
        return unseen(build.triggers)
    if isinstance(build.triggers, WorkflowFileError):
        return missing(f"{build.file} cannot be read: {build.triggers.message}.", "Correct it.")
    if isinstance(build.state, Unknown):
        return unseen(build.state)
    if build.state != "active":
        state = build.state.replace("_", " ")
        return missing(f"The workflow {build.file} is {state}.", "Actions > the workflow > Enable workflow.")
    return _judge_triggers(build, build.triggers, kind)


def judge_pushed_image(file: str, upload: Upload | WorkflowFileError | Unknown) -> Judgement:
    """Return whether the build reports which image it pushed: else `publish` records no digest to roll back to."""
    if isinstance(upload, Unknown):
        return unseen(upload)
    if isinstance(upload, WorkflowFileError):
        return missing(f"{file} cannot be read: {upload.message}.", "Correct it.")
    if upload is Upload.HERE:
        return there(f"{file} uploads an artifact that names the pushed image.")
    if upload is Upload.PERHAPS_ELSEWHERE:
        others = "whether the workflows and actions that it uses do could not be determined"
        return unverifiable(f"{file} uploads no artifact {PUSHED_IMAGE}; {others}.", _UPLOAD_IT)
    return missing(f"{file} uploads no artifact {PUSHED_IMAGE}, so its releases cannot be rolled back to.", _UPLOAD_IT)


def _judge_triggers(build: BuildWorkflow, triggers: Triggers, kind: TokenKind) -> Judgement:
    file = build.file
    if kind is TokenKind.OWN:
        if triggers.dispatch:
            what = "has workflow_dispatch, which publish uses, because a tag of the workflow's own token starts no run"
            return there(f"{file} {what}.")
        remedy = f"Add workflow_dispatch to `on` of {file}, or give publish the token of an app or a person."
        return missing(f"{file} has no workflow_dispatch, and a tag of the workflow's own token starts no run.", remedy)
    return _judge_tags(file, triggers.tags, build.tag_format)


def _judge_tags(file: str, tags: Tags, form: TagFormat) -> Judgement:
    """Return whether pushed production tags start a workflow; missing only if none of very many does."""
    remedy = f"Add push with tags to `on` of {file}, with a pattern such as '{form.trigger_pattern}'."
    usual = [form.like("2023.06.1"), form.like("2024.11.12") if form.by_month else form.samples[1]]
    left_out = [tag for tag in usual if not tags.start(tag)]
    if not left_out:
        return there(f"{file} starts for tags such as {' and '.join(usual)}.")
    if tags.patterns is None:
        what = f"Which tags start {file} could not be determined from the patterns under push in its `on`."
        return unverifiable(what, remedy)
    if not any(map(tags.start, _many(form))):
        return missing(f"No push of a tag such as {left_out[0]} starts {file}.", remedy)
    return unverifiable(f"{file} does not start for every production tag: not for {' and '.join(left_out)}.", remedy)


def _many(form: TagFormat) -> Iterator[str]:
    """Yield production tags of a century or, if they are not by month, also of a hundred major numbers."""
    for first in (1, *_CENTURY) if form.by_month else (*range(100), *_CENTURY):
        yield from (f"{form.prefix}{first}.{rest}" for rest in ("2.3", "0.0", "06.1", "11.12"))
