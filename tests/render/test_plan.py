"""The summary of `prepare`: verdict first, then what to do, then the plan and its evidence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from frag_release.domain.changes import History
from frag_release.domain.evidence import Image, Placement, Unknown
from frag_release.domain.findings import Allowance
from frag_release.domain.newest import Candidate, Newest
from frag_release.domain.plan import Change, Mode
from frag_release.domain.reports.prepare import PrepareReport
from render.hostile import HOSTILE, tokens
from render.plans import (
    BACKEND_HISTORY,
    GITHUB,
    NEW,
    OLD,
    backend_change,
    commits,
    committed,
    frontend_change,
    plan,
    planned,
    proposed,
)
from render.reports import STACK, good_facts, pin, with_backend
from render.shown import prepare_summary

OFF_BRANCH = with_backend(good_facts(), placement=Placement(frozenset()))
NOT_NEEDED = planned(plan(before=NEW))


def shown(report: PrepareReport, server: str = GITHUB) -> str:
    """The summary."""
    return prepare_summary(report, server, STACK)


def headings(markdown: str) -> list[str]:
    """The headings of a document, in order."""
    return [line.lstrip("#").strip() for line in markdown.splitlines() if line.startswith("#")]


def steps(markdown: str) -> list[str]:
    """What there is to do next."""
    section = markdown.partition("### What to do next\n\n")[2].partition("\n\n")[0]
    return section.splitlines()


def row(markdown: str, start: str) -> list[str]:
    """The cells of the first table row that starts so."""
    line = next(line for line in markdown.splitlines() if line.startswith(f"| {start}"))
    return [cell.strip() for cell in line.strip("|").split(" | ")]


@pytest.mark.parametrize(
    ("report", "first"),
    [
        (proposed(), "## ✅ Release 2023.06.2 is prepared"),
        (replace(proposed(), actions=()), "## ✅ Nothing to do: release 2023.06.2 is already prepared"),
        (committed(), "## ✅ Release 2023.06.2 is prepared"),
        (planned(dry_run=True), "## 📝 Plan (dry run) for release 2023.06.2"),
        (planned(), "## 📝 Plan for release 2023.06.2"),
        (planned(facts=OFF_BRANCH), "## ⛔ Refused: release 2023.06.2 is not prepared"),
        (planned(facts=OFF_BRANCH, dry_run=True), "## ⛔ Refused: release 2023.06.2 is not prepared"),
        (planned(plan(before=NEW), OFF_BRANCH), "## ⛔ Refused: release 2023.06.2 is not prepared"),
        (NOT_NEEDED, "## ✅ Nothing to do: master already uses this pair"),
        (replace(NOT_NEEDED, dry_run=True), "## ✅ Nothing to do: master already uses this pair"),
    ],
)
def test_the_verdict_comes_first_and_then_what_to_do(report: PrepareReport, first: str) -> None:
    """The first line says what came of it, and the next heading what the reader does."""
    assert shown(report).splitlines()[0] == first
    assert headings(shown(report))[1] == "What to do next"


def test_a_pull_request_is_to_be_reviewed_merged_and_tagged() -> None:
    """The way to production is told from the pull request on, with its link."""
    first, second, third = steps(shown(proposed()))
    assert first.startswith("1. Review [pull request 7](https://github.com/xchem/fragalysis-stack/pull/7)")
    assert first.endswith("Then merge it.")
    assert second.startswith("2. The merged commit on `master` gets the tag `2023.06.2`")
    assert "`publish`" in second
    assert "verifies the pair again" in third


def test_a_commit_is_to_be_tagged() -> None:
    """In commit mode there is nothing to merge."""
    text = shown(committed())
    assert steps(text)[0].startswith(
        f"1. Look at the commit [`cccccccccccc`]({GITHUB}/xchem/fragalysis-stack/commit/ccc"
    )
    assert steps(text)[1].startswith("2. The commit on `master` gets the tag `2023.06.2`")
    assert "merge" not in text.replace("Merge pull request", "")


def test_a_dry_run_says_how_to_go_on() -> None:
    """A plan alone claims nothing to be written."""
    text = shown(planned(dry_run=True))
    assert steps(text)[1] == "2. To carry it out, run this again with `dry-run` off."
    assert "Nothing has been written yet." in text
    assert "### What would change" in text
    assert "### What was made" not in text


def test_a_refusal_says_which_tag_to_take_instead() -> None:
    """The remedy of the rule comes first, then the newest tag that is eligible, and that nothing was written."""
    seen = [Candidate("2023.05.2", False), Candidate("2023.05.1", True), Candidate("2023.03.1", True)]
    change = replace(backend_change(), candidates=Newest(seen))
    text = shown(planned(plan(change), facts=OFF_BRANCH))
    first, second, third = steps(text)
    assert first.startswith("1. ❌ **backend** (`pin-on-branch`): ")
    assert second == "2. The newest other **backend** tag on `production` is `2023.03.1`, which is in use today."
    assert third == "3. Then run this again with the same or other versions; nothing was written."
    assert "**1 check blocked this, so nothing was written.**" in text
    assert "### What would have changed" in text
    assert row(text, "❌")[1:3] == ["`pin-on-branch`", "backend"]


def test_no_other_tag_is_called_the_newest_below_one_that_is_not_known() -> None:
    """Of 2023.05.1, one that is not known, and 2023.03.1 nobody can say which is the newest beside the first."""
    assert "newest other" not in shown(planned(facts=OFF_BRANCH))


def test_what_could_only_not_be_verified_asks_for_another_run() -> None:
    """Where nothing was found to be wrong, no other version is asked for."""
    text = shown(planned(facts=with_backend(good_facts(), image=Unknown("503"))))
    assert steps(text)[-1].endswith("nothing was found to be wrong, and nothing was written.")


def test_nothing_to_do_says_how_to_release_what_is_there() -> None:
    """The pair that is there already can be released as it is; there is no diff to show."""
    text = shown(NOT_NEEDED)
    assert "release `master` as it is: `2023.06.2` is the tag for it" in steps(text)[0]
    assert "```diff" not in text


def test_the_diff_is_there_line_by_line() -> None:
    """Both lines are shown before and after, in a fence, blanks and quotes as they are."""
    assert """\
