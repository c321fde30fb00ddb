"""The summary of a deployment: what it says at each stage, and what foreign text can do to it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from frag_release.domain.awx_jobs import AwxForm, Job, JobProgress
from frag_release.domain.evidence import Image, Unknown
from frag_release.domain.facts import Released
from frag_release.domain.reports import Action, Problem
from frag_release.domain.reports.deploy import DeployReport, Stage, Target
from frag_release.domain.reports.gate import GateReport
from frag_release.domain.site import LineLook, OtherPage, SiteLook
from frag_release.render.deploy import job_line, record_description
from render.hostile import HOSTILE, tokens
from render.reports import good_facts, report, unjudged, with_backend
from render.shown import deploy_summary, deploy_text

GITHUB = "https://github.com"
IMAGE = Image("docker.io/xchem/fragalysis-stack", "2023.06.2", "sha256:" + "d" * 64)
JOB = Job(7, 1, False, "Production", "successful", "https://awx.example/#/jobs/playbook/7/output", elapsed=200.0)
THERE = LineLook("Stack 2023.06.2", True, "'Stack 2023.06.2' is there")
NEVER_BEGAN = replace(JOB, status="failed", has_begun=False, elapsed=0.0)
SITE = SiteLook("https://site.example/viewer/", [THERE], 200, 5000, '"Stack 2023.06.2"')
NOT_THERE = replace(SITE, lines=[replace(THERE, found=False)])
PRODUCTION = Target("production", True)
PROBLEM = Problem("It went wrong.", "Mend it.", 1)


def deployed(judged: GateReport | None = None, **changes: Any) -> DeployReport:
    """A deployment that went well, with changes."""
    return replace(DeployReport(judged or report(), PRODUCTION, IMAGE, job=JOB, site=SITE), **changes)


def own(outcome: str, judged: GateReport | None = None, **changes: Any) -> DeployReport:
    """One by a step of the workflow's own, which ended so; empty before it."""
    return deployed(judged, **{"job": None, "site": None, "outcome": outcome, **changes})


STAGES = [
    (deployed(), Stage.DEPLOYED, 0, "## ✅ Deployed — "),
    (deployed(site=None), Stage.DEPLOYED, 0, "## ✅ Deployed — "),
    (deployed(job=None, site=None, dry_run=True), Stage.PLANNED, 0, "## 📝 Planned, nothing launched — "),
    (deployed(job=None, site=None), Stage.READY, 1, "## 🚀 About to be launched — "),
    (deployed(job=None, site=None, problem=PROBLEM), Stage.NOT_LAUNCHED, 1, "## ⛔ Not launched — "),
    (deployed(job=None, site=None, problem=PROBLEM, launch_sent=True), Stage.NOT_KNOWN, 1, "## ❓ Not known whether"),
    (deployed(refusal="No."), Stage.REFUSED, 1, "## ⛔ Refused — "),
    (deployed(problem=PROBLEM, site=NOT_THERE), Stage.NOT_SHOWN, 1, "## ❌ Not seen on the site"),
    (deployed(problem=PROBLEM, site=None, job=replace(JOB, status="failed")), Stage.JOB_FAILED, 1, "## ❌ The depl"),
    (deployed(problem=PROBLEM, site=None, job=NEVER_BEGAN), Stage.NOT_BEGUN, 1, "## ❌ Nothing deployed: the job n"),
    (deployed(problem=PROBLEM, site=None, job=replace(JOB, status="running")), Stage.LEFT, 1, "## ⏳ Not known to be"),
    (deployed(report(with_backend(good_facts(), image=Unknown("503")))), Stage.REFUSED, 1, "## ⛔ Refused — "),
    (own(""), Stage.HANDED_OVER, 0, "## 🚀 Verified, and handed over — "),
    (own("", dry_run=True), Stage.PLANNED, 0, "## 📝 Planned, nothing handed over — "),
    (own("", problem=PROBLEM), Stage.NOT_LAUNCHED, 1, "## ⛔ Not handed over — "),
    (own("", refusal="No."), Stage.REFUSED, 1, "## ⛔ Refused — "),
    (own("success", site=SITE), Stage.DEPLOYED, 0, "## ✅ Deployed — "),
    (own("success", site=NOT_THERE, problem=PROBLEM), Stage.NOT_SHOWN, 1, "## ❌ Not seen on the site"),
    (own("success", report(with_backend(good_facts(), image=Unknown("503")))), Stage.UNVERIFIED, 1, "## ❌ Deployed, "),
    (own("failure", problem=PROBLEM), Stage.JOB_FAILED, 1, "## ❌ The deployment failed — "),
    (own("cancelled", problem=PROBLEM), Stage.LEFT, 1, "## ⏳ Not known to be"),
    (own("skipped", problem=PROBLEM), Stage.NOT_BEGUN, 1, "## ❌ Nothing deployed: the step was skipped"),
    (own("skipped", dry_run=True), Stage.PLANNED, 0, "## 📝 Planned, nothing handed over — "),
]  # fmt: skip


