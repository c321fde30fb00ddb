"""Judgements on what enforces the gate from outside the workflow: rulesets, environments, secrets, reviews.

Also on related settings: how long evidence is kept, and who may act.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..evidence import KEPT_DAYS, Answer, NotOffered, Unknown
from ..findings import listed
from ..refs import TAGS, TagFormat
from . import Judgement, Presence, hidden, missing, not_needed, sentence, there, unverifiable
from .protection import (
    MAY_BYPASS,
    BranchGuard,
    Deployers,
    Environment,
    ExecutionPolicy,
    Policy,
    Ruleset,
    SecretNames,
    types_of,
)

_RETENTION = (
    f"Settings > Actions > General > Artifact and log retention: {KEPT_DAYS} days. To pin a tag whose runs have "
    "expired, make a new tag at its commit."
)
_POLICIES = "Settings > Actions > Policies (also of the organisation and the enterprise)"
_IMMUTABLE = "Settings > General > Releases > Enable release immutability."
_COMPONENT_TAGS = (
    "Settings > Rules > Rulesets > New tag ruleset of {repository}: target {target}, Restrict updates and Restrict "
    "deletions, an empty bypass list."
)
_PRODUCTION = (
    "Settings > Rules > Rulesets of {repository}: require a pull request with a review for {branch}, and keep the "
    "owner of the token off the bypass list: tagging a branch does not need to change it."
)
_BY_OTHERS = frozenset({"pull_request", "update"})
"""The types of rules that keep a token from pushing to a branch directly."""
_TWO = "Settings > Environments: add a team or two more people as reviewers, so that an absence blocks no rollback."
_TAG_RULES = {"creation": "created", "update": "moved", "deletion": "deleted"}
_FIXED = ("update", "deletion")
_RULESETS = (
    "Settings > Rules > Rulesets > New tag ruleset, twice, each with the target {target} (it also matches {miss}). "
    "One has Restrict creations, and on its bypass list release managers and the app that publish uses. The other has "
    "Restrict updates and Restrict deletions, and an empty bypass list."
)
_BYPASS_LISTS = (
    "Settings > Rules > Rulesets: check that only release managers are on the bypass lists, not the role Write or the "
    "app GitHub Actions, and that the list of Restrict updates and Restrict deletions is empty."
)
_ENVIRONMENT = "Settings > Environments: give {name} required reviewers, and allow only tags, of the {patterns}."
_PRIVATE = (
    "Private repositories have required reviewers only on GitHub Enterprise, under Settings > Environments. On other "
    "plans, restrict instead who creates production tags (row tag-ruleset), and which of them deploy "
    "(row environment-tags)."
)
_SECRETS = (
    "Make them secrets of the production environment, and delete those of the repository and the organisation, which "
    "jobs outside the environment can use."
)
_REVIEW = (
    "Settings > Rules > Rulesets > New branch ruleset: target {branch}, with Require a pull request before merging, "
    "and at least one approval."
)
_AWX = ("awx_", "tower_", "controller_")
_ANY_TAG = "anything"
_NEVER_OWN = "The workflow's own token can never have that."


def judge_retention(days: Mapping[str, Answer[int]]) -> Judgement:
    """Return whether workflow runs, the evidence of CI, are kept for as long as GitHub does by default."""
    known = {name: found for name, found in days.items() if not isinstance(found, Unknown)}
    if short := [f"{name} keeps workflow runs for {found} days" for name, found in known.items() if found < KEPT_DAYS]:
        what = f"{', '.join(short)}: an older tag has no evidence that its CI passed."
        return missing(sentence(what), _RETENTION)
    lost = {name: found for name, found in days.items() if isinstance(found, Unknown)}
    if lost:
        why = next(iter(lost.values()))
        what = f"How long {', '.join(lost)} keeps workflow runs could not be determined: {why.reason}."
        return unverifiable(what, why.remedy)
    kept = ", ".join(f"{name} for {found} days" for name, found in known.items())
    return there(f"Workflow runs are kept: {kept}. An older tag needs a new one, or a release.json as its evidence.")


def judge_policies(file: str, events: Sequence[str], found: Answer[Sequence[ExecutionPolicy]]) -> Judgement:
    """Return whether workflow execution protections, if there are any, let a production tag start its build."""
    if isinstance(found, Unknown):
        return hidden(found, "If a tag starts no build, publish reports it.")
    mine = [one for one in found if one.covers(file)]
    if not mine:
        return not_needed(f"No workflow execution protection applies to {file}: anyone with push access can start it.")
    for event in events:
        if shut := [one.name for one in mine if one.events is not None and event not in one.events]:
            message = f"The workflow execution protection {shut[0]!r} does not let {event} start {file}."
            return missing(message, f"{_POLICIES}: allow the event {event} for that file.")
    if closed := [one.name for one in mine if one.restricts_actors]:
        message = f"The workflow execution protection {closed[0]!r} restricts who may start {file}."
        return unverifiable(message, f"Check that its list has the app or the user that publish tags as: {_POLICIES}.")
    return there(f"The workflow execution protections in force let {' and '.join(events)} start {file}.")


def judge_immutability(enabled: Answer[bool | None], retention: Answer[int]) -> Judgement:
    """Return whether releases, and so their release.json, are immutable.

    None means off, or hidden: a token that can read the `retention` has the right to read both.
    """
    if enabled is None and isinstance(retention, Unknown):
        enabled = retention
    if isinstance(enabled, Unknown):
        return hidden(enabled)
    if enabled:
        return there("Releases are immutable.")
    return missing("Anyone with write access can change releases, and release.json with them.", _IMMUTABLE)


def judge_people(name: str, found: Answer[Environment | None]) -> Judgement:
    """Return whether more than one person can approve a deployment to production, even with Prevent self-review."""
    if isinstance(found, Unknown):
        return hidden(found)
    if found is None or not found.reviewers:
        return not_needed(f"A deployment to {name} needs no approval.")
    alone, own = found.reviewers - len(found.teams), found.prevents_self_review
    if alone >= (3 if own else 2):
        return there(f"{alone} people may approve a deployment to {name}.", found.url)
    if found.teams:
        what = f"The team {', '.join(found.teams)} may approve a deployment to {name}, but its members are not shown."
        return unverifiable(what, f"Check that it has at least {'three' if own else 'two'} people.", found.url)
    if alone == 1:
        also = ", except one that they started themselves (Prevent self-review)" if own else ""
        what = f"Only {', '.join(found.users) or 'one person'} may approve a deployment to {name}{also}."
        return missing(what, _TWO, found.url)
    what = f"Two people may approve a deployment to {name}, but not one that they started (Prevent self-review)."
    return missing(f"{what} If one is away, the other can neither release nor roll back.", _TWO, found.url)


def judge_component_tags(repository: str, found: Answer[Sequence[Ruleset]], form: TagFormat) -> Judgement:
    """Return whether a component's production tags cannot be moved. The gate checks that they are on its branch."""
    if isinstance(found, NotOffered):
        return missing(f"{sentence(found.reason)} Anyone with push access can move its tags.", found.remedy)
    if isinstance(found, Unknown):
        return hidden(found)
    remedy = _COMPONENT_TAGS.format(repository=repository, target=form.ruleset_pattern)
    strict, url = _strict(found), _url(found)
    if free := _open(strict, form, _FIXED):
        return missing(f"{', '.join(free[:3])} in {repository} by anyone with push access.", remedy, url)
    if free := _open(_perhaps_closed(strict), form, _FIXED):
        what = f"{', '.join(free[:2])} in {repository} by those on the bypass list of {_named(strict)}."
        return missing(what, remedy, url)
    if _open(_closed(strict), form, _FIXED):
        what = f"Rulesets forbid moving or deleting production tags of {repository}; their bypass list is not shown."
        return unverifiable(what, "Check that the bypass list is empty.", url)
    return there(f"Production tags of {repository} cannot be moved or deleted.", url)


