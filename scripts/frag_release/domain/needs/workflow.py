"""Judgements on what every command has to read, and on how the stack's workflow file uses the gate.

Only that file is read to find what it builds or deploys without the gate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ...dataclass import replace
from ..components import Pin, passed_to_action
from ..environments import is_production
from ..evidence import Answer, Answers, Image, Unknown
from ..findings import listed
from ..gate_use import DEPLOY_PRODUCTION, Flaw, GateUse, Sure
from ..workflow_jobs import Goal, Job
from . import Judgement, Presence, Row, hidden, in_file, missing, not_needed, sentence, there, unseen
from .protection import SecretNames, Variables

_IMAGE = (
    "If the image is private, set registry-username and registry-password of an account that may pull it or, if "
    "images are in several registries, registry-config. If it does not exist, pin a tag that has an image."
)
_LEVEL_ONE = "Add the gate as in the README's quick start (level 1): in a job of its own, first in the file."
_UNCONDITIONAL = "Remove continue-on-error and if from the gate's step, and continue-on-error from its job."
_NEED = "Add the gate's job to needs: of {jobs}. An if with always() or !cancelled() must also check its result."
_ASK = (
    f"In the if of {{jobs}}, put needs.gate.outputs.{DEPLOY_PRODUCTION} == 'true' && before the other conditions "
    "(in brackets if they contain ||), and add gate to its needs:. gate is the gate's job, which passes on that output."
)
_ALONE = "Move the gate into a job of its own, in which it is the only step."
_FAILURES = (
    "Remove continue-on-error, which makes a failed deployment green. To notify people, use a step with if: failure()."
)
_PLACE = "Give {jobs} an environment of its own, with its own secrets, such as staging."
_NAME_IT = "Name the job deploy-production, or give it the environment that the input environment names."
_AS_VARIABLE = "Settings > Secrets and variables > Actions: create as a variable, and delete as a secret: {names}."
_SET = (
    "Settings > Secrets and variables > Actions > Variables: set them, or set PRODUCTION to false if no build of this "
    "repository may reach production."
)
_MOST = 4

Judge = Callable[[GateUse], Judgement]
OF_LEVEL_ONE = ("gate-used", "gate-needed", "gate-asked", "gate-told", "gate-alone")
"""The rows that level 1 of the quick start meets."""


def judge_branches(repository: str, heads: Answers[str | None], given_as: str, every: bool) -> Judgement:
    """Return whether one of the branches exists, or `every` one. `given_as` is the input that names them."""
    absent = [name for name, head in heads.items() if head is None]
    lost = [head for head in heads.values() if isinstance(head, Unknown)]
    found = [f"{name} is at {head[:12]}" for name, head in heads.items() if isinstance(head, str)]
    if lost and (every or not found):
        return unseen(lost[0])
    if absent and (every or not found):
        names = " and no ".join(absent)
        return missing(f"{repository} has no branch {names}.", f"Correct {given_as}, or push that branch.")
    but = f"; it has no {', '.join(absent)}" if absent else ""
    return there(f"{repository} can be read: {', '.join(found)}{but}.")


def judge_workflow_file(file: str, pins: Sequence[Pin]) -> Judgement:
    """Return whether the workflow file exists and sets a tag for every component."""
    for pin in pins:
        if pin.unread:
            return unseen(pin.unread)
        if pin.problem:
            what = f"{file} does not pin the {pin.component.name}: {pin.problem.message}."
            remedy = f"Set {' or '.join(pin.component.variables)} to one plain value in the top-level env: of {file}."
            return Judgement(Presence.MISSING, what, remedy, file=file, line=pin.problem.line)
    chosen = ", ".join(f"{pin.component.name} {pin.tag}" for pin in pins)
    return there(f"{file} pins {chosen}.")


def judge_seen(answer: Answer[object], message: str) -> Judgement:
    """Return whether something can be read at all; `message` is for when it can."""
    return unseen(answer) if isinstance(answer, Unknown) else there(message)


def judge_image(pin: Pin, images: Mapping[tuple[str, str], Answer[Image]]) -> Judgement:
    """Return whether the registry has the image that is pinned today."""
    name = pin.component.image_name(pin.namespace)
    if not pin.tag or name is None:
        return unseen(Unknown("it is unknown which image is pinned", "Correct the workflow file first."))
    image = images[name, pin.image_tag]
    if isinstance(image, Unknown):
        return unseen(image)
    if image.digest is None:
        what = f"The registry does not show an image {name}:{pin.image_tag}: it does not exist, or is private."
        return missing(what, _IMAGE)
    return there(f"{name}:{pin.image_tag} can be read.")


def judge_used(use: GateUse) -> Judgement:
    """Return whether a step of this action is a gate."""
    return _without_gate(use) or there(f"The gate is in the job {use.gates[0].job}.")


def judge_needed(use: GateUse) -> Judgement:
    """Return whether all jobs that build, or deploy to production, wait for a gate that passed."""
    if lacking := _without_gate(use):
        return lacking
    if around := list(use.bypassing_jobs()):
        what = ", ".join(f"the job {one.job} {one.what}" for one in around[:_MOST])
        gates = {one.job for one in use.gates}
        others = _listed([one.job for one in around if one.job not in gates])
        remedies = [_UNCONDITIONAL] if gates.intersection(one.job for one in around) else []
        remedies += [_NEED.format(jobs=others)] if others else []
        return _at(missing(sentence(what), " ".join(remedies)), around)
    if not use.builds:
        return unseen(Unknown("no job of the file was recognised as the one that builds", "Name it build."))
    return there("Every job that builds, or deploys to production, needs the gate's job.")


def judge_condition(use: GateUse) -> Judgement:
    """Return whether jobs deploy to production only if the gate's `deploy-production` is true."""
    if lacking := _without_gate(use):
        return lacking
    jobs = use.deploying(Goal.PRODUCTION)
    if not jobs:
        return unseen(Unknown("no job of the file was recognised as the one that deploys to production", _NAME_IT))
    asked = {job: use.asks(job) for job in jobs}
    if bad := [job for job, sure in asked.items() if sure is Sure.NO]:
        return _at(missing(_unasked(use, bad), _ASK.format(jobs=_names(bad))), bad)
    if odd := [job for job, sure in asked.items() if sure is Sure.UNSEEN]:
        what = f"whether the if of {_names(odd)} requires the gate's {DEPLOY_PRODUCTION} could not be determined"
        return _at(unseen(Unknown(what, _ASK.format(jobs=_names(odd)))), odd)
    return there(f"{_names(jobs)} runs only if the gate's {DEPLOY_PRODUCTION} is true.")