@pytest.mark.parametrize(("made", "stage", "status", "first"), STAGES)
def test_the_verdict_comes_first_and_success_is_rare(made: DeployReport, stage: Stage, status: int, first: str) -> None:
    """Each way to end has its heading, and only a job that was successful, or a plan, ends with status 0."""
    summary = deploy_summary(made, GITHUB)
    assert (made.stage, made.exit_status) == (stage, status)
    assert summary.startswith(first)
    assert summary.splitlines()[0].endswith("`2023.06.2` on `production`")
    if stage is not Stage.READY:
        assert summary.split("### ")[1].startswith("What to do next")
    assert made.as_json()["verdict"] == ("blocked" if made.judged.failed_rules else "deploy")


def test_a_refusal_advises_another_run_only_where_that_can_help() -> None:
    """A tag that was moved stays so: nothing says that this can be run again."""
    facts = good_facts()
    assert facts.stack
    moved = report(replace(facts, stack=replace(facts.stack, tag_commit="9" * 40)))
    assert "\n2. Nothing was launched.\n" in deploy_summary(deployed(moved, job=None, site=None), GITHUB)
    unseen = report(with_backend(facts, image=Unknown("503")))
    text = deploy_summary(deployed(unseen, job=None, site=None), GITHUB)
    assert "\n2. Nothing was launched. This can be run again at any time.\n" in text


def test_the_site_that_is_to_be_looked_at_is_a_link() -> None:
    """In the summary it can be clicked; the log has the address once."""
    problem = Problem("It does not show it.", f"Look at {SITE.url} yourself.", 1)
    made = deployed(problem=problem, site=NOT_THERE)
    assert f"1. Look at [`{SITE.url}`]({SITE.url}) yourself." in deploy_summary(made, GITHUB)
    assert f"1. Look at {SITE.url} yourself." in deploy_text(made)


@pytest.mark.parametrize(("outcome", "state", "words"), [
    ("", "in_progress", "Verified: the step that deploys is next"),
    ("success", "success", "The step that deploys succeeded, and the site shows it"),
    ("failure", "failure", "The step that deploys failed"),
    ("cancelled", "error", "The step that deploys was cancelled"),
    ("skipped", "error", "The step that deploys was skipped: nothing was deployed"),
])  # fmt: skip
def test_the_record_of_a_step_says_how_it_ended(outcome: str, state: str, words: str) -> None:
    """Only a step that succeeded makes a record a success, and the words are those of a step, not of a job."""
    problem = None if outcome in ("", "success") else PROBLEM
    made = own(outcome, site=SITE if outcome == "success" else None, problem=problem)
    assert (made.record_state(is_conclusive=True), record_description(made)) == (state, words)
    assert made.to_deploy == ("" if outcome else f"{IMAGE.name}@{IMAGE.digest}")


