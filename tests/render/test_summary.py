from __future__ import annotations

from dataclasses import replace

import pytest

from domain.worked_example import BACKEND_COMMIT, DIGEST
from frag_release.domain.evidence import Image, Placement, Run, Unknown
from frag_release.domain.facts import NOT_ASKED, Recorded, Released, ReleaseFacts
from frag_release.domain.findings import Allowance, Finding, Status
from frag_release.domain.reports.gate import GateReport
from frag_release.domain.rules import CATALOGUE
from frag_release.render.next_steps import remedies
from frag_release.render.picture import OF_COMPONENT
from render.reports import good_facts, pin, report, unjudged, with_backend
from render.shown import error_summary, gate_summary

GITHUB = "https://github.com"
OFF_BRANCH = {"placement": Placement(frozenset())}


def headings(markdown: str) -> list[str]:
    """The headings of a document, in order."""
    lines = [line for line in markdown.splitlines() if line.startswith("#")]
    return [line.lstrip("#").strip() for line in lines]


def card_of(made: GateReport) -> str:
    """What the card on the way back says."""
    return (
        gate_summary(made, GITHUB).partition("### The way back\n")[2].partition("\n<details>")[0].partition("\n###")[0]
    )


@pytest.mark.parametrize(
    ("made", "first"),
    [
        (report(), "## ✅ May be deployed to production — `2023.06.2`"),
        (report(with_backend(good_facts(), **OFF_BRANCH)), "## ⛔ Blocked — `2023.06.2`"),
        (unjudged("refs/tags/2023.06.2-rc.1"), "## 🔨 Build only — `2023.06.2-rc.1`"),
        (unjudged(), "## 🔨 Build only — stack branch `master`"),
    ],
)
def test_the_verdict_comes_first(made: GateReport, first: str) -> None:
    """The first line is the verdict with the name of what was judged, the next heading what to do."""
    summary = gate_summary(made, GITHUB)
    assert summary.splitlines()[0] == first
    assert headings(summary)[1:3] == ["What to do next", "The pair"]


def test_a_branch_named_like_a_release_is_called_a_branch() -> None:
    """Neither the verdict nor the table shows the name of a branch as if it were a release."""
    summary = gate_summary(unjudged("refs/heads/2023.06.2"), "")
    assert summary.splitlines()[0] == "## 🔨 Build only — branch `2023.06.2`"
    assert "| `2023.06.2` (branch)<br>➖ not checked |" in summary


def test_the_reason_follows_the_verdict() -> None:
    """One sentence says why, before all else."""
    lines = gate_summary(report(), GITHUB).splitlines()
    assert lines[2] == "**2023.06.2 passed every check that was made and may be deployed to production.**"


def test_what_to_do_names_failures_before_what_is_unknown() -> None:
    """Remedies of failures come first; what could not be verified says so and to run again."""
    absent = Image("docker.io/xchem/fragalysis-backend", "2023.05.1", None)
    facts = with_backend(good_facts(), placement=Unknown("GitHub answered 503"), image=absent)
    summary = gate_summary(report(facts), GITHUB)
    steps = [line for line in summary.splitlines() if line[:2] in ("1.", "2.", "3.")]
    assert steps[0].startswith("1. ❌ **backend** (`pin-image`): ")
    assert "or pin a tag whose image is there" in steps[0]
    assert steps[1].startswith("2. ❔ **backend** (`pin-on-branch`): Could not verify that ")
    assert steps[1].endswith("run this again.")
    assert "**new** tag" in steps[2]


def test_nothing_but_unknown_asks_for_nothing_but_another_run() -> None:
    """Where nothing failed, no new tag is asked for."""
    summary = gate_summary(report(with_backend(good_facts(), image=Unknown("503"))), GITHUB)
    assert "2. Then re-run this job." in summary
    assert "**new** tag" not in summary


