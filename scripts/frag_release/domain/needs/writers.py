"""Judgements on the stack's workflow files that write: their keys, what runs next to these, who reviews changes.

In CODEOWNERS (docs: "About code owners") the last pattern that matches a file counts. One without owners removes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ...dataclass import dataclass
from ..evidence import Answer, Blob, Unknown
from ..findings import listed
from ..workflow_file import WorkflowFileError
from ..workflow_jobs import Goal, Job, read_jobs, read_triggers, text_of
from ..workflow_tree import GateStep, Node, expressions, gate_steps, read_tree
from . import Judgement, hidden, missing, not_needed, there, unseen, unverifiable
from .protection import BranchGuard, Deployers, Environment, SecretNames, matches

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks for it: the first that exists counts."""

_NAME_THEM = (
    "Add a line such as /.github/ @OWNER/release-managers at the end of .github/CODEOWNERS, and turn on Require "
    "review from Code Owners in the ruleset of the stack branch."
)
_TOKENS = ("token", "ticket-token")
_OWN = "github_token"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_EITHER = re.compile(r"\s*\$\{\{(?:[^()|']|'[^']*'|\([^()]*\))*&&\s*'([^']+)'\s*\|\|\s*'([^']+)'\s*\}\}\s*", re.S)
"""An expression with one of two texts as its value, for any condition: `${{ … && 'one' || 'other' }}`."""
_MOST = 4
_KEEP = (
    "Keep the key as a secret of an environment that requires reviewers, or allows only the reviewed stack branch, "
    "and run the job in it; delete the secret of that name from repository and organisation."
)
_PERMIT = "Add permissions: to each of these jobs with what it needs, or pin each action to a full commit SHA."
_PIN = "Pin each action to the full commit SHA of a release, with the version as a comment."
_FILING = (
    "Write environment: {name: ..., deployment: false} there: its reviewers, secrets and rules still apply, and deploy "
    "creates its own record. Leave that line out on an older GitHub Enterprise Server, which does not support it."
)
_BY_THIS = (
    "Delete that workflow, or have it deploy by this action as examples/deploy.yaml does; if it does not deploy to "
    "production, run it in an environment of its own."
)
_FORM = "Give both the same content: GitHub shows the form of the default branch, and runs the file of the branch."


@dataclass(frozen=True)
class Owners:
    """A CODEOWNERS file, found at `path`."""

    path: str
    text: str

    def of(self, file: str) -> Sequence[str]:
        """The owners of a file, by its path."""
        found: Sequence[str] = ()
        for line in self.text.splitlines():
            pattern, *names = line.partition("#")[0].split() or [""]
            if pattern and _matches(pattern, file):
                found = [name for name in names if "@" in name]
        return found


@dataclass(frozen=True)
class WriteKey:
    """A secret that a job writes with; `environment` is empty if the job has none."""

    secret: str
    environment: str
    where: str


@dataclass(frozen=True)
class Writers:
    """What a repository's workflow files contain. `moving` are `uses` without a commit next to a write token.

    `perhaps_moving` are those in jobs whose permissions are the repository's default, which may be to write.
    `filing` are jobs for which GitHub creates a deployment on its own, `forms` the files with `workflow_dispatch`.
    `beside` are jobs of other files than the build's that run in production's environment without this action, and
    `perhaps_beside` those that may deploy to production.
    """

    keys: Sequence[WriteKey] = ()
    moving: Sequence[str] = ()
    perhaps_moving: Sequence[str] = ()
    forms: frozenset[str] = frozenset()
    filing: Sequence[str] = ()
    unread: Sequence[str] = ()
    beside: Sequence[str] = ()
    perhaps_beside: Sequence[str] = ()


def judge_owners(workflow_file: str, found: Answer[Owners | None], branch: str, guard: BranchGuard) -> Judgement:
    """Return whether code owners must review each change of the workflow file, and of CODEOWNERS itself."""
    if isinstance(found, Unknown):
        return unseen(found)
    if found is None:
        what = "There is no file CODEOWNERS, so changes of .github/ need no review by an owner."
        return missing(what, _NAME_THEM)
    free = [file for file in (workflow_file, found.path) if not found.of(file)]
    if free:
        return missing(f"{found.path} names no owner of {' and '.join(dict.fromkeys(free))}.", _NAME_THEM)
    return _judge_review(f"{found.path} names owners of {workflow_file}", branch, guard)