def test_a_site_that_showed_it_before_says_so_first() -> None:
    """What was there before the launch is no sign of this job: the verdict says so, and the job is to be looked at."""
    summary = deploy_summary(deployed(site_before=SITE), GITHUB)
    assert "was successful and the site shows it, as it did before the launch.**" in summary
    assert "1. Look at the job: the site showed this release even before it ran." in summary
    assert "as it did before" not in deploy_summary(deployed(site_before=NOT_THERE), GITHUB)


def test_a_problem_keeps_its_own_status() -> None:
    """A missing right in AWX is wrong use."""
    assert deployed(job=None, site=None, problem=replace(PROBLEM, exit_status=2)).exit_status == 2


def test_a_failure_in_production_leads_to_the_way_back() -> None:
    """Whoever reads of a failed deployment is told what helps, and how to go back."""
    summary = deploy_summary(deployed(problem=PROBLEM, job=replace(JOB, status="failed"), site=None), GITHUB)
    assert "1. Mend it.\n2. If the site is broken meanwhile, go back: see *The way back* below" in summary
    assert "### The way back" in summary


def test_the_way_back_names_the_template_that_was_launched() -> None:
    """Here AWX is known to be what deploys."""
    summary = deploy_summary(deployed(), GITHUB)
    assert (
        "By hand: launch the template in AWX for the image" in summary and "with the tool that deploys" not in summary
    )


def test_a_job_that_was_left_is_cancelled_before_anything_goes_back() -> None:
    """Two jobs side by side would leave to chance what runs, so that job comes first."""
    summary = deploy_summary(deployed(problem=PROBLEM, job=replace(JOB, status="running"), site=None), GITHUB)
    assert (
        "2. If the site is broken meanwhile, first cancel that job in AWX and wait until it has ended, then go back: "
        "see *The way back*"
    ) in summary


def test_staging_has_no_way_back() -> None:
    """A failed staging deployment sends nobody to take production back."""
    staging = Target("awx/fragalysis-staging", False)
    failed = deployed(problem=PROBLEM, job=replace(JOB, status="failed"), site=None, target=staging)
    summary = deploy_summary(failed, GITHUB)
    assert "way back" not in summary
    assert "rollback" not in summary


def test_nothing_is_to_be_gone_back_from_where_nothing_was_deployed() -> None:
    """A refused or a planned deployment, and one whose job never began, has a card of one line."""
    refused = deployed(report(with_backend(good_facts(), image=Unknown("503"))), job=None, site=None)
    never = deployed(problem=PROBLEM, site=None, job=NEVER_BEGAN)
    assert "If the site is broken meanwhile" not in deploy_summary(never, GITHUB)
    for made in (refused, never, deployed(job=None, site=None, dry_run=True)):
        card = deploy_summary(made, GITHUB).partition("### The way back\n\n")[2].partition("\n\n")[0]
        assert card == "This run deployed nothing, so there is nothing to roll back."


def test_the_card_names_the_image_that_was_deployed() -> None:
    """By hand it is the image of the input stack-image that is launched."""
    judged = replace(report(), image_name="docker.io/dev/fragalysis-stack")
    by_hand = "launch the template in AWX for the image `dev/fragalysis-stack:2023.06.1`"
    assert by_hand in deploy_summary(deployed(judged), GITHUB)


def test_the_card_says_what_to_type_in_awx() -> None:
    """Template, link, and each variable that is the tag or the digest; no others, which may hold secrets."""
    form = AwxForm("https://awx.example", "Production Stack", ("stack_image_tag",), ("digest",))
    card = deploy_summary(deployed(replace(report(), awx=form)), GITHUB).partition("### The way back")[2]
    assert (
        "Nothing is verified. In [AWX](https://awx.example), the template `Production Stack` with "
        "`stack_image_tag`: `2023.06.1`, `digest`: the digest of that image."
    ) in card


