"""How a stack's workflow file uses this action: which jobs wait for the gate, check its outputs, or bypass it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from enum import Enum
from functools import cached_property, partial

from ..dataclass import dataclass, replace
from .components import Component
from .conditions import Condition, Term, read_condition, sole_path
from .environments import is_production
from .evidence import Blob
from .overrides import Override, find_overrides
from .workflow_jobs import Goal, Job, is_failure_ignored, read_jobs, text_of
from .workflow_tree import GateStep, Node, expressions, gate_steps, places, read_tree

DEPLOY_PRODUCTION = "deploy-production"
_GOOD = {DEPLOY_PRODUCTION: ("true",), "deploy-staging": ("true",), "verdict": ("deploy", "build-only")}
"""Values of outputs that only a gate that passed has."""
_PLAIN = frozenset({"verdict", DEPLOY_PRODUCTION, "deploy-staging", "failed-rules"})
"""Outputs that contain no value of a pin."""
_LONGEST_CHAIN = 20


class Sure(Enum):
    """Whether something is true, judged from the file alone."""

    YES = "yes"
    NO = "no"
    UNSEEN = "unseen"


@dataclass(frozen=True)
class Flaw:
    """A problem in the file, at `line`: `what` continues a sentence that starts with the name of the `job`."""

    job: str
    what: str
    line: int


@dataclass(frozen=True)
class GateUse:
    """The file, read. `overrides` are keyed by component, as `find_overrides` returns them."""

    root: Node
    steps: Sequence[GateStep]
    jobs: Mapping[str, Job]
    overrides: Mapping[str, Sequence[Override]]

    @cached_property
    def gates(self) -> Sequence[GateStep]:
        """The steps that are a gate, except those that run after another one."""
        found = [step for step in self.steps if step.command.lower() == "gate"]
        names = {step.job.lower() for step in found}
        return [step for step in found if not self._ancestors(step.job.lower()) & names]

    @property
    def called(self) -> Sequence[str]:
        """The called workflows and local actions, which may contain a gate."""
        used = [text_of(job.node, "uses") for job in self.jobs.values() if job.is_called]
        local = [text_of(step, "uses") for job in self.jobs.values() for step in job.steps]
        return [*used, *(each for each in local if each.startswith(("./", "$/")))]

    @property
    def builds(self) -> Sequence[Job]:
        """The jobs that build or push the image."""
        return [job for job in self.jobs.values() if job.builds]

    def deploying(self, goal: Goal) -> Sequence[Job]:
        """The jobs that deploy to `goal`."""
        return [job for job in self.jobs.values() if job.goal is goal]

    def bypassing_jobs(self) -> Iterator[Flaw]:
        """Yield the jobs that build, or deploy to production, without waiting for a gate that passed."""
        for step in self.gates:
            yield from self._softened(step)
        waiting = self._waiting()
        for job in dict.fromkeys([*self.builds, *self.deploying(Goal.PRODUCTION)]):
            if not self._is_gate(job) and job.name.lower() not in waiting:
                needs = self._ancestors(job.name.lower()) & self._gate_jobs
                lax = "may run although the gate's job did not pass, because of its if"
                yield Flaw(job.name, lax if needs else "does not need the gate's job", job.line)

    def asks(self, job: Job) -> Sure:
        """Whether a job, or each of its steps that deploy, runs only if a gate's `deploy-production` is true."""
        steps = [read_condition(text_of(step, "if")) for step in job.deploying]
        conditions = [job.condition, *steps]
        if self._requires(job, job.condition) or (steps and all(self._requires(job, one) for one in steps)):
            return Sure.YES
        unread = any(not one.is_readable for one in conditions)
        hidden = any(one.any(lambda term: self._is_hidden(job, term)) for one in conditions)
        return Sure.UNSEEN if unread or hidden else Sure.NO

    def mentions(self, job: Job) -> bool:
        """Whether the `if` of a job reads the output at all."""
        return job.condition.any(lambda term: self._output(job, term.path) == DEPLOY_PRODUCTION)

    def steps_before_gate(self) -> Iterator[Flaw]:
        """Yield the steps that run before a gate in its job, and so can change the gate's environment."""
        for gate in self.gates:
            for step in self.jobs[gate.job.lower()].steps:
                if step is gate.step:
                    break
                yield Flaw(gate.job, text_of(step, "name") or text_of(step, "uses") or "a step", step.line)

    def in_production_environment(self) -> Iterator[Flaw]:
        """Yield the jobs that deploy elsewhere, but run in production's environment."""
        for job in self.deploying(Goal.ELSEWHERE):
            if job.environment and "${{" not in job.environment and is_production(job.environment):
                yield Flaw(job.name, job.environment, job.line)

    def ignored_failures(self) -> Iterator[tuple[Flaw, Sure]]:
        """Yield what deploys with `continue-on-error`; `UNSEEN` if that is neither true nor false."""
        for job in [*self.deploying(Goal.PRODUCTION), *self.deploying(Goal.ELSEWHERE)]:
            for node in (job.node, *(job.deploying or job.steps)):
                ignored = is_failure_ignored(node)
                if ignored is not False:
                    what = text_of(node, "name") or text_of(node, "uses") if node is not job.node else ""
                    yield Flaw(job.name, what, _line_of(node, job)), Sure.UNSEEN if ignored is None else Sure.NO

    def pin_outputs(self) -> Sequence[str]:
        """The outputs of a gate with values of pins that other jobs use."""
        found: dict[str, None] = {}
        for place in places(self.root, frozenset()):
            job = self.jobs.get(place.job.lower())
            for reference in [each for one in expressions(place.text) for each in one.references]:
                output = self._output(job, reference.path) if job and reference.path[0] == "needs" else ""
                if output and output not in _PLAIN:
                    found[output] = None
        return list(found)

    def named_values(self) -> Sequence[str]:
        """The names in the top-level `env:` and of all variables that the file reads, in capitals."""
        own = [(key.text or "").upper() for key, _ in self.root.entries_of("env")]
        read = [
            path[1].upper()
            for place in places(self.root, frozenset())
            for one in expressions(place.text)
            for path in (reference.path for reference in one.references)
            if path[0] == "vars" and len(path) > 1
        ]
        return list(dict.fromkeys([*own, *read, *(name for name, _ in self.switches(*Goal))]))

    def switches(self, *goals: Goal) -> Sequence[tuple[str, str]]:
        """The variables that jobs for these goals require, each with the required value, empty for any."""
        found: dict[tuple[str, str], None] = {}
        for job in [job for goal in goals for job in self.deploying(goal)]:
            terms = job.condition.term.all_terms() if job.condition.term else ()
            for term in terms:
                switch = _switch(term)
                if switch and job.condition.requires(term.__eq__):
                    found[switch] = None
        return list(found)

    def secret_overrides(self) -> Sequence[str]:
        """The secrets that a pin is taken from and the gate does not receive, in capitals."""
        names = [
            path[1].upper()
            for found in self.overrides.values()
            for one in found
            for each in expressions(f"${{{{ {one.given} }}}}")
            for path in (reference.path for reference in each.references)
            if path[0] == "secrets" and len(path) > 1
        ]
        return list(dict.fromkeys(names))

    def depth(self, job: Job) -> int:
        """The number of jobs that run before one."""
        return len(self._ancestors(job.name.lower()))

    def with_roles(self, builds: Sequence[str], production: Sequence[str]) -> GateUse:
        """Return a copy in which the named jobs build, or deploy to production; an empty list changes nothing."""
        jobs = dict(self.jobs)
        for name, job in self.jobs.items():
            if builds:
                job = replace(job, builds=name in builds)
            if production:
                other = Goal.ELSEWHERE if job.goal is Goal.PRODUCTION else job.goal
                job = replace(job, goal=Goal.PRODUCTION if name in production else other)
            jobs[name] = job
        return replace(self, jobs=jobs)

    @cached_property
    def _gate_jobs(self) -> frozenset[str]:
        return frozenset(step.job.lower() for step in self.gates)

    def _is_gate(self, job: Job) -> bool:
        return job.name.lower() in self._gate_jobs

    def _softened(self, gate: GateStep) -> Iterator[Flaw]:
        job = self.jobs[gate.job.lower()]
        for node in (job.node, gate.step):
            if is_failure_ignored(node) is not False:
                yield Flaw(job.name, "may pass although the gate failed, because of continue-on-error", gate.line)
        if text_of(gate.step, "if"):
            yield Flaw(job.name, "may pass without the gate, because of the if of its step", gate.line)

    def _ancestors(self, name: str) -> frozenset[str]:
        found: set[str] = set()
        left = [name]
        while left:
            job = self.jobs.get(left.pop())
            new = (job.needs if job else frozenset()) - found
            found |= new
            left += new
        return frozenset(found)

    def _waiting(self) -> set[str]:
        """Return the names of the jobs that run only after a gate that passed. Jobs come after those they need."""
        found: set[str] = set()
        before = {name: self._ancestors(name) for name in self.jobs}
        for name in sorted(before, key=lambda each: len(before[each])):
            job = self.jobs[name]
            # GitHub adds `success()` to an if without a status function. It checks direct and indirect needs.
            if before[name] & self._gate_jobs and (
                not job.condition.ignores_failures or job.condition.requires(partial(self._passed, job, found))
            ):
                found.add(name)
        return found

    def _passed(self, job: Job, waiting: Set[str], term: Term) -> bool:
        """Whether a term is true only if a gate passed, or another job that waits for one."""
        if term.kind == "call":
            return term.name == "success" and not term.parts
        path, value = _equality(term)
        if path[:1] != ("needs",) or len(path) < 3 or path[1] not in job.needs:
            return False
        if path[2:] == ("result",):
            return value == "success" and (path[1] in self._gate_jobs or path[1] in waiting)
        return value in _GOOD.get(self._output(job, path), ())

    def _requires(self, job: Job, condition: Condition) -> bool:
        def checks_output(term: Term) -> bool:
            path, value = _equality(term)
            if term.kind == "call" and term.name == "fromjson" and len(term.parts) == 1:
                path, value = term.parts[0].path, "true"
            return value == "true" and self._output(job, path) == DEPLOY_PRODUCTION

        return condition.requires(checks_output)

    def _is_hidden(self, job: Job, term: Term) -> bool:
        """Whether a function receives the output, so that the result is known only to a run."""
        return term.kind == "call" and any(
            self._output(job, each.path) == DEPLOY_PRODUCTION for each in term.all_terms()
        )

    def _output(self, job: Job, path: tuple[str, ...]) -> str:
        """Return the name of the gate's output that a path reads, also by outputs of jobs; empty if none."""
        for _ in range(_LONGEST_CHAIN):
            if len(path) != 4 or path[2] != "outputs":
                return ""
            if path[0] == "steps":
                steps = [one for one in self.steps if one.job == job.name and one.command.lower() == "gate"]
                return path[3] if any(text_of(one.step, "id").lower() == path[1] for one in steps) else ""
            if path[0] != "needs" or path[1] not in job.needs or path[1] not in self.jobs:
                return ""
            job = self.jobs[path[1]]
            path = sole_path(text_of(job.node.child("outputs"), path[3]))
        return ""


