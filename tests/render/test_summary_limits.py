from __future__ import annotations

from dataclasses import replace

import pytest

from frag_release.domain.evidence import Placement, Unknown
from frag_release.domain.findings import Allowance, Finding, Status
from render.hostile import HOSTILE, tokens
from render.reports import good_facts, pin, report, unjudged, with_backend
from render.shown import error_summary, gate_summary

GITHUB = "https://github.com"
OFF_BRANCH = {"placement": Placement(frozenset())}


def headings(markdown: str) -> list[str]:
    """The headings of a document, in order."""
    lines = [line for line in markdown.splitlines() if line.startswith("#")]
    return [line.lstrip("#").strip() for line in lines]


def findings(number: int, status: Status, message: str = "m", remedy: str = "r") -> list[Finding]:
    """That many findings, no two of which are the same."""
    return [
        Finding("pin-ci", f"part{at}", "1.0.0", status, f"{message} {at}", f"{remedy} {at}") for at in range(number)
    ]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_changes_nothing_in_the_document(name: str) -> None:
    """The same headings, links and tags, whatever a pin is called."""
    plain, hostile = (
        gate_summary(report(with_backend(good_facts(), pin=pin("backend", tag), commit=None)), "")
        for tag in ("nonsense", name)
    )
    kinds = [
        [
            token.type
            for token in tokens(summary)
            if token.type not in ("text", "code_inline", "html_inline", "softbreak")
        ]
        for summary in (plain, hostile)
    ]
    assert kinds[1] == kinds[0]
    assert headings(hostile) == headings(plain)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_ref_changes_nothing_in_the_document(name: str) -> None:
    """The same headings, whatever a branch is called, and the verdict on the first line."""
    summary = gate_summary(unjudged(f"refs/heads/{name}"), GITHUB)
    assert summary.startswith("## 🔨 Build only — ")
    assert headings(summary)[1:] == headings(gate_summary(unjudged(), GITHUB))[1:]


@pytest.mark.parametrize("status", list(Status))
def test_five_thousand_findings_fit(status: Status) -> None:
    """Under 1 MiB in bytes with the verdict kept and a note of what is not shown."""
    many = findings(5_000, status, "é&" * 2_000, "<|>" * 2_000)
    summary = gate_summary(report(findings=many), GITHUB)
    assert len(summary.encode()) < 1_048_576
    assert summary.startswith("## ")
    assert "of 5000." in summary


def test_thousands_of_everything_fit() -> None:
    """Under 1 MiB with long names of everything that can be many."""
    facts = good_facts()
    long = replace(facts.components[0], pin=pin("x" * 1_000, "\u202e" * 1_000))
    allow = [Allowance("pin-ci", f"part{at}", "1.0.0") for at in range(100)]
    many = [*findings(300, Status.FAIL, "&" * 990), *findings(300, Status.PASS, "&" * 990)]
    made = report(replace(facts, components=[long] * 300), findings=many, allow=allow)
    summary = gate_summary(made, GITHUB)
    assert len(summary.encode()) < 1_048_576
    assert summary.startswith("## ⛔ Blocked — `2023.06.2`")
    assert "### What to do next" in summary


@pytest.mark.parametrize(
    ("limit", "kept", "left_out"),
    [
        (7_000, "### Findings that block or warn", "22 checks passed"),
        (3_500, "### What to do next", "### The way to production"),
        (800, "## ⛔ Blocked — `2023.06.2`", "### The pair"),
    ],
)
def test_too_much_leaves_out_the_least_worth(
    monkeypatch: pytest.MonkeyPatch, limit: int, kept: str, left_out: str
) -> None:
    """Where all would be too long, what passed goes first and the verdict stays, with a note."""
    monkeypatch.setattr("frag_release.render.gate.MAX_SUMMARY", limit)
    facts = with_backend(good_facts(), image=Unknown("503"), **OFF_BRANCH)
    summary = gate_summary(report(facts), GITHUB)
    assert len(summary.encode()) <= limit
    assert summary.startswith("## ⛔ Blocked — `2023.06.2`")
    assert kept in summary
    assert left_out not in summary
    assert "Omitted to stay within GitHub's size limit: " in summary


@pytest.mark.parametrize("foreign", HOSTILE)
def test_an_error_with_foreign_words_is_text(foreign: str) -> None:
    """What a server said cannot become a heading or a link of the summary."""
    summary = error_summary("Stopped", foreign, foreign)
    kinds = {token.type for token in tokens(summary)}
    assert not kinds & {"link_open", "image", "html_block", "fence", "hr", "table_open", "blockquote_open"}
    assert len(headings(summary)) == 2
