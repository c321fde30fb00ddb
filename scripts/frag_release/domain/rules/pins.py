"""Rules on the stack's values: is a version chosen, is it what will be built, is it production grade.

And the rule on the pair as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..components import Pin, passed_to_action
from ..evidence import Unknown
from ..facts import ComponentFacts, ReleaseFacts
from ..findings import Outcome, listed
from ..refs import wrong_v
from ..versions import parse_production_tag
from .rule import JUDGED, RUN, Occasion, Rule, either, failed, passed, rule, skipped, unknown, warned, without_previous

if TYPE_CHECKING:
    from ..overrides import Override

NO_TAG = "There is no tag to judge."
AFTER_TAGGING = "This is checked after tagging."
NO_SUCH_TAG = "The tag itself was not found."
_MOST_OVERRIDES = 4


@rule(
    "pair-changed",
    ReleaseFacts,
    fails_when="*warning only*: it is the same pair as in the previous release (a release of the Dockerfile alone "
    "is legitimate)",
    remedy="Make sure that a release without a new component is intended.",
)
def pair_changed(facts: ReleaseFacts) -> Outcome:
    """A release usually brings a new component."""
    previous = facts.previous
    if previous is None or isinstance(previous, Unknown):
        return without_previous(previous)
    unread = next((pin.unread for pin in previous.pins if pin.unread), None)
    if unread:
        return without_previous(unread)
    before = [pin.same_choice for pin in previous.pins]
    if not all(pin.tag for pin in previous.pins):
        return skipped(f"The previous release, {previous.tag}, has no readable pins.")
    if [facts_of.pin.same_choice for facts_of in facts.components] != before:
        return passed(f"The pair differs from that of {previous.tag}.")
    names = [one.pin.component.name for one in facts.components]
    return warned(
        f"The pair is the same as in {previous.tag}.",
        f"Make sure that a release without a new {either(names)} is intended.",
    )


@rule(
    "pin-present",
    ComponentFacts,
    when=JUDGED | {Occasion.UNJUDGED},
    column="tag",
    fails_when="neither the file nor the inputs have a value, or the file cannot be read as a workflow",
    remedy="Give the variable one plain value in the top-level `env:` of the workflow file.",
    allowable=False,
)
def pin_present(facts: ComponentFacts) -> Outcome:
    """A version is chosen, in a readable file."""
    pin = facts.pin
    if pin.unread:
        return unknown(f"the pins in {pin.file}", pin.unread)
    if pin.problem:
        return failed(
            f"{pin.file} does not say which {pin.component.name} to use: {pin.problem.message}.",
            f"Write {either(pin.component.variables)} (and {either(pin.component.namespace_variables)}) as one plain "
            f"value each in the top-level env: of {pin.file}.",
        )
    of_namespace = f" of namespace {pin.namespace}" if pin.namespace else ""
    return passed(f"The {pin.component.name} is {pin.tag}{of_namespace}.")


@rule(
    "pin-effective",
    ComponentFacts,
    when=RUN,
    column="tag",
    fails_when="the tag or namespace to be built differs from the file's, or the workflow file that runs is not the "
    "one that is judged",
    remedy="Build a production tag without overriding values; change the file through review instead.",
)
def pin_effective(facts: ComponentFacts) -> Outcome:
    """What is built is what was reviewed: the values in the file at the tagged commit."""
    pin = facts.pin
    if not pin.in_file:
        return skipped("The file has no value to compare with.")
    own_namespace = pin.namespace_in_file.text if pin.namespace_in_file else pin.component.owner
    differences = [
        f"{what} {given!r} would be built, the file has {written!r}"
        for what, given, written in (
            ("tag", pin.tag, pin.in_file.text),
            ("namespace", pin.namespace, own_namespace),
        )
        if given != written
    ]
    if not differences:
        return _of_running_file(facts)
    name, tag, namespace = pin.component.name, pin.component.given_in("tag"), pin.component.given_in("namespace")
    return failed(
        f"The {name} was overridden: {'; '.join(differences)}.",
        f"Leave the inputs {tag} and {namespace} (and the variables behind them) empty for a production "
        "tag, or change the file through review and tag that.",
    )


@rule(
    "hidden-override",
    ComponentFacts,
    when=JUDGED - {Occasion.AUDIT},
    column="tag",
    fails_when="the workflow file also takes the tag or namespace from an input, a secret or a variable that a step of "
    "this action does not receive (a warning if only a run can show it)",
    remedy="Pass each gate and deployment the same overrides, in its `with:`, as the build takes.",
)
def hidden_override(facts: ComponentFacts) -> Outcome:
    """Every override that the build takes in place of the file's value is passed to this action."""
    pin = facts.pin
    if pin.unread or pin.problem:
        return skipped("The file could not be read.")
    if facts.overrides is None:
        return skipped("This run builds nothing from the file.")
    if isinstance(facts.overrides, Unknown):
        return unknown(f"what else {pin.file} takes the {pin.component.name} from", facts.overrides)
    certain = [one for one in facts.overrides if one.is_direct]
    shown = certain or facts.overrides
    if not shown:
        return passed(f"{pin.file} has no override of the {pin.component.name} that this action does not receive.")
    message, remedy = _overridden(pin, shown), _pass_them(pin, shown)
    return failed(message, remedy, line=shown[0].line) if certain else warned(message, remedy, line=shown[0].line)


