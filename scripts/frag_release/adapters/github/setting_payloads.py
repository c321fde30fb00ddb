"""The parts of GitHub's replies about settings that are read (REST API 2022-11-28); what may be None may be missing."""

from __future__ import annotations

from typing import TypedDict


class Anything(TypedDict):
    """A value whose contents are not read."""


class RefNames(TypedDict):
    """The full ref names, as patterns, that a ruleset applies to."""

    include: list[str]
    exclude: list[str]


class Conditions(TypedDict):
    """What a ruleset applies to."""

    ref_name: RefNames | None


class RuleType(TypedDict):
    """A rule of a ruleset."""

    type: str


class Link(TypedDict):
    """A URL."""

    href: str


class Links(TypedDict):
    """The links of a ruleset."""

    html: Link | None


class ListedRuleset(TypedDict):
    """One item of `repos/get-repo-rulesets`."""

    id: int
    target: str | None
    enforcement: str


class BypassActor(TypedDict):
    """An actor that may bypass a ruleset."""

    actor_id: int | None
    actor_type: str
    bypass_mode: str | None


class RulesetDetails(TypedDict):
    """`repos/get-repo-ruleset`; `bypass_actors` are shown only to those who may edit the ruleset."""

    id: int
    name: str
    conditions: Conditions | None
    rules: list[RuleType] | None
    current_user_can_bypass: str | None
    bypass_actors: list[BypassActor] | None
    _links: Links | None


class RuleParameters(TypedDict):
    """The parameters of a rule of the type `pull_request`; others have other parameters."""

    require_code_owner_review: bool | None
    required_approving_review_count: int | None


class AppliedRule(TypedDict):
    """One item of `repos/get-branch-rules`."""

    type: str
    ruleset_id: int
    ruleset_source: str
    parameters: RuleParameters | None


class BranchEntry(TypedDict):
    """`repos/get-branch`."""

    protected: bool


class Switch(TypedDict):
    """A setting that is on or off."""

    enabled: bool


class ReviewRules(TypedDict):
    """What classic branch protection requires of a pull request."""

    require_code_owner_reviews: bool | None
    required_approving_review_count: int | None


class Protection(TypedDict):
    """`repos/get-branch-protection`."""

    required_pull_request_reviews: ReviewRules | None
    required_status_checks: Anything | None
    restrictions: Anything | None
    required_signatures: Switch | None
    lock_branch: Switch | None
    enforce_admins: Switch | None


class Reviewer(TypedDict):
    """A user, who has a login, or a team, which has a slug."""

    login: str | None
    slug: str | None


class EnvironmentReviewer(TypedDict):
    """One of the reviewers of an environment."""

    reviewer: Reviewer | None


class ProtectionRule(TypedDict):
    """A rule of an environment; only `required_reviewers` has `reviewers`."""

    type: str
    reviewers: list[EnvironmentReviewer] | None
    prevent_self_review: bool | None


class BranchPolicy(TypedDict):
    """Which refs may deploy to an environment."""

    protected_branches: bool
    custom_branch_policies: bool


class EnvironmentEntry(TypedDict):
    """One item of `repos/get-all-environments`."""

    name: str
    html_url: str
    protection_rules: list[ProtectionRule] | None
    deployment_branch_policy: BranchPolicy | None


class Environments(TypedDict):
    """`repos/get-all-environments`."""

    environments: list[EnvironmentEntry]


class Pattern(TypedDict):
    """One item of `repos/list-deployment-branch-policies`."""

    name: str | None
    type: str | None


class Policies(TypedDict):
    """`repos/list-deployment-branch-policies`."""

    branch_policies: list[Pattern]


class Secret(TypedDict):
    """The name of a secret."""

    name: str


class Secrets(TypedDict):
    """`actions/list-repo-secrets`, and those of environments and organisations."""

    secrets: list[Secret]


class Variable(TypedDict):
    """`actions-variable`."""

    name: str
    value: str


class VariablesPage(TypedDict):
    """`actions/list-repo-variables`, and those of the organisation."""

    variables: list[Variable]


class WorkflowDefaults(TypedDict):
    """`actions/get-github-actions-default-workflow-permissions-repository`."""

    can_approve_pull_request_reviews: bool


class WorkflowEntry(TypedDict):
    """`actions/get-workflow`."""

    state: str


class TicketEntry(TypedDict):
    """`repos/get`: whether issues can be written."""

    has_issues: bool
    archived: bool


class RunCount(TypedDict):
    """`actions/list-workflow-runs-for-repo`: the number of runs that are shown."""

    total_count: int


class Retention(TypedDict):
    """`actions/get-artifact-and-log-retention-settings-repository`."""

    days: int


class Immutability(TypedDict):
    """`repos/check-immutable-releases`."""

    enabled: bool


class FolderEntry(TypedDict):
    """One item of `repos/get-content` of a folder."""

    name: str
    type: str
    sha: str


class PolicyParameters(TypedDict):
    """What a rule of an execution policy allows; each kind of rule has its own parameter."""

    allowed_events: list[str] | None


class PolicyRule(TypedDict):
    """A rule of an execution policy."""

    type: str
    parameters: PolicyParameters | None


class PolicyConditions(TypedDict):
    """Which workflow files an execution policy applies to."""

    workflow_path: RefNames | None


class ListedPolicy(TypedDict):
    """One item of the list of execution policies."""

    name: str
    enforcement: str
    conditions: PolicyConditions | None
    rules: list[PolicyRule] | None


class ListedPolicies(TypedDict):
    """Execution policies of a repository (docs: "REST API endpoints for GitHub Actions policies", 2026-03-10)."""

    policies: list[ListedPolicy]
