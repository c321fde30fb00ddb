"""The text of a release and of its ticket."""

from __future__ import annotations

from dataclasses import replace

import pytest

from frag_release.domain.builds import Build, Job
from frag_release.domain.changes import History
from frag_release.domain.contents import Contents
from frag_release.domain.evidence import Answer, Unknown
from frag_release.domain.findings import Finding, Status
from frag_release.domain.plan import Change
from frag_release.domain.rules import Occasion, judge
from frag_release.render.release_notes import MAX_BYTES, release_body, ticket_body
from render.hostile import HOSTILE, markup, read
from render.plans import GITHUB, commits
from render.reports import STACK, STACK_COMMIT, good_facts, pin

TICKETS = "m2ms/tickets"


def contents(history: Answer[History] | None = None, **changed: object) -> Contents:
    """The worked example, published, with a ticket that both components name."""
    facts = good_facts()
    found = History(commits("#1523 #1463 (#457)", "Merge pull request #684 from xchem/m2ms-1517-tag-datestamp"))
    changes = (
        Change(pin("backend", "2023.03.1"), pin("backend", "2023.05.1"), found if history is None else history),
        Change(pin("frontend", "2023.05.3"), pin("frontend", "2023.05.4"), History(commits("#1463", "typo"))),
    )
    made = Contents(
        repository=STACK,
        tag="2023.06.2",
        commit=STACK_COMMIT,
        components=facts.components,
        previous=facts.previous,
        tickets_from=TICKETS,
        changes=changes,
        titles={1523: "Show the ligand", 1463: None, 1517: Unknown("the server answered 503")},
        findings=judge(Occasion.DEPLOYMENT, facts),
        image=f"docker.io/{STACK}",
        digest="sha256:" + "7" * 64,
        build=Build(
            12, "x", "push", "2023.06.2", STACK_COMMIT, 1, "completed", "success", f"{GITHUB}/{STACK}/actions/runs/12"
        ),
        jobs=[Job("build", "completed", "success", None, None, ""), Job("deploy", "in_progress", None, None, None, "")],
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def test_the_release_tells_what_is_in_it() -> None:
    """The pair, the tickets with titles as references that GitHub links, the evidence with digests, and the build."""
    text = release_body(contents(), GITHUB)
    assert text.startswith("The stack [`2023.06.2`](https://github.com/xchem/fragalysis-stack/releases/tag/2023.06.2)")
    assert "of backend `2023.05.1` and frontend `2023.05.4`, made from [`555555555555`](" in text
    assert "- m2ms/tickets#1523 Show the ligand (backend)\n" in text
    assert "- m2ms/tickets#1463 (no visible ticket has this number) (backend, frontend)\n" in text
    assert "- m2ms/tickets#1517 (backend)\n" in text
    assert "A title could not be looked up: the server answered 503." in text
    assert "1 commit without a ticket." in text
    assert "| xchem/fragalysis-backend#457, xchem/fragalysis-backend#684 |" in text
    assert f"- stack image: `docker.io/xchem/fragalysis-stack@sha256:{'7' * 64}`" in text
    assert f"- backend image: `docker.io/xchem/fragalysis-backend@sha256:{'d' * 64}`" in text
    assert (
        "- [Run 12](https://github.com/xchem/fragalysis-stack/actions/runs/12): ✅ success\n  - build: ✅ success"
        in text
    )
    assert "[ ]" not in text


def test_the_ticket_has_boxes() -> None:
    """The ticket has what is left to do, and each ticket, as boxes to be ticked; what is removed has none."""
    text = ticket_body(contents(History(commits("#7"), commits("#8"))), GITHUB)
    assert "- [ ] Seen to work on staging\n- [ ] Deployed to production\n- [ ] Seen to work in production" in text
    assert "- [ ] m2ms/tickets#7 (backend)" in text
    assert "No longer included:\n\n- m2ms/tickets#8 (backend)" in text
    assert "**backend loses commits**" in text and "Removed: 1 commit." in text


def test_the_same_contents_make_the_same_text() -> None:
    """Nothing in the text depends on when it is written."""
    assert ticket_body(contents(), GITHUB) == ticket_body(contents(), GITHUB)


def test_what_could_not_be_read_is_told() -> None:
    """Unknown commits, an unknown release before and an unknown build are said to be so, with the reason."""
    text = ticket_body(contents(Unknown("the server `x` answered 503"), build=Unknown("403"), jobs=()), GITHUB)
    assert "What changed in the backend could not be read: the server `x` answered 503." in text
    assert "It could not be looked up: 403." in text
    lost = contents(previous=Unknown("500"), changes=[Change(pin("backend", ""), pin("backend", "2023.05.1"))])
    text = release_body(lost, GITHUB)
    assert "The previous release could not be looked up, so the changes are unknown: 500." in text
    assert "Unknown: what changed could not be read." in text
    assert "Unknown: there is nothing to compare with." in release_body(replace(lost, previous=None), GITHUB)


def test_a_ticket_that_was_not_read_is_not_said_to_be_missing() -> None:
    """With one component's commits unread, no text says that no commit that came with it names a ticket."""
    known = Change(pin("frontend", "2023.05.3"), pin("frontend", "2023.05.4"), History(commits("typo")))
    lost = Change(pin("backend", "2023.03.1"), pin("backend", "2023.05.1"), Unknown("503"))
    text = ticket_body(contents(changes=[lost, known]), GITHUB)
    assert (
        "None of the commits that could be read names a ticket. The commits of the backend could not be read: they may "
        "name more."
    ) in text
    assert "None of the new commits" not in text
    named = Change(pin("frontend", "2023.05.3"), pin("frontend", "2023.05.4"), History(commits("#7")))
    assert "(frontend)\n\nThe commits of the backend could not" in ticket_body(contents(changes=[lost, named]), GITHUB)


def test_jobs_that_could_not_be_read_are_not_none() -> None:
    """A build whose jobs are not known is not shown as one without jobs."""
    assert " Its jobs could not be looked up: 503." in release_body(contents(jobs=Unknown("503")), GITHUB)


def test_checks_that_are_not_recorded_are_not_claimed() -> None:
    """Without findings no table of checks is shown; what was allowed by hand stands out."""
    assert "The checks it passed are not recorded." in ticket_body(contents(findings=()), GITHUB)
    allowed = Finding("pin-ci", "backend", "2023.05.1", Status.WARN, "It failed.", allowed=True)
    assert "> ⚠️ **ALLOWED by hand:** `pin-ci:backend`. It failed." in release_body(contents(findings=[allowed]), GITHUB)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_title_is_text(hostile: str) -> None:
    """Whatever a title is, it makes no markup, no mention and no line of its own."""
    text = ticket_body(contents(titles={1523: hostile}), GITHUB)
    (line,) = [one for one in text.split("\n") if one.startswith("- [ ] m2ms/tickets#1523 ")]
    title = line.removeprefix("- [ ] m2ms/tickets#1523 ").removesuffix(" (backend)")
    assert markup(title) == []
    assert "@octocat" not in title and len(read(title)) <= 150


@pytest.mark.parametrize("limit", [MAX_BYTES, 20_000, 6_000])
def test_it_stays_within_its_limit(limit: int) -> None:
    """Of a thousand tickets with long titles as many are listed as there is room for, and how many of how many."""
    numbers = range(10_000, 11_000)
    history = History(commits(*(f"#{number} {'ü' * 90}" for number in numbers)))
    many = contents(history, titles=dict.fromkeys(numbers, "ü@" * 200))
    text = ticket_body(many, GITHUB, limit)
    shown = [line for line in text.split("\n") if line.startswith("- [ ] m2ms/")]
    assert limit - 1_500 < len(text.encode()) <= limit
    assert f"\n\nShowing {len(shown)} of 1001 tickets.\n" in text


def test_the_least_matters_goes_first_where_nothing_fits() -> None:
    """In very little room the sections that matter least are left out, and that is told."""
    text = release_body(contents(), GITHUB)
    tight = ticket_body(contents(), GITHUB, 1_000)
    assert len(tight.encode()) <= 1_000 < len(text.encode())
    assert tight.startswith("The stack [`2023.06.2`]") and "Omitted to stay within GitHub's size limit" in tight
