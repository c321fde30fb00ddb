"""What is asked about a need: the need, and how it is judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ...domain.evidence import Answer, Unknown
from ...domain.needs.need import Judgement, Need, Row, unseen
from ...domain.needs.rights import Right, TokenFacts, judge_right

_AT_ONCE = 32
"""All that are asked, or nearly: each waits for the network, and some for one another."""


@dataclass(frozen=True)
class Question:
    """`judge` asks whoever can tell, and is not run where no chosen command has the need."""

    need: Need | None
    judge: Callable[[], Judgement]


def answered(questions: Sequence[Question]) -> list[Row]:
    """Ask all questions about needs, several at once; the rows keep their order."""
    asked = [(one.need, one.judge) for one in questions if one.need]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        judged = list(pool.map(lambda each: each[1](), asked))
    return [Row(need, judgement) for (need, _), judgement in zip(asked, judged, strict=True)]


def judge_right_of(token: Callable[[], Answer[TokenFacts]], right: Right, need: Need | None) -> Judgement:
    """Judge a right of a token, which is asked for first."""
    facts = token()
    return unseen(facts) if isinstance(facts, Unknown) else judge_right(right, facts, need.commands if need else ())


def is_same(repository: str, home: str) -> bool:
    """Whether a repository is the workflow's own. GitHub ignores the case of names; a terminal has no such home."""
    return repository.lower() == home.lower() or not home
