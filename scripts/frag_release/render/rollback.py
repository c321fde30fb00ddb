"""The rollback card: what to go back to, and how, for the night when nobody wants to look it up."""

from __future__ import annotations

from collections.abc import Sequence

from ..domain.facts import Recorded
from ..domain.report import GateReport
from . import markdown
from .links import Links
from .sections import Section

TITLE = "The way back"
FORM = "deploy.yaml"
"""The file of the form in `examples/`, under the name that users give it."""


def rollback_card(report: GateReport, links: Links, worth: int) -> Section:
    """Return the card for the release before the one that was judged; without a body where there is none."""
    previous = report.previous
    if previous is None:
        return Section(worth, TITLE, "")
    tag = previous.tag.text
    named = markdown.code_link(tag, links.tag(report.repository, tag))
    known = any(isinstance(facts.recorded, Recorded) and facts.recorded.tag == tag for facts in report.facts.components)
    record = " Its `release.json` is there." if known else ""
    return Section(
        worth,
        TITLE,
        f"The release before this one is {named}.{record}\n\n{markdown.bullets(how_to_redeploy(report, links, tag))}",
    )


def how_to_redeploy(report: GateReport, links: Links, tag: str) -> Sequence[str]:
    """Return the two ways to deploy a release again without building it, and what neither does, as Markdown."""
    form = markdown.link("Actions > Deploy > Run workflow", links.workflow(report.repository, FORM))
    image = markdown.code(f"{report.repository.lower()}:{tag}")
    return [
        f"By the form: {form}, with the tag {markdown.code(tag)} and *rollback* ticked. Nothing is built: the "
        "evidence is the `release.json` that `publish` left with it, and the digest of its image.",
        f"By hand: launch the template in AWX for the image {image}, which that release built. Nothing is verified.",
        "Re-running its build is refused by `tag-order` once a higher release exists. Database migrations are not "
        "undone.",
    ]
