from __future__ import annotations

import datetime
import re
from dataclasses import replace

import pytest

from frag_release.domain.audit import gaps, judge_history
from frag_release.domain.audit.rules import Since, StackHistory, StackTag
from frag_release.domain.components import Component, Pin, WorkflowFileError
from frag_release.domain.evidence import Placement, Unknown
from frag_release.domain.facts import ComponentFacts
from frag_release.domain.reports.audit import AuditReport
from frag_release.render.markdown import MAX_SUMMARY
from render.hostile import HOSTILE
from render.shown import audit_summary, audit_text

NOW = datetime.datetime(2026, 11, 25, 9, 0, tzinfo=datetime.timezone.utc)
BACKEND = Component("backend", "org/fragalysis-backend", ("production",), ("BE_IMAGE_TAG",), ("BE_NAMESPACE",))
BOTH = (BACKEND, replace(BACKEND, name="frontend"))
COMMIT = "1" * 40


def stack_tag(name: str, pin: str, year: int = 2023) -> StackTag:
    """A tag on the stack branch with a pinned backend."""
    date = datetime.datetime(year, 1, 1, tzinfo=datetime.timezone.utc)
    return StackTag(name, COMMIT, date, Placement(frozenset({"master"})), [Pin(BACKEND, pin, "org", "f.yaml")])


def report(*tags: StackTag, good: bool = True) -> AuditReport:
    """The audit of these tags; every pin is a tag, on its branch if all is `good`."""
    place = Placement(frozenset({"production"} if good else ()))
    facts = [ComponentFacts(pin, COMMIT, None, place, None, image=None) for tag in tags for pin in tag.pins]
    pinned = {one.pin.key: one for one in facts}
    names = [tag.name for tag in tags]
    history = StackHistory("org/stack", ["master"], [BACKEND], Since(), names, tags, pinned=pinned)
    releases = judge_history(history)
    return AuditReport("1.0", NOW, "org/stack", ["master"], ["backend"], "", releases, names[-1], gaps=gaps(history))