def judge_production(repository: str, guards: Mapping[str, BranchGuard], may_administer: bool) -> Judgement:
    """Return whether a token that tags production branches can change none of them: the first failing judgement."""
    judged = [_judge_production(repository, branch, guard, may_administer) for branch, guard in guards.items()]
    return next((one for one in judged if one.presence is not Presence.THERE), judged[0])


def judge_tag_rules(rulesets: Answer[Sequence[Ruleset]], form: TagFormat) -> Judgement:
    """Return whether only release managers can create production tags, and no one can move or delete them."""
    if isinstance(rulesets, Unknown):
        return hidden(rulesets)
    remedy = _RULESETS.format(target=form.ruleset_pattern, miss=form.near_misses[0])
    if not rulesets:
        nothing = "No ruleset applies to tags: anyone with push access can create, move and delete any tag."
        return missing(nothing, remedy)
    if open_to_all := _open(_strict(rulesets), form):
        bypass = next((f"; {one.everybody} may bypass {one.name!r}" for one in rulesets if one.everybody), "")
        what = f"Under {_named(rulesets)}, {', '.join(open_to_all[:3])} by anyone with push access{bypass}."
        return missing(what, remedy, _url(rulesets))
    if free := _free_to_this_token(rulesets, form.samples[0]):
        message = f"Under {_named(rulesets)}, {' and '.join(free)} by the owner of this token."
        return missing(message, remedy, _url(rulesets))
    if free := _open(_perhaps_closed(rulesets), form, _FIXED):
        message = f"Under {_named(rulesets)}, {' and '.join(free[:2])} by those on a bypass list."
        return missing(message, remedy, _url(rulesets))
    restricted = f"Tags such as {form.samples[0]} are restricted by {_named(rulesets)}"
    seen = [one for one in _strict(rulesets) if one.bypassers is not None]
    if _open(seen, form) or _open(_closed(rulesets), form, _FIXED):
        message = f"{restricted}. The bypass list is visible only to ruleset editors, so it could not be checked."
        return unverifiable(message, _BYPASS_LISTS, _url(rulesets))
    message = f"{restricted}, with no bypass for everyone with push access, and none to move or delete them."
    return there(message, _url(rulesets))