def test_one_remedy_is_told_once() -> None:
    """Findings with the same remedy share a step, which names them all."""
    why = Unknown("GitHub did not answer")
    summary = gate_summary(report(with_backend(good_facts(), image=why, placement=why)), GITHUB)
    assert "1. ❔ **backend** (`pin-on-branch`), **backend** (`pin-image`): Could not verify that " in summary


def test_several_findings_say_what_was_found() -> None:
    """Each of a group says what was found, as a sentence of its own, and three of them at most."""
    why = Unknown("ghcr.io requires a login (401)", "Log in.")
    facts = replace(good_facts(), components=[replace(one, image=why) for one in good_facts().components])
    assert (
        "(`pin-image`): "
        "Could not verify the image docker.io/xchem/fragalysis-backend:2023.05.1: ghcr.io requires a login (401).<br>"
        "Could not verify the image docker.io/xchem/fragalysis-frontend:2023.05.4: ghcr.io requires a login (401).<br>"
        "→ Log in.\n"
    ) in gate_summary(report(facts), GITHUB)
    findings = [Finding("pin-ci", "backend", "1.2.3", Status.UNKNOWN, f"No {at}.", "Wait.") for at in range(4)]
    assert remedies(findings)[0].endswith(": No 0.<br>No 1.<br>No 2.<br>…<br>→ Wait.")


def test_another_run_is_only_advised_where_it_can_help() -> None:
    """A tag that was moved, or a pin that is no release, stays so; CI may pass after all."""
    facts = good_facts()
    assert facts.stack
    moved = replace(facts, stack=replace(facts.stack, tag_commit="9" * 40))
    assert "Do not run this again." in gate_summary(report(moved), GITHUB)
    red = [replace(one, conclusion="failure") for one in facts.components[0].runs or ()]  # type: ignore[union-attr]
    for wrong, helps in (
        (moved, False),
        (with_backend(facts, pin=pin("backend", "2023.05.1-1")), False),
        (with_backend(moved, runs=red), False),
        (with_backend(facts, runs=red), True),
        (with_backend(facts, runs=red, image=Unknown("503")), True),
    ):
        summary = gate_summary(report(wrong), GITHUB)
        assert "**new** tag; do not move `2023.06.2`." in summary
        assert ("If everything was fixed elsewhere, re-run." in summary.partition("### The pair")[0]) is helps


def test_only_our_own_addresses_become_links() -> None:
    """The run that is to be looked at can be clicked, in the steps and in the table; what a name holds cannot."""
    run, foreign = "https://github.com/backend/7", "www.evil.example.yaml"
    red = [Run(foreign, "b" * 40, "completed", "failure", run)]
    chosen = pin("backend", "2023.05.1")
    facts = with_backend(good_facts(), pin=replace(chosen, component=replace(chosen.component, ci_workflows=())))
    summary = gate_summary(report(with_backend(facts, runs=red)), GITHUB)
    assert summary.count(f"Fix what is wrong, then re-run it at [`{run}`]({run}) (") == 2
    assert "[www&#46;evil.example.yaml](https://github.com/backend/7)" in summary
    assert foreign not in summary
    waiting = [replace(red[0], status="in_progress", conclusion=None)]
    summary = gate_summary(report(with_backend(facts, runs=waiting)), GITHUB)
    assert f"Wait until it has ended ([`{run}`]({run}))" in summary


def test_a_pull_request_is_told_to_push_again() -> None:
    """What is wrong in a pull request needs no tag."""
    facts = replace(with_backend(good_facts(), **OFF_BRANCH), stack=None)
    summary = gate_summary(report(facts, "refs/pull/7/merge", "pull_request"), GITHUB)
    assert "Push the correction to this pull request" in summary


def test_another_tag_is_told_how_to_reach_production() -> None:
    """A build that does not go to production says what would."""
    summary = gate_summary(unjudged("refs/tags/2023.06.2-rc.1"), GITHUB)
    assert "To release to production, give a commit of the stack branch a tag `YEAR.MONTH.ITERATION`" in summary


