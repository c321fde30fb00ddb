"""A repository's protection settings on GitHub, and which of its rules may refuse our writes.

A rule counts as harmless only if its type is known to be: an unknown type, such as a future one, may refuse. The
types are those of `repository-rule` in GitHub's OpenAPI description.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence, Set

from ...dataclass import dataclass
from ..evidence import Answer, Unknown
from ..refs import TAGS
from . import Judgement, missing, there, unverifiable

ALL_REFS = "~ALL"
_DEEP = "**"
MAY_BYPASS = ("always", "exempt")
"""GitHub's values of `bypass` for a token whose owner may push tags or branches in spite of a ruleset."""
_BYPASS_LIST = "add the owner of the token to the bypass list of that ruleset (Settings > Rules > Rulesets)."

# The ids of the role Write (docs of GitHub's Terraform provider, `repository_ruleset`), and of the app GitHub Actions,
# as which every workflow acts, so also one from any pushed branch.
_EVERYBODY = {("RepositoryRole", 4): "the role Write", ("Integration", 15368): "the app GitHub Actions"}
# This action deletes no ref, and Copilot's review only comments on pull requests.
_HARMLESS = frozenset({"deletion", "copilot_code_review"})
_BY_MERGING_ALONE = frozenset({"update", "pull_request", "required_status_checks", "merge_queue"})


@dataclass(frozen=True)
class Bypasser:
    """An entry of a ruleset's bypass list, in GitHub's terms; `id` is None for a kind with a single actor."""

    kind: str
    id: int | None
    mode: str = "always"

    @property
    def everybody(self) -> str:
        """Its name if anyone with push access can use it, else empty. Tags have no pull requests."""
        return "" if self.mode == "pull_request" else self.of_merges

    @property
    def of_merges(self) -> str:
        """Its name if anyone with push access can use it, perhaps only to merge pull requests; else empty."""
        return _EVERYBODY.get((self.kind, self.id or 0), "")


@dataclass(frozen=True)
class Ruleset:
    """An active ruleset for tags or branches; `rules` are GitHub's names of its types.

    `bypass` is GitHub's `current_user_can_bypass`, empty if not returned. `bypassers` is None if the token may not
    read the bypass list.
    """

    id: int
    name: str
    includes: Sequence[str]
    excludes: Sequence[str]
    rules: Set[str]
    bypass: str = ""
    url: str = ""
    bypassers: Sequence[Bypasser] | None = None

    @property
    def is_closed(self) -> bool:
        """Whether it is known that no one may bypass it for a tag."""
        return self.bypassers is not None and all(one.mode == "pull_request" for one in self.bypassers)

    @property
    def everybody(self) -> str:
        """The name of a bypasser that opens it to anyone with push access; empty if none is seen."""
        return next((one.everybody for one in self.bypassers or () if one.everybody), "")

    @property
    def of_merges(self) -> str:
        """The same for merges of pull requests."""
        return next((one.of_merges for one in self.bypassers or () if one.of_merges), "")

    def covers(self, ref: str) -> bool:
        """Whether the ruleset applies to a full ref name."""
        return _takes(self.includes, self.excludes, ref)


@dataclass(frozen=True)
class Policy:
    """A pattern of refs that may deploy; `kind` is `branch` or `tag`."""

    kind: str
    pattern: str

    def allows_tag(self, tag: str) -> bool:
        """Whether it lets a tag deploy."""
        return self.kind == "tag" and matches(self.pattern, tag)


class Deployers:
    """Who may deploy to an environment, in GitHub's three ways."""

    ANY = "any"
    PROTECTED_BRANCHES = "protected branches"
    CHOSEN = "chosen"


@dataclass(frozen=True)
class Environment:
    """An environment; `policies` matter if `deployers` is `Deployers.CHOSEN`.

    `users` and `teams` are the reviewers by name. With `prevents_self_review` no one can approve their own run.
    """

    name: str
    reviewers: int
    deployers: str
    policies: Answer[Sequence[Policy]] = ()
    url: str = ""
    users: Sequence[str] = ()
    teams: Sequence[str] = ()
    prevents_self_review: bool = False


