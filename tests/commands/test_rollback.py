"""The night of the rollback: an older release deployed again on the evidence of its release.json."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from commands.auditing import audit, releases_in
from commands.deployment import (
    AT_ONCE,
    NO_EXPECTATIONS,
    OLD,
    OTHER_DIGEST,
    REPOSITORY,
    TEMPLATE,
    Deployment,
    old_record,
)
from commands.test_prepare import ask, send
from frag_release.domain.release_record import with_baseline
from world.awx import ROBOT
from world.awx_jobs import ENDLESS
from world.events import dispatch
from world.example import BACKEND, FRONTEND
from world.faults import Reply
from world.github_releases import Release
from world.github_server import TOKEN
from world.program import Outcome


def record(ready: Deployment, built: str, **stack: Any) -> dict[str, Any]:
    """What `publish` would have left with the older release, with changes to its stack."""
    document = old_record(ready.world.example, ready.world.digests, built)
    document["stack"] |= stack
    return document


def publish(ready: Deployment, document: object, *, immutable: bool = False) -> None:
    """Make the older release, with this as its release.json."""
    release = ready.releases.add(REPOSITORY, OLD, files={"release.json": json.dumps(document).encode()})
    release.immutable = immutable


def roll_back(ready: Deployment, **more: str) -> Outcome:
    """Fill in the form on the stack branch, and send it."""
    event = dispatch("refs/heads/master", ready.world.commit("2023.06.2"))
    given = {"ref": f"refs/tags/{OLD}", "rollback": "true", "environment": "awx/fragalysis-production"}
    return ready.deploy(event, **{**NO_EXPECTATIONS, **given, **more})


def refused(ready: Deployment, outcome: Outcome, status: int = 1) -> bool:
    """Whether it was refused before AWX was asked anything."""
    return (outcome.status, ready.awx.requests, outcome.outputs["deploy-production"]) == (status, [], "false")


def test_the_night_of_the_rollback(ready: Deployment) -> None:
    """With the CI runs forgotten and the components' registry at 503, the older release is deployed by its record."""
    publish(ready, record(ready, ready.build(OLD)))
    ready.world.github.runs.clear()
    for name in (BACKEND, FRONTEND):
        ready.world.registry.fail("*", f"/v2/xchem/{name}/", status=503)
    outcome = roll_back(ready)
    assert outcome.status == 0, outcome.log
    assert ready.launched() == [{"stack_image_tag": OLD}]
    assert outcome.outputs["verdict"] == "deploy"
    assert outcome.outputs["job-status"] == "successful"
    findings = outcome.findings()
    assert findings["tag-order:stack"] == "skipped"
    assert (findings["tag-commit:stack"], findings["stack-image:stack"]) == ("pass", "pass")
    for name in ("backend", "frontend"):
        assert (findings[f"pin-ci:{name}"], findings[f"pin-image:{name}"]) == ("warn", "warn")
    assert outcome.report is not None
    demoted = {f"{one['rule']}:{one['subject']}": one["demoted-from"] for one in outcome.report["findings"]}
    assert (demoted["pin-ci:backend"], demoted["pin-image:backend"]) == ("unknown", "unknown")
    assert outcome.report["rollback"] is True
    assert outcome.summary.startswith(f"## ✅ Deployed — rollback to `{OLD}` on `awx/fragalysis-production`\n")
    assert "Database migrations are not undone: the older release runs on the database" in outcome.summary
    assert "The newest tag is [`2023.06.2`]" in outcome.summary
    assert "its template must pull from that name" not in outcome.summary
    assert "ALLOWED" not in outcome.summary


TICKET = "<!-- frag-release-action: ticket of xchem/fragalysis-stack 2023.06.2 -->"
END = "<!-- frag-release-action: end of the part that is kept up to date -->"
MARKER = "<!-- frag-release-action: taken back, xchem/fragalysis-stack 2023.06.2 -->"
WHEN = r"at [0-9]{2}:[0-9]{2} \(UTC\) on [0-9]{4}-[0-9]{2}-[0-9]{2}\."
BACK = rf"> ⚠️ Taken back to 2023\.06\.1 {WHEN}"
AGAIN = rf"> Deployed again {WHEN}"


