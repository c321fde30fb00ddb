"""The settings of a repository on GitHub that guard releases: rulesets, environments, names of secrets.

All of it is only read. What a token may not see comes as 403 or 404, and becomes an `Unknown` with the permission.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Literal, TypeVar

from ...domain.evidence import Answer, Hidden, NotOffered, TooLong, Unknown, Unseen, answered, seen
from ...domain.needs import TokenFacts
from ...domain.needs.protection import (
    ALL_REFS,
    BranchGuard,
    BranchRule,
    Bypasser,
    ClassicProtection,
    Deployers,
    Environment,
    ExecutionPolicy,
    Policy,
    Ruleset,
    SecretNames,
    Variables,
)
from ...domain.needs.writing import TicketPlace
from ..http import SingleFlight
from ..http.messages import Response
from .api import ACTIONS, CONTENTS, RepositoryApi
from .setting_payloads import (
    Anything,
    AppliedRule,
    BranchEntry,
    BypassActor,
    EnvironmentEntry,
    EnvironmentReviewer,
    Environments,
    FolderEntry,
    Immutability,
    ListedPolicies,
    ListedPolicy,
    ListedRuleset,
    Policies,
    Protection,
    Retention,
    RulesetDetails,
    RunCount,
    Secrets,
    Switch,
    TicketEntry,
    VariablesPage,
    WorkflowDefaults,
    WorkflowEntry,
)
from .writes import read_token

_METADATA, _ADMINISTRATION, _SECRETS = "metadata: read", "administration: read", "secrets: read"
_PULL_REQUESTS, _VARIABLES = "pull-requests: read", "variables: read"
_PAGE, _PAGE_OF_VARIABLES = 100, 30
_MOST_PAGES = 20
_MOST_RULESETS = 20
_MOST_BYPASSES = 5
_NEWER = "2026-03-10"
"""The version of the API that has execution policies."""
_EVENTS = "restrict_action_events"
_NOT_PROTECTED = "Branch not protected"
"""GitHub's message for a branch that only rulesets protect."""

_T = TypeVar("_T")


