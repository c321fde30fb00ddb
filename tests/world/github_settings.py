"""What GitHub's settings hold and who may see them: tokens and their rights, rulesets, environments, secrets.

A part of the GitHub on loopback. Refusals are GitHub's, with the permissions that it names; its description lists
few of their statuses, so they are not judged by it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from world.faults import Reply, json_reply
from world.github_server import GitHubServer
from world.loopback import Request

_REPOSITORY = re.compile(r"/repos/(?P<name>[^/]+/[^/]+)(?P<rest>/.*)?")
_TIME = "2023-06-01T09:00:00Z"
_DOCS = "https://docs.github.com/rest"
_ROLES = ("pull", "triage", "push", "maintain", "admin")
_READS = {"/pulls": "pull_requests", "/actions/runs": "actions"}
"""What the emulator shows to everybody, and GitHub to tokens with this permission."""
_MERGING = ("allow_merge_commit", "allow_squash_merge", "allow_rebase_merge", "allow_auto_merge")


@dataclass(frozen=True)
class Holder:
    """A token: `scopes` of a classic one, else the permissions of a fine-grained one or of an app (`role` None)."""

    role: str | None = "admin"
    scopes: Sequence[str] | None = None
    permissions: Mapping[str, str] = field(default_factory=dict)

    def may(self, permission: str, level: str) -> bool:
        """Whether GitHub lets the token do it: a classic one by what its owner may do."""
        if self.scopes is not None:
            needed = "admin" if permission in ("administration", "secrets", "environments", "variables") else "push"
            return (level == "read" and needed != "admin") or self.has_role(needed)
        return self.permissions.get(permission) in (level, "write")

    def has_role(self, role: str) -> bool:
        """Whether the user behind the token has a role, or a higher one."""
        return self.role is not None and _ROLES.index(self.role) >= _ROLES.index(role)


CLASSIC = Holder(scopes=("repo", "workflow", "project"))
ANYTHING = Holder(
    permissions={
        **dict.fromkeys(("contents", "workflows", "pull_requests", "issues", "actions"), "write"),
        **dict.fromkeys(("administration", "secrets", "environments", "variables", "metadata"), "read"),
    }
)
READING = Holder(permissions=dict.fromkeys(("contents", "actions", "issues", "pull_requests", "metadata"), "read"))


@dataclass
class Settings:
    """The settings of one repository; each list is as GitHub shows it."""

    rulesets: list[dict[str, Any]] = field(default_factory=list)
    rules: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    environments: list[dict[str, Any]] = field(default_factory=list)
    policies: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    organisation_secrets: list[str] = field(default_factory=list)
    environment_secrets: dict[str, list[str]] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    organisation_variables: dict[str, str] = field(default_factory=dict)
    protections: dict[str, dict[str, Any]] = field(default_factory=dict)
    may_open_pull_requests: bool = True
    workflow_state: str = "active"
    entry: dict[str, Any] = field(default_factory=dict)
    retention_days: int = 90
    immutable: bool = False
    policies_on_runs: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class GitHubSettings:
    """The part; `holders` are the tokens beside the emulator's own, which may do everything."""

    server: GitHubServer
    holders: dict[str, Holder] = field(default_factory=dict)
    by_repository: dict[str, Settings] = field(default_factory=dict)

    def clear(self) -> None:
        """No settings, and no tokens of its own."""
        self.holders.clear()
        self.by_repository.clear()

    def give(self, token: str, holder: Holder) -> str:
        """Let a token in, with its rights."""
        self.holders[token] = holder
        self.server.tokens.add(token)
        return token

    def of(self, repository: str) -> Settings:
        """The settings of a repository."""
        return self.by_repository.setdefault(repository.lower(), Settings())

    def reply(self, request: Request) -> Reply | None:
        """Answers for settings; adds to a repository's entry what it tells of the token."""
        found = _REPOSITORY.fullmatch(request.path)
        if found is None or request.method != "GET":
            return None
        name, rest = unquote(found["name"]), found["rest"] or ""
        if not rest:
            return self._entry(request, self.of(name))
        if rest in _READS:
            return self._refusal(request, _READS[rest]) if self._holder(request) else None
        if rest.startswith("/rulesets"):
            return self._rulesets(self.of(name), rest.removeprefix("/rulesets").strip("/"), self._holder(request))
        for pattern, permission, answer in _ANSWERS:
            match = re.fullmatch(pattern, rest)
            if match:
                refused = self._refusal(request, permission)
                return refused or answer(self, name, [unquote(each) for each in match.groups()])
        return None

    def _holder(self, request: Request) -> Holder | None:
        """Who asks; None for nobody. The emulator's own tokens may do everything."""
        token = request.headers.get("authorization", "").partition(" ")[2]
        return self.holders.get(token, CLASSIC) if token else None

    def _refusal(self, request: Request, permission: str) -> Reply | None:
        holder = self._holder(request)
        if not permission or (holder and holder.may(permission, "read")):
            return None
        if holder is None:
            return _refused(401, "Requires authentication")
        if holder.scopes is not None:
            return _refused(403, "Must have admin rights to Repository.")
        who = "integration" if holder.role is None else "personal access token"
        return _refused(403, f"Resource not accessible by {who}", f"{permission}=read")

    def _entry(self, request: Request, settings: Settings) -> Reply:
        reply, holder = self.server.emulated(request), self._holder(request)
        if reply.status != 200:
            return reply
        body = {key: value for key, value in json.loads(reply.body).items() if key not in ("permissions", *_MERGING)}
        if holder:
            body["permissions"] = {role: holder.has_role(role) for role in _ROLES}
        writes = holder and (holder.has_role("push") if holder.scopes is not None else holder.may("contents", "write"))
        body |= dict.fromkeys(_MERGING, True) if writes else {}
        reply = replace(reply, body=json.dumps(body | settings.entry).encode())
        scopes = ", ".join(holder.scopes) if holder and holder.scopes is not None else None
        return reply.with_headers({"X-OAuth-Scopes": scopes, "Content-Length": None})

    def _rulesets(self, settings: Settings, number: str, holder: Holder | None) -> Reply:
        """All rulesets, or one of them; a list is short, and who may bypass is for those who may edit."""
        edits = holder is not None and holder.may("administration", "write")
        left_out = {"conditions", "rules", "bypass_actors"} if not number else set() if edits else {"bypass_actors"}
        shown = [{key: each[key] for key in each if key not in left_out} for each in settings.rulesets]
        found = next((each for each in shown if str(each["id"]) == number), None) if number else shown
        return _refused(404, "Not Found") if found is None else json_reply(200, found)

    def rules(self, name: str, parts: Sequence[str]) -> Reply:
        """The rules in force on a branch, whether it is there or not."""
        return json_reply(200, self.of(name).rules.get(parts[0], []))

    def environments(self, name: str, parts: Sequence[str]) -> Reply:
        """All environments."""
        found = self.of(name).environments
        return json_reply(200, {"total_count": len(found), "environments": found})

    def policies(self, name: str, parts: Sequence[str]) -> Reply:
        """Which refs may deploy to an environment."""
        found = self.of(name).policies.get(parts[0], [])
        return json_reply(200, {"total_count": len(found), "branch_policies": found})

    def secrets(self, name: str, parts: Sequence[str]) -> Reply:
        """Names of secrets."""
        settings = self.of(name)
        owned = {"secrets": settings.secrets, "organization-secrets": settings.organisation_secrets}
        return _secret_names(owned[parts[0]])

    def environment_secrets(self, name: str, parts: Sequence[str]) -> Reply:
        """Names of the secrets of an environment."""
        return _secret_names(self.of(name).environment_secrets.get(parts[0], []))

    def variables(self, name: str, parts: Sequence[str]) -> Reply:
        """Variables with their values, all on one page."""
        settings = self.of(name)
        owned = {"variables": settings.variables, "organization-variables": settings.organisation_variables}
        times = {"created_at": _TIME, "updated_at": _TIME}
        variables = [{"name": key, "value": value, **times} for key, value in owned[parts[0]].items()]
        return json_reply(200, {"total_count": len(variables), "variables": variables})

    def workflow(self, name: str, parts: Sequence[str]) -> Reply:
        """A workflow by its file."""
        base = f"{self.server.url}/repos/{name}/actions/workflows"
        page = f"https://github.example/{name}/actions/workflows/{parts[0]}"
        body = {"id": 161335, "node_id": "W_161335", "name": "build main", "path": f".github/workflows/{parts[0]}"}
        body |= {"state": self.of(name).workflow_state, "created_at": _TIME, "updated_at": _TIME}
        return json_reply(200, {**body, "url": f"{base}/161335", "html_url": page, "badge_url": f"{page}/badge.svg"})

    def defaults(self, name: str, parts: Sequence[str]) -> Reply:
        """What the workflow's own token is permitted by default."""
        allowed = self.of(name).may_open_pull_requests
        return json_reply(200, {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": allowed})

    def branch(self, name: str, parts: Sequence[str]) -> Reply:
        """A branch, as the emulator has it but for its protection."""
        path = f"/repos/{name}/branches/{parts[0]}"
        reply = self.server.emulated(Request("GET", path, {}, {}, b"", path))
        if reply.status != 200:
            return reply
        body = json.loads(reply.body) | {"protected": parts[0] in self.of(name).protections}
        return replace(reply, body=json.dumps(body).encode()).with_headers({"Content-Length": None})

    def protection(self, name: str, parts: Sequence[str]) -> Reply:
        """The protection of a branch of the older kind; there is none where only rulesets protect it."""
        found = self.of(name).protections.get(parts[0])
        return json_reply(200, found) if found else _refused(404, "Branch not protected")

    def retention(self, name: str, parts: Sequence[str]) -> Reply:
        """How long artifacts, logs and runs are kept."""
        return json_reply(200, {"days": self.of(name).retention_days, "maximum_allowed_days": 90})

    def immutability(self, name: str, parts: Sequence[str]) -> Reply:
        """Whether releases are immutable: GitHub answers 404 where they are not."""
        body = {"enabled": True, "enforced_by_owner": False}
        return json_reply(200, body) if self.of(name).immutable else _refused(404, "Not Found")

    def execution_policies(self, name: str, parts: Sequence[str]) -> Reply:
        """Workflow execution protections."""
        found = self.of(name).policies_on_runs
        return json_reply(200, {"total_count": len(found), "policies": found})


Answer = Callable[[GitHubSettings, str, Sequence[str]], Reply]
_ANSWERS: tuple[tuple[str, str, Answer], ...] = (
    (r"/rules/branches/(.+)", "", GitHubSettings.rules),
    (r"/environments", "", GitHubSettings.environments),
    (r"/environments/([^/]+)/deployment-branch-policies", "", GitHubSettings.policies),
    (r"/environments/([^/]+)/secrets", "environments", GitHubSettings.environment_secrets),
    (r"/actions/(secrets|organization-secrets)", "secrets", GitHubSettings.secrets),
    (r"/actions/(variables|organization-variables)", "variables", GitHubSettings.variables),
    (r"/actions/permissions/workflow", "administration", GitHubSettings.defaults),
    (r"/actions/permissions/artifact-and-log-retention", "administration", GitHubSettings.retention),
    (r"/immutable-releases", "administration", GitHubSettings.immutability),
    (r"/actions/policies", "administration", GitHubSettings.execution_policies),
    (r"/actions/workflows/([^/]+)", "", GitHubSettings.workflow),
    (r"/branches/(.+)/protection", "administration", GitHubSettings.protection),
    (r"/branches/(.+)", "", GitHubSettings.branch),
)
"""What is answered here: the path below the repository, the permission it takes beyond reading, and how."""


def ruleset(number: int, name: str, rules: Sequence[str], include: Sequence[str], **facts: Any) -> dict[str, Any]:
    """A ruleset for tags in force that administrators may bypass."""
    page = f"https://github.example/xchem/fragalysis-stack/rules/{number}"
    return {
        "id": number,
        "name": name,
        "target": "tag",
        "source_type": "Repository",
        "source": "xchem/fragalysis-stack",
        "enforcement": "active",
        "current_user_can_bypass": "never",
        "bypass_actors": [bypass(5)],
        "node_id": f"RRS_{number}",
        "_links": {"html": {"href": page}},
        "conditions": {"ref_name": {"include": list(include), "exclude": []}},
        "rules": [{"type": each} for each in rules],
        "created_at": _TIME,
        "updated_at": _TIME,
        **facts,
    }


def bypass(number: int | None, kind: str = "RepositoryRole", mode: str = "always") -> dict[str, Any]:
    """Whoever may bypass a ruleset; the role 4 is Write, 5 is Admin."""
    return {"actor_id": number, "actor_type": kind, "bypass_mode": mode}


def rule(kind: str, ruleset_id: int = 7, *, owners: bool | None = None, approvals: int = 1) -> dict[str, Any]:
    """A rule in force on a branch; `owners` are the parameters of a `pull_request`, None leaves them out."""
    source = {"ruleset_source_type": "Repository", "ruleset_source": "xchem/fragalysis-stack"}
    asked = {
        "dismiss_stale_reviews_on_push": True,
        "require_code_owner_review": owners,
        "require_last_push_approval": False,
        "required_approving_review_count": approvals,
        "required_review_thread_resolution": False,
    }
    return {"type": kind, **source, "ruleset_id": ruleset_id, **({} if owners is None else {"parameters": asked})}


def execution_policy(name: str, *, enforcement: str = "active", **rules: Any) -> dict[str, Any]:
    """A workflow execution protection for all files: `events`, `actors` and `paths` are what it names."""
    kinds = {
        "events": ("restrict_action_events", "allowed_events"),
        "actors": ("restrict_actions_actors", "allowed_actors"),
    }
    return {
        "id": 1,
        "name": name,
        "target": "actions",
        "source_type": "Organization",
        "source": "xchem",
        "enforcement": enforcement,
        "conditions": {"workflow_path": {"include": rules.get("paths", ["~ALL"]), "exclude": []}},
        "rules": [
            {"type": kind, "parameters": {key: rules[each]}} for each, (kind, key) in kinds.items() if each in rules
        ],
        "node_id": "RUL_1",
    }


def _user(number: int) -> dict[str, Any]:
    name = f"maintainer-{number}"
    user = {"login": name, "id": number, "node_id": f"U_{number}", "type": "User", "site_admin": False}
    urls = "avatar html followers following gists starred subscriptions organizations repos events received_events"
    user |= {f"{each}_url": f"https://github.example/{name}" for each in urls.split()}
    return user | {"url": f"https://github.example/{name}", "gravatar_id": ""}


def environment(
    name: str, reviewers: int = 2, *, custom: bool | None = True, self_review: bool = True
) -> dict[str, Any]:
    """An environment; `custom` None lets every ref deploy to it, False protected branches alone."""
    reviewing = {"id": 1, "node_id": "GA_1", "type": "required_reviewers", "prevent_self_review": not self_review}
    reviewing["reviewers"] = [{"type": "User", "reviewer": _user(number + 1)} for number in range(reviewers)]
    policy = None if custom is None else {"protected_branches": not custom, "custom_branch_policies": custom}
    return {
        "id": 161088068,
        "node_id": "EN_161088068",
        "name": name,
        "url": "https://github.example/api",
        "html_url": "https://github.example/environments",
        "created_at": _TIME,
        "updated_at": _TIME,
        "protection_rules": [
            *([reviewing] if reviewers else []),
            {"id": 2, "node_id": "GA_2", "type": "branch_policy"},
        ],
        "deployment_branch_policy": policy,
    }


def policy(name: str, kind: str = "tag") -> dict[str, Any]:
    """A pattern of refs that may deploy."""
    return {"id": 361471, "node_id": "GBP_361471", "name": name, "type": kind}


def _secret_names(names: Sequence[str]) -> Reply:
    secrets = [{"name": name, "created_at": _TIME, "updated_at": _TIME} for name in names]
    return json_reply(200, {"total_count": len(secrets), "secrets": secrets})


def _refused(status: int, message: str, accepted: str = "") -> Reply:
    body = {"message": message, "documentation_url": _DOCS, "status": str(status)}
    headers = {"X-Made-By": "refusal", **({"X-Accepted-GitHub-Permissions": accepted} if accepted else {})}
    return json_reply(status, body, headers)