def newest(ready: Deployment) -> Release:
    """Publish both releases, the newest immutable, and open its ticket; returns the newest."""
    publish(ready, record(ready, ready.build(OLD)))
    image = {
        "tag": "2023.06.2",
        "commit": ready.world.commit("2023.06.2"),
        "image": f"docker.io/{REPOSITORY}:2023.06.2",
    }
    document = record(ready, ready.digest, **image)
    for component, tag in zip(document["components"], ("2023.05.1", "2023.05.4"), strict=True):
        name = f"fragalysis-{component['name']}"
        component |= {"tag": tag, "digest": ready.world.digests[name][tag]}
    made = ready.releases.add(REPOSITORY, "2023.06.2", files={"release.json": json.dumps(document).encode()})
    made.body, made.immutable = "What is new.", True
    send(ready.world, "POST", "/issues", {"title": "Release 2023.06.2", "body": f"{TICKET}\n- [x] Seen\n\n{END}"})
    return made


def comments(ready: Deployment) -> list[str]:
    """The comments on the ticket."""
    return [one["body"] for one in ask(ready.world, "/issues/1/comments")]


def test_the_release_that_was_left_is_taken_back(ready: Deployment) -> None:
    """Its text and its ticket say when and by whom, once; deployed again, a later line says that, and it stands."""
    left = newest(ready)
    assert roll_back(ready, dry_run="true").status == 0 and (left.body, comments(ready)) == ("What is new.", [])
    first = roll_back(ready)
    assert first.status == 0, first.log
    told = re.fullmatch(rf"{MARKER}\n({BACK})\n\n{END}\n\nWhat is new\.", left.body)
    assert told, left.body
    assert comments(ready) == [f"{MARKER}\n{told[1]}\n\n{END}"]
    again = roll_back(ready)
    assert again.status == 0 and again.report and len(again.report["actions"]) == 2, again.log
    assert (re.findall(BACK, left.body), len(comments(ready))) == ([told[1]], 1)
    assert "Every higher release was taken back." in again.summary
    audited = audit(ready.world)
    marked = {tag: one["taken-back"] for tag, one in releases_in(audited).items() if tag in (OLD, "2023.06.2")}
    assert marked == {OLD: False, "2023.06.2": True}, audited.log
    assert ",&nbsp;taken&nbsp;back" in audited.summary
    forward = roll_back(ready, ref="refs/tags/2023.06.2")
    assert forward.status == 0, forward.log
    assert "2023.06.2 was taken back before" in forward.log
    assert re.match(rf"{MARKER}\n{BACK}\n>\n{AGAIN}\n\n{END}\n\nWhat is new\.", left.body)
    assert re.findall(AGAIN, comments(ready)[0]) and len(comments(ready)) == 1
    assert [one.body for one in ready.releases.releases if one.tag == OLD] == [""]


def test_what_could_not_be_marked_is_said(ready: Deployment) -> None:
    """Without the right to change the release the rollback ends well, the ticket is told, and a note says the rest."""
    left = newest(ready)
    refusal = {"message": "Resource not accessible by integration", "status": "403"}
    ready.world.github.fail("PATCH", "/releases/", status=403, body=refusal)
    outcome = roll_back(ready)
    assert (outcome.status, left.body) == (0, "What is new."), outcome.log
    assert "The text of the release does not state that 2023.06.2 was taken back to 2023.06.1:" in outcome.summary
    assert "contents: write" in outcome.summary
    assert re.findall(BACK, comments(ready)[0])


def test_a_baseline_is_taken_with_a_warning(ready: Deployment) -> None:
    """A record whose digest no build has named is evidence; log and summary say so, and what to make sure of."""
    publish(ready, record(ready, ready.build(OLD), **{"digest-source": "baseline"}))
    outcome = roll_back(ready)
    assert (outcome.status, ready.launched()) == (0, [{"stack_image_tag": OLD}]), outcome.log
    for text in (outcome.log, outcome.summary):
        assert "of this release is a baseline" in text and "Make sure that it is the image that ran." in text


