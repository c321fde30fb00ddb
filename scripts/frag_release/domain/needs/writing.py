"""What stands in the way of writing, beside the rights of the token: rules, settings, triggers."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

from ..evidence import Answer, NotOffered, Unknown
from ..workflow_file import WorkflowFileError
from ..workflow_triggers import Triggers
from .need import Judgement, Presence, hidden, missing, not_needed, there, unseen, untold
from .protection import PRODUCTION_TAGS, TAGS, BranchGuard, BranchRule, Ruleset
from .rights import TokenFacts, TokenKind

_MAY_BYPASS = ("always", "exempt")
_FORBID_PUSHES = frozenset({"update", "pull_request", "required_status_checks", "merge_queue"})
_FORBID_CREATION = _FORBID_PUSHES | {"creation"}
_BYPASS = "or let whoever the token belongs to bypass it (Settings > Rules > Rulesets)"
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


def judge_own_branch(branch: str, rules: Answer[Sequence[BranchRule]]) -> Judgement:
    """Whether rules let a branch such as `branch` be made and pushed to, for a pull request."""
    if isinstance(rules, Unknown):
        return hidden(rules, "When a rule forbids it, prepare says which.")
    return _judge_rules(branch, rules, _FORBID_CREATION, f"Exclude release/* from that rule, {_BYPASS}.")


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
        return missing(f"{branch} is protected: nobody may push to it directly.", "")
    return _judge_rules(branch, rules, _FORBID_PUSHES, "")


def judge_tag_creation(rulesets: Answer[Sequence[Ruleset]]) -> Judgement:
    """Whether the token may make a production tag in spite of the tag rulesets."""
    if isinstance(rulesets, NotOffered):
        return there("No ruleset forbids a tag: the repository can have none.")
    if isinstance(rulesets, Unknown):
        return hidden(rulesets, "When a ruleset forbids it, publish says so.")
    tag = PRODUCTION_TAGS[0]
    binding = [one for one in rulesets if "creation" in one.rules and one.covers(TAGS + tag)]
    held = [one for one in binding if one.bypass not in _MAY_BYPASS]
    if not binding:
        return there(f"No ruleset forbids a tag such as {tag}.")
    if not held:
        return there(f"Tags are restricted by {binding[0].name!r}, which this token may bypass.", binding[0].url)
    remedy = "Put whoever the token belongs to on the bypass list of that ruleset (Settings > Rules > Rulesets)."
    what = f"The ruleset {held[0].name!r} forbids to make a tag such as {tag}"
    if not held[0].bypass:
        return untold(f"{what}; whether this token may bypass it is not shown to it.", remedy, held[0].url)
    return missing(f"{what}, and this token may not bypass it.", remedy, held[0].url)


def judge_pull_request_setting(own_token: bool, allowed: Answer[bool]) -> Judgement:
    """Whether GitHub Actions may open pull requests, which binds the workflow's own token alone."""
    if not own_token:
        return not_needed("It binds the workflow's own token alone, and this is another one.")
    if isinstance(allowed, Unknown):
        return hidden(allowed, f"When it is off, prepare says so. {_SETTING}")
    return there("It is turned on.") if allowed else missing("It is turned off.", _SETTING)


def judge_build(build: BuildWorkflow, kind: TokenKind) -> Judgement:
    """Whether the tag that `publish` makes starts the build: by its push, or for the own token by a dispatch."""
    if isinstance(build.triggers, Unknown):
        return unseen(build.triggers)
    if isinstance(build.triggers, WorkflowFileError):
        return missing(f"{build.file} cannot be read: {build.triggers.message}.", "Correct it.")
    if isinstance(build.state, Unknown):
        return unseen(build.state)
    if build.state != "active":
        state = build.state.replace("_", " ")
        return missing(f"GitHub says of {build.file}: {state}.", "Actions > the workflow > Enable workflow.")
    return _judge_triggers(build.file, build.triggers, kind)


def _judge_triggers(file: str, triggers: Triggers, kind: TokenKind) -> Judgement:
    if kind is TokenKind.OWN:
        if triggers.dispatch:
            return there(f"{file} has workflow_dispatch, by which publish starts it: a tag of its own token does not.")
        remedy = f"Add workflow_dispatch to `on` of {file}, or give publish a token of an app or a person."
        return missing(f"{file} has no workflow_dispatch, and what a workflow's own token tags starts nothing.", remedy)
    if triggers.tags:
        return there(f"{file} starts for tags.")
    return missing(f"No push of a tag starts {file}.", f"Add push with tags to `on` of {file}.")


def _judge_rules(branch: str, rules: Sequence[BranchRule], forbid: Set[str], remedy: str) -> Judgement:
    binding = [rule for rule in rules if rule.type in forbid and rule.bypass not in _MAY_BYPASS]
    if not binding:
        return there(f"No rule forbids to push to {branch}.")
    types = ", ".join(dict.fromkeys(rule.type.replace("_", " ") for rule in binding))
    what = f"Rules of {binding[0].source or 'the repository'} are in the way of {branch}: {types}"
    if all(rule.bypass for rule in binding):
        return missing(f"{what}; this token may not bypass them.", remedy)
    return untold(f"{what}; whether this token may bypass them is not shown to it.", remedy)