def read_gate_use(blob: Blob, components: Sequence[Component], own_action: str, environment: str) -> GateUse:
    """Read a stack's workflow file; raises WorkflowFileError. `environment` is production's."""
    root = read_tree(blob)
    steps = gate_steps(root, own_action)
    jobs = read_jobs(root, steps, environment)
    return GateUse(root, steps, jobs, find_overrides(blob, components, own_action))


def _equality(term: Term) -> tuple[tuple[str, ...], str]:
    """Return the path and the text that a term compares by `==`, in lower case as GitHub does; else empty."""
    if term.kind != "==":
        return (), ""
    left, right = term.parts
    if right.kind == "path":
        left, right = right, left
    return (left.path, right.name.lower()) if right.kind == "text" else ((), "")


def _switch(term: Term) -> tuple[str, str] | None:
    """Return the variable that a term requires, and its value, empty for any; None if it is another term."""
    path, value = _equality(term)
    sides = term.parts if term.kind == "!=" else ()
    if any(one.kind == "text" and not one.name for one in sides):
        path = next((one.path for one in sides if one.path), ())
    elif term.kind == "path":
        path = term.path
    elif not value:
        return None
    return (path[1].upper(), value) if path[:1] == ("vars",) and len(path) == 2 else None


def _line_of(node: Node, job: Job) -> int:
    found = node.child("continue-on-error")
    return found.line if found else job.line