def test_a_baseline_in_the_text_of_an_immutable_release_is_taken(ready: Deployment) -> None:
    """It is evidence as the file of a mutable release is; where it is no baseline, or broken, it is none."""
    document = record(ready, ready.build(OLD), **{"digest-source": "baseline"})
    release = ready.releases.add(REPOSITORY, OLD)
    release.immutable = True
    release.body = with_baseline("By hand.", REPOSITORY, OLD, json.dumps(document).encode()) or ""
    outcome = roll_back(ready)
    assert (outcome.status, ready.launched()) == (0, [{"stack_image_tag": OLD}]), outcome.log
    assert "of this release is a baseline" in outcome.log
    assert f"The record of {OLD} is in the release's text, which anyone with write access can" in outcome.log
    for change, why in (("baseline", "it is not a baseline"), ("schema", "it is not a report of schema 1")):
        release.body = release.body.replace(f'"{change}', '"x')
        refusal = roll_back(ready)
        assert (refusal.status, len(ready.launched())) == (1, 1)
        assert f"release.json in the text of the release {OLD} cannot be used: {why}" in refusal.log


def test_outside_production_nothing_is_taken_back(ready: Deployment) -> None:
    """An older release on staging says nothing of what production has."""
    left = newest(ready)
    outcome = roll_back(ready, environment="awx/fragalysis-staging")
    assert (outcome.status, left.body, comments(ready)) == (0, "What is new.", []), outcome.log


@pytest.mark.parametrize("immutable", [False, True, None], ids=["mutable", "immutable", "not told"])
def test_a_record_that_can_still_be_changed_is_told(ready: Deployment, immutable: bool | None) -> None:
    """Where the release is mutable, or GitHub does not say, log, summary and report say that it can be changed."""
    publish(ready, record(ready, ready.build(OLD)), immutable=bool(immutable))
    if immutable is None:
        ready.world.github.change_json("GET", "/releases/tags/", lambda release: release.pop("immutable"))
    outcome = roll_back(ready)
    assert outcome.status == 0, outcome.log
    words = f"release.json of {OLD} can still be changed by anyone with write access; make releases immutable"
    assert outcome.report is not None
    notes = "\n".join(outcome.report["notes"])
    assert [words in text for text in (outcome.log, outcome.summary, notes)] == [not immutable] * 3


@pytest.mark.parametrize("told", ["the tag", "the digest", "by the input"])
def test_an_image_of_another_name_is_told(ready: Deployment, told: str) -> None:
    """Where release.json has another name for the image, and AWX hears the tag alone, a warning says what to see to."""
    digest = ready.world.registry.push("dev/fragalysis-stack", OLD, revision="1" * 40)
    publish(ready, record(ready, digest, image=f"docker.io/dev/fragalysis-stack:{OLD}"))
    more = {
        "the tag": {},
        "the digest": {"extra_vars": '{"stack_image_tag": "{image-tag}", "digest": "{image-digest}"}'},
        "by the input": {"stack_image": "dev/fragalysis-stack"},
    }[told]
    outcome = roll_back(ready, **more)
    assert outcome.status == 0, outcome.log
    warning = "release.json names the image docker.io/dev/fragalysis-stack, but AWX receives only the tag"
    assert (warning in outcome.log) is (told == "the tag")
    assert ("must pull from that name" in outcome.summary) is (told == "the tag")
    assert "`dev/fragalysis-stack:2023.06.2`, after checking that it is still the released image" in outcome.summary