def judge_reviewers(name: str, found: Answer[Environment | None], is_private: bool, form: TagFormat) -> Judgement:
    """Return whether a deployment to production needs an approval, which few plans offer in a private stack."""
    if isinstance(found, Unknown):
        return hidden(found)
    if found is None:
        return missing(f"There is no environment {name}.", _PRIVATE) if is_private else _no_environment(name, form)
    if not found.reviewers:
        message = f"The environment {name} has no required reviewers: a deployment needs no approval."
        return missing(message, _PRIVATE if is_private else _protected(name, form), found.url)
    return there(f"{found.reviewers} may approve a deployment to {name}, and one must.", found.url)


def judge_deployers(
    name: str, found: Answer[Environment | None], rulesets: Answer[Sequence[Ruleset]], form: TagFormat
) -> Judgement:
    """Return whether only tags of the production format may deploy, and none that anyone with push access can make."""
    if isinstance(found, Unknown):
        return hidden(found)
    if found is None:
        return _no_environment(name, form)
    problem = _problem_with_deployers(found, form)
    if isinstance(problem, Unknown):
        return hidden(problem)
    if problem:
        return missing(f"The environment {name} {problem}.", _protected(name, form), found.url)
    allowed = f"The environment {name} lets tags such as {form.samples[0]} deploy, and no branch"
    others = [tag for tag in form.near_misses if _lets_in(found, tag)]
    known = () if isinstance(rulesets, NotOffered) or not others else rulesets
    if isinstance(known, Unknown):
        return hidden(known)
    if free := [tag for tag in others if _is_free(tag, _strict(known), "creation")]:
        made = "which anyone with push access can create, with a workflow file without the gate"
        return missing(f"{allowed}, but also {free[0]}, {made}.", _protected(name, form), found.url)
    also = f"; it also lets {others[0]} deploy, which only the gate refuses" if others else ""
    return there(f"{allowed}{also}.", found.url)


def judge_secrets(name: str, found: SecretNames) -> Judgement:
    """Return whether the AWX credentials are secrets of the environment only."""
    exposed = [*_awx(found.repository, "the repository"), *_awx(found.organisation, "the organisation")]
    if exposed:
        return missing(f"Every job can use {', '.join(exposed)}.", _SECRETS)
    for names in (found.repository, found.organisation):
        if isinstance(names, Unknown):
            return hidden(names, _NEVER_OWN)
    kept = _awx(found.environment, "")
    if not kept:
        why = found.environment.reason if isinstance(found.environment, Unknown) else f"{name} has none either"
        message = f"Neither the repository nor the organisation has a secret named AWX_…; {why}."
        return unverifiable(message, f"Check that the AWX credentials are secrets of {name} only.")
    return there(f"{', '.join(kept)}: secrets of {name} only.")


def judge_review(branch: str, found: BranchGuard) -> Judgement:
    """Return whether changes of the stack branch, and so of its workflow file, need a reviewed pull request."""
    known, classic = found.reviews, found.classic
    rules = [one for one in known if not one.everybody]
    if any(one.owners or one.approvals for one in rules):
        return there(f"A rule requires a reviewed pull request for {branch}.")
    if isinstance(classic, Unknown):
        return hidden(classic, _NEVER_OWN)
    older = [classic] if classic and classic.needs_pull_request else []
    if any(one.needs_owners or one.approvals for one in older):
        return there(f"The branch protection of {branch} requires a reviewed pull request.")
    if isinstance(found.rules, Unknown):
        return hidden(found.rules)
    remedy = _REVIEW.format(branch=branch)
    if None in [*(one.approvals for one in rules), *(one.approvals for one in older)]:
        what = f"{branch} requires a pull request; GitHub does not show whether it needs an approval."
        return unverifiable(what, remedy)
    if rules or older:
        by = "A rule" if rules else f"The branch protection of {branch}"
        what = f"{by} requires a pull request{f' for {branch}' if rules else ''}, but no approval of it."
        return missing(what, remedy)
    if known:
        return missing(f"A rule requires a pull request for {branch}, but {known[0].everybody} may bypass it.", remedy)
    return missing(f"{branch} can be changed without a pull request.", remedy)