@rule(
    "pin-grade",
    ComponentFacts,
    column="tag",
    fails_when="the tag is not a production tag",
    remedy="Pin a tag of exactly `N.N.N` (with a `v` in front only if the component's tag format has it).",
    allowable=False,
)
def pin_grade(facts: ComponentFacts) -> Outcome:
    """Only a release of a component goes into a release of the stack."""
    pin = facts.pin
    if not pin.tag:
        return skipped(NO_TAG)
    form = pin.component.tag_format
    if parse_production_tag(pin.tag, form):
        return passed(f"{pin.tag} is a production tag.")
    instead = f"Release the {pin.component.name} under a production tag and pin that.{facts.newest}"
    return failed(
        f"{pin.tag!r} is not a production tag: it is not {form.shape}, {form.numbers} such as "
        f"{form.like('2023.05.1')}.",
        f"{instead} {wrong_v(pin.tag, form, pin.component.format_input)}".rstrip(),
    )


@rule(
    "pin-order",
    ComponentFacts,
    fails_when="*warning only*: it is older than the pin of the previous release",
    remedy="Make sure that going back is intended; it does not undo database migrations.",
)
def pin_order(facts: ComponentFacts) -> Outcome:
    """A component that goes back to an older tag is worth a second look."""
    pin, previous = facts.pin, facts.previous
    if previous is None or isinstance(previous, Unknown):
        return without_previous(previous)
    if previous.unread:
        return without_previous(previous.unread)
    form = pin.component.tag_format
    now, before = parse_production_tag(pin.tag, form), parse_production_tag(previous.tag, form)
    if now is None or before is None:
        return skipped(f"{pin.tag or 'No tag'!r} cannot be compared with {previous.tag or 'no tag'!r} before it.")
    if now.version >= before.version:
        return passed(f"{pin.tag} is not older than {previous.tag} of the previous release.")
    return warned(
        f"The {pin.component.name} goes back from {previous.tag} of the previous release to {pin.tag}.",
        "Make sure that this is intended: it does not undo database migrations.",
    )


def _of_running_file(facts: ComponentFacts) -> Outcome:
    """Judge whether the file with those values is the workflow that runs."""
    same, judged, running = "The values to be built are those in the file.", facts.pin.file, facts.running_file
    if running is None or running == judged:
        return passed(same)
    if not running:
        return passed(f"{same} GITHUB_WORKFLOW_REF is not set, so the file that runs could not be compared with it.")
    return failed(
        f"The workflow that runs is {running}, but {judged} is judged: what {running} builds was not checked.",
        f"Build production tags in {judged} alone. If the pair is in {running}, name that in workflow-file.",
    )


def _overridden(pin: Pin, overrides: Sequence[Override]) -> str:
    """Return what is taken from where, and which steps do not receive it."""
    taken = listed([f"its {one.what} from {one.source} (line {one.line})" for one in overrides], _MOST_OVERRIDES)
    lines = sorted({line for one in overrides for line in one.missing_in})
    steps = f"the step{'s' if len(lines) > 1 else ''} of this action in line {', '.join(map(str, lines))}"
    who = f"It is not passed to {steps}" if lines else "No step of this action was found in the file"
    certainty = "takes" if overrides[0].is_direct else "may take"
    return (
        f"In addition to its value, {pin.file} {certainty} the {pin.component.name} from elsewhere: {taken}. "
        f"{who}, so the build can use a pair other than the one that is judged."
    )


def _pass_them(pin: Pin, overrides: Sequence[Override]) -> str:
    given: dict[tuple[str, str], list[str]] = {}
    for one in overrides:
        if one.given:
            given.setdefault((pin.component.name, one.what), []).append(one.given)
    lines = passed_to_action(given)
    give = f"Give each such step, under with:, {' and '.join(lines)} (in the build's own order)" if lines else ""
    give = give or "Pass each step of this action what the build takes"
    return f"{give}, or have the build take the file's value alone."


VALUE_RULES: tuple[Rule[ComponentFacts], ...] = (pin_present, pin_effective, hidden_override, pin_grade)
