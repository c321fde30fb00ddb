"""What stands in the way of writing, beside the rights of the token: rules, settings, triggers, a place for tickets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..builds import PUSHED_IMAGE
from ..evidence import Answer, NotOffered, Unknown
from ..tag_format import DEFAULT_FORMAT, TagFormat
from ..workflow_file import WorkflowFileError
from ..workflow_jobs import Said
from ..workflow_triggers import Tags, Triggers
from .need import Judgement, Presence, hidden, missing, not_needed, there, unseen, untold
from .protection import COMMIT, OWN_BRANCH, BranchGuard, BranchRule, Ruleset, judge_branch_rules, judge_tag_rulesets
from .rights import UNARCHIVE, TokenFacts, TokenKind


@dataclass(frozen=True)
class TicketPlace:
    """The repository of tickets, as its entry tells."""

    repository: str
    has_issues: bool
    archived: bool


def judge_ticket_place(place: Answer[TicketPlace]) -> Judgement:
    """Whether tickets can be kept in a repository."""
    if isinstance(place, Unknown):
        return unseen(place)
    if place.archived:
        return missing(f"{place.repository} is archived.", UNARCHIVE)
    if not place.has_issues:
        return missing(f"Issues are turned off in {place.repository}.", "Turn them on: Settings > General > Features.")
    return there(f"{place.repository} can be read, and has issues.")


_BYPASS = "or let whoever the token belongs to bypass it (Settings > Rules > Rulesets)"
_CENTURY = range(2000, 2100)
_SAY_IT = (
    "Add the two steps behind the push that examples/build-main.yaml has (docs/publish.md, Which image is recorded). "
    "GitHub Enterprise Server takes no such upload: go back by hand there."
)
_SETTING = (
    "Settings > Actions > General > Workflow permissions: turn on Allow GitHub Actions to create and approve pull "
    "requests (in the organisation's settings first, where it is greyed out)."
)


@dataclass(frozen=True)
class BuildWorkflow:
    """The stack's workflow as GitHub Actions has it: `state` is its word, `triggers` are those in the file."""

    file: str
    state: Answer[str]
    triggers: Triggers | WorkflowFileError | Unknown
    archived: bool = False
    tag_format: TagFormat = DEFAULT_FORMAT


def judge_own_branch(branch: str, rules: Answer[Sequence[BranchRule]]) -> Judgement:
    """Whether rules let a branch such as `branch` be made and pushed to, for a pull request."""
    if isinstance(rules, Unknown):
        return hidden(rules, "When a rule forbids it, prepare says which.")
    return judge_branch_rules(branch, rules, OWN_BRANCH, f"Exclude release/* from that rule, {_BYPASS}.")


def judge_direct_commit(branch: str, guard: BranchGuard, token: TokenFacts) -> Judgement:
    """Whether the token may commit to a branch. Where it may not, or nobody can tell, the usual mode needs no such."""
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
    """Whether the token may make a production tag such as `tag` in spite of the tag rulesets."""
    if isinstance(rulesets, NotOffered):
        return there("No ruleset forbids a tag: the repository can have none.")
    if isinstance(rulesets, Unknown):
        return hidden(rulesets, "When a ruleset forbids it, the command that tags says so.")
    return judge_tag_rulesets(tag, rulesets)


def judge_pull_request_setting(own_token: bool, allowed: Answer[bool]) -> Judgement:
    """Whether GitHub Actions may open pull requests, which binds the workflow's own token alone."""
    if not own_token:
        return not_needed("It binds the workflow's own token alone, and this is another one.")
    if isinstance(allowed, Unknown):
        return hidden(allowed, f"When it is off, prepare says so. {_SETTING}")
    return there("It is turned on.") if allowed else missing("It is turned off.", _SETTING)


def judge_build(build: BuildWorkflow, kind: TokenKind) -> Judgement:
    """Whether the tag that `publish` makes starts the build: by its push, or for the own token by a dispatch."""
    if build.archived:
        return missing("The repository is archived: nothing that is done to it starts a workflow.", UNARCHIVE)
    if isinstance(build.triggers, Unknown):
        return unseen(build.triggers)
    if isinstance(build.triggers, WorkflowFileError):
        return missing(f"{build.file} cannot be read: {build.triggers.message}.", "Correct it.")
    if isinstance(build.state, Unknown):
        return unseen(build.state)
    if build.state != "active":
        state = build.state.replace("_", " ")
        return missing(f"GitHub says of {build.file}: {state}.", "Actions > the workflow > Enable workflow.")
    return _judge_triggers(build, build.triggers, kind)


def judge_pushed_image(file: str, said: Said | WorkflowFileError | Unknown) -> Judgement:
    """Whether the build says which image it pushed: without that `publish` records no digest to go back to."""
    if isinstance(said, Unknown):
        return unseen(said)
    if isinstance(said, WorkflowFileError):
        return missing(f"{file} cannot be read: {said.message}.", "Correct it.")
    if said is Said.HERE:
        return there(f"{file} uploads an artifact that names the image which it pushed.")
    if said is Said.PERHAPS_ELSEWHERE:
        others = "whether the workflows and actions that it uses do, cannot be told"
        return untold(f"{file} uploads no artifact {PUSHED_IMAGE}; {others}.", _SAY_IT)
    return missing(f"{file} uploads no artifact {PUSHED_IMAGE}, so its releases cannot be rolled back to.", _SAY_IT)


def _judge_triggers(build: BuildWorkflow, triggers: Triggers, kind: TokenKind) -> Judgement:
    file = build.file
    if kind is TokenKind.OWN:
        if triggers.dispatch:
            return there(f"{file} has workflow_dispatch, by which publish starts it: a tag of its own token does not.")
        remedy = f"Add workflow_dispatch to `on` of {file}, or give publish a token of an app or a person."
        return missing(f"{file} has no workflow_dispatch, and what a workflow's own token tags starts nothing.", remedy)
    return _judge_tags(file, triggers.tags, build.tag_format)


def _judge_tags(file: str, tags: Tags, form: TagFormat) -> Judgement:
    """Whether pushed production tags start a workflow; only if none of very many does, it certainly never starts."""
    remedy = f"Add push with tags to `on` of {file}, with a pattern such as '{form.trigger_pattern}'."
    usual = [form.like("2023.06.1"), form.like("2024.11.12") if form.by_month else form.samples[1]]
    left_out = [tag for tag in usual if not tags.start(tag)]
    if not left_out:
        return there(f"{file} starts for tags such as {' and '.join(usual)}.")
    if tags.patterns is None:
        return untold(f"Which tags start {file} cannot be told from the patterns under push in its `on`.", remedy)
    if not any(map(tags.start, _many(form))):
        return missing(f"No push of a tag such as {left_out[0]} starts {file}.", remedy)
    return untold(
        f"{file} does not start for every production tag: {' and '.join(left_out)} would not start it.", remedy
    )


def _many(form: TagFormat) -> Iterator[str]:
    """Yield production tags of a century, or of a hundred major numbers."""
    for first in (1, *_CENTURY) if form.by_month else (*range(100), *_CENTURY):
        yield from (f"{form.prefix}{first}.{rest}" for rest in ("2.3", "0.0", "06.1", "11.12"))
