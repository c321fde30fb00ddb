"""The catalogue of rules. A new rule is a function in the module of its subject and a place in its tuple.

Gate, prepare, publish and audit take it from there, and the tables and pictures the column under which it is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..facts import ComponentFacts, ReleaseFacts, StackFacts, StackImageFacts
from ..findings import Finding, Status
from .deployment import DEPLOYMENT_RULES
from .origin import CONTENTS_RULES, ORIGIN_RULES, stack_contents
from .pair import PAIR_RULES
from .pins import VALUE_RULES, pin_effective, pin_order, pin_present
from .proof import PROOF_RULES, branch_ci
from .publication import PUBLICATION_RULES
from .rule import Rule
from .stack import BUILDING_RULES, CONFIGURATION_RULES, PLANNED_STACK_RULES, STACK_RULES, tag_on_stack_branch

COMPONENT_RULES: tuple[Rule[ComponentFacts], ...] = (*VALUE_RULES, *PROOF_RULES, *ORIGIN_RULES, pin_order)

CATALOGUE: tuple[Rule[Any], ...] = (
    *STACK_RULES,
    *BUILDING_RULES,
    *CONFIGURATION_RULES,
    *COMPONENT_RULES,
    branch_ci,
    *PAIR_RULES,
    *PUBLICATION_RULES,
    *DEPLOYMENT_RULES,
    *CONTENTS_RULES,
)
"""Every rule, in the order of the table in docs/reference.md."""


_MEND_ELSEWHERE = frozenset(rule.id for rule in CATALOGUE if rule.mends_elsewhere)


def can_mend_elsewhere(blockers: Sequence[Finding]) -> bool:
    """Whether the same run may pass later: all that stands in its way is unknown, or can be mended elsewhere."""
    return all(one.status is Status.UNKNOWN or one.rule in _MEND_ELSEWHERE for one in blockers)


def judge(facts: ReleaseFacts, *, building: bool = False) -> list[Finding]:
    """Apply every rule to the facts of its subject; a pair without a stack tag is judged without the latter.

    `building` says that it is about to be built: then a tag that is released already is refused.
    """
    return _judge(facts, (*STACK_RULES, *BUILDING_RULES) if building else STACK_RULES, COMPONENT_RULES)


def judge_planned(facts: ReleaseFacts) -> list[Finding]:
    """Apply the rules to a release that is not tagged yet: all but those on its commit and on overrides.

    What the branch's CI says of a component is asked where a tag of it is new.
    """
    findings = _judge(facts, PLANNED_STACK_RULES, [rule for rule in COMPONENT_RULES if rule is not pin_effective])
    return findings + [_judge_pin(branch_ci, one) for one in facts.components if one.branch_runs is not None]


def judge_publication(facts: ReleaseFacts) -> list[Finding]:
    """Apply the rules to a commit that is about to be tagged: all but those that need the tag, and on overrides."""
    stack_rules = (tag_on_stack_branch, *PLANNED_STACK_RULES, *PUBLICATION_RULES)
    return _judge(facts, stack_rules, [rule for rule in COMPONENT_RULES if rule is not pin_effective])


def judge_image(facts: StackImageFacts) -> list[Finding]:
    """Apply the rules to the image that is about to be deployed."""
    return [rule.apply(facts, "stack", facts.tag) for rule in (*DEPLOYMENT_RULES, *CONTENTS_RULES)]


def judge_contents(facts: StackImageFacts) -> Finding:
    """Hold what the image that was built says of its contents against the pair."""
    return stack_contents.apply(facts, "stack", facts.tag)


def judge_configuration(facts: StackFacts) -> list[Finding]:
    """Return what is wrong with the configuration file at the commit; nothing if it is the one that rules."""
    found = [rule.apply(facts, "stack", facts.tag.text) for rule in CONFIGURATION_RULES]
    return [one for one in found if one.status is not Status.PASS]


def judge_presence(facts: ReleaseFacts) -> list[Finding]:
    """Return the findings on pins that cannot be read: all there is to say of a build that is not judged."""
    findings = [_judge_pin(pin_present, component) for component in facts.components]
    return [finding for finding in findings if finding.status.blocks]


def _judge(
    facts: ReleaseFacts, stack_rules: Sequence[Rule[StackFacts]], component_rules: Sequence[Rule[ComponentFacts]]
) -> list[Finding]:
    release = facts.stack.tag.text if facts.stack else ""
    findings = [rule.apply(facts.stack, "stack", release) for rule in stack_rules] if facts.stack else []
    findings += judge_configuration(facts.stack) if facts.stack else []
    findings += [_judge_pin(rule, component) for component in facts.components for rule in component_rules]
    return findings + [rule.apply(facts, "pair", release) for rule in PAIR_RULES]


def _judge_pin(rule: Rule[ComponentFacts], facts: ComponentFacts) -> Finding:
    pin = facts.pin
    return rule.apply(facts, pin.component.name, pin.tag, pin.file, pin.line)