def judge_overrides_passed(use: GateUse) -> Judgement:
    """Return whether the workflow passes the gate every other place that the build takes a pin from."""
    found = [(name, one) for name, overrides in use.overrides.items() for one in overrides]
    if not found:
        return _without_gate(use) or there("The gate receives every value that the build uses.")
    taken = [f"the {name}'s {one.what} from {one.source} (line {one.line})" for name, one in found]
    certain = [one for _, one in found if one.is_direct] or not use.gates
    what = f"the build {'takes' if certain else 'may take'} {_listed(taken)}, and {_not_received(use)}"
    given: dict[tuple[str, str], list[str]] = {}
    for name, one in found:
        given.setdefault((name, one.what), []).extend([one.given] if one.given else [])
    lines = passed_to_action(given)
    remedy = f"Pass to each step of this action, under with:, {_listed(lines or ['what the build takes'])}"
    remedy = f"{remedy} (in the build's own order), or let the build take only the file's value."
    judged = missing(sentence(what), remedy) if certain else unseen(Unknown(what, remedy))
    return replace(judged, line=found[0][1].line)


def judge_override_secrets(use: GateUse, secrets: SecretNames) -> Judgement:
    """Return whether no secret makes GitHub drop an output, and the build takes none without passing it to the gate."""
    if not use.pin_outputs():
        if taken := use.secret_overrides():
            what = f"The build takes secrets in place of the pair: {_listed(taken)}. The gate does not receive them."
            return missing(what, "Pass them to the gate, as in the row gate-told, and delete those that are unused.")
        return not_needed("No job takes the pair from the gate's outputs, which such a secret would empty.")
    names = use.named_values()
    if named := [name for name in secrets.of_every_job if name in names]:
        what = f"GitHub drops every output that contains a secret's value, and there are secrets {_listed(named)}."
        return missing(what, _AS_VARIABLE.format(names=_listed(named)))
    if secrets.gap:
        return hidden(secrets.gap)
    return there("No secret has the name of a value that the file uses.")