def test_it_does_not_end_green_beside_the_bad_releases_job(ready: Deployment) -> None:
    """A job of the bad release that was left running is named and nothing is launched; once it is cancelled, it is."""
    publish(ready, record(ready, ready.build(OLD)))
    ready.awx.templates[0].script = ENDLESS
    left = ready.deploy(wait_minutes="0")
    assert (left.status, left.outputs["job-status"]) == (1, "running")
    assert "first cancel that job in AWX and wait until it has ended" in left.summary
    ready.awx.templates[0].script = AT_ONCE
    (job,) = ready.awx.jobs
    outcome = roll_back(ready)
    assert (outcome.status, ready.awx.launches, outcome.outputs["job-id"]) == (1, 1, "")
    assert outcome.summary.startswith("## ⛔ Not launched — rollback to")
    for text in (outcome.log, outcome.summary):
        assert left.outputs["job-url"] in text
        assert "Cancel it in AWX, or wait until it has ended, then run this again." in text
    job.cancelled_at = 0
    assert roll_back(ready).status == 0
    assert ready.launched() == [{"stack_image_tag": "2023.06.2"}, {"stack_image_tag": OLD}]


def test_an_image_with_another_digest_is_refused(ready: Deployment) -> None:
    """Where the stack's image has another digest than recorded it is refused, naming both."""
    recorded = ready.build(OLD)
    publish(ready, record(ready, recorded))
    other = ready.build(OLD, "e")
    outcome = roll_back(ready)
    assert refused(ready, outcome)
    assert outcome.outputs["failed-rules"] == "stack-image:stack"
    assert recorded in outcome.summary
    assert other in outcome.summary


@pytest.mark.parametrize("status", [404, 503])
def test_an_image_that_is_gone_or_cannot_be_seen_is_refused(ready: Deployment, status: int) -> None:
    """The one image that counts must be there."""
    publish(ready, record(ready, ready.build(OLD)))
    ready.world.registry.fail("*", f"/v2/{REPOSITORY}/manifests/", status=status)
    outcome = roll_back(ready)
    assert refused(ready, outcome)
    assert outcome.outputs["failed-rules"] == "stack-image:stack"


def test_a_moved_tag_is_refused(ready: Deployment) -> None:
    """The tag must still point at the recorded commit."""
    publish(ready, record(ready, ready.build(OLD)))
    new = ready.world.commit("2023.06.2")
    send(ready.world, "PATCH", f"/git/refs/tags/{OLD}", {"sha": new, "force": True})
    outcome = roll_back(ready)
    assert refused(ready, outcome)
    assert outcome.outputs["failed-rules"] == "tag-commit:stack"
    assert ready.world.commit(OLD)[:12] in outcome.log
    assert new[:12] in outcome.log


def test_images_that_are_not_looked_at_stop_no_rollback(ready: Deployment) -> None:
    """With check-images false nobody asks for the components' images, and a warning says so."""
    publish(ready, record(ready, ready.build(OLD)))
    outcome = roll_back(ready, check_images="false")
    assert outcome.status == 0, outcome.log
    assert ready.launched() == [{"stack_image_tag": OLD}]
    assert {outcome.findings()[f"pin-image:{name}"] for name in ("backend", "frontend")} == {"warn"}
    asked = {
        one.path.rpartition("/manifests/")[0] for one in ready.world.registry.requests if "/manifests/" in one.path
    }
    assert asked == {f"/v2/{REPOSITORY}"}


def test_component_images_that_changed_since_only_warn(ready: Deployment) -> None:
    """Nothing is built of the components: another digest than recorded is a warning, with both."""
    document = record(ready, ready.build(OLD))
    document["components"][0]["digest"] = OTHER_DIGEST
    publish(ready, document)
    outcome = roll_back(ready)
    assert outcome.status == 0, outcome.log
    assert outcome.findings("warn")["pin-image:backend"] == "warn"
    assert OTHER_DIGEST in outcome.summary


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"digest": None}, "it does not contain the digest of the stack's image"),
        ({"digest": "sha256:1"}, "its digest is malformed"),
        ({"image": f"docker.io/{REPOSITORY}:2023.06.2"}, "but the release is 2023.06.1"),
        ({"tag": "2023.06.2"}, "describes"),
        ({"commit": "abc"}, "its commit is malformed"),
    ],
)
def test_a_record_that_is_not_enough_is_refused(ready: Deployment, change: dict[str, Any], words: str) -> None:
    """Without the stack's digest, or malformed, or of another release: refused, saying what is wrong."""
    publish(ready, record(ready, ready.build(OLD), **change))
    outcome = roll_back(ready)
    assert refused(ready, outcome)
    assert words in outcome.log