def test_a_terminal_is_not_told_that_something_was_started() -> None:
    """Outside of a workflow run nothing goes on."""
    facts = good_facts()
    assert facts.stack
    summary = gate_summary(report(replace(facts, stack=replace(facts.stack, run_commit=None))), "")
    assert "Nothing was started" in summary
    assert "this run continues" not in summary


def test_warnings_are_pointed_out_before_a_deployment() -> None:
    """A release that passes with warnings says so in the first step."""
    odd = with_backend(good_facts(), previous=pin("backend", "2024.01.1"))
    assert "1. Look at the 1 warning below first." in gate_summary(report(odd), GITHUB)


def test_the_pair_is_a_table_with_links_and_words() -> None:
    """Tag, commit, branch, CI, image and age are there, each linked, each mark with its word."""
    row = next(line for line in gate_summary(report(), GITHUB).splitlines() if line.startswith("| **[backend]"))
    cells = [cell.strip() for cell in row.strip("|").split(" | ")]
    assert cells == [
        "**[backend](https://github.com/xchem/fragalysis-backend)**",
        "[`2023.05.1`](https://github.com/xchem/fragalysis-backend/releases/tag/2023.05.1)<br>✅ passed",
        f"[`bbbbbbbbbb`](https://github.com/xchem/fragalysis-backend/commit/{'b' * 40})",
        "[`production`](https://github.com/xchem/fragalysis-backend/tree/production)<br>✅ passed",
        "[ci.yaml](https://github.com/backend/7)<br>✅ passed",
        "`xchem/fragalysis-backend:2023.05.1`<br>`sha256:dddddddddddd`<br>origin `bbbbbbbbbb`<br>✅ passed",
        "3 days ago",
    ]


def test_a_commit_that_could_not_be_had_is_not_shown_as_none() -> None:
    """No tag, no answer and no question are three different things."""
    for commit, cell in ((None, "➖ none"), (Unknown("503"), "❔ not verified"), (NOT_ASKED, "➖ not looked up")):
        summary = gate_summary(report(with_backend(good_facts(), commit=commit)), GITHUB)
        row = next(line for line in summary.splitlines() if line.startswith("| **[backend]"))
        assert row.split(" | ")[2] == cell


def test_the_stack_has_a_row_of_its_own() -> None:
    """The stack's tag stands beside the pair, with the tag alone of the image: nobody has told the gate its name."""
    row = next(line for line in gate_summary(report(), GITHUB).splitlines() if line.startswith("| **[stack]"))
    assert "`2023.06.2`" in row
    assert "| tag `2023.06.2`<br>🔨 to be built |" in row
    assert "fragalysis-stack:2023.06.2" not in gate_summary(report(), GITHUB)
    assert row.endswith("| 2 hours ago |")


@pytest.mark.parametrize(
    ("changes", "cell"),
    [
        ({"image": Image("docker.io/a/b", "2023.05.1", None)}, "❌ failed"),
        ({"image": Unknown("503")}, "❔ not verified"),
        ({"image": None}, "⚠️ not checked"),
        ({}, "✅ passed"),
    ],
)
def test_every_status_has_a_mark_and_a_word(changes: dict[str, object], cell: str) -> None:
    """The image's cell tells by a word how its check came out."""
    summary = gate_summary(report(with_backend(good_facts(), **changes)), GITHUB)
    row = next(line for line in summary.splitlines() if line.startswith("| **[backend]"))
    assert row.split(" | ")[5].endswith(cell)


def test_local_clones_make_no_links() -> None:
    """Without a server there is no address to lead to; CI links come from elsewhere."""
    assert "github.com/xchem" not in gate_summary(report(), "")


def test_what_was_allowed_stands_out_before_the_steps() -> None:
    """An allowed finding is named in the open before anything else that is to be read."""
    allow = [Allowance("pin-image", "backend", "2023.05.1")]
    facts = with_backend(good_facts(), image=Unknown("the registry answered 503"))
    summary = gate_summary(report(facts, allow=allow), GITHUB)
    assert summary.startswith("## ✅ May be deployed")
    assert summary.index("⚠️ **ALLOWED by hand:** `pin-image:backend`") < summary.index("### What to do next")
    assert "| ⚠️&nbsp;allowed | `pin-image` |" in summary


