"""What is asked about a need: the need, and how it is judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ..domain.needs.need import Judgement, Need, Row

_AT_ONCE = 8


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
