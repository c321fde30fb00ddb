"""The catalogue of rules. A new rule is a function in the module of its subject and an entry in that module's tuple.

Its row holds the rest: the facts it judges, the occasions it runs on, and its column in the summary's table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..facts import ReleaseFacts, StackImageFacts
from ..findings import Finding, Status
from .deployment import DEPLOYMENT_RULES
from .pins import VALUE_RULES, pair_changed, pin_order
from .proof import PROOF_RULES, branch_ci, pin_origin, stack_contents
from .rule import Occasion, Rule
from .stack import STACK_RULES, stack_ci

__all__ = ["CATALOGUE", "Occasion", "can_mend_elsewhere", "judge"]

CATALOGUE: tuple[Rule[Any], ...] = (
    *STACK_RULES,
    *VALUE_RULES,
    *PROOF_RULES,
    pin_origin,
    pin_order,
    branch_ci,
    pair_changed,
    stack_ci,
    *DEPLOYMENT_RULES,
    stack_contents,
)
"""Every rule, in the order of the table in docs/reference.md."""
_FIXABLE_ELSEWHERE = frozenset(rule.id for rule in CATALOGUE if rule.fixable_elsewhere)


def all_fixable_elsewhere(blockers: Sequence[Finding]) -> bool:
    """Whether the same run may pass later: every blocker is unknown, or can be fixed outside the stack."""
    return all(one.status is Status.UNKNOWN or one.rule in _FIXABLE_ELSEWHERE for one in blockers)


def judge(
    occasion: Occasion, facts: ReleaseFacts | StackImageFacts, catalogue: Sequence[Rule[Any]] = CATALOGUE
) -> list[Finding]:
    """Apply each rule of this occasion to the parts of the facts that it judges; a pair may have no tag."""
    found = [
        rule.apply(part)
        for part in facts.parts
        for rule in catalogue
        if occasion in rule.when and isinstance(part, rule.of)
    ]
    return [one for one in found if one.message and (one.status.blocks or not occasion.reports_only_blockers)]
