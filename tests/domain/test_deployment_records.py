"""Which deployment records are believed, and what they say of releases that were taken back."""

from __future__ import annotations

import datetime
import re
from dataclasses import replace
from typing import Any

import pytest

from frag_release.domain.builds import Build, Job
from frag_release.domain.deployment_records import (
    DEPLOY,
    Deployed,
    Filed,
    Record,
    RunFacts,
    Status,
    judge,
    read_deployed,
    taken_back,
)
from frag_release.domain.evidence import Unknown
from frag_release.domain.refs import DEFAULT_FORMAT
from frag_release.domain.rollback import ROLLBACK

BUILD, FORM = ".github/workflows/build-main.yaml", ".github/workflows/deploy.yaml"
NEW, OLD = "a" * 40, "b" * 40
TAGS: Any = {"2023.06.2": NEW, "2023.06.1": OLD}


def at(minute: int) -> datetime.datetime:
    """A minute of the morning of the release."""
    return datetime.datetime(2023, 6, 2, 10, minute, tzinfo=datetime.timezone.utc)


DEPLOYED = Deployed("2023.06.2", "sha256:1", {}, "deploy", run=7, attempt=1, run_job="deploy-production")
SUCCESS = Status("success", "AWX job 41: successful", at(12), 7)
FILED = Filed(1, NEW, "production", DEPLOY, True, at(10), DEPLOYED, (SUCCESS, Status("in_progress", "", at(10), 7)))
RUN = Build(7, BUILD, "push", "2023.06.2", NEW, 1, "in_progress", None, "")
JOB = Job("Deploy to production", "completed", "success", at(9), at(13), "")
FACTS = RunFacts(RUN, (JOB,), (re.compile("Deploy to production"),), TAGS)


def doubt(filed: Filed = FILED, **facts: Any) -> str:
    """Why a record is only claimed, with other facts than those of the worked example."""
    return judge(filed, replace(FACTS, **facts), (BUILD, FORM), ("master",), DEFAULT_FORMAT).doubt


def test_a_record_whose_run_checks_out_is_believed() -> None:
    """The build's run at the tag, at the recorded commit, whose deploy job ended well, though the run goes on."""
    assert judge(FILED, FACTS, (BUILD, FORM), ("master",), DEFAULT_FORMAT).is_believed


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"build": None}, "no run of this repository has reported its success"),
        ({"build": Unknown("GitHub answered 502")}, "its run could not be seen: GitHub answered 502"),
        ({"build": replace(RUN, workflow=".github/workflows/x.yaml")}, "its run is one of .github/workflows/x.y"),
        ({"build": replace(RUN, event="pull_request")}, "its run was started by pull_request"),
        ({"build": replace(RUN, branch="mine")}, "its run was at mine, which is neither a production tag nor a rel"),
        ({"build": replace(RUN, branch="2023.06.2-rc.1")}, "its run was at 2023.06.2-rc.1, which is neither"),
        ({"build": replace(RUN, head_sha=OLD)}, "the tag 2023.06.2 is not at bbbbbbbbbbbb"),
        ({"build": replace(RUN, branch="master", head_sha=OLD)}, "its run was at bbbbbbbbbbbb, but it records a"),
        ({"tags": {"2023.06.2": None}}, "the tag 2023.06.2 is not at aaaaaaaaaaaa"),
        ({"tags": {"2023.06.2": Unknown("no")}}, "the tag 2023.06.2 could not be seen: no"),
        ({"jobs": Unknown("no")}, "the jobs of its run could not be seen: no"),
        ({"names": Unknown("no")}, "the workflow file of its run could not be seen: no"),
        ({"names": ()}, "no job deploy-production of its run was running when success was reported"),
        ({"jobs": ()}, "no job deploy-production of its run was running"),
        ({"jobs": (replace(JOB, name="Deploy to staging"),)}, "no job deploy-production of its run was running"),
        ({"jobs": (replace(JOB, conclusion="failure"),)}, "its job Deploy to production is failure"),
        ({"jobs": (replace(JOB, conclusion=None, completed=None, status="in_progress"),)}, "its job Deploy to "),
        ({"jobs": (replace(JOB, completed=at(10)),)}, "no job deploy-production of its run was running when"),
        ({"jobs": (replace(JOB, started=None),)}, "no job deploy-production of its run was running when"),
    ],
)  # fmt: skip
def test_what_does_not_check_out_is_claimed(facts: Any, why: str) -> None:
    """Another repository's run, a failed job's, a branch's, another commit's, and whatever could not be seen."""
    assert doubt(**facts).startswith(why)


def test_an_attempt_that_failed_before_or_after_says_nothing_of_the_one_that_told() -> None:
    """Of several attempts of a job the one counts that went on when the success was told."""
    before = replace(JOB, conclusion="failure", started=at(0), completed=at(5))
    after = replace(JOB, conclusion="failure", started=at(30), completed=at(40))
    assert doubt(jobs=(before, JOB, after)) == ""


def test_a_rollback_is_held_to_the_commit_of_its_own_tag() -> None:
    """The form runs at another ref than it deploys; a record at a commit that is not the tag's is claimed."""
    back = replace(FILED, task=ROLLBACK, commit=OLD, deployed=replace(DEPLOYED, tag="2023.06.1", left="2023.06.2"))
    form = replace(RUN, workflow=FORM, event="workflow_dispatch")
    assert doubt(back, build=form) == ""
    assert doubt(back, build=replace(form, branch="master")) == ""
    assert doubt(replace(back, commit=NEW), build=form) == "the tag 2023.06.1 is not at aaaaaaaaaaaa"
    assert doubt(replace(back, task=DEPLOY), build=form) == "its run was at aaaaaaaaaaaa, but it records bbbbbbbbbbbb"