def rolled_back(released: Released, **changes: Any) -> str:
    """The card of a rollback to 2023.06.2, while 2023.07.1 is the newest tag."""
    facts = good_facts()
    assert facts.stack is not None
    stack = replace(facts.stack, higher=["2023.06.3", "2023.07.1"], rollback=True)
    judged = replace(report(replace(facts, stack=stack)), released=released)
    made = deployed(judged, target=replace(PRODUCTION, rollback=True), **changes)
    return deploy_summary(made, GITHUB).partition("### The way back\n\n")[2].partition("\n###")[0]


def test_after_a_rollback_the_card_leads_forward() -> None:
    """The newest release is named if it was seen, else the newest tag, and what to do if that was never released."""
    assert rolled_back(Released(["2023.06.3", "2023.06.1"], True)).startswith("The newest release is [`2023.06.3`](")
    card = rolled_back(Released(["2023.06.1"], True))
    assert card.startswith("The newest tag is [`2023.07.1`](")
    assert "It may have been blocked or never released: if [Releases](" in card
    assert "Once it is safe to run again, deploy it:" in card
    left = Released(["2023.07.1", "2023.06.3", "2023.06.1"], True, {"2023.07.1": "2023.06.2"})
    assert rolled_back(left).startswith("The newest release is [`2023.06.3`](")
    left = replace(left, taken_back={"2023.07.1": "", "2023.06.3": "2023.06.2"})
    assert rolled_back(left).startswith("Every higher release was taken back. Release the fix under")


def test_a_rollback_that_was_refused_leads_further_back() -> None:
    """Production still has to go back: an older release is another way."""
    card = rolled_back(Released(["2023.07.1", "2023.05.9"], True), refusal="No.", job=None, site=None)
    assert card.startswith("This run deployed nothing. If `2023.06.2` stays refused, use an older release.")
    assert "The last good release is [`2023.05.9`](" in card


def test_what_nobody_has_checked_is_said() -> None:
    """Without a site to look at, without a gate, without a release before: each is said or left out."""
    assert "no `verify-url` is set, so it was not checked." in deploy_summary(deployed(site=None), GITHUB)
    own = deployed(unjudged(), target=Target("developer", False, gated=False))
    summary = deploy_summary(own, GITHUB)
    assert "(not production, not gated)" in summary
    assert "1. no gate: ✅ done" in summary
    assert "The way back" not in summary


@pytest.mark.parametrize("name", HOSTILE)
def test_foreign_text_changes_nothing_in_the_document(name: str) -> None:
    """Names of jobs, states, environments, pages and problems stay text, whatever they hold."""

    def made(text: str) -> DeployReport:
        job = replace(JOB, name=text, status=text)
        others = [OtherPage("https://site.example/", problem=text)]
        site = replace(SITE, excerpt=text, lines=[LineLook(text, False, text)], others=others)
        target = Target(text, True)
        problem, did = Problem(text, text, 1), (Action(f"Launched {text}", "https://awx.example/"),)
        image = replace(IMAGE, tag=text)
        return deployed(job=job, site=site, target=target, problem=problem, actions=did, notes=(text,), image=image)

    def kinds(text: str) -> list[str]:
        plain = ("text", "code_inline", "html_inline", "softbreak")
        return [token.type for token in tokens(deploy_summary(made(text), "")) if token.type not in plain]

    assert kinds(name) == kinds("nonsense")


def test_the_log_has_the_findings_once() -> None:
    """Before the launch the findings are listed, after it they are not repeated."""
    assert "PASS" in deploy_text(deployed(job=None, site=None))
    assert "PASS" not in deploy_text(deployed())


def test_a_line_on_a_job() -> None:
    """Number, state, time, and why it cannot be seen."""
    assert job_line(JobProgress(replace(JOB, status="running"))) == "AWX job 7: running for 3 min 20 s"
    assert job_line(JobProgress(replace(JOB, status="canceled"))) == "AWX job 7: canceled after 3 min 20 s"
    assert job_line(JobProgress(replace(JOB, elapsed=0.0), "503")) == "AWX job 7: successful | 503"