@dataclass(frozen=True)
class BranchRule:
    """An active rule of a branch, with its ruleset. `bypass` is as in `Ruleset`.

    `owners` is whether a pull request needs a review by code owners, `approvals` how many it needs; None if GitHub
    does not return it. `everybody` names a bypasser that is anyone with push access.
    """

    type: str
    ruleset: int
    source: str = ""
    bypass: str = ""
    owners: bool | None = None
    approvals: int | None = None
    everybody: str = ""


@dataclass(frozen=True)
class ClassicProtection:
    """A classic branch protection. `approvals` is as in `BranchRule`."""

    needs_pull_request: bool
    restricts_pushes: bool
    binds_administrators: bool
    needs_owners: bool = False
    approvals: int | None = None

    def forbids_pushes(self, administrator: bool) -> bool:
        """Whether an account, maybe an `administrator`, may not push to the branch directly."""
        if administrator and not self.binds_administrators:
            return False
        return self.needs_pull_request or self.restricts_pushes


@dataclass(frozen=True)
class BranchGuard:
    """All protection of a branch; `classic` is None if it has no classic branch protection."""

    rules: Answer[Sequence[BranchRule]]
    classic: Answer[ClassicProtection | None]

    @property
    def reviews(self) -> list[BranchRule]:
        """The rules that require a pull request, as far as rules are known."""
        return [] if isinstance(self.rules, Unknown) else [one for one in self.rules if one.type == "pull_request"]


@dataclass(frozen=True)
class ExecutionPolicy:
    """An active workflow execution protection. `events` are those that it allows, None if it restricts none."""

    name: str
    includes: Sequence[str]
    excludes: Sequence[str]
    events: Sequence[str] | None
    restricts_actors: bool

    def covers(self, file: str) -> bool:
        """Whether it applies to a workflow file, by its path."""
        return _takes(self.includes, self.excludes, file)


@dataclass(frozen=True)
class SecretNames:
    """Names of secrets: those every job can use, and those of an environment."""

    repository: Answer[Sequence[str]]
    organisation: Answer[Sequence[str]]
    environment: Answer[Sequence[str]]

    @property
    def of_every_job(self) -> Sequence[str]:
        """Those of repository and organisation that could be read, in capitals."""
        both = [one for one in (self.repository, self.organisation) if not isinstance(one, Unknown)]
        return [name.upper() for one in both for name in one]

    @property
    def gap(self) -> Unknown | None:
        """Why some could not be read; None if all were."""
        return next((one for one in (self.repository, self.organisation) if isinstance(one, Unknown)), None)


@dataclass(frozen=True)
class Variables:
    """The variables that every job can use, with their values, which are never shown."""

    repository: Answer[Mapping[str, str]]
    organisation: Answer[Mapping[str, str]]

    @property
    def seen(self) -> Mapping[str, str]:
        """Those that could be read: the repository's own override the organisation's."""
        both = [one for one in (self.organisation, self.repository) if not isinstance(one, Unknown)]
        return {name.upper(): value for one in both for name, value in one.items()}

    @property
    def gap(self) -> Unknown | None:
        """Why some could not be read; None if all were."""
        return next((one for one in (self.repository, self.organisation) if isinstance(one, Unknown)), None)


def matches(pattern: str, name: str) -> bool:
    """Whether a pattern of GitHub's matches a name, as Ruby's `File.fnmatch` does: `*` does not match a slash."""
    parts: list[str] = []
    for part in pattern.split("/"):
        # Several in a row match the same as one, and would take long.
        if part != _DEEP or parts[-1:] != [_DEEP]:
            parts.append(part)
    return _match(parts, name.split("/"))


def _match(patterns: Sequence[str], names: Sequence[str]) -> bool:
    if not patterns:
        return not names
    if patterns[0] == _DEEP:
        return any(_match(patterns[1:], names[at:]) for at in range(len(names) + 1))
    same = bool(names) and fnmatch.fnmatchcase(names[0], patterns[0].replace("[^", "[!"))
    return same and _match(patterns[1:], names[1:])