def test_an_allowance_in_vain_is_told() -> None:
    """An allowance that changed nothing is named, so that it does not lie in wait."""
    summary = gate_summary(report(allow=[Allowance("pin-ci", "backend", "2023.03.1")]), GITHUB)
    assert "The allowance `pin-ci:backend@2023.03.1` had no effect" in summary


def test_what_was_switched_off_stands_out() -> None:
    """A pass without CI or images is never shown as if all had been checked."""
    facts = with_backend(good_facts(), runs=None, image=None)
    summary = gate_summary(report(facts), GITHUB)
    assert summary.index("> ⚠️ **CI not checked**") < summary.index("### What to do next")
    assert "> ⚠️ **Images not checked**, because `check-images` is `false`: backend." in summary
    assert "not checked**" not in gate_summary(report(), GITHUB)


def test_a_blocked_run_names_what_blocks() -> None:
    """The rules that refuse it stand beside the verdict."""
    summary = gate_summary(report(with_backend(good_facts(), **OFF_BRANCH)), GITHUB)
    assert summary.splitlines()[2] == (
        "**1 check failed.** Because of `pin-on-branch:backend`, this run builds and deploys nothing."
    )


def test_what_passed_is_folded_and_counted() -> None:
    """Passed checks are behind a fold that tells their number; what blocks is before it."""
    summary = gate_summary(report(with_backend(good_facts(), **OFF_BRANCH)), GITHUB)
    assert "<summary>27 checks passed</summary>" in summary
    assert summary.index("| ❌&nbsp;failed | `pin-on-branch`") < summary.index("<details>")


def test_a_finding_links_to_its_line() -> None:
    """What blocks leads to the line of the workflow file at the commit that was judged."""
    summary = gate_summary(report(with_backend(good_facts(), **OFF_BRANCH)), GITHUB)
    url = f"{GITHUB}/xchem/fragalysis-stack/blob/{'5' * 40}/.github/workflows/build-main.yaml#L21"
    assert f"[`.github/workflows/build-main.yaml:21`]({url})" in summary


def test_what_changed_since_the_previous_release_is_told() -> None:
    """Each component tells its version before and now, with a link to what changed."""
    summary = gate_summary(report(), GITHUB)
    assert "- **backend**: `2023.03.1` → `2023.05.1` ([what changed](" in summary
    assert "/fragalysis-backend/compare/2023.03.1...2023.05.1))" in summary


def test_the_way_back_is_a_card() -> None:
    """The tag before, what to do if it was never released, how to fill in the form, the image, what is not undone."""
    card = card_of(report())
    url = f"{GITHUB}/xchem/fragalysis-stack"
    assert (
        f"The previous tag is [`2023.06.1`]({url}/releases/tag/2023.06.1). It may have been blocked or never released: "
        f"if [Releases]({url}/releases) has older ones with a `release.json`, use the newest of these."
    ) in card
    assert (
        f"By the form, if the stack has one like `examples/deploy.yaml` of this action: [Actions]({url}/actions) &gt; "
        "Deploy &gt; Run workflow. *Use workflow from*: the newest production tag, under *Tags* (the environment "
        "refuses branches). *tag*: `2023.06.1`. *environment*: `production`. *rollback*: ticked."
    ) in card
    assert "deploy the image tag `2023.06.1` with the tool that deploys this stack, after" in card
    assert "Database migrations are not undone." in card
    assert "is there" not in card
    assert "good" not in card


def test_the_card_names_the_last_good_release_where_it_was_seen() -> None:
    """A tag before that was never released is not what to go back to, and whoever reads the warnings is told."""
    made = replace(report(), released=Released(["2023.04.2", "2023.05.1", "2023.07.1"], is_all=True))
    card = card_of(made)
    assert "The last good release is [`2023.05.1`]" in card
    assert "]. The previous tag, [`2023.06.1`]" not in card
    assert "its `release.json` is there. The previous tag, [`2023.06.1`](" in card
    assert "has none: it was blocked, never released, or released by hand." in card
    assert "*tag*: `2023.05.1`." in card
    summary = gate_summary(made, GITHUB)
    assert (
        "the previous tag (warnings that a component goes back compare with it, too). It has no release with a "
        "`release.json`"
    ) in summary