def _judge_production(repository: str, branch: str, guard: BranchGuard, may_administer: bool) -> Judgement:
    rules, classic, remedy = guard.rules, guard.classic, _PRODUCTION.format(repository=repository, branch=branch)
    if isinstance(rules, Unknown):
        return hidden(rules)
    # A bypass may be for pull requests only: then these need no review.
    if passed := [one for one in rules if one.bypass not in ("", "never")]:
        return missing(f"This token may bypass rules for {branch} of {repository}: {types_of(passed)}.", remedy)
    holding = [one for one in rules if one.type in _BY_OTHERS]
    if any(one.bypass for one in holding):
        return there(f"Rules keep this token from pushing to {branch} of {repository}: {types_of(holding)}.")
    if isinstance(classic, Unknown):
        return hidden(classic)
    if classic and classic.forbids_pushes(may_administer):
        return there(f"The branch protection of {branch} of {repository} keeps this token from pushing.")
    if holding:
        what = f"GitHub does not show whether this token may bypass rules for {branch} of {repository}"
        return unverifiable(f"{what}: {types_of(holding)}.", remedy)
    return missing(f"No rule keeps this token from pushing to {branch} of {repository}.", remedy)


def _strict(rulesets: Sequence[Ruleset]) -> list[Ruleset]:
    """Return the rulesets that not everyone with push access may bypass."""
    return [one for one in rulesets if not one.everybody]


def _closed(rulesets: Sequence[Ruleset]) -> list[Ruleset]:
    """Return the rulesets that are known to have no bypass."""
    return [one for one in rulesets if one.is_closed]


def _perhaps_closed(rulesets: Sequence[Ruleset]) -> list[Ruleset]:
    """Return the rulesets that no one may bypass, as far as is shown."""
    return [one for one in rulesets if one.is_closed or one.bypassers is None]


def _open(rulesets: Sequence[Ruleset], form: TagFormat, rules: Iterable[str] = _TAG_RULES) -> list[str]:
    """Return what anyone with push access can do to tags in spite of rulesets, for some types of rules."""
    return [
        f"{tag} can be {_TAG_RULES[rule]}" for tag in form.samples for rule in rules if _is_free(tag, rulesets, rule)
    ]


def _is_free(tag: str, rulesets: Sequence[Ruleset], rule: str) -> bool:
    """Whether no ruleset has this type of rule for a tag."""
    return not any(rule in each.rules and each.covers(TAGS + tag) for each in rulesets)


def _free_to_this_token(rulesets: Sequence[Ruleset], tag: str) -> list[str]:
    """Return what the owner of this token, by the bypass lists, can do to existing tags."""
    firm = [each for each in rulesets if each.bypass not in MAY_BYPASS]
    return [f"{tag} can be {_TAG_RULES[rule]}" for rule in _FIXED if _is_free(tag, firm, rule)]


def _lets_in(environment: Environment, tag: str) -> bool:
    policies = environment.policies
    return not isinstance(policies, Unknown) and any(one.allows_tag(tag) for one in policies)


def _problem_with_deployers(found: Environment, form: TagFormat) -> Answer[str]:
    if found.deployers == Deployers.ANY:
        return "may be deployed to from every branch and tag"
    if found.deployers == Deployers.PROTECTED_BRANCHES:
        return "may be deployed to from protected branches only, so no production tag can deploy"
    if isinstance(found.policies, Unknown):
        return found.policies
    return _problem_with_policies(found.policies, form.samples[0])


def _problem_with_policies(policies: Sequence[Policy], tag: str) -> str:
    branches = [one.pattern for one in policies if one.kind != "tag"]
    if branches:
        return f"may be deployed to from the branch {', '.join(branches[:3])}"
    if any(one.allows_tag(_ANY_TAG) for one in policies):
        return "may be deployed to from every tag"
    if not any(one.allows_tag(tag) for one in policies):
        return f"lets no tag such as {tag} deploy"
    return ""


def _no_environment(name: str, form: TagFormat) -> Judgement:
    return missing(f"There is no environment {name}.", _protected(name, form))


def _protected(name: str, form: TagFormat) -> str:
    """Return the remedy for an environment that is not protected."""
    patterns = form.environment_patterns
    named = f"pattern{'' if len(patterns) == 1 else 's'} {' and '.join(patterns)}"
    return _ENVIRONMENT.format(name=name, patterns=named)


def _awx(names: Answer[Sequence[str]], whose: str) -> list[str]:
    if isinstance(names, Unknown):
        return []
    return [f"{name} of {whose}" if whose else name for name in names if name.lower().startswith(_AWX)][:5]


def _named(rulesets: Sequence[Ruleset]) -> str:
    return listed((f"the ruleset {each.name!r}" for each in rulesets), 3, " and ")


def _url(rulesets: Sequence[Ruleset]) -> str:
    return rulesets[0].url if rulesets else ""
