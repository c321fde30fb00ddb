"""Our part of the pull request's body: known by its first line, the same for the same plan, and never too long."""

from __future__ import annotations

import datetime
import re
from dataclasses import replace

import pytest

from frag_release.domain.changes import Commit, History
from frag_release.domain.findings import Finding, Status
from frag_release.domain.newest import Candidate, Newest
from frag_release.domain.plan import Change, marked_release
from frag_release.domain.release_record import KeptText
from frag_release.domain.reports.prepare import PrepareReport
from render.hostile import HOSTILE, tokens
from render.plans import GITHUB, NEW, OLD, backend_change, commits, frontend_change, plan, planned, proposed
from render.reports import STACK, good_facts, pin
from render.shown import prepare_summary, pull_request_body


def whole(report: PrepareReport) -> str:
    """A new pull request's body, with the lines around our part."""
    body = KeptText(report.plan.marker).written("", lambda limit: pull_request_body(report, GITHUB, STACK, limit))
    assert body is not None
    return body


def test_the_first_line_is_the_marker() -> None:
    """By it the pull request is found again, and told from those of others."""
    body = whole(planned())
    assert body.split("\n")[0] == "<!-- frag-release-action: release 2023.06.2 backend=2023.05.1 frontend=2023.05.4 -->"
    assert marked_release(body) == planned().plan.marker


def test_the_body_tells_the_plan_its_evidence_and_what_follows() -> None:
    """A reviewer needs no other page to decide."""
    body = pull_request_body(planned(), GITHUB, STACK)
    assert re.findall(r"(?m)^#+ (.*)$", body) == [
        "Release `2023.06.2`",
        "The change",
        "Changes in the components",
        "The evidence",
        "What happens after the merge",
    ]
    assert "+  BE_IMAGE_TAG: 2023.05.1\n+  FE_IMAGE_TAG: '2023.05.4'  # was 2023.05.2\n```" in body
    assert "1. The merged commit on `master` gets the tag `2023.06.2`" in body
    assert "<summary>24 checks passed</summary>" in body


def test_tickets_and_pull_requests_are_references_that_github_links() -> None:
    """They are written plainly, for GitHub links them and shows the release at the other end."""
    body = pull_request_body(planned(), GITHUB, "m2ms/board")
    assert "| m2ms/board#1523, m2ms/board#1463, m2ms/board#1517 | " in body
    assert "| xchem/fragalysis-backend#457, xchem/fragalysis-backend#456 |" in body
    assert "xchem/fragalysis-stack#1523" in pull_request_body(planned(), GITHUB, STACK)


def test_no_word_before_a_reference_closes_it() -> None:
    """Merging the release must not close the tickets: GitHub does so after certain words."""
    body = pull_request_body(
        planned(plan(backend_change(History(commits("Fixes #1322", "closes: #1323"))))), GITHUB, STACK
    )
    assert "xchem/fragalysis-stack#1322, xchem/fragalysis-stack#1323" in body
    assert not re.search(r"(?i)\b(close[sd]?|fix(e[sd])?|resolve[sd]?)\b[\s:]*[\w./-]*#[0-9]", body)


def test_the_body_does_not_change_with_the_hour() -> None:
    """The same plan and evidence make the same body, so that a second run has nothing to update."""
    later = replace(planned(), time=planned().time + datetime.timedelta(days=400))
    assert pull_request_body(later, GITHUB, STACK) == pull_request_body(planned(), GITHUB, STACK)
    assert prepare_summary(later, GITHUB, STACK) != prepare_summary(planned(), GITHUB, STACK)


def prose(markdown: str) -> list[str]:
    """The text of a document that is not code: what GitHub searches for names and references."""
    found, depth = [], 0
    for token in tokens(markdown):
        depth += (token.content == "<code>") - (token.content == "</code>")
        if token.type == "text" and not depth:
            found.append(token.content)
    return found


