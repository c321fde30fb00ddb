"""The rows of `doctor` on what enforces the gate from outside: repository settings and workflow files."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from ...domain.components import Component
from ...domain.evidence import Unknown
from ...domain.needs import OUTSIDE, Judgement, TokenFacts, outside, writers
from .reading import Examined, Table, in_parallel

GUARDS = Table(OUTSIDE)
_RULES, _ENVIRONMENTS = "settings/rules", "settings/environments"
_SECRETS, _ACTIONS = "settings/secrets/actions", "settings/actions"


@GUARDS.row("tag-ruleset", "Only release managers can create production tags, and no one can move them", page=_RULES)
def _tags(at: Examined) -> Judgement:
    return outside.judge_tag_rules(at.place.tag_rulesets(), at.settings.tag_format)


@GUARDS.row("environment-reviewers", "Deployments to {environment} need an approval", page=_ENVIRONMENTS)
def _reviewers(at: Examined) -> Judgement:
    token, name = at.token(), at.settings.environment
    is_private = isinstance(token, TokenFacts) and not token.is_public
    return outside.judge_reviewers(name, at.environment(), is_private, at.settings.tag_format)


@GUARDS.row("environment-people", "More than one person can approve deployments to {environment}", page=_ENVIRONMENTS)
def _people(at: Examined) -> Judgement:
    return outside.judge_people(at.settings.environment, at.environment())


@GUARDS.row("environment-tags", "Only tags of the production form deploy to {environment}", page=_ENVIRONMENTS)
def _deployers(at: Examined) -> Judgement:
    settings, rulesets = at.settings, at.place.tag_rulesets()
    return outside.judge_deployers(settings.environment, at.environment(), rulesets, settings.tag_format)


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