def judge_staging(use: GateUse) -> Judgement:
    """Return whether only jobs that deploy to production run in its environment."""
    if found := list(use.in_production_environment()):
        what = ", ".join(f"the job {one.job} runs in {one.what}" for one in found[:_MOST])
        message = sentence(f"{what}, with the credentials of production")
        return _at(missing(message, _PLACE.format(jobs=_listed([one.job for one in found]))), found)
    if odd := [job for job in use.deploying(Goal.ELSEWHERE) if "${{" in job.environment]:
        why = Unknown(f"the environment of {_names(odd)} could not be determined", "Write its name literally.")
        return _at(unseen(why), odd)
    return there("No job that deploys elsewhere runs in production's environment.")


def judge_place(use: GateUse, environment: str) -> Judgement | None:
    """Return why an environment does not guard production, by the jobs that deploy there; None if it may."""
    jobs = [job for job in use.deploying(Goal.PRODUCTION) if not job.is_called]
    if not is_production(environment):
        return None
    if outside := [job for job in jobs if not job.environment]:
        what = f"The job {outside[0].name} deploys to production without an environment, so {environment} does not"
        return _at(missing(f"{what} guard it.", f"Add environment: {environment} to that job."), outside)
    if not jobs or any("${{" in job.environment or job.environment.lower() == environment.lower() for job in jobs):
        return None
    job = jobs[0]
    what = f"The job {job.name} deploys to production in {job.environment}, but {environment} was examined."
    return _at(missing(what, f"Set doctor's input environment to {job.environment}, or correct the job."), jobs)


def judge_failures(use: GateUse) -> Judgement:
    """Return whether a failed deployment makes the run red."""
    found = list(use.ignored_failures())
    if ignored := [one for one, sure in found if sure is Sure.NO]:
        where = [f"{one.job}{f' ({one.what})' if one.what else ''}, line {one.line}" for one in ignored]
        return _at(missing(f"A failed deployment may stay green: {'; '.join(where[:_MOST])}.", _FAILURES), ignored)
    doubt = "may fail and stay green could not be determined:"
    if found:
        what = f"whether {found[0][0].job} {doubt} its continue-on-error is neither true nor false"
        return _at(unseen(Unknown(what, _FAILURES)), [found[0][0]])
    called = [job for goal in (Goal.PRODUCTION, Goal.ELSEWHERE) for job in use.deploying(goal) if job.is_called]
    if called:
        what = f"whether {_names(called)} {doubt} its steps are in another file"
        return _at(unseen(Unknown(what, "Deploy in this file.")), called)
    return there("No deployment is continue-on-error.")


def judge_alone(use: GateUse) -> Judgement:
    """Return whether nothing runs before the gate in its job."""
    if lacking := _without_gate(use):
        return lacking
    if found := list(use.steps_before_gate()):
        steps = _listed([f"{one.what!r} (line {one.line})" for one in found])
        what = f"In the job {found[0].job}, the gate runs after {steps}, which can override it by BASH_ENV or PATH."
        return _at(missing(what, _ALONE), found)
    return there("No step runs before the gate in its job.")