@pytest.mark.parametrize("foreign", HOSTILE)
def test_nobody_is_notified_by_foreign_text(foreign: str) -> None:
    """Mentions, references and markup of commit messages and tags are taken apart, and no second marker is made."""
    history = History(commits(f"{foreign} @octocat xchem/x#12 GH-3 closes xchem/y#9"), commits(foreign))
    change = replace(backend_change(history), before=pin("backend", foreign), after=pin("backend", f"{foreign}2"))
    report = planned(plan(change, frontend_change()))
    body = pull_request_body(report, GITHUB, STACK)
    assert "<!--" not in body
    assert marked_release(whole(report)) == report.plan.marker
    named = {word for text in prose(body) for word in re.findall(r"@\w+|(?:[\w./-]+)?#[0-9]+|[Gg][Hh]-[0-9]+", text)}
    assert all(word.startswith("xchem/fragalysis-") for word in named), named
    assert {token.type for token in tokens(body)}.isdisjoint({"image", "hr", "code_block"})


def test_thousands_of_commits_are_cut_with_their_numbers() -> None:
    """Of what is too much the first is shown, with how many there are, and the counts stay whole."""
    many = History([Commit(f"{at:040x}", f"#{at} subject ü{'x' * 300} (#{at})") for at in range(1, 3_001)])
    body = whole(planned(plan(backend_change(many), frontend_change())))
    assert len(body) <= 65_536
    assert len(body.encode()) <= 65_536
    assert "3000 new commits" in body
    assert "xchem/fragalysis-stack#40 (showing 40 of 3000)" in body
    assert "Showing 50 of 3000." in body


def test_too_much_of_everything_keeps_what_matters() -> None:
    """Marker, plan and what follows stay where findings, commits and components would fill pages."""
    many = History([Commit("a" * 40, "@" * 200)] * 150, [Commit("b" * 40, "é|" * 200)] * 150)
    changes = [backend_change(many)] + [replace(frontend_change(), history=many)] * 40
    noise = [Finding("pin-order", "x" * 99, "1.0.0", Status.WARN, "&" * 999, "|" * 999) for _ in range(300)]
    line = OLD.replace(b"was 2023.05.2", b"<`>" * 60_000)
    report = replace(planned(plan(*changes, before=line, after=line.replace(b"05.3", b"05.4"))), findings=noise)
    body = whole(report)
    assert len(body.encode()) <= 65_536
    assert marked_release(body) == report.plan.marker
    assert "## Release `2023.06.2`" in body
    assert "+  FE_IMAGE_TAG: '2023.05.4'" in body
    assert "### What happens after the merge" in body
    assert re.search(r"Omitted to stay within GitHub's size limit: [0-9]+ of [0-9]+ parts\.", body)
    assert len(prepare_summary(replace(report, pull_request=(7, "")), GITHUB, STACK).encode()) < 1_048_576


def test_a_summary_of_thousands_fits() -> None:
    """The summary stays under 1 MiB with the verdict kept, whatever there is to tell."""
    many = History([Commit("a" * 40, "&@" * 200)] * 5_000)
    found = Newest([Candidate(f"2023.05.{at}", True) for at in range(500)])
    other = Change(pin("backend", "&" * 999), pin("backend", "<" * 999), History(many.added[:50]), found)
    changes = [replace(other, history=many), *[other] * 300]
    facts = replace(good_facts(), components=[good_facts().components[0]] * 500)
    report = planned(plan(*changes), facts)
    summary = prepare_summary(proposed(report), GITHUB, STACK)
    assert len(summary.encode()) < 1_048_576
    assert summary.startswith("## ")
    assert "### What to do next" in summary


def test_an_allowed_finding_is_in_the_body() -> None:
    """A reviewer sees what was let through."""
    warned = Finding("pin-image", "backend", "1", Status.WARN, "It is absent.", "Build it.", Status.FAIL, allowed=True)
    body = pull_request_body(replace(planned(), findings=[warned]), GITHUB, STACK)
    assert body.index("⚠️ **ALLOWED by hand:** `pin-image:backend`") < body.index("### The change")
    assert "| ⚠️&nbsp;allowed | `pin-image` |" in body


def test_the_file_after_is_what_the_diff_is_made_of() -> None:
    """Without anything to write there is no diff, not even an empty fence."""
    assert "```diff" not in pull_request_body(planned(plan(before=NEW)), GITHUB, STACK)
