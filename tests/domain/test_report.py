"""The report: the schema that other tools and later releases read."""

from __future__ import annotations

import datetime
import json
from dataclasses import replace
from typing import Any

import pytest

from domain.worked_example import (
    BACKEND,
    BACKEND_COMMIT,
    DIGEST,
    STACK_COMMIT,
    WORKFLOW_FILE,
    backend,
    frontend,
    pins,
    release,
)
from frag_release.domain.decision import Circumstances, decide
from frag_release.domain.evidence import Image, Unknown
from frag_release.domain.facts import ReleaseFacts
from frag_release.domain.refs import Ref
from frag_release.domain.reports import known_commit, known_image
from frag_release.domain.reports.gate import GateReport
from frag_release.domain.rules import Occasion, judge

NOON = datetime.datetime(2023, 6, 20, 12, 0, 30, tzinfo=datetime.timezone.utc)


def report(facts: ReleaseFacts | None = None, ref: str = "refs/tags/2023.06.2", **changes: Any) -> GateReport:
    """The report on a ref, of the worked example where nothing else is given."""
    facts = facts or release()
    made = GateReport(
        version="1.0.0",
        time=NOON,
        ref=Ref(ref),
        repository="Org/fragalysis-stack",
        commit=STACK_COMMIT,
        decision=decide(Circumstances(Ref(ref), "push", ("master",)), judge(Occasion.DEPLOYMENT, facts)),
        facts=facts,
    )
    return replace(made, **changes)


def test_the_report_has_the_fields_of_the_schema() -> None:
    """Every level has exactly the keys that the contract names, in JSON as it is written."""
    written = json.loads(json.dumps(report().as_json()))
    assert set(written) == {
        "schema", "command", "action-version", "time", "verdict", "ref", "stack", "previous", "components", "findings",
        "actions", "headline", "planned", "notes", "problem",
    }  # fmt: skip
    assert set(written["stack"]) == {"repository", "tag", "commit", "image", "digest"}
    assert set(written["previous"]) >= {"tag", "components"}
    for component in written["components"]:
        assert set(component) == {"name", "repository", "tag", "namespace", "commit", "image", "digest", "built-from"}
    for finding in written["findings"]:
        assert set(finding) == {
            "rule", "subject", "status", "demoted-from", "message", "remedy", "url", "file", "line",
        }  # fmt: skip


def test_the_report_of_the_worked_example() -> None:
    """The values are those of the release, its pair and what the registry holds."""
    written = report().as_json()
    assert (written["schema"], written["command"], written["action-version"]) == (1, "gate", "1.0.0")
    assert written["time"] == "2023-06-20T12:00:30Z"
    assert (written["verdict"], written["ref"]) == ("deploy", "refs/tags/2023.06.2")
    assert written["stack"] == {
        "repository": "Org/fragalysis-stack",
        "tag": "2023.06.2",
        "commit": STACK_COMMIT,
        "image": "docker.io/org/fragalysis-stack:2023.06.2",
        "digest": None,
    }
    assert written["previous"]["tag"] == "2023.06.1"
    assert [(one["name"], one["tag"]) for one in written["previous"]["components"]] == [
        ("backend", "2023.04.9"),
        ("frontend", "2023.05.4"),
    ]
    assert written["components"][0] == {
        "name": "backend",
        "repository": "org/fragalysis-backend",
        "tag": "2023.05.1",
        "namespace": "org",
        "commit": BACKEND_COMMIT,
        "image": "docker.io/org/fragalysis-backend:2023.05.1",
        "digest": DIGEST,
        "built-from": BACKEND_COMMIT,
    }
    assert written["actions"] == []
    assert len(written["findings"]) == 28


def test_a_blocked_report_names_the_rules_and_the_place() -> None:
    """What failed is listed as `rule:subject`, and its finding has status, file and line."""
    made = report(release(components=(backend(commit=None), frontend(image=Unknown("the server answered 503")))))
    assert made.failed_rules == ["pin-exists:backend", "pin-image:frontend"]
    written = made.as_json()
    assert written["verdict"] == "blocked"
    assert written["stack"]["image"] is None
    (finding,) = [one for one in written["findings"] if one["status"] == "fail"]
    assert (finding["rule"], finding["file"], finding["line"]) == ("pin-exists", WORKFLOW_FILE, 4)
    assert finding["url"] is None
    assert written["components"][0]["commit"] is None


def test_a_demoted_finding_says_what_it_was() -> None:
    """`demoted-from` holds the status before a finding became a warning."""
    made = report(release(components=(backend(commit=None), frontend())), ref="refs/heads/master")
    (finding,) = [one for one in made.as_json()["findings"] if one["demoted-from"]]
    assert (finding["rule"], finding["status"], finding["demoted-from"]) == ("pin-exists", "warn", "fail")


@pytest.mark.parametrize(
    ("ref", "tag"),
    [
        ("refs/tags/2023.06.2", "2023.06.2"),
        ("refs/tags/heads/x", "heads/x"),
        ("refs/heads/2023.06.2", ""),
        ("refs/heads/refs/tags/2023.06.2", ""),
        ("refs/pull/7/merge", ""),
    ],
)
def test_only_a_tag_is_a_stack_tag(ref: str, tag: str) -> None:
    """The stack's tag is the name of a tag ref, and empty (null in the report) for anything else."""
    made = report(ref=ref)
    assert made.tag == tag
    assert made.as_json()["stack"]["tag"] == (tag or None)


@pytest.mark.parametrize("previous", [None, Unknown("the server answered 503")])
def test_no_previous_release_is_null(previous: Any) -> None:
    """A previous release that is not there or could not be read is null."""
    assert report(release(previous=previous)).as_json()["previous"] is None


def test_what_is_not_known_is_null() -> None:
    """A commit or digest that was not seen is null, never made up."""
    facts = backend(commit=Unknown("x"), image=Unknown("y"), pin=pins(tag="latest")[0])
    written = report(release(components=(facts, frontend()))).as_json()["components"][0]
    assert (written["commit"], written["digest"]) == (None, None)
    assert (written["tag"], written["image"]) == ("latest", "docker.io/org/fragalysis-backend:latest")


def test_a_component_without_an_image_has_none() -> None:
    """Where the stack uses no image of a component, the report has neither image nor digest."""
    facts = backend(image=None, pin=pins(backend=replace(BACKEND, image="none"))[0])
    assert known_image(facts) is None
    written = report(release(components=(facts, frontend()))).as_json()["components"][0]
    assert (written["image"], written["digest"]) == (None, None)


def test_an_image_is_referred_to_by_digest_where_it_is_known() -> None:
    """`name@digest` where the registry told the digest, `name:tag` where it did not."""
    assert Image("docker.io/o/b", "1.2.3", DIGEST).reference == f"docker.io/o/b@{DIGEST}"
    assert Image("docker.io/o/b", "1.2.3", None).reference == "docker.io/o/b:1.2.3"


def test_a_commit_that_is_not_known_is_empty() -> None:
    """Outputs hold an empty commit where it is not known or the tag does not exist."""
    assert known_commit(backend()) == BACKEND_COMMIT
    assert known_commit(backend(commit=None)) == ""
    assert known_commit(backend(commit=Unknown("x"))) == ""