def _takes(includes: Sequence[str], excludes: Sequence[str], name: str) -> bool:
    def mean(patterns: Sequence[str]) -> bool:
        return any(one == ALL_REFS or matches(one, name) for one in patterns)

    return mean(includes) and not mean(excludes)


@dataclass(frozen=True)
class PushKind:
    """A kind of push, its name for messages, and which types of rules are known to forbid or to allow it.

    The effect of any other type depends on its parameters or on the commit.
    """

    what: str
    forbidding: Set[str]
    harmless: Set[str]


# A release branch starts at the stack branch, with its merge commits, and is rebuilt by a forced push.
OWN_BRANCH = PushKind("a push", _BY_MERGING_ALONE | {"creation"}, _HARMLESS)
# One commit with one parent, on top of an existing branch.
COMMIT = PushKind(
    "a commit", _BY_MERGING_ALONE, _HARMLESS | {"creation", "non_fast_forward", "required_linear_history"}
)
# No tag is ever moved.
NEW_TAG = PushKind("a tag", frozenset({"creation"}), _HARMLESS | {"update", "non_fast_forward"})


def judge_branch_rules(branch: str, rules: Sequence[BranchRule], push: PushKind, remedy: str) -> Judgement:
    """Return whether the rules of a branch, as returned to a token, allow that token this kind of push."""
    binding = [rule for rule in rules if rule.type not in push.harmless and rule.bypass not in MAY_BYPASS]
    forbidding = [rule for rule in binding if rule.type in push.forbidding]
    held = [rule for rule in forbidding if rule.bypass]
    if held:
        return missing(f"{_forbidding(branch, held, push)}; this token may not bypass them.", remedy)
    if forbidding:
        what = _forbidding(branch, forbidding, push)
        return unverifiable(f"{what}; GitHub does not show whether this token may bypass them.", remedy)
    if binding:
        return unverifiable(f"{_owner(binding)} may refuse {push.what} to {branch}: {types_of(binding)}.", remedy)
    return there(f"No rule forbids {push.what} to {branch}.")


def judge_tag_rulesets(tag: str, rulesets: Sequence[Ruleset]) -> Judgement:
    """Return whether the tag rulesets, as returned to a token, let that token create a tag."""
    strict = [one for one in rulesets if one.covers(TAGS + tag) and one.rules - NEW_TAG.harmless]
    binding = [one for one in strict if one.bypass not in MAY_BYPASS]
    forbidding = [one for one in binding if one.rules & NEW_TAG.forbidding]
    if forbidding:
        return _forbidden(tag, next((one for one in forbidding if one.bypass), forbidding[0]))
    if binding:
        types = _words(sorted(binding[0].rules - NEW_TAG.harmless))
        what = f"The ruleset {binding[0].name!r} may refuse a tag such as {tag}: {types}."
        return unverifiable(what, f"Check that it allows the tags of publish, or {_BYPASS_LIST}", binding[0].url)
    if strict:
        return there(f"Tags are restricted by {strict[0].name!r}, which this token may bypass.", strict[0].url)
    return there(f"No ruleset forbids a tag such as {tag}.")


def types_of(rules: Sequence[BranchRule]) -> str:
    """Return the types of rules, each once, for messages."""
    return _words(rule.type for rule in rules)


def _words(types: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(each.replace("_", " ") for each in types))


def _forbidden(tag: str, by: Ruleset) -> Judgement:
    remedy = f"{_BYPASS_LIST[:1].upper()}{_BYPASS_LIST[1:]}"
    what = f"The ruleset {by.name!r} forbids creating a tag such as {tag}"
    if by.bypass:
        return missing(f"{what}, and this token may not bypass it.", remedy, by.url)
    return unverifiable(f"{what}; GitHub does not show whether this token may bypass it.", remedy, by.url)


def _forbidding(branch: str, rules: Sequence[BranchRule], push: PushKind) -> str:
    return f"{_owner(rules)} forbid {push.what} to {branch}: {types_of(rules)}"


def _owner(rules: Sequence[BranchRule]) -> str:
    return f"Rules of {rules[0].source or 'the repository'}"