def judge_switches(use: GateUse, variables: Variables, secrets: SecretNames) -> Judgement:
    """Return whether all variables that a deployment requires are set, as variables. Messages contain no values."""
    everywhere, values = use.switches(Goal.PRODUCTION, Goal.ELSEWHERE), variables.seen
    if not everywhere:
        return not_needed("No deployment depends on a variable.")
    absent = [name for name, _ in everywhere if not values.get(name)]
    if kept := [name for name in absent if name in secrets.of_every_job and not variables.gap]:
        what = f"A job reads variables that are secrets: {_listed(kept)}. It is skipped, and the run is green."
        return missing(what, _AS_VARIABLE.format(names=_listed(kept)))
    if variables.gap and absent:
        return hidden(variables.gap)
    if values.get("PRODUCTION", "").lower() == "false":
        return not_needed("PRODUCTION is false: no build of this repository may reach production.")
    wanted = use.switches(Goal.PRODUCTION)
    wrong = [
        f"{name} {'has another value' if values.get(name) else 'is not set'}"
        for name, value in wanted
        if not values.get(name) or value not in ("", values[name].lower())
    ]
    if wrong:
        what = f"Production is skipped, and the run is green: of the variables that its if requires, {_listed(wrong)}."
        return missing(what, _SET)
    return there(f"The variables that the if of production requires are set: {_listed([name for name, _ in wanted])}.")


ROWS: tuple[tuple[str, str, Judge], ...] = (
    ("gate-used", "A job in which this action is the gate", judge_used),
    ("gate-needed", "Build and production wait for the gate", judge_needed),
    ("gate-asked", "Production requires the gate's output `deploy-production`", judge_condition),
    ("gate-told", "The gate receives every other source of the pair that the build uses", judge_overrides_passed),
    ("gate-alone", "Nothing runs before the gate in its job", judge_alone),
    ("staging-environment", "Staging does not run in production's environment", judge_staging),
    ("deployment-failures", "A failed deployment makes the run red", judge_failures),
)
"""What can be judged from the file: the row's id, the requirement, and its judge."""


def judge_rows(use: GateUse, file: str, chosen: Sequence[str] = ()) -> list[Row]:
    """Return the rows that can be judged from the file, all or the `chosen`; `file` is its path."""
    rows = []
    for kind, what, judge in ROWS:
        if not chosen or kind in chosen:
            judged = judge(use)
            rows.append(Row(in_file(kind, what), replace(judged, file=file) if judged.line else judged))
    return rows


def _without_gate(use: GateUse) -> Judgement | None:
    """Return the judgement on a file without a gate; None if it has one."""
    if use.gates:
        return None
    if use.called:
        what = f"whether {_listed(use.called)} has a gate could not be determined: only this file was read"
        return unseen(Unknown(what, _LEVEL_ONE))
    return missing("No step of the file is a gate of this action, so nothing is checked.", _LEVEL_ONE)


def _not_received(use: GateUse) -> str:
    lines = sorted({line for found in use.overrides.values() for one in found for line in one.missing_in})
    if not lines:
        return "the file has no step of this action to pass it to"
    return f"this action does not receive it in line {', '.join(map(str, lines[:_MOST]))}"


def _unasked(use: GateUse, jobs: Sequence[Job]) -> str:
    texts = []
    for job in jobs[:_MOST]:
        if job.condition.is_text:
            why = "has text outside its ${{ }}, so it is always true"
        elif use.mentions(job):
            why = f"can be true although the gate's {DEPLOY_PRODUCTION} is not 'true'"
        else:
            why = f"does not check the gate's {DEPLOY_PRODUCTION}"
        texts.append(f"the if of {job.name} {why}")
    return sentence(", ".join(texts))


def _listed(items: Sequence[str]) -> str:
    """Name up to four, each once."""
    return listed(dict.fromkeys(items), 4)


def _names(jobs: Sequence[Job]) -> str:
    return _listed([job.name for job in jobs])


def _at(judged: Judgement, found: Sequence[Flaw] | Sequence[Job]) -> Judgement:
    return replace(judged, line=found[0].line)
