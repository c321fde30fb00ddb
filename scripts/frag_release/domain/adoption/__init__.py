"""The dangers in a workflow, and the smallest change that puts the gate before production."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from ...dataclass import dataclass, field, replace
from ..components import Component, passed_to_action
from ..conditions import read_condition, sole_path
from ..environments import is_production
from ..evidence import Blob
from ..findings import Finding, Status, listed
from ..gate_use import DEPLOY_PRODUCTION, GateUse, Sure
from ..needs import Judgement, Presence, missing
from ..needs.workflow import judge_failures, judge_staging
from ..overrides import all_overrides
from ..refs import TagFormat
from ..reports.adopt import ByHand
from ..workflow_file import WorkflowFileError
from ..workflow_jobs import Goal, Job, read_jobs, text_of
from ..workflow_tree import Node, Place, expressions, gate_steps, places, read_tree

RULE = "danger"
_TYPED = re.compile(r"inputs\b|github\.(event|head_ref|ref|ref_name)\b|env\.[a-z_]*(slug|head_ref|ref_name)\b", re.I)
_COMPARED_SLUG = re.compile(r"([A-Z_]*SLUG[A-Z_]*)\s*(?:\}\})?[\"']?\s*(?:=~|==)")
GATE = "gate"
HANDED_ON = f"outputs: {{{DEPLOY_PRODUCTION}: '${{{{ steps.gate.outputs.{DEPLOY_PRODUCTION} }}}}'}}"
"""The outputs of the gate's job; `gate` is the id of its step."""
RUNNER = "ubuntu-latest"
_OF_GITHUB = re.compile(r"(ubuntu|windows|macos)-", re.I)
_NO_LINUX = re.compile(r"\$\{\{|windows|macos", re.I)
_INPUT = re.compile(r"inputs(?:\.([a-z_][a-z0-9_-]*)|\['((?:[^']|'')*)'\])")
_PLAIN = re.compile(r"[A-Za-z_./][A-Za-z0-9_./*-]*")
_NOT_PLAIN = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n", "~"})

_AS_TEXT = (
    'Pass the value in the env: of the step, and use "$NAME" in the command: the input is then a text, and never '
    "part of the command."
)
_NO_SECRETS = (
    "Delete those that are not needed, and make the others variables: the value of a secret is not reviewed, and not "
    "visible. Until then pass them to the gate."
)
_APART = (
    "Give production a job of its own, with its environment named literally, before the gate is added: the job that "
    "deploys elsewhere then stays as it is."
)
_NO_SLUG = "Use the gate's output deploy-production instead, as level 1 does: the gate reads the tag itself."


@dataclass(frozen=True)
class JobChange:
    """The change of a job: the gate's job in its `needs` if `needs_gate`, and `term` before its other conditions.

    With `steps` (positions in the job, from 0) only these get the term, and the job runs without it.
    """

    job: str
    line: int
    needs_gate: bool = False
    term: str = ""
    steps: tuple[int, ...] = ()