GOING = replace(FILED, statuses=(Status("in_progress", "AWX job 41: running", at(10), 7),))
GOING_JOB = replace(JOB, status="in_progress", conclusion=None, completed=None)


@pytest.mark.parametrize("filed", [GOING, replace(GOING, statuses=())], ids=["told", "just filed"])
def test_a_run_that_checks_out_goes_on_with_its_record(filed: Filed) -> None:
    """Its deploy job has begun and not ended; the record is not believed before that job has ended well."""
    record = judge(filed, replace(FACTS, jobs=(GOING_JOB,)), (BUILD, FORM), ("master",), DEFAULT_FORMAT)
    assert (filed.run, record.goes_on, record.is_believed, record.unseen) == (7, True, False, False)


@pytest.mark.parametrize(
    "facts",
    [
        {"build": None},
        {"build": replace(RUN, status="completed", conclusion="failure"), "jobs": (JOB,)},
        {"build": replace(RUN, workflow=".github/workflows/x.yaml")},
        {"build": replace(RUN, event="pull_request")},
        {"build": replace(RUN, branch="mine")},
        {"build": replace(RUN, head_sha=OLD)},
        {"jobs": (replace(GOING_JOB, name="build"),)},
        {"jobs": (replace(GOING_JOB, started=None, status="queued"),)},
        {"jobs": ()},
    ],
    ids=["another repository's", "ended", "another file's", "a pull request's", "a branch's", "of another commit",
         "of another job", "not begun", "without a job"],
)  # fmt: skip
def test_no_run_goes_on_with_a_forged_record(facts: Any) -> None:
    """It is claimed, whatever it says of itself."""
    record = judge(GOING, replace(FACTS, **{"jobs": (GOING_JOB,), **facts}), (BUILD, FORM), ("master",), DEFAULT_FORMAT)
    assert (record.goes_on, record.doubt) == (False, "its state is in_progress, not success")


def test_whether_a_run_goes_on_may_be_unseen() -> None:
    """Then another look may tell; a record whose newest status names no run of this repository has none."""
    assert judge(GOING, replace(FACTS, jobs=Unknown("no")), (BUILD, FORM), ("master",), DEFAULT_FORMAT).unseen
    foreign = replace(GOING, statuses=(Status("in_progress", "", at(11)), *GOING.statuses))
    assert (foreign.run, replace(GOING, statuses=(Status("failure", "", at(11), 7),)).run) == (0, 0)


@pytest.mark.parametrize(
    ("filed", "why"),
    [
        (replace(FILED, deployed=None), "this action did not file it"),
        (replace(FILED, statuses=()), "it has no status yet"),
        (replace(FILED, statuses=(Status("error", "", at(13)), SUCCESS)), "its state is error, not success"),
        (replace(FILED, statuses=(Status("inactive", "", at(13)), SUCCESS)), ""),
    ],
)  # fmt: skip
def test_the_newest_state_counts(filed: Filed, why: str) -> None:
    """What GitHub made inactive because another deployment followed was a success all the same."""
    assert doubt(filed) == why


def test_a_payload_is_bounded_and_read_back() -> None:
    """Whatever was typed in; what somebody else has filed is nobody's deployment."""
    pair = {"backend": {"tag": "1.2.3", "namespace": "x", "digest": ""}}
    plain = replace(DEPLOYED, pair=pair, left="2023.06.1", job=41, time="2023-06-02T10:00:00+00:00")
    assert read_deployed(plain.as_payload()) == plain
    long = Deployed("t" * 1000, pair={f"{at}": {"tag": "x" * 1000} for at in range(100)}).as_payload()
    assert len(str(long)) < 10_000
    odd: list[Any] = [None, "", [], {}, {"by": "frag-release-action"}, {"by": "me", "schema": 1}]
    assert [read_deployed(one) for one in odd] == [None] * 6
    meddled = {"by": "frag-release-action", "schema": 1, "tag": 1, "components": [], "run": {"id": True}, "awx-job": -1}
    assert read_deployed(meddled) == Deployed("")


def record(tag: str, left: str = "", doubt: str = "") -> Record:
    """A record of a deployment, or of a rollback from `left`."""
    task = ROLLBACK if left else DEPLOY
    return Record(replace(FILED, task=task, deployed=replace(DEPLOYED, tag=tag, left=left)), doubt)


@pytest.mark.parametrize(
    ("records", "marks"),
    [
        ([record("1.0.2")], {}),
        ([record("1.0.1", left="1.0.2"), record("1.0.2")], {"1.0.2": "1.0.1"}),
        ([record("1.0.2"), record("1.0.1", left="1.0.2")], {}),
        ([record("1.0.1", left="1.0.2"), record("1.0.2"), record("1.0.0", left="1.0.2")], {"1.0.2": "1.0.1"}),
        ([record("1.0.2", left="1.0.1")], {}),
        ([record("1.0.1", left="latest")], {}),
        ([record("1.0.1", left="1.0.2", doubt="its job is failure")], {}),
        ([record("1.0.2", doubt="claimed"), record("1.0.1", left="1.0.2")], {"1.0.2": "1.0.1"}),
    ],
)
def test_what_a_rollback_left_is_taken_back_until_it_is_deployed_again(records: Any, marks: dict[str, str]) -> None:
    """Newest first; what is only claimed says nothing, and going forward leaves nothing behind."""
    assert {tag: to for tag, to in taken_back(records, DEFAULT_FORMAT).items() if to} == marks