def test_the_card_passes_over_what_was_taken_back() -> None:
    """The release that production went back to is proposed, and what was left is named with the reason."""
    tags = ["2023.06.1", "2023.05.2", "2023.05.1"]
    card = card_of(replace(report(), released=Released(tags, True, {"2023.06.1": "2023.05.1"})))
    assert card.lstrip().startswith("The last good release is [`2023.05.1`](")
    assert "is there. Skipped, because production went back from them: [`2023.06.1`](" in card
    assert "*tag*: `2023.05.1`." in card and "The previous tag" not in card


def test_the_card_proposes_nothing_where_all_was_taken_back() -> None:
    """If production went back from every older release none is proposed, neither by the form nor by hand."""
    back = {"2023.06.1": "2023.05.1", "2023.05.1": ""}
    card = card_of(replace(report(), released=Released(list(back), True, back)))
    assert card.lstrip().startswith(
        "No older release is proposed: every public one with a `release.json` was taken back. Skipped, because "
        "production went back from them: [`2023.06.1`]("
    )
    assert "By the form" not in card and "with the tool that deploys this stack, after" in card


@pytest.mark.parametrize("tags", [[], ["2023.05.1"]], ids=["none has a record", "one has"])
def test_the_card_says_that_rollbacks_could_not_be_seen(tags: list[str]) -> None:
    """Whichever release it names, or none: it says once that nobody knows what was gone back from, and why."""
    card = card_of(replace(report(), released=Released(tags, True, unread="GitHub answered 500")))
    words = "could not be determined: GitHub answered 500. Check this before you go back to one."
    assert card.count(f"Whether a release was taken back {words}") == 1


def test_the_card_believes_the_record_of_the_tag_before() -> None:
    """Where only the record of the tag before was read, and that was taken back, it is not what to go back to."""
    recorded = Recorded("2023.06.1", BACKEND_COMMIT, DIGEST, ci_passed=True, taken_back=True)
    card = card_of(report(with_backend(good_facts(), recorded=recorded)))
    assert card.lstrip().startswith("The previous tag was taken back. It may have been blocked")
    assert "*tag*: that one." in card and "The last good" not in card


@pytest.mark.parametrize("is_all", [True, False])
def test_the_card_says_what_is_not_known_of_the_releases(is_all: bool) -> None:
    """If no older release has a record, neither that file nor the form is named; if not all were seen, both are."""
    card = card_of(replace(report(), released=Released(["2023.06.2"], is_all=is_all)))
    assert ("No older release has a record of its image, so you can only go back by hand." in card) is is_all
    assert ("By the form" in card, "release.json" in card, "deploy.yaml" in card) == (not is_all,) * 3
    assert "The previous tag is [`2023.06.1`]" in card
    assert "By hand: deploy the image tag `2023.06.1` with the tool that deploys this stack" in card


def test_no_page_links_to_a_form_that_may_not_be_there() -> None:
    """Nobody has looked whether the stack has a deploy.yaml, so no link leads there."""
    assert "actions/workflows/deploy.yaml" not in gate_summary(report(), GITHUB)


def test_a_stack_without_records_is_not_told_that_its_releases_never_ran() -> None:
    """Where no release has a record, the lack of one says nothing of the tag before."""
    made = replace(report(), released=Released([], is_all=True))
    assert "so production may never have run it" not in gate_summary(made, GITHUB)


def test_the_card_of_a_tag_before_that_could_not_be_seen() -> None:
    """Where it is not known which tag is before, the card sends people to the releases, and names none."""
    card = card_of(report(replace(good_facts(), previous=Unknown("GitHub answered 503"))))
    assert "The previous tag could not be read. It may have been blocked or never released: if [Releases]" in card
    assert "*tag*: that one." in card