@dataclass(frozen=True)
class Change:
    """All changes. `job` are the lines of the gate's job, without indentation, empty if it exists."""

    gate: str
    job: Sequence[str]
    jobs: Mapping[str, JobChange] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing has to change."""
        return not self.job and not self.jobs

    def with_job(self, one: JobChange) -> Change:
        """Return the change with that of a job added."""
        return replace(self, jobs={**self.jobs, one.job.lower(): one})


def dangers(use: GateUse, file: str, form: TagFormat) -> list[Finding]:
    """Return the dangers in the file with the path `file`, the worst first."""
    kinds: list[tuple[str, Callable[[GateUse], Judgement | None]]] = [
        ("deployment-failures", judge_failures),
        ("staging-environment", judge_staging),
        ("shared-deployment", _judge_shared),
        ("slug", partial(_judge_slug, form)),
        ("secret-overrides", _judge_secrets),
        ("typed-commands", _judge_commands),
    ]
    found = [(kind, judge(use)) for kind, judge in kinds]
    return [_finding(kind, judged, file) for kind, judged in found if judged and judged.presence is Presence.MISSING]


def _finding(kind: str, judged: Judgement, file: str) -> Finding:
    message = judged.message
    if judged.line and not re.search(r"\blines? [0-9]", message):
        message = f"{message.rstrip('.')} (line {judged.line})."
    return Finding(
        RULE, kind, "", Status.WARN, message, judged.remedy, file=file if judged.line else "", line=judged.line
    )


def _judge_commands(use: GateUse) -> Judgement | None:
    """Return whether a command contains free text: inputs, and names of branches and tags."""
    lines = sorted({line for place in _commands(use) for line in _typed(place)})
    what = "A command contains free text, such as an input or the name of a tag, which can inject other commands"
    return _at_lines(what, lines, _AS_TEXT)


def _judge_shared(use: GateUse) -> Judgement | None:
    """Return whether a job for production also deploys elsewhere, which the gate's output in its `if` stops."""
    found = [one for job in use.deploying(Goal.PRODUCTION) for one in _shared(job)]
    if not found:
        return None
    where = listed([f"{name} ({what}, line {line})" for name, what, line in found], 4)
    stopped = "With the gate's output in its if it runs for production tags only, and deploys nowhere else"
    return replace(missing(f"A job may deploy not only to production: {where}. {stopped}.", _APART), line=found[0][2])


def _shared(job: Job) -> Iterator[tuple[str, str, int]]:
    """Yield what shows that a job deploys elsewhere as well, with its line."""
    if "${{" in job.environment:
        yield job.name, "its environment is an expression", job.line
    for step in job.deploying:
        title = text_of(step, "name") or text_of(step, "id")
        if title and not is_production(title):
            yield job.name, f"its step {title}", step.line


def _judge_secrets(use: GateUse) -> Judgement | None:
    """Return whether the pair is taken from secrets."""
    names = use.secret_overrides()
    lines = sorted({one.line for found in use.overrides.values() for one in found if "secrets" in one.given})
    what = f"Secrets override the pair in the file: {listed(names, 4)}"
    return _at_lines(what, lines, _NO_SECRETS)


def _judge_slug(form: TagFormat, use: GateUse) -> Judgement | None:
    """Return whether a slug, in which characters were replaced, decides what is a production tag."""
    found = [(match[1], place.line_with(match[0])) for place in _commands(use)
             if (match := _COMPARED_SLUG.search(place.text))]  # fmt: skip
    found += [(match[1], node.line) for node in _conditions(use) if (match := _COMPARED_SLUG.search(node.text or ""))]
    if not found:
        return None
    tag = form.like("2023.06.2")
    what = f"{found[0][0]} decides what is production, but several tags share a slug: that of {tag}_ is {tag}"
    return _at_lines(what, sorted({line for _, line in found}), _NO_SLUG)


def _commands(use: GateUse) -> Iterator[Place]:
    """Return the places with commands: of shells, and of actions that run a script."""
    return (place for place in places(use.root, frozenset()) if place.key.lower() in ("run", "script"))


def _conditions(use: GateUse) -> Iterator[Node]:
    for job in use.jobs.values():
        found = [node.child("if") for node in (job.node, *job.steps)]
        yield from (node for node in found if node is not None)


def _typed(place: Place) -> Iterator[int]:
    for expression in expressions(place.text):
        yield from (place.line_of(one) for one in expression.references if _TYPED.match(one.written))


def _at_lines(what: str, lines: Sequence[int], remedy: str) -> Judgement | None:
    if not lines:
        return None
    where = f"{'line' if len(lines) == 1 else 'lines'} {listed(map(str, lines), 4)}"
    return replace(missing(f"{what} ({where}).", remedy), line=lines[0])