def read_writers(
    files: Mapping[str, Answer[Blob | None]], own_action: str, build: str = "", environment: str = ""
) -> Writers:
    """Read the workflow files, keyed by name, one of them the `build`; `environment` is that of production."""
    keys: list[WriteKey] = []
    moving: dict[bool, list[str]] = {True: [], False: []}
    beside: dict[bool, list[str]] = {True: [], False: []}
    forms: set[str] = set()
    filing: list[str] = []
    unread: list[str] = []
    for name, blob in files.items():
        try:
            if blob is None or isinstance(blob, Unknown):
                raise WorkflowFileError("it could not be read")
            root = read_tree(blob)
            forms |= {name} if read_triggers(blob).dispatch else set()
            filing += [f"{name} ({job.name}, line {job.line})" for job in _filing(root)]
            for job, is_sure in _beside(root, own_action, environment) if name != build else ():
                beside[is_sure].append(f"{name} ({job.name}, line {job.line})")
            for job, found, is_sure in _writing(root, own_action):
                either = _EITHER.fullmatch(job.environment)
                places = either.groups() if either else (job.environment,)
                keys += [WriteKey(one, place, f"{name} ({job.name})") for one in found for place in places]
                moving[is_sure] += [f"{used} ({name}, line {line})" for used, line in _moving(job)]
        except WorkflowFileError:
            unread.append(name)
    return Writers(
        list(dict.fromkeys(keys)), moving[True], moving[False], frozenset(forms), filing, unread, *beside.values()
    )


def judge_keys(
    found: Answer[Writers], environments: Mapping[str, Answer[Environment | None]], secrets: SecretNames, branch: str
) -> Judgement:
    """Return whether each key that writes is a secret of a guarded environment only."""
    if isinstance(found, Unknown):
        return hidden(found)
    if not found.keys:
        return _unread(found) or not_needed("No workflow file passes this action a key that can write.")
    if loose := [key for key in found.keys if not key.environment]:
        return missing(f"{_keys(loose)} is used without an environment, so every job can use it.", _KEEP)
    if spread := [key for key in found.keys if key.secret.upper() in secrets.of_every_job]:
        what = f"{_keys(spread)} is a secret of the repository or the organisation, so every job can use it."
        return missing(what, _KEEP)
    plain = [key for key in found.keys if "${{" not in key.environment]
    if open_to := [key for key in plain if _is_open(environments.get(key.environment), branch)]:
        what = f"The environment {open_to[0].environment} has no required reviewers, and allows more than {branch}"
        return missing(f"{what}: anyone with push access can use {_keys(open_to)}.", _KEEP)
    policies = [one.policies for one in environments.values() if isinstance(one, Environment)]
    for answer in (secrets.gap, *environments.values(), *policies):
        if isinstance(answer, Unknown):
            return hidden(answer)
    if computed := [key for key in found.keys if key not in plain]:
        return unverifiable(f"The environment in which {_keys(computed)} is used could not be determined.", _KEEP)
    return _unread(found) or there(f"{_keys(found.keys)}: secrets of a guarded environment only.")


def judge_moving(found: Answer[Writers]) -> Judgement:
    """Return whether all actions in jobs with a token that can write are pinned to a commit."""
    if isinstance(found, Unknown):
        return hidden(found)
    if found.moving:
        what = f"Jobs with a token that can write use actions that are not pinned: {listed(found.moving, _MOST)}."
        return missing(what, _PIN)
    if found.perhaps_moving:
        what = f"Jobs without permissions: use actions that are not pinned: {listed(found.perhaps_moving, _MOST)}"
        return unverifiable(f"{what}. The repository's default decides whether their token can write.", _PERMIT)
    return _unread(found) or there("In jobs with a token that can write, all actions are pinned to a commit.")