class GithubSettings:
    """The settings of one repository, as its token sees them; each is requested once."""

    def __init__(self, api: RepositoryApi) -> None:
        self._api = api
        self._answers: SingleFlight[tuple[str | Sequence[str], str], Answer[Any]] = SingleFlight()
        self._guards: SingleFlight[str, BranchGuard] = SingleFlight()
        self._folders: SingleFlight[str, Answer[Mapping[str, str]]] = SingleFlight()

    @answered
    def token(self, own_token: bool, at_home: bool) -> TokenFacts:
        """What is known about the token; `own_token` if it is the workflow's own, `at_home` as in `TokenFacts`."""
        return read_token(self._api, own_token, at_home)

    @answered
    def ticket_place(self) -> TicketPlace:
        """The facts that decide whether tickets can be kept here."""
        found = self._api.read(self._api.entry(), TicketEntry, "the entry")
        return TicketPlace(self._api.name, found["has_issues"], found["archived"])

    @answered
    def shown_runs(self) -> int:
        """The number of workflow runs that the token is shown."""
        query: dict[str, str | int] = {"per_page": 1, "exclude_pull_requests": "true"}
        return self._read("/actions/runs", "the workflow runs", RunCount, query, ACTIONS)["total_count"]

    @answered
    def shown_pull_requests(self) -> object:
        """Some value if the token is shown pull requests at all, else an `Unknown`."""
        return self._read("/pulls", "the pull requests", list[Anything], {"per_page": 1}, _PULL_REQUESTS)

    @answered
    def tag_rulesets(self) -> Sequence[Ruleset]:
        """The active rulesets for tags, including those of the organisation."""
        query: dict[str, str | int] = {"targets": "tag", "includes_parents": "true", "per_page": _PAGE}
        listed = self._read("/rulesets", "the rulesets for tags", list[ListedRuleset], query, _METADATA)
        active = [each["id"] for each in listed if each["enforcement"] == "active" and each.get("target") == "tag"]
        if len(active) > _MOST_RULESETS:
            raise Unseen(Unknown(f"{self._api.name} has more than {_MOST_RULESETS} rulesets for tags"))
        return self._api.http.parallel([partial(self._ruleset, number) for number in active])

    def guard(self, branch: str) -> BranchGuard:
        """What guards a branch: rules, and classic branch protection."""
        return self._guards.get(branch, lambda: self._guard(branch))

    def _guard(self, branch: str) -> BranchGuard:
        asked: list[Any] = [partial(self.branch_rules, branch), partial(self._classic, branch)]
        rules, classic = self._api.http.parallel(asked)
        return BranchGuard(rules, classic)

    @answered
    def branch_rules(self, branch: str) -> Sequence[BranchRule]:
        """The rules in force on a branch, which need not exist yet, and whether the token may bypass them."""
        what = f"the rules for {branch}"
        path, query = ("rules", "branches", branch), {"per_page": _PAGE}
        answer = answered(self._read)(path, what, list[AppliedRule], query, _METADATA)
        if isinstance(answer, NotOffered):
            return ()  # without rulesets on this plan, there are no rules
        found = seen(answer)
        rulesets = list(dict.fromkeys(each["ruleset_id"] for each in found))[:_MOST_BYPASSES]
        answers = self._api.http.parallel([partial(answered(self._ruleset), number) for number in rulesets])
        known = {each.id: each for each in answers if not isinstance(each, Unknown)}
        return [_rule(each, known.get(each["ruleset_id"])) for each in found]

    @answered
    def environment(self, name: str) -> Environment | None:
        """An environment with its policies; None if there is none of that name, ignoring case as GitHub does."""
        listed = self._read("/environments", "the environments", Environments, {"per_page": _PAGE}, ACTIONS)
        entry = next((each for each in listed["environments"] if each["name"].lower() == name.lower()), None)
        if entry is None:
            return None
        deployers = _deployers(entry)
        policies = self._policies(entry["name"]) if deployers == Deployers.CHOSEN else ()
        users, teams = _names(entry, "login"), _names(entry, "slug")
        count, self_review = len(_reviewers(entry)), _prevents_self_review(entry)
        return Environment(entry["name"], count, deployers, policies, entry["html_url"], users, teams, self_review)

    def secrets(self, environment: str) -> SecretNames:
        """The names of the secrets of the repository, of the organisation for it, and of an environment."""
        paths = (
            ("actions", "secrets"),
            ("actions", "organization-secrets"),
            ("environments", environment, "secrets"),
        )
        owners = ("the repository", "the organisation", f"the environment {environment}")
        calls = [partial(self._secrets, path, owner) for path, owner in zip(paths, owners, strict=True)]
        return SecretNames(*self._api.http.parallel(calls))

    def variables(self) -> Variables:
        """The variables of the repository, and of the organisation for it."""
        whose = {"variables": "the repository", "organization-variables": "the organisation"}
        calls = [partial(self._variables, path, f"the variables of {owner}") for path, owner in whose.items()]
        return Variables(*self._api.http.parallel(calls))

    @answered
    def may_actions_open_pull_requests(self) -> bool:
        """Whether the setting allows the workflow's own token to open pull requests."""
        what = "the setting for pull requests of workflows"
        found = self._read("/actions/permissions/workflow", what, WorkflowDefaults, {}, _ADMINISTRATION)
        return found["can_approve_pull_request_reviews"]

    @answered
    def retention(self) -> int:
        """For how many days artifacts, logs and, since October 2026, workflow runs are kept."""
        path, what = "/actions/permissions/artifact-and-log-retention", "the retention of workflow runs"
        return self._read(path, what, Retention, {}, _ADMINISTRATION)["days"]

    @answered
    def immutable_releases(self) -> bool | None:
        """Whether releases are immutable; None for a 404, which GitHub returns if they are not, or if it hides that."""
        what = "the immutability of releases"
        response = self._api.get("/immutable-releases", what, permission=_ADMINISTRATION)
        if response.status == 404:
            return None
        return self._payload(response, what, Immutability, _ADMINISTRATION)["enabled"]

    @answered
    def execution_policies(self) -> Sequence[ExecutionPolicy]:
        """The active workflow execution protections, including those of the organisation and the enterprise."""
        what = "the workflow execution protections"
        query: dict[str, str | int] = {"has_parents": "true", "per_page": _PAGE}
        found = self._read("/actions/policies", what, ListedPolicies, query, _ADMINISTRATION, _NEWER)
        return [_policy(each) for each in found["policies"] if each["enforcement"] == "active"]

    def workflow_files(self, commit: str) -> Answer[Mapping[str, str]]:
        """The files in the workflow folder at a commit, each with the id of its content; empty without a folder."""
        return self._folders.get(commit, lambda: self._folder(commit))

    @answered
    def _folder(self, commit: str) -> Mapping[str, str]:
        what = f"the workflow files at {commit[:12]}"
        response = self._api.get("/contents/.github/workflows", what, {"ref": commit})
        if response.status == 404:
            self._api.confirm_absence()
            return {}
        found = self._api.read(response, list[FolderEntry], what)
        if not found:
            raise self._api.gone(what)  # git has no empty folders
        return {one["name"]: one["sha"] for one in found if one["type"] == "file"}

    @answered
    def workflow_state(self, file: str) -> str:
        """The state of a workflow, such as `active` or `disabled_manually`."""
        path = f"/actions/workflows/{file.rpartition('/')[2]}"
        return self._read(path, f"the workflow {file}", WorkflowEntry, {}, ACTIONS)["state"]

    def _ruleset(self, number: int) -> Ruleset:
        what = f"the ruleset {number}"
        found = self._read(f"/rulesets/{number}", what, RulesetDetails, {"includes_parents": "true"}, _METADATA)
        conditions, links = found.get("conditions"), found.get("_links")
        names = conditions.get("ref_name") if conditions else None
        page = links.get("html") if links else None
        return Ruleset(
            found["id"],
            found["name"],
            names["include"] if names else (),
            names["exclude"] if names else (),
            frozenset(each["type"] for each in found.get("rules") or ()),
            found.get("current_user_can_bypass") or "",
            page["href"] if page else "",
            _bypassers(found.get("bypass_actors")),
        )

    @answered
    def _classic(self, branch: str) -> ClassicProtection | None:
        entry = self._read(("branches", branch), f"the branch {branch}", BranchEntry, {}, CONTENTS)
        if not entry["protected"]:
            return None
        what = f"the protection of {branch}"
        response = self._api.get(("branches", branch, "protection"), what, permission=_ADMINISTRATION)
        if response.status == 404 and _NOT_PROTECTED in self._api.words(response):
            return None  # rulesets alone protect it
        found = self._payload(response, what, Protection, _ADMINISTRATION)
        reviews = found.get("required_pull_request_reviews")
        return ClassicProtection(
            needs_pull_request=reviews is not None,
            needs_owners=bool(reviews and reviews.get("require_code_owner_reviews")),
            approvals=reviews.get("required_approving_review_count") if reviews else None,
            restricts_pushes=found.get("restrictions") is not None
            or found.get("required_status_checks") is not None
            or _is_on(found.get("required_signatures"))
            or _is_on(found.get("lock_branch")),
            binds_administrators=_is_on(found.get("enforce_admins")),
        )

    @answered
    def _policies(self, environment: str) -> Sequence[Policy]:
        path = ("environments", environment, "deployment-branch-policies")
        what = f"the policies of the environment {environment}"
        found = self._read(path, what, Policies, {"per_page": _PAGE}, ACTIONS)
        return [Policy(each.get("type") or "branch", each.get("name") or "") for each in found["branch_policies"]]

    @answered
    def _secrets(self, path: Sequence[str], owner: str) -> Sequence[str]:
        found = self._read(path, f"the names of the secrets of {owner}", Secrets, {"per_page": _PAGE}, _SECRETS)
        return [each["name"] for each in found["secrets"]]

    @answered
    def _variables(self, path: str, what: str) -> Mapping[str, str]:
        query: dict[str, str | int] = {"per_page": _PAGE_OF_VARIABLES}
        first = self._api.get(f"/actions/{path}", what, query, permission=_VARIABLES)
        pages = self._api.pages(first, what, _MOST_PAGES, _VARIABLES)
        payloads = [self._payload(page, what, VariablesPage, _VARIABLES) for page in pages]
        return {each["name"]: each["value"] for payload in payloads for each in payload["variables"]}

    def _read(
        self,
        path: str | Sequence[str],
        what: str,
        kind: type[_T],
        query: Mapping[str, str | int],
        permission: str,
        version: str = "",
    ) -> _T:
        @answered
        def ask() -> _T:
            response = self._api.get(path, what, query, permission=permission, version=version)
            if query.get("per_page") == _PAGE and self._api.next_page(response, what):
                # An unread page could hold the entry that matters.
                reason = f"{what} of {self._api.name} are more than the {_PAGE} that are read"
                raise Unseen(TooLong(reason, "Check them in the settings of the repository."))
            return self._payload(response, what, kind, permission)

        answer: Answer[_T] = self._answers.get((path, permission), ask)
        return seen(answer)

    def _payload(self, response: Response, what: str, kind: type[_T], permission: str) -> _T:
        if response.status == 404:
            # GitHub also hides settings in this way; an empty list is not a 404.
            how = f"by the token in {self._api.given_as}" if self._api.credentials else "without a token"
            reason = f"{what} of {self._api.name} cannot be seen {how}"
            raise Unseen(Hidden(reason, f"It takes a token with {permission}."))
        return self._api.read(response, kind, what)


