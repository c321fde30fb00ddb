"""Which of GitHub's rules stand in the way of what we write.

A rule is harmless only where it is known to be: what is not known here, such as a rule that GitHub adds one day, may
refuse. The types are those of `repository-rule` in GitHub's OpenAPI description.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

from ..refs import TAGS
from .need import Judgement, missing, there, untold
from .protection import MAY_BYPASS, BranchRule, Ruleset

_BYPASS_LIST = "put whoever the token belongs to on the bypass list of that ruleset (Settings > Rules > Rulesets)."


@dataclass(frozen=True)
class Deed:
    """What is written, in words, and which types of rules are known to forbid it or to let it be.

    What a rule of any other type does hangs on its parameters or on the commit.
    """

    what: str
    forbidding: Set[str]
    harmless: Set[str]


# Nothing here deletes a ref, and Copilot's review comments on pull requests alone.
_HARMLESS = frozenset({"deletion", "copilot_code_review"})
_BY_MERGING_ALONE = frozenset({"update", "pull_request", "required_status_checks", "merge_queue"})

# A release branch begins at the stack branch, with all merges of that, and is built again by force.
OWN_BRANCH = Deed("a push", _BY_MERGING_ALONE | {"creation"}, _HARMLESS)
# One commit with one parent, on top of a branch that is there.
COMMIT = Deed("a commit", _BY_MERGING_ALONE, _HARMLESS | {"creation", "non_fast_forward", "required_linear_history"})
# No tag is ever moved.
NEW_TAG = Deed("a tag", frozenset({"creation"}), _HARMLESS | {"update", "non_fast_forward"})


def judge_branch_rules(branch: str, rules: Sequence[BranchRule], deed: Deed, remedy: str) -> Judgement:
    """Whether the rules of a branch let a deed be done with the token that was shown them."""
    binding = [rule for rule in rules if rule.type not in deed.harmless and rule.bypass not in MAY_BYPASS]
    forbidding = [rule for rule in binding if rule.type in deed.forbidding]
    held = [rule for rule in forbidding if rule.bypass]
    if held:
        return missing(f"{_in_the_way(branch, held)}; this token may not bypass them.", remedy)
    if forbidding:
        what = _in_the_way(branch, forbidding)
        return untold(f"{what}; whether this token may bypass them is not shown to it.", remedy)
    if binding:
        return untold(f"{_owner(binding)} may refuse {deed.what} to {branch}: {_types(binding)}.", remedy)
    return there(f"No rule forbids {deed.what} to {branch}.")


def judge_tag_rulesets(tag: str, rulesets: Sequence[Ruleset]) -> Judgement:
    """Whether the tag rulesets let a tag be made with the token that was shown them."""
    strict = [one for one in rulesets if one.covers(TAGS + tag) and one.rules - NEW_TAG.harmless]
    binding = [one for one in strict if one.bypass not in MAY_BYPASS]
    forbidding = [one for one in binding if one.rules & NEW_TAG.forbidding]
    if forbidding:
        return _forbidden(tag, next((one for one in forbidding if one.bypass), forbidding[0]))
    if binding:
        types = _words(sorted(binding[0].rules - NEW_TAG.harmless))
        what = f"The ruleset {binding[0].name!r} may refuse a tag such as {tag}: {types}."
        return untold(what, f"See that it lets the tags of publish be, or {_BYPASS_LIST}", binding[0].url)
    if strict:
        return there(f"Tags are restricted by {strict[0].name!r}, which this token may bypass.", strict[0].url)
    return there(f"No ruleset forbids a tag such as {tag}.")


def _words(types: Iterable[str]) -> str:
    """Name types of rules, each once."""
    return ", ".join(dict.fromkeys(each.replace("_", " ") for each in types))


def _forbidden(tag: str, by: Ruleset) -> Judgement:
    remedy = f"{_BYPASS_LIST[:1].upper()}{_BYPASS_LIST[1:]}"
    what = f"The ruleset {by.name!r} forbids to make a tag such as {tag}"
    if by.bypass:
        return missing(f"{what}, and this token may not bypass it.", remedy, by.url)
    return untold(f"{what}; whether this token may bypass it is not shown to it.", remedy, by.url)


def _in_the_way(branch: str, rules: Sequence[BranchRule]) -> str:
    return f"{_owner(rules)} are in the way of {branch}: {_types(rules)}"


def _owner(rules: Sequence[BranchRule]) -> str:
    return f"Rules of {rules[0].source or 'the repository'}"


def _types(rules: Sequence[BranchRule]) -> str:
    return _words(rule.type for rule in rules)