def judge_filing(found: Answer[Writers]) -> Judgement:
    """Return whether GitHub lists only the deployments that `deploy` creates.

    GitHub creates one for any job with an environment, at the run's ref: for a rollback that is not the deployed
    commit.
    """
    if isinstance(found, Unknown):
        return hidden(found)
    if found.filing:
        return missing(f"GitHub lists each run of these jobs as a deployment: {listed(found.filing, _MOST)}.", _FILING)
    return _unread(found) or there("GitHub creates no deployment on its own for any job.")


def judge_beside(found: Answer[Writers]) -> Judgement:
    """Return whether production is deployed to only by the file with the gate, or by this action."""
    if isinstance(found, Unknown):
        return hidden(found)
    if found.beside:
        where = listed(found.beside, _MOST)
        return missing(f"These jobs run in the environment of production, but use no gate: {where}.", _BY_THIS)
    if found.perhaps_beside:
        where = listed(found.perhaps_beside, _MOST)
        return unverifiable(f"Whether these jobs deploy to production without a gate is unknown: {where}.", _BY_THIS)
    return _unread(found) or there("No other workflow file deploys to production without this action.")


def judge_forms(
    branch: str, default: Answer[str], found: Answer[Writers], ids: Answer[tuple[Mapping[str, str], Mapping[str, str]]]
) -> Judgement:
    """Return whether the forms that GitHub shows, of the default branch, are those of the files that it runs.

    `ids` are the files of the stack branch, and of the default branch, each with the blob id.
    """
    if branch == default:
        return there(f"{branch} is the default branch, whose forms GitHub shows.")
    if isinstance(default, Unknown):
        return hidden(default)
    if isinstance(found, Unknown):
        return hidden(found)
    if isinstance(ids, Unknown):
        return hidden(ids)
    here, shown = ids
    absent = [name for name in sorted(found.forms) if name not in shown]
    differ = [name for name in sorted(here) if name in shown and shown[name] != here[name]]
    if absent:
        what = f"{', '.join(absent[:_MOST])} is not on the default branch {default}, so GitHub shows no form for it."
        return missing(what, f"Copy it there from {branch}.")
    if differ:
        return missing(f"{', '.join(differ[:_MOST])} differs between {branch} and the default branch {default}.", _FORM)
    return _unread(found) or there(f"The workflow files of {branch} are those of the default branch {default}.")


def _judge_review(named: str, branch: str, guard: BranchGuard) -> Judgement:
    known = guard.reviews
    rules = [one for one in known if not one.everybody]
    if any(one.owners for one in rules):
        return there(f"{named}, and a rule requires their review on {branch}.")
    if not isinstance(guard.classic, Unknown) and guard.classic and guard.classic.needs_owners:
        return there(f"{named}, and the branch protection of {branch} requires their review.")
    if any(one.owners is None for one in rules):
        return unverifiable(f"{named}; GitHub does not show whether {branch} requires their review.", _NAME_THEM)
    for lost in (guard.rules, guard.classic):
        if isinstance(lost, Unknown):
            return hidden(lost)
    if open_to := [one.everybody for one in known if one.everybody and one.owners]:
        what = f"{named}, and a rule requires their review on {branch}, but {open_to[0]} may bypass it."
        return missing(what, _NAME_THEM)
    return missing(f"{named}, but no rule requires their review on {branch}.", _NAME_THEM)


def _matches(pattern: str, file: str) -> bool:
    """Whether a pattern matches a file: in any folder unless it has a slash before its end; a folder, all its files."""
    if pattern.startswith("!") or "[" in pattern or "\\" in pattern:
        return False  # not supported in CODEOWNERS
    body = pattern.strip("/")
    start = "" if "/" in pattern.rstrip("/") else "**/"
    below = matches(f"{start}{body}/*/**", file) and not body.endswith("/*")
    return below or (not pattern.endswith("/") and matches(f"{start}{body}", file))


def _filing(root: Node) -> list[Job]:
    """Return the jobs with an environment without `deployment: false`, except Pages, a deployment of its own kind."""
    return [
        job
        for job in read_jobs(root, (), "").values()
        if job.environment.lower() not in ("", "github-pages")
        and text_of(job.node.child("environment"), "deployment").strip().lower() != "false"
    ]


