"""Settings of repositories beside those that guard the gate: how long evidence lasts, and who can act at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..evidence import Answer, NotOffered, Unknown
from ..refs import TAGS
from ..run_limits import KEPT_DAYS
from ..tag_format import DEFAULT_FORMAT, TagFormat
from .need import Judgement, Presence, hidden, missing, not_needed, sentence, there, untold
from .protection import BranchGuard, BranchRule, Environment, ExecutionPolicy, Ruleset

_RETENTION = (
    f"Settings > Actions > General > Artifact and log retention: {KEPT_DAYS} days. A tag that is pinned later "
    "needs a new tag at its commit."
)
_POLICIES = "Settings > Actions > Policies (the organisation and the enterprise may have some, too)"
_IMMUTABLE = "Settings > General > Releases > Enable release immutability."
_FIXED = {"update": "moved", "deletion": "deleted"}
_COMPONENT_TAGS = (
    "Settings > Rules > Rulesets > New tag ruleset of {repository}: target {target}, Restrict updates and Restrict "
    "deletions, nobody on its bypass list."
)
_PRODUCTION = (
    "Settings > Rules > Rulesets of {repository}: ask for a pull request with a review before {branch} changes, and "
    "keep whoever the token belongs to off the bypass list: it need not change a branch to tag it."
)
_BY_OTHERS = frozenset({"pull_request", "update"})
"""The types of rules that keep a token from pushing to a branch by itself."""
_TWO = "Settings > Environments: let a team, or two people more, approve. Then one who is away stops no way back."


def judge_retention(days: Mapping[str, Answer[int]]) -> Judgement:
    """Whether workflow runs, which are the evidence of CI, are kept for as long as GitHub keeps them by default."""
    known = {name: found for name, found in days.items() if not isinstance(found, Unknown)}
    if short := [f"{name} keeps workflow runs for {found} days" for name, found in known.items() if found < KEPT_DAYS]:
        what = f"{', '.join(short)}: of an older tag there is no evidence that its CI passed."
        return missing(sentence(what), _RETENTION)
    lost = {name: found for name, found in days.items() if isinstance(found, Unknown)}
    if lost:
        why = next(iter(lost.values()))
        return untold(f"How long {', '.join(lost)} keeps workflow runs cannot be told: {why.reason}.", why.remedy)
    said = ", ".join(f"{name} for {found} days" for name, found in known.items())
    return there(f"Workflow runs are kept: {said}. What is older needs a new tag, unless a release.json stands in.")


def judge_policies(file: str, events: Sequence[str], found: Answer[Sequence[ExecutionPolicy]]) -> Judgement:
    """Whether workflow execution protections let a production tag start its build. There need be none."""
    if isinstance(found, Unknown):
        return hidden(found, "If a tag starts nothing, publish says so.")
    mine = [one for one in found if one.covers(file)]
    if not mine:
        return not_needed(f"No workflow execution protection is in force for {file}: who may push may start it.")
    for event in events:
        if shut := [one.name for one in mine if one.events is not None and event not in one.events]:
            message = f"The workflow execution protection {shut[0]!r} does not let {event} start {file}."
            return missing(message, f"{_POLICIES}: allow the event {event} for that file.")
    if closed := [one.name for one in mine if one.restricts_actors]:
        message = f"The workflow execution protection {closed[0]!r} restricts who may start {file}."
        return untold(message, f"See that the app or the people that publish tags as are on its list: {_POLICIES}.")
    return there(f"The workflow execution protections in force let {' and '.join(events)} start {file}.")


def judge_immutability(enabled: Answer[bool | None], retention: Answer[int]) -> Judgement:
    """Whether nobody can change a release, and so its release.json.

    None may mean that it is off, or hidden. Whoever is shown the `retention` has the right for both.
    """
    if enabled is None and isinstance(retention, Unknown):
        enabled = retention
    if isinstance(enabled, Unknown):
        return hidden(enabled)
    if enabled:
        return there("Releases are immutable.")
    return missing("Releases can be changed, and release.json with them, by anyone with write access.", _IMMUTABLE)


def judge_people(name: str, found: Answer[Environment | None]) -> Judgement:
    """Whether more than one person can approve a deployment to production, the one who started it left out."""
    if isinstance(found, Unknown):
        return hidden(found)
    if found is None or not found.reviewers:
        return not_needed(f"Nobody has to approve a deployment to {name}.")
    alone, own = found.reviewers - len(found.teams), found.prevents_self_review
    if alone >= (3 if own else 2):
        return there(f"{alone} people may approve a deployment to {name}.", found.url)
    if found.teams:
        what = f"Who is in the team {', '.join(found.teams)}, which may approve a deployment to {name}, is not shown."
        return untold(what, f"See that it has {'three' if own else 'two'} people at least.", found.url)
    if alone == 1:
        also = ", and nobody what that one has started (Prevent self-review)" if own else ""
        what = f"Only {', '.join(found.users) or 'one person'} may approve a deployment to {name}{also}."
        return missing(what, _TWO, found.url)
    what = f"Two people may approve a deployment to {name}, and neither what they started (Prevent self-review)."
    return missing(f"{what} With one away, the other can neither release nor go back.", _TWO, found.url)


def judge_component_tags(
    repository: str, found: Answer[Sequence[Ruleset]], form: TagFormat = DEFAULT_FORMAT
) -> Judgement:
    """Whether production tags of a component stay where they are. That they are on its branch the gate checks."""
    if isinstance(found, NotOffered):
        return missing(f"{sentence(found.reason)} Anyone with push access can move its tags.", found.remedy)
    if isinstance(found, Unknown):
        return hidden(found)
    remedy = _COMPONENT_TAGS.format(repository=repository, target=form.ruleset_pattern)
    strict = [one for one in found if not one.everybody]
    held = {tag: {rule for one in strict if one.covers(TAGS + tag) for rule in one.rules} for tag in form.samples}
    free = [f"{tag} can be {word}" for tag in held for rule, word in _FIXED.items() if rule not in held[tag]]
    url = found[0].url if found else ""
    if free:
        return missing(f"{', '.join(free[:3])} in {repository} by anyone with push access.", remedy, url)
    if any(one.bypassers is None for one in strict):
        what = f"Production tags of {repository} cannot be moved or deleted; who may bypass that is not shown."
        return untold(what, "See that the bypass list is empty.", url)
    return there(f"Production tags of {repository} cannot be moved or deleted.", url)


def judge_production(repository: str, guards: Mapping[str, BranchGuard], may_administer: bool) -> Judgement:
    """Whether a token that tags production branches can change none of them; the first that is not fine counts."""
    judged = [_judge_production(repository, branch, guard, may_administer) for branch, guard in guards.items()]
    return next((one for one in judged if one.presence is not Presence.THERE), judged[0])


def _judge_production(repository: str, branch: str, guard: BranchGuard, may_administer: bool) -> Judgement:
    rules, classic, remedy = guard.rules, guard.classic, _PRODUCTION.format(repository=repository, branch=branch)
    if isinstance(rules, Unknown):
        return hidden(rules)
    # GitHub also has a bypass for pull requests alone: then nobody has to review them.
    if passed := [one for one in rules if one.bypass not in ("", "never")]:
        what = f"This token may bypass rules for {branch} of {repository}: {_types(passed)}."
        return missing(what, remedy)
    holding = [one for one in rules if one.type in _BY_OTHERS]
    if any(one.bypass for one in holding):
        return there(f"{branch} of {repository} changes by others alone: {_types(holding)}.")
    if isinstance(classic, Unknown):
        return hidden(classic)
    if classic and classic.forbids_pushes(may_administer):
        return there(f"The protection of {branch} of {repository} keeps this token from pushing.")
    if holding:
        what = f"Whether this token may bypass rules for {branch} of {repository} is not shown to it"
        return untold(f"{what}: {_types(holding)}.", remedy)
    return missing(f"No rule keeps this token from pushing to {branch} of {repository}.", remedy)


def _types(rules: Sequence[BranchRule]) -> str:
    return ", ".join(dict.fromkeys(one.type.replace("_", " ") for one in rules))