def test_another_pair_than_the_files_is_refused(ready: Deployment) -> None:
    """A record whose pair is not the one in the workflow file at its commit is no evidence."""
    document = record(ready, ready.build(OLD))
    document["components"][0]["tag"] = "2023.05.1"
    publish(ready, document)
    outcome = roll_back(ready)
    assert refused(ready, outcome)
    assert "it contains backend 2023.05.1" in outcome.log


def test_a_pair_that_cannot_be_compared_is_refused(ready: Deployment) -> None:
    """Where the workflow file cannot be read, nobody knows whether the record has the pair of that release."""
    publish(ready, record(ready, ready.build(OLD)))
    ready.world.github.fail("GET", "fragalysis-stack/contents/", status=503)
    outcome = roll_back(ready, timeout_seconds="50")
    assert refused(ready, outcome), outcome.log
    assert "could not be read to compare the pair" in outcome.log


@pytest.mark.parametrize("leads_to", [REPOSITORY, f"xchem/{BACKEND}", ""])
def test_a_stack_that_was_renamed_goes_back_too(ready: Deployment, leads_to: str) -> None:
    """Its older releases record the old name, which has to lead to it; that of another repository is refused."""
    publish(ready, record(ready, ready.build(OLD), repository="xchem/old-stack"))
    to = Reply(301, (("Location", f"{ready.world.github.url}/repos/{leads_to}"),))
    if leads_to:
        ready.world.github.add("GET", "/repos/xchem/old-stack$", lambda _: to)
    outcome = roll_back(ready)
    if leads_to == REPOSITORY:
        assert outcome.status == 0 and ready.launched() == [{"stack_image_tag": OLD}], outcome.log
    else:
        assert refused(ready, outcome), outcome.log
        assert "describes 'xchem/old-stack 2023.06.1'" in outcome.log


def test_a_baseline_from_before_the_stack_was_renamed_is_taken(ready: Deployment) -> None:
    """It stands in the release's text below the old name."""
    document = record(ready, ready.build(OLD), **{"digest-source": "baseline", "repository": "xchem/old-stack"})
    release = ready.releases.add(REPOSITORY, OLD)
    release.body = with_baseline("By hand.", "xchem/old-stack", OLD, json.dumps(document).encode()) or ""
    to = Reply(301, (("Location", f"{ready.world.github.url}/repos/{REPOSITORY}"),))
    ready.world.github.add("GET", "/repos/xchem/old-stack$", lambda _: to)
    outcome = roll_back(ready)
    assert (outcome.status, ready.launched()) == (0, [{"stack_image_tag": OLD}]), outcome.log


def test_a_mark_from_before_the_stack_was_renamed_counts(ready: Deployment) -> None:
    """The text of a release that was taken back has the old name, until a new line has the new one."""
    made = newest(ready)
    made.body = f"{MARKER.replace(REPOSITORY, 'xchem/old-stack')}\n> ⚠️ Taken back to {OLD} at 18:12 (UTC).\n\n{END}\n"
    marked = releases_in(audit(ready.world))
    assert (marked[OLD]["taken-back"], marked["2023.06.2"]["taken-back"]) == (False, True)
    assert roll_back(ready, ref="refs/tags/2023.06.2").status == 0
    assert releases_in(audit(ready.world))["2023.06.2"]["taken-back"] is False, made.body