def _beside(root: Node, own_action: str, environment: str) -> Iterator[tuple[Job, bool]]:
    """Yield the jobs that reach production without this action, and whether that is certain.

    Only other workflows start one that has no trigger but `workflow_call`: then the gate can be there.
    """
    on, steps = root.child("on"), gate_steps(root, own_action)
    events = [on.text, *(one.text for one in on.items), *(key.text for key, _ in on.entries)] if on else []
    if [one for one in events if one] == ["workflow_call"]:
        return
    ours = {step.job for step in steps}
    for job in read_jobs(root, steps, environment).values():
        is_in = bool(environment) and job.environment.lower() == environment.lower()
        if job.name not in ours and (is_in or (job.goal is Goal.PRODUCTION and job.deploying)):
            yield job, is_in


def _writing(root: Node, own_action: str) -> Iterator[tuple[Job, Sequence[str], bool]]:
    """Yield each job that uses this action with a token that can write, and the secrets it is or is made from.

    The last is False if only the repository's default decides whether it can.
    """
    steps = gate_steps(root, own_action)
    for job in read_jobs(root, steps, "").values():
        own = [step for step in steps if step.job == job.name]
        keys = list(dict.fromkeys(secret for step in own for secret in _secrets_of(step, job, root.child("env"))))
        permissions = job.node.child("permissions") or root.child("permissions")
        if keys or (own and (permissions is None or _may_write(permissions))):
            yield job, keys, bool(keys or permissions)


def _secrets_of(step: GateStep, job: Job, environment: Node | None) -> Iterator[str]:
    """Yield the secrets that a step writes with; `environment` is the `env:` of the workflow."""
    # Other commands only read with component-token.
    for name in (*_TOKENS, *(["component-token"] if step.value("command") == "prepare" else [])):
        given = step.value(name)
        yield from _secrets_in(given, (environment, *step.environments))
        for path in _paths(given):
            if path[0] == "steps" and len(path) > 1:
                yield from _secrets_of_step(job, path[1], environment)


def _secrets_of_step(job: Job, step_id: str, environment: Node | None) -> Iterator[str]:
    for step in [one for one in job.steps if text_of(one, "id").lower() == step_id]:
        for _, value in step.entries_of("with"):
            yield from _secrets_in(value.text or "", (environment, job.node.child("env"), step.child("env")))


def _secrets_in(text: str, environments: Sequence[Node | None] = ()) -> Iterator[str]:
    """Yield the secrets in a text, also by a variable of one of these `env:`."""
    for path in _paths(text):
        if path[0] == "secrets" and len(path) == 2 and path[1] != _OWN:
            yield path[1].upper()
        for one in environments if path[0] == "env" and len(path) == 2 else ():
            yield from _secrets_in(text_of(one, path[1]))


def _paths(text: str) -> Iterator[tuple[str, ...]]:
    for expression in expressions(text):
        yield from (one.path for one in expression.references)


def _may_write(permissions: Node) -> bool:
    # A deployment record is only a note: nothing is permitted by it.
    written = [key.text for key, value in permissions.entries if value.text == "write" and key.text != "deployments"]
    return permissions.text == "write-all" or bool(written)


def _moving(job: Job) -> Iterator[tuple[str, int]]:
    for step in job.steps:
        node = step.child("uses")
        used = (node.text or "").strip() if node else ""
        if node and not used.startswith((".", "$", "docker:")) and not _COMMIT.fullmatch(used.partition("@")[2]):
            yield used, node.line


def _is_open(found: Answer[Environment | None] | None, branch: str) -> bool:
    """Whether an environment is known to allow unreviewed refs; one that does not exist allows all."""
    if isinstance(found, Unknown):
        return False
    if found is None:
        return True
    if found.reviewers or isinstance(found.policies, Unknown):
        return False
    if found.deployers != Deployers.CHOSEN:
        return found.deployers == Deployers.ANY
    return any((one.kind, one.pattern) != ("branch", branch) for one in found.policies)


def _unread(found: Writers) -> Judgement | None:
    if not found.unread:
        return None
    return unseen(Unknown(f"{', '.join(found.unread[:_MOST])} could not be read", "Check it yourself, or correct it."))


def _keys(keys: Sequence[WriteKey]) -> str:
    return ", ".join(dict.fromkeys(f"{key.secret} of {key.where}" for key in keys[:_MOST]))