def smallest_change(
    use: GateUse, blob: Blob, components: Sequence[Component], action: str, more: Sequence[str]
) -> Change:
    """Return what a file, read as `use`, lacks for level 1; raises WorkflowFileError if its gate passes on no answer.

    `action` is the `uses` of the gate's step, `more` are lines of its `with:` in addition to the overrides.
    """
    if use.gates:
        return _completed(use, Change(use.gates[0].job, ()), _handed_on(use))
    name = _free_name(use)
    job = _gate_job(name, runner_of(use), action, more, _overrides(use.root, blob, components))
    change = Change(name, job)
    root = read_tree(as_workflow(change.job))
    steps = gate_steps(root, action.partition("@")[0])
    jobs = {**read_jobs(root, steps, ""), **use.jobs}
    gated = replace(use, steps=[*steps, *use.steps], jobs=jobs)
    return _completed(gated, change, DEPLOY_PRODUCTION)


def quoted(value: str) -> str:
    """Return a text as a YAML value on one line, in quotes if it could be read as something else."""
    if not value.isprintable():
        return json.dumps(value)
    is_plain = _PLAIN.fullmatch(value) and value.lower() not in _NOT_PLAIN
    return value if is_plain else "'" + value.replace("'", "''") + "'"


def as_workflow(job: Sequence[str]) -> Blob:
    """Return the lines of a job as a file with only this job."""
    return Blob.of("".join(f"{line}\n" for line in ["jobs:", *(f"  {line}" for line in job)]).encode())


def _handed_on(use: GateUse) -> str:
    """Return the output of the gate's job that is its step's `deploy-production`."""
    gate = use.gates[0]
    outputs = use.jobs[gate.job.lower()].node.entries_of("outputs")
    wanted = ("steps", text_of(gate.step, "id").lower(), "outputs", DEPLOY_PRODUCTION)
    for name, value in outputs:
        if sole_path(value.text or "") == wanted:
            return name.text or ""
    raise WorkflowFileError(f"the job {gate.job} does not pass on the gate's {DEPLOY_PRODUCTION}", gate.line)


def _free_name(use: GateUse) -> str:
    names = [GATE, "release-gate", *(f"release-gate-{number}" for number in range(2, len(use.jobs) + 3))]
    return next(name for name in names if name not in use.jobs)


def runner_of(use: GateUse) -> str:
    """Return the `runs-on` of jobs to add: the build's if no job names a runner of GitHub's: there may be none."""
    named = [_labels(job.node.child("runs-on")) for job in (*use.builds, *use.jobs.values())]
    found = next(filter(None, named), ())
    if not found or any(_OF_GITHUB.match(label) for labels in named for label in labels):
        return RUNNER
    if any(map(_NO_LINUX.search, found)):
        return RUNNER
    return quoted(found[0]) if len(found) == 1 else f"[{', '.join(map(quoted, found))}]"


def _labels(node: Node | None) -> Sequence[str]:
    return [one.text for one in ((node, *node.items) if node else ()) if one.text]


def _gate_job(name: str, runner: str, action: str, more: Sequence[str], overrides: Sequence[str]) -> list[str]:
    why = "  # each place that the build takes them from, in the same order" if overrides else ""
    given = [f"    with:{why}", *(f"      {one}" for one in [*overrides, *more])] if overrides or more else []
    return [
        f"{name}:",
        f"  runs-on: {runner}",
        "  timeout-minutes: 10",
        "  permissions: {contents: read, actions: read, deployments: read}",
        f"  {HANDED_ON}",
        "  steps:",
        "  - id: gate",
        f"    uses: {action}",
        *given,
    ]


def _overrides(root: Node, blob: Blob, components: Sequence[Component]) -> list[str]:
    """Return the lines that pass the gate every other source of the pair in the build, in the file's order."""
    declared, overrides = _declared(root), all_overrides(blob, components)
    return passed_to_action(
        {
            place: [_readable(one.given, declared) for one in found if one.is_direct and one.given]
            for place, found in overrides.items()
        }
    )


def _declared(root: Node) -> frozenset[str]:
    """Return the names of the inputs that the workflow declares."""
    found: set[str] = set()
    events = root.child("on")
    for event in ("workflow_dispatch", "workflow_call"):
        one = events.child(event) if events else None
        found |= {(name.text or "").lower() for name, _ in (one.entries_of("inputs") if one else ())}
    return frozenset(found)


