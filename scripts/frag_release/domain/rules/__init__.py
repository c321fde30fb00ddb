"""The catalogue of rules. A new rule is a function in the module of its subject and a place in its tuple."""

from __future__ import annotations

from typing import Any

from ..facts import ComponentFacts, ReleaseFacts
from ..findings import Finding
from .pair import PAIR_RULES
from .pins import VALUE_RULES, pin_effective, pin_order, pin_present
from .proof import PROOF_RULES
from .rule import Rule
from .stack import PLANNED_STACK_RULES, STACK_RULES

COMPONENT_RULES: tuple[Rule[ComponentFacts], ...] = (*VALUE_RULES, *PROOF_RULES, pin_order)

CATALOGUE: tuple[Rule[Any], ...] = (*STACK_RULES, *COMPONENT_RULES, *PAIR_RULES)
"""Every rule, in the order of the README's table."""


def judge(facts: ReleaseFacts) -> list[Finding]:
    """Apply every rule to the facts of its subject; a pair without a stack tag is judged without the latter."""
    findings: list[Finding] = []
    release = facts.stack.tag.text if facts.stack else ""
    if facts.stack:
        findings += [rule.apply(facts.stack, "stack", release) for rule in STACK_RULES]
    for component in facts.components:
        findings += [_judge_pin(rule, component) for rule in COMPONENT_RULES]
    findings += [rule.apply(facts, "pair", release) for rule in PAIR_RULES]
    return findings


def judge_planned(facts: ReleaseFacts) -> list[Finding]:
    """Apply the rules to a release that is not tagged yet: all but those on its commit and on overrides."""
    findings: list[Finding] = []
    release = facts.stack.tag.text if facts.stack else ""
    if facts.stack:
        findings += [rule.apply(facts.stack, "stack", release) for rule in PLANNED_STACK_RULES]
    for component in facts.components:
        findings += [_judge_pin(rule, component) for rule in COMPONENT_RULES if rule is not pin_effective]
    return findings + [rule.apply(facts, "pair", release) for rule in PAIR_RULES]


def judge_presence(facts: ReleaseFacts) -> list[Finding]:
    """Return the findings on pins that cannot be read: all there is to say of a build that is not judged."""
    findings = [_judge_pin(pin_present, component) for component in facts.components]
    return [finding for finding in findings if finding.status.blocks]


def _judge_pin(rule: Rule[ComponentFacts], facts: ComponentFacts) -> Finding:
    pin = facts.pin
    return rule.apply(facts, pin.component.name, pin.tag, pin.file, pin.line)