@pytest.mark.parametrize("files", [None, {}, {"other.json": b"{}"}])
def test_without_a_record_it_is_refused(ready: Deployment, files: dict[str, bytes] | None) -> None:
    """No release, or one without release.json: refused, saying so and what to do."""
    ready.build(OLD)
    if files is not None:
        ready.releases.add(REPOSITORY, OLD, files=files)
    outcome = roll_back(ready)
    assert refused(ready, outcome)
    assert f"{REPOSITORY} has no release {OLD} with a release.json" in outcome.log


def test_inputs_must_agree_with_the_record(ready: Deployment) -> None:
    """What is expected comes from the record; an input that says otherwise is refused by its name."""
    digest = ready.build(OLD)
    publish(ready, record(ready, digest))
    assert roll_back(ready, expected_stack_digest=digest, dry_run="true").status == 0
    outcome = roll_back(ready, expected_stack_digest=OTHER_DIGEST)
    assert (outcome.status, ready.awx.launches) == (1, 0)
    assert "but the input expected-stack-digest is" in outcome.log


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"ref": ""}, "ref"),
        ({"ref": "refs/tags/nightly"}, "ref"),
        ({"environment": "staging", "ungated": "true"}, "ungated"),
        ({"environment": "staging", "production": "false"}, "production"),
        ({"image_tag": "2023.06.2"}, "image-tag"),
    ],
)
def test_a_rollback_names_a_release(ready: Deployment, given: dict[str, str], name: str) -> None:
    """A rollback needs a production tag and is judged: everything else is wrong use, named."""
    outcome = roll_back(ready, **given)
    assert refused(ready, outcome, 2)
    assert f"The input {name} " in outcome.log


def test_without_rollback_the_form_deploys_nothing_to_production(ready: Deployment) -> None:
    """The same form without rollback, even with all that is expected, is refused: the run belongs to another ref."""
    event = dispatch("refs/heads/master", ready.world.commit("2023.06.2"))
    outcome = ready.deploy(event, ref="refs/tags/2023.06.2")
    assert refused(ready, outcome)
    assert "this run belongs to another ref" in outcome.summary
    assert "tick *rollback*" in outcome.summary


def in_terminal(ready: Deployment, report: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Go back from a terminal: options for what is public, variables for secrets."""
    options = {
        "stack-repository": REPOSITORY,
        "ref": f"refs/tags/{OLD}",
        "rollback": "true",
        "github-api-url": ready.world.github.url,
        "registry-url": ready.world.registry.url,
        "awx-url": ready.awx.url,
        "awx-username": ROBOT.username,
        "awx-template": TEMPLATE,
        "report": str(report),
        **more,
    }
    command = [sys.executable, "-I", "-X", "utf8", str(ready.world.program.folder / "scripts"), "deploy"]
    command += [part for name, value in options.items() for part in (f"--{name}", value)]
    secrets = {"GITHUB_TOKEN": TOKEN, "AWX_PASSWORD": ROBOT.password}
    return subprocess.run(command, env={**os.environ, **secrets}, capture_output=True, text=True, check=False)


def test_it_works_from_a_terminal(ready: Deployment, tmp_path: Path) -> None:
    """Where Actions are down the same is done from a terminal; an environment that is not there is refused before."""
    publish(ready, record(ready, ready.build(OLD)))
    absent = in_terminal(ready, tmp_path / "report.json")
    assert (absent.returncode, ready.launched()) == (2, []), absent.stdout + absent.stderr
    assert f"{REPOSITORY} has no environment production, or the token cannot see it" in absent.stderr
    assert ready.world.github.deployments.environments == set()
    ready.world.github.deployments.environments.add("production")
    done = in_terminal(ready, tmp_path / "report.json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert ready.launched() == [{"stack_image_tag": OLD}]
    assert f"Deployed: rollback to {OLD} on production" in done.stdout
    assert ROBOT.password not in done.stdout
    assert json.loads((tmp_path / "report.json").read_text("utf-8"))["job"]["status"] == "successful"
    [filed] = ready.world.github.deployments.records
    assert (filed.states, filed.payload["run"]["id"]) == (["in_progress", "success"], 0)
    assert {one.log_url for one in filed.statuses} == {""}