def many(count: int, pin: str = "2023.05.1") -> AuditReport:
    """The audit of so many broken releases."""
    return report(
        *(stack_tag(f"{2000 + n // 100}.01.{n % 100 + 1}", pin, 2000 + n // 100) for n in range(count)), good=False
    )


def test_years_are_drawn_and_told() -> None:
    """Releases by year are a chart with a back bar of all and a front bar of the broken, and a table of the same."""
    summary = audit_summary(report(stack_tag("2022.01.1", "2022.01.1", 2022), stack_tag("2023.01.1", "main")), "")
    assert 'x-axis ["2022", "2023"]' in summary
    assert "  bar [1, 1]\n  bar [0, 1]\n" in summary
    assert "| 2023 | 1 | 0 | 1 | 0 |\n| 2022 | 1 | 1 | 0 | 0 |" in summary


def test_rules_are_drawn_and_told() -> None:
    """Each rule that blocks is a slice with its number of releases, and a row."""
    summary = audit_summary(many(7), "")
    assert '  "pin-on-branch" : 7\n' in summary
    assert "| `pin-on-branch` | 7 | 0 | 0 |" in summary
    assert summary.startswith("## ⛔ 7 production tags break a rule")


def test_a_long_history_is_shown_in_part_and_says_so() -> None:
    """Of 1,500 broken releases the newest hundred are shown, and the summary stays below GitHub's limit."""
    told = many(1500)
    summary = audit_summary(told, "https://github.example")
    assert len(summary.encode()) < MAX_SUMMARY
    assert "Showing 100 of 1500." in summary and "`2014.01.100`" in summary and "`2000.01.1`" not in summary
    text = audit_text(told)
    assert "Showing 100 of 1500." in text and len(text.split("\n")) < 400


def test_long_names_cannot_break_the_limit() -> None:
    """Pins of the greatest length that is read do not make the summary too large."""
    assert len(audit_summary(many(500, pin="x" * 100_000), "https://github.example").encode()) < MAX_SUMMARY


@pytest.mark.parametrize("foreign", HOSTILE)
def test_foreign_names_change_nothing(foreign: str) -> None:
    """Whatever tags are called, the summary has the same headings, rows and fences."""

    def shape(summary: str) -> list[str]:
        return re.findall(r"(?m)^(?:#+ |\| |```|<details>|> ).{0,1}", summary)

    plain = audit_summary(report(stack_tag("2023.01.1", "tag"), stack_tag("other", "tag")), "https://github.example")
    drawn = audit_summary(
        report(stack_tag("2023.01.1", foreign), stack_tag(foreign, foreign)), "https://github.example"
    )
    assert shape(drawn) == shape(plain)
    assert "<script" not in drawn and "](javascript" not in drawn


def without_pin(name: str, year: int = 2020) -> StackTag:
    """A tag on the stack branch whose file names no backend."""
    pin = Pin(BACKEND, "", "org", "f.yaml", problem=WorkflowFileError("the top-level env: has no BE_IMAGE_TAG", 2))
    return replace(stack_tag(name, "", year), pins=[pin])


def test_what_cannot_be_asked_is_neither_fine_nor_broken() -> None:
    """Where all since the first file with every version is fine, that is said, with a caution and status 1."""
    told = report(without_pin("2020.01.1"), without_pin("2020.01.2"), stack_tag("2023.01.1", "2023.01.1"))
    summary = audit_summary(told, "")
    assert summary.startswith(
        "## ⚠️ 1 production tag since 2023.01.1 keeps the rules; the 2 before it cannot be judged — audit"
    )
    assert (
        "**Since 2023.01.1, 1 of 1 production tag keeps every rule that was checked. The rules cannot be applied to "
        "the 2 before 2023.01.1, whose workflow file is the first to name every version.**"
    ) in summary
    assert told.exit_status == 1 and "set `since` to `2023.01.1`" in summary
    assert "For 2020.01.2, the top-level env: has no BE&#95;IMAGE&#95;TAG." in summary


def test_a_later_file_without_a_version_breaks_a_rule() -> None:
    """Once a file has named every version, one that does not is broken, and not one that cannot be asked."""
    told = report(without_pin("2020.01.1"), stack_tag("2023.01.1", "2023.01.1"), without_pin("2023.02.1", 2023))
    assert told.words == "1 production tag since 2023.01.1 breaks a rule"
    assert told.sentence.startswith(
        "Since 2023.01.1, 1 of 2 production tags keeps every rule that was checked. 2023.02.1 breaks"
    )


def test_a_history_that_can_never_be_asked_is_never_fine() -> None:
    """Where no file names every version, the heading says so, the status is 1, and every tag is shown."""
    told = report(without_pin("2020.01.1"), without_pin("2020.01.2"))
    assert (told.words, told.exit_status) == ("2 production tags cannot be judged", 1)
    assert told.sentence == "The rules cannot be applied to 2 production tags: no workflow file names every version."
    assert audit_summary(told, "").startswith("## ⛔ ") and " 2020.01.1 ❌" in audit_text(told)


def test_a_file_that_was_not_read_may_name_every_version() -> None:
    """What could not be had is not taken for a file that names too little: it could not be verified."""
    lost = Unknown("the server was away", "Run this again.")
    unread = replace(stack_tag("2022.01.1", "", 2022), pins=[Pin(BACKEND, "", "org", "f.yaml", unread=lost)])
    told = report(without_pin("2020.01.1"), unread, stack_tag("2023.01.1", "2023.01.1"))
    assert [one.tag for one in told.unasked] == ["2020.01.1"]
    assert "2022.01.1 could not be verified." in told.sentence


def test_those_that_are_not_fine_are_named_newest_first() -> None:
    """Of many only the five newest are named, and the rest is counted."""
    assert many(7).sentence == (
        "Since 2000.01.1, 0 of 7 production tags keep every rule that was checked. "
        "2000.01.7, 2000.01.6, 2000.01.5, 2000.01.4, 2000.01.3 and 2 more break a rule."
    )
    assert "2000.01.2 and 2000.01.1 break a rule." in many(2).sentence


def test_a_gap_comes_before_everything() -> None:
    """With anything not found out the heading says incomplete, whatever else is known, and the reason is listed."""
    lost = StackTag("2023.02.1", COMMIT, NOW, Unknown("the server was away", "Run this again at noon."), ())
    told = report(stack_tag("2023.01.1", "2023.01.1"), lost)
    summary = audit_summary(told, "")
    assert told.exit_status == 1
    assert summary.startswith("## ⛔ Incomplete")
    assert "1 question could not be answered, so this audit is incomplete and clears nothing." in summary
    assert "- the server was away" in summary and "1. Run this again at noon." in summary
    assert "Not determined: the server was away" in audit_text(told)


def test_gaps_that_are_alike_are_one() -> None:
    """What differs in a commit or a version alone is one line with its number, and no tag repeats it in the open."""

    def away(what: str) -> Unknown:
        return Unknown(f"10.0.0.1:80 takes no more requests for now, and was not asked for {what}", "Run this again.")

    lost = [
        StackTag(f"2023.02.{at}", COMMIT, NOW, away(f"the file f.yaml at {at:012x} of org/stack")) for at in range(1, 4)
    ]
    told = report(stack_tag("2023.01.1", "2023.01.1"), *lost, StackTag("2023.03.1", away("the tag 2023.03.1")))
    summary = audit_summary(told, "")
    reasons = summary.partition("### What could not be determined\n\n")[2].partition("\n\n")[0].splitlines()
    start = "- 10.0.0.1:80 takes no more requests for now, and was not asked for"
    assert reasons == [f"{start} the file f.yaml at … of org/stack (3 times)", f"{start} the tag 2023.03.1"]
    assert "\n\n5 production tags could not be verified: see all tags below.\n" in summary
    assert "cannot be undone" not in summary and "set `since`" not in summary
    assert len(told.as_json()["missing"]["reasons"]) == 4


def test_an_incomplete_audit_still_says_what_is_broken() -> None:
    """A rule that is broken for certain is told in the open, and what to do about it."""
    lost = StackTag("2023.02.1", COMMIT, NOW, Unknown("the server was away", "Run this again at noon."), ())
    summary = audit_summary(report(stack_tag("2023.01.1", "main"), lost), "")
    table = summary.partition("### Production tags that break")[2].partition("###")[0]
    assert "`2023.01.1`" in table and "`2023.02.1`" not in table
    assert "follow the rules from the next release on: past releases cannot be undone." in summary
    assert "set `since`" not in summary


def test_what_is_the_same_of_both_is_told_once() -> None:
    """A finding that two components share stands in one line that names both."""
    pins = [Pin(component, "", "org", "f.yaml", unread=Unknown("it is too large", "Mend it.")) for component in BOTH]
    tag = StackTag("2023.01.1", COMMIT, NOW, Placement(frozenset({"master"})), pins)
    summary = audit_summary(report(tag), "")
    assert "`pin-present` (backend, frontend): Could not verify the pins in f.yaml: it is too large." in summary


def test_a_tag_of_no_date_is_called_so() -> None:
    """A tag without a date is undated in table, chart and report, and its order unknown rather than fine."""
    tag = StackTag("2023.01.1", COMMIT, None, Placement(frozenset({"master"})), [Pin(BACKEND, "2023.01.1")])
    told = report(tag)
    assert told.as_json()["counts"]["by-year"] == {"undated": {"fine": 0, "broken": 0, "unverified": 1}}
    assert told.as_json()["releases"][0]["date"] is None
    assert "| undated | `2023.01.1` |" in audit_summary(told, "")