def _readable(given: str, declared: frozenset[str]) -> str:
    """Return a source in a form that GitHub accepts: `inputs` contains only names that the workflow declares."""

    def written(found: re.Match[str]) -> str:
        name = found[1] or found[2].replace("''", "'")
        return found[0] if name in declared else f"github.event.{found[0]}"

    return _INPUT.sub(written, given)


def _completed(use: GateUse, change: Change, output: str) -> Change:
    """Return the change with what each job lacks, by the judgement of `doctor`, in the order of their needs."""
    answer = f"needs.{change.gate}.outputs.{output} == 'true'"
    for job in [one for one in use.deploying(Goal.PRODUCTION) if use.asks(one) is not Sure.YES]:
        steps = tuple(at for at, step in enumerate(job.steps) if step in job.deploying) if job.builds else ()
        needs = change.gate.lower() not in job.needs
        change = change.with_job(JobChange(job.name, job.line, needs, answer, steps))
    for _ in range(2 * len(use.jobs)):
        changed = _with_change(use, change)
        missing = _first_around(changed, change)
        if missing is None:
            return change
        change = change.with_job(missing)
    return change


def _first_around(use: GateUse, change: Change) -> JobChange | None:
    """Return what the first job that bypasses the gate still lacks: to need it, or to check its result."""
    around = [use.jobs[one.job.lower()] for one in use.bypassing_jobs() if one.job.lower() != change.gate.lower()]
    for job in sorted(around, key=lambda job: use.depth(job)):
        own = change.jobs.get(job.name.lower(), JobChange(job.name, job.line))
        if change.gate.lower() not in job.needs:
            return replace(own, needs_gate=True)
        if not own.term:
            return replace(own, term=f"needs.{change.gate}.result == 'success'")
    return None


def _with_change(use: GateUse, change: Change) -> GateUse:
    """Return how the file uses the gate with the change."""
    jobs = {name: _changed(job, change.jobs[name], change.gate) if name in change.jobs else job
            for name, job in use.jobs.items()}  # fmt: skip
    return replace(use, jobs=jobs)


def _changed(job: Job, one: JobChange, gate: str) -> Job:
    if one.needs_gate:
        job = replace(job, needs=job.needs | {gate.lower()})
    if one.term and not one.steps:
        job = replace(job, condition=read_condition(joined(one.term, text_of(job.node, "if"))))
    return job


def by_hand(use: GateUse, change: Change) -> list[ByHand]:
    """Return the lines of a change to make by hand, with their jobs."""
    found = [ByHand("the first job below jobs:", None, change.job)] if change.job else []
    for name, one in change.jobs.items():
        job, lines = use.jobs[name], []
        if one.needs_gate:
            old = job.node.child("needs")
            named = [old.text or "", *((item.text or "") for item in old.items)] if old else []
            needs = [change.gate, *filter(None, named)]
            lines.append(f"needs: [{', '.join(needs)}]" if len(needs) > 1 else f"needs: {change.gate}")
        if one.term and not one.steps:
            lines.append(f"if: {_for_people(one.term, text_of(job.node, 'if'))}")
        found += [ByHand(f"the job {one.job}", one.line, lines)] if lines else []
        for step in [job.steps[at] for at in one.steps]:
            title = text_of(step, "name") or text_of(step, "uses") or "that deploys"
            condition = f"if: {_for_people(one.term, text_of(step, 'if'))}"
            found.append(ByHand(f"the job {one.job}, its step {title}", step.line, [condition]))
    return found


def _for_people(term: str, old: str) -> str:
    is_read = not old.strip() or read_condition(old).term is not None
    return " ".join(joined(term, old).split()) if is_read else f"{term} && (its other conditions)"


def joined(term: str, old: str) -> str:
    """Return a condition preceded by a term, as an expression without `${{ }}`."""
    inner = old.strip().removeprefix("${{").removesuffix("}}") if old.strip().startswith("${{") else old
    return f"{term} && ({inner.strip()})" if inner.strip() else term
