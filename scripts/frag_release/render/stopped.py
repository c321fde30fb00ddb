"""A run that ended before it had a report, and results of any run that could not be written."""

from __future__ import annotations

from collections.abc import Sequence

from ..domain.reports import Problem, Report, Stopped
from . import markdown
from .wording import Links, action_list


def text(report: Stopped) -> str:
    """Return nothing: the problem is logged separately."""
    return ""


def summary(report: Report, _links: Links) -> str:
    """Return what happened, what to do and what was made so far, as Markdown, for a report without its own page."""
    parts = [f"## ⛔ {markdown.text(report.headline, 200)}"]
    if report.problem:
        parts += [f"**{markdown.words(report.problem.message)}**"]
        parts += [f"### What to do next\n\n1. {markdown.words(report.problem.remedy)}"] if report.problem.remedy else []
    made = action_list(report.actions)
    parts.append(f"### What was made\n\n{made}" if made else "Nothing is deployed by a run that ends like this.")
    return "\n\n".join(parts) + "\n"


def with_problems(page: str, troubles: Sequence[Problem]) -> str:
    """Return the page with problems in writing the results, inserted below its heading."""
    if not troubles:
        return page
    heading, _, rest = page.partition("\n\n")
    quoted = "\n>\n".join(f"> {markdown.words(one.text)}" for one in troubles)
    return f"{heading}\n\n> [!WARNING]\n{quoted}\n\n{rest}"
