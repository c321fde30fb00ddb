"""Rules on what the stack's values say: is there a choice, is it the one to be built, is it production grade."""

from __future__ import annotations

from ..components import Pin
from ..evidence import Unknown
from ..facts import ComponentFacts
from ..findings import Outcome
from ..versions import parse_production_tag
from .rule import Rule, failed, passed, rule, skipped, unknown, warned, without_previous

NO_TAG = "There is no tag to judge."


@rule(
    "pin-present",
    "component",
    fails_when="there is no value in the file or the inputs, or the file cannot be read as the workflow it should be",
    remedy="Give the variable one plain value in the top-level `env:` of the workflow file.",
    allowable=False,
)
def pin_present(facts: ComponentFacts) -> Outcome:
    """Somebody chose a version, in a file that can be read."""
    pin = facts.pin
    if pin.unread:
        return unknown(f"The pins in {pin.file}", pin.unread)
    if pin.problem:
        return failed(
            f"{pin.file} does not say which {pin.component.name} to use: {pin.problem.message}.",
            f"Write {pin.component.variable} (and {pin.component.namespace_variable}) as one plain value each "
            f"in the top-level env: of {pin.file}.",
        )
    return passed(f"The {pin.component.name} is {pin.tag}{_in(pin.namespace)}.")


@rule(
    "pin-effective",
    "component",
    fails_when="the tag or namespace to be built differs from the file's",
    remedy="Build a production tag without overriding values; change the file through review instead.",
)
def pin_effective(facts: ComponentFacts) -> Outcome:
    """What is built is what was reviewed: the values in the file, at the tagged commit."""
    pin = facts.pin
    if not pin.in_file:
        return skipped("The file holds no value to compare with.")
    differences = [
        f"{what} {given!r} is to be built, the file says {written!r}"
        for what, given, written in (
            ("tag", pin.tag, pin.in_file.text),
            ("namespace", pin.namespace, _namespace_in_file(pin)),
        )
        if given != written
    ]
    if not differences:
        return passed("What is to be built is what the file says.")
    name = pin.component.name
    return failed(
        f"The {name} was overridden: {'; '.join(differences)}.",
        f"Leave the inputs {name}-tag and {name}-namespace (and the variables behind them) empty for a production "
        "tag, or change the file through review and tag that.",
    )


@rule(
    "pin-grade",
    "component",
    fails_when="the tag is not a production tag",
    remedy="Pin a tag of exactly `N.N.N`.",
    allowable=False,
)
def pin_grade(facts: ComponentFacts) -> Outcome:
    """Only a release of a component goes into a release of the stack."""
    pin = facts.pin
    if not pin.tag:
        return skipped(NO_TAG)
    if parse_production_tag(pin.tag):
        return passed(f"{pin.tag} is a production tag.")
    return failed(
        f"{pin.tag!r} is not a production tag, which is exactly three numbers such as 2023.05.1.",
        _instead(facts, f"Release the {pin.component.name} under a production tag and pin that"),
    )


@rule(
    "pin-order",
    "component",
    fails_when="*warning only*: it is older than the pin of the previous release",
    remedy="Make sure that going back is meant; database migrations are not undone by it.",
)
def pin_order(facts: ComponentFacts) -> Outcome:
    """A component that moves back is worth a second look."""
    pin, previous = facts.pin, facts.previous
    if previous is None or isinstance(previous, Unknown):
        return without_previous(previous)
    if previous.unread:
        return without_previous(previous.unread)
    now, before = parse_production_tag(pin.tag), parse_production_tag(previous.tag)
    if now is None or before is None:
        return skipped(f"{pin.tag or 'No tag'!r} cannot be ordered against {previous.tag or 'no tag'!r} before it.")
    if now.version >= before.version:
        return passed(f"{pin.tag} is not older than {previous.tag} of the tag before.")
    return warned(
        f"The {pin.component.name} goes back from {previous.tag}, which the tag before has, to {pin.tag}.",
        "Make sure that this is meant: database migrations are not undone by it.",
    )


VALUE_RULES: tuple[Rule[ComponentFacts], ...] = (pin_present, pin_effective, pin_grade)


def _namespace_in_file(pin: Pin) -> str:
    return pin.namespace_in_file.text if pin.namespace_in_file else pin.component.owner


def _in(namespace: str) -> str:
    return f" of namespace {namespace}" if namespace else ""


def _instead(facts: ComponentFacts, otherwise: str) -> str:
    newest = facts.hints.newest
    return f"{otherwise}. The newest eligible tag is {newest}." if newest else f"{otherwise}."