```diff
--- a/.github/workflows/build-main.yaml
+++ b/.github/workflows/build-main.yaml
@@ -3,2 +3,2 @@
-  BE_IMAGE_TAG: 2023.03.1
-  FE_IMAGE_TAG: '2023.05.3'  # was 2023.05.2
+  BE_IMAGE_TAG: 2023.05.1
+  FE_IMAGE_TAG: '2023.05.4'  # was 2023.05.2
```""" in shown(planned())


def test_a_component_tells_what_comes_with_it() -> None:
    """From, to, number of commits with a link to the range, tickets and pull requests, each linked."""
    backend = "https://github.com/xchem/fragalysis-backend"
    hidden = "&#35;&#8203;"
    assert row(shown(planned()), "**[backend]") == [
        f"**[backend]({backend})**",
        f"[`2023.03.1`]({backend}/releases/tag/2023.03.1)",
        f"[`2023.05.1`]({backend}/releases/tag/2023.05.1)",
        f"3 new commits<br>[what changed]({backend}/compare/2023.03.1...2023.05.1)",
        ", ".join(f"[{hidden}{n}]({GITHUB}/xchem/fragalysis-stack/issues/{n})" for n in (1523, 1463, 1517)),
        ", ".join(f"[{hidden}{n}]({backend}/issues/{n})" for n in (457, 456)),
    ]


def test_tickets_are_those_of_the_ticket_repository() -> None:
    """A stack may keep its tickets in another organisation."""
    text = prepare_summary(planned(), GITHUB, "m2ms/fragalysis-frontend")
    assert "https://github.com/m2ms/fragalysis-frontend/issues/1523" in text


@pytest.mark.parametrize(
    ("change", "cells"),
    [
        (frontend_change("2023.05.3"), ["unchanged", "none", "", ""]),
        (backend_change(Unknown("lost")), ["`2023.05.1`", "❔ could not be read: lost", "", ""]),
        (backend_change(History()), ["`2023.05.1`", "0 new commits", "none named", "none named"]),
        (
            backend_change(History(commits("#1"), commits("#2 (#3)"))),
            ["`2023.05.1`", "1 new commit<br>⚠️ 1 commit removed", "&#35;&#8203;1<br>removed: &#35;&#8203;2",
             "removed: &#35;&#8203;3"],
        ),
    ],
)  # fmt: skip
def test_every_kind_of_change_has_its_row(change: Change, cells: list[str]) -> None:
    """No change, an unreadable one, one without commits and one that goes both ways are told apart."""
    assert row(shown(planned(plan(change)), ""), f"**{change.name}**")[2:] == cells


def test_a_way_back_is_told_loudly() -> None:
    """A component that goes back is named before anything else to read, with what is lost, compared the other way."""
    back = Change(pin("backend", "2023.05.1"), pin("backend", "2023.03.1"), History(removed=BACKEND_HISTORY.added))
    text = shown(planned(plan(back, frontend_change())))
    warning = next(line for line in text.splitlines() if line.startswith("> "))
    assert warning.startswith(
        "> ⚠️ **ROLLBACK: backend goes back** from `2023.05.1` to `2023.03.1`. 3 commits in use today would be removed."
    )
    assert "issues/1523" in warning
    assert warning.endswith("Database migrations are not undone.")
    assert text.index("ROLLBACK") < text.index("### What to do next")
    assert "/fragalysis-backend/compare/2023.03.1...2023.05.1)" in row(text, "**[backend]")[3]
    assert "<summary>backend: 3 removed commits</summary>" in text


def test_a_way_back_without_commits_is_told_too() -> None:
    """An older tag is a way back even where its history could not be read."""
    back = Change(pin("backend", "2023.05.1"), pin("backend", "2023.03.1"), Unknown("503"))
    assert "**ROLLBACK: backend goes back**" in shown(planned(plan(back)))


def test_lost_commits_of_a_newer_tag_are_told() -> None:
    """A newer tag that lacks commits of the older one is no rollback by number, and is told all the same."""
    text = shown(planned(plan(backend_change(History(commits("a"), commits("b"))))))
    assert "> ⚠️ **backend loses commits**: `2023.05.1` lacks commits that `2023.03.1` has. 1 commit in use" in text


def test_a_usual_change_warns_of_nothing() -> None:
    """A warning that is always there is never read."""
    assert "\n> " not in shown(proposed())


def test_what_was_allowed_or_switched_off_stands_out() -> None:
    """A plan that passes by hand, or without looking, says so before anything else to read."""
    facts = with_backend(good_facts(), image=Image("docker.io/a/b", "2023.05.1", None), runs=None)
    text = shown(planned(facts=facts, allow=[Allowance("pin-image", "backend", "2023.05.1")]))
    assert text.index("⚠️ **CI not checked**") < text.index("### What to do next")
    assert text.index("⚠️ **ALLOWED by hand:** `pin-image:backend`") < text.index("### What to do next")
    assert steps(text)[0] == "1. Look at the 2 warnings below first." or "warning below first" in steps(text)[0]


def test_the_newest_tags_are_folded_with_their_verdicts() -> None:
    """What a form cannot offer as a list is there to choose from, each with whether it could be chosen."""
    text = shown(planned())
    fold = text.partition("<summary>Newest production tags of backend and frontend</summary>")[2].partition(
        "</details>"
    )[0]
    assert [line.split(" | ")[1:] for line in fold.splitlines() if line.startswith("| backend")] == [
        [f"[`2023.05.2`]({GITHUB}/xchem/fragalysis-backend/releases/tag/2023.05.2)", "❌ not on `production` |"],
        [f"[`2023.05.1`]({GITHUB}/xchem/fragalysis-backend/releases/tag/2023.05.1) (planned)", "✅ on `production` |"],
        [f"[`2023.04.9`]({GITHUB}/xchem/fragalysis-backend/releases/tag/2023.04.9)", "❔ not verified: 503 |"],
        [f"[`2023.03.1`]({GITHUB}/xchem/fragalysis-backend/releases/tag/2023.03.1) (today)", "✅ on `production` |"],
    ]
    assert "| frontend |  | ❔ unknown: the server answered 503 |" in fold
    assert "| backend | none |  |" in shown(planned(plan(replace(backend_change(), candidates=Newest()))))


def test_what_was_made_is_linked() -> None:
    """Branch and pull request can be followed."""
    text = shown(proposed())
    assert f"- [Opened pull request 7]({GITHUB}/xchem/fragalysis-stack/pull/7)" in text
    assert f"- [Pushed release/2023.06.2]({GITHUB}/xchem/fragalysis-stack/commit/{'c' * 40})" in text


@pytest.mark.parametrize(
    ("report", "states"),
    [
        (proposed(), ["✅ done", "✅ done", "✅ done", "👉 next", "➖ still to come", "➖ still to come"]),
        (committed(), ["✅ done", "✅ done", "✅ done", "👉 next", "➖ still to come"]),
        (
            planned(dry_run=True),
            ["✅ done", "✅ done", "👉 next", "➖ still to come", "➖ still to come", "➖ still to come"],
        ),
        (planned(facts=OFF_BRANCH), ["✅ done", "⛔ stopped here", *["➖ still to come"] * 4]),
        (NOT_NEEDED, ["✅ done", "✅ done", "✅ done", "👉 next", "➖ still to come"]),
    ],
)
def test_the_picture_shows_where_it_stands(report: PrepareReport, states: list[str]) -> None:
    """The way from the form to the build is drawn with what is done and what comes next, and said in words."""
    text = shown(report)
    drawing = text.partition("```mermaid\n")[2].partition("\n```")[0]
    boxes = [line for line in drawing.splitlines() if line.startswith("  step") and "[" in line]
    assert [box.partition("<br/>")[2].partition('"')[0] for box in boxes] == states
    words = text.partition("```mermaid")[2].partition("\n```\n\n")[2].partition("\n\n")[0].splitlines()
    assert [line.partition(": ")[2] for line in words] == states
    names = ["form", "plan and checks", "pull request", "merge", "tag 2023.06.2", "build and deployment"]
    if report.plan.mode is Mode.COMMIT:
        names[2:4] = ["commit"]
    elif not report.plan.is_needed:
        names.remove("merge")
    assert [line.partition(". ")[2].partition(":")[0] for line in words] == names


def test_local_clones_make_no_links() -> None:
    """Without a server there is no address to lead to; CI links and what was made come from elsewhere."""
    assert "github.com/xchem" not in shown(planned(), "")


def test_notes_are_shown() -> None:
    """What came up on the way is told."""
    assert "> ⚠️ The board `x` is full." in shown(replace(planned(), notes=["The board `x` is full."]))


@pytest.mark.parametrize("foreign", HOSTILE)
def test_foreign_text_stays_text(foreign: str) -> None:
    """Commit messages, tags, reasons and the file's own lines make no heading, picture, link, alert or mention."""
    history = History(commits(foreign), commits(foreign))
    before = OLD.replace(b"was 2023.05.2", foreign.replace("\n", " ").replace("\r", " ").encode("utf-8", "replace"))
    after = before.replace(b"2023.05.3", b"2023.05.4")
    hostile = Change(pin("backend", foreign), pin("backend", f"{foreign}2"), history, Unknown(foreign))
    lost = replace(backend_change(Unknown(foreign)), before=pin("backend", foreign))
    text = shown(proposed(planned(plan(hostile, lost, before=before, after=after))))
    plain = shown(proposed(planned(plan(backend_change(history), backend_change(Unknown("x"))))))
    assert headings_of(text) == headings_of(plain)
    kinds = {token.type for token in tokens(text)}
    assert kinds <= {*(token.type for token in tokens(plain)), "html_inline", "softbreak"}
    assert "image" not in kinds
    links = {token.attrs["href"] for token in tokens(text) if token.type == "link_open"}
    assert all(str(link).startswith(f"{GITHUB}/") for link in links), links
    assert not any("\u202e" in line or "\x1b" in line for line in text.splitlines())
    assert not any("@octocat" in token.content for token in tokens(text) if token.type == "text")


def headings_of(markdown: str) -> list[str]:
    """The headings as a parser finds them."""
    found = tokens(markdown)
    return [found[at + 1].content for at, token in enumerate(found) if token.type == "heading_open"]