def _rule(each: AppliedRule, ruleset: Ruleset | None) -> BranchRule:
    given = each.get("parameters")
    return BranchRule(
        each["type"],
        each["ruleset_id"],
        each["ruleset_source"],
        ruleset.bypass if ruleset else "",
        owners=given.get("require_code_owner_review") if given else None,
        approvals=given.get("required_approving_review_count") if given else None,
        everybody=ruleset.of_merges if ruleset else "",
    )


def _is_on(switch: Switch | None) -> bool:
    return bool(switch and switch["enabled"])


def _deployers(entry: EnvironmentEntry) -> str:
    policy = entry.get("deployment_branch_policy")
    if policy is None:
        return Deployers.ANY
    return Deployers.PROTECTED_BRANCHES if policy["protected_branches"] else Deployers.CHOSEN


def _bypassers(actors: Sequence[BypassActor] | None) -> Sequence[Bypasser] | None:
    if actors is None:
        return None
    return [Bypasser(each["actor_type"], each.get("actor_id"), each.get("bypass_mode") or "always") for each in actors]


def _reviewers(entry: EnvironmentEntry) -> list[EnvironmentReviewer]:
    rules = entry.get("protection_rules") or []
    return [one for rule in rules if rule["type"] == "required_reviewers" for one in rule.get("reviewers") or ()]


def _names(entry: EnvironmentEntry, key: Literal["login", "slug"]) -> list[str]:
    parties = [one.get("reviewer") for one in _reviewers(entry)]
    return [name for party in parties if party and (name := party.get(key))]


def _prevents_self_review(entry: EnvironmentEntry) -> bool:
    return any(bool(rule.get("prevent_self_review")) for rule in entry.get("protection_rules") or [])


def _policy(entry: ListedPolicy) -> ExecutionPolicy:
    conditions, rules = entry.get("conditions"), entry.get("rules") or []
    paths = conditions.get("workflow_path") if conditions else None
    allowed = [rule.get("parameters") for rule in rules if rule["type"] == _EVENTS]
    events = [set((each.get("allowed_events") if each else None) or ()) for each in allowed]
    return ExecutionPolicy(
        entry["name"],
        paths["include"] if paths else (ALL_REFS,),
        paths["exclude"] if paths else (),
        sorted(set.intersection(*events)) if events else None,
        any(rule["type"] != _EVENTS for rule in rules),
    )
