"""What protects a repository, as GitHub's settings show it: facts, and which names a pattern means."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from ..evidence import Answer, Unknown

ALL_REFS = "~ALL"
_DEEP = "**"
MAY_BYPASS = ("always", "exempt")
"""GitHub's words for a token whose owner a ruleset does not bind when tags or branches are pushed."""

# The number that GitHub gave the role Write (docs of its provider for Terraform, `repository_ruleset`), and the one of
# the app GitHub Actions, as which every workflow asks, and so one that anybody has pushed.
_EVERYBODY = {("RepositoryRole", 4): "the role Write", ("Integration", 15368): "the app GitHub Actions"}


@dataclass(frozen=True)
class Bypasser:
    """Whoever may bypass a ruleset, in GitHub's words; `id` is None for a kind of which there is but one."""

    kind: str
    id: int | None
    mode: str = "always"

    @property
    def everybody(self) -> str:
        """The words for it where everybody who may push can get at it, else empty. Tags have no pull requests."""
        return "" if self.mode == "pull_request" else _EVERYBODY.get((self.kind, self.id or 0), "")


@dataclass(frozen=True)
class Ruleset:
    """A ruleset that is in force, for tags or branches; `rules` are GitHub's words for its types.

    `bypass` is GitHub's word for whether the token's owner may bypass it, empty where it does not tell. `bypassers`
    is None where the token is not shown who else may.
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
    def everybody(self) -> str:
        """The words for a bypasser that leaves it open to everybody who may push; empty where none is seen."""
        return next((one.everybody for one in self.bypassers or () if one.everybody), "")

    def covers(self, ref: str) -> bool:
        """Whether the ruleset applies to a full ref name."""
        return any(_means(one, ref) for one in self.includes) and not any(_means(one, ref) for one in self.excludes)


@dataclass(frozen=True)
class Policy:
    """A pattern of the refs that may deploy; `kind` is `branch` or `tag`."""

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
    """An environment; `policies` matter where `deployers` is `Deployers.CHOSEN`.

    `users` and `teams` are the reviewers by name; `prevents_self_review` says that nobody approves their own run.
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
    """A rule in force on a branch, and the ruleset that it is of. `bypass` is as in `Ruleset`.

    `owners` says whether a pull request needs the review of code owners; None where GitHub does not say.
    """

    type: str
    ruleset: int
    source: str = ""
    bypass: str = ""
    owners: bool | None = None


@dataclass(frozen=True)
class ClassicProtection:
    """A branch's protection of the older kind."""

    needs_pull_request: bool
    restricts_pushes: bool
    binds_administrators: bool
    needs_owners: bool = False

    def forbids_pushes(self, administrator: bool) -> bool:
        """Whether somebody may not push to the branch directly."""
        if administrator and not self.binds_administrators:
            return False
        return self.needs_pull_request or self.restricts_pushes


@dataclass(frozen=True)
class BranchGuard:
    """All that guards a branch; `classic` is None where there is no protection of that kind."""

    rules: Answer[Sequence[BranchRule]]
    classic: Answer[ClassicProtection | None]


@dataclass(frozen=True)
class ExecutionPolicy:
    """A workflow execution protection in force. `events` are those that it allows, None where it restricts none."""

    name: str
    includes: Sequence[str]
    excludes: Sequence[str]
    events: Sequence[str] | None
    restricts_actors: bool

    def covers(self, file: str) -> bool:
        """Whether it applies to a workflow file, by its path."""
        return any(_means(one, file) for one in self.includes) and not any(_means(one, file) for one in self.excludes)


@dataclass(frozen=True)
class SecretNames:
    """Names of secrets: those every job can use, and those of an environment."""

    repository: Answer[Sequence[str]]
    organisation: Answer[Sequence[str]]
    environment: Answer[Sequence[str]]

    @property
    def of_every_job(self) -> Sequence[str]:
        """Those that were seen of repository and organisation, in capitals."""
        both = [one for one in (self.repository, self.organisation) if not isinstance(one, Unknown)]
        return [name.upper() for one in both for name in one]

    @property
    def lost(self) -> Unknown | None:
        """Why some of them were not seen; None where all were."""
        return next((one for one in (self.repository, self.organisation) if isinstance(one, Unknown)), None)


@dataclass(frozen=True)
class Variables:
    """The variables that every job can use, with their values, which are shown to nobody."""

    repository: Answer[Mapping[str, str]]
    organisation: Answer[Mapping[str, str]]

    @property
    def seen(self) -> Mapping[str, str]:
        """Those that were seen: the repository's own go before the organisation's."""
        both = [one for one in (self.organisation, self.repository) if not isinstance(one, Unknown)]
        return {name.upper(): value for one in both for name, value in one.items()}

    @property
    def lost(self) -> Unknown | None:
        """Why some were not seen; None where all were."""
        return next((one for one in (self.repository, self.organisation) if isinstance(one, Unknown)), None)


def matches(pattern: str, name: str) -> bool:
    """Whether a pattern of GitHub's means a name: Ruby's `File.fnmatch`, whose `*` ends at a slash."""
    parts: list[str] = []
    for part in pattern.split("/"):
        # Several in a row mean no more than one, and would take long.
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


def _means(pattern: str, ref: str) -> bool:
    return pattern == ALL_REFS or matches(pattern, ref)