def test_changes_that_could_not_be_looked_up_are_told() -> None:
    """Where the tag before could not be read, its section says so; for a pull request there is no such section."""
    lost = gate_summary(report(replace(good_facts(), previous=Unknown("GitHub answered 503"))), GITHUB)
    assert "The previous tag could not be read: GitHub answered 503." in lost
    assert "The previous tag" not in gate_summary(report(replace(good_facts(), previous=NOT_ASKED)), GITHUB)


def test_a_blocked_run_has_nothing_to_go_back_from() -> None:
    """Where nothing was deployed, the card is one line, and sends nobody back."""
    card = card_of(report(with_backend(good_facts(), **OFF_BRANCH)))
    assert card.strip() == "This run deployed nothing, so there is nothing to roll back."


def test_the_card_says_that_there_is_a_record_where_that_is_known() -> None:
    """Where release.json of the release before was seen the card says so; the record alone, which was read as
    evidence, does not say whether production went back from it, and nor does a list without the rollbacks."""
    known = replace(report(), released=Released(["2023.06.1"], is_all=True))
    assert "The last good release is [`2023.06.1`](" in card_of(known)
    assert "its `release.json` is there." in card_of(known)
    # It was not opened: one of an older workflow, or of an Enterprise Server, names no digest.
    assert "If that file records no digest, the form refuses it: use an older release" in card_of(known)
    recorded = with_backend(good_facts(), recorded=Recorded("2023.06.1", "b" * 40, "sha256:" + "d" * 64, True))
    assert "is there" not in card_of(report(recorded))
    unread = card_of(replace(report(), released=Released(["2023.06.1"], is_all=True, unread="<b>403</b>")))
    assert unread.lstrip().startswith("The newest older release with a `release.json` is [`2023.06.1`](")
    assert "could not be determined: &lt;b&gt;403&lt;/b&gt;. Check this before you go back to one." in unread
    lost = card_of(replace(report(), released=Unknown("GitHub answered 503")))
    assert "The releases could not be read: GitHub answered 503." in lost and "*tag*: that one." in lost


def test_the_first_release_has_none_before() -> None:
    """Without a previous release there is nothing to compare with."""
    summary = gate_summary(report(replace(good_facts(), previous=None)), GITHUB)
    assert "previous release\n" not in summary
    assert "The way back" not in summary


def test_a_build_that_is_not_judged_claims_nothing() -> None:
    """No mark of a check that was not made, and a sentence that says so."""
    summary = gate_summary(unjudged(), GITHUB)
    assert "None of this was verified" in summary
    assert "✅ passed" not in summary


def test_a_ref_that_cannot_be_resolved_still_has_a_summary() -> None:
    """With no commit and no pair there is a verdict and a step all the same."""
    unknown = Finding("tag-commit", "stack", "", Status.UNKNOWN, "What it points at: 503", "Run this again.")
    summary = gate_summary(report(ReleaseFacts(None, [], None), findings=[unknown]), GITHUB)
    assert summary.startswith("## ⛔ Blocked")
    assert "Run this again." in summary


def test_an_error_says_what_and_what_to_do() -> None:
    """A run that ended before a verdict tells the same way, and that nothing is deployed."""
    summary = error_summary("Stopped: nothing was decided", "The input ref is wrong: `<b>`.", "Name a tag.")
    assert summary.splitlines()[0] == "## ⛔ Stopped: nothing was decided"
    assert "**The input ref is wrong: <code>&lt;b&gt;</code>.**" in summary
    assert "1. Name a tag." in summary


def test_every_rule_on_a_component_has_its_column() -> None:
    """What blocks a component is seen in its row; only how it compares with the release before is told elsewhere."""
    shown = frozenset[str]().union(*(check.rules for check in OF_COMPONENT))
    assert {rule.id for rule in CATALOGUE if rule.subject == "component"} - shown == {"pin-order"}
