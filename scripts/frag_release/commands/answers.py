"""Answers without which a command cannot go on."""

from __future__ import annotations

from typing import TypeVar

from ..domain.evidence import Answer, Unknown
from ..errors import EvidenceError

_T = TypeVar("_T")


def must(answer: Answer[_T], what: str) -> _T:
    """Return what was seen; raises EvidenceError where it could not be."""
    if isinstance(answer, Unknown):
        raise EvidenceError(f"{what} could not be looked up: {answer.reason}.", answer.remedy)
    return answer
