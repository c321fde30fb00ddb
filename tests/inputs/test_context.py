"""The run that we are part of, read from the environment."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from frag_release.inputs.context import Context, read_context


def test_an_empty_environment_is_a_terminal() -> None:
    """Without any variable this is a terminal that talks to the public GitHub."""
    assert read_context({}) == Context()
    assert not Context().on_runner
    assert Context().api_url == "https://api.github.com"


@pytest.mark.parametrize("value", ["", "false", "1", "TRUE"])
def test_only_the_runner_says_true(value: str) -> None:
    """Anything but the runner's own `GITHUB_ACTIONS=true` is a terminal."""
    assert not read_context({"GITHUB_ACTIONS": value}).on_runner


def test_a_run_is_read(tmp_path: Path) -> None:
    """Every variable of a run is read, and its event with it."""
    event = tmp_path / "event.json"
    event.write_text(
        json.dumps({"repository": {"default_branch": "main"}, "pull_request": {"base": {"sha": "a" * 40}}})
    )
    found = read_context(
        {
            "GITHUB_ACTIONS": "true",
            "GITHUB_REPOSITORY": "org/stack",
            "GITHUB_REF": "refs/pull/7/merge",
            "GITHUB_SHA": "b" * 40,
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_API_URL": "https://ghe.example.org/api/v3",
            "GITHUB_SERVER_URL": "https://ghe.example.org",
            "GITHUB_OUTPUT": "/o",
            "GITHUB_STEP_SUMMARY": "/s",
            "RUN_TOKEN": "t0ken",
            "GITHUB_RUN_ID": "4711",
        }
    )
    assert (found.on_runner, found.repository, found.ref) == (True, "org/stack", "refs/pull/7/merge")
    assert (found.sha, found.event_name) == ("b" * 40, "pull_request")
    assert (found.api_url, found.server_url) == ("https://ghe.example.org/api/v3", "https://ghe.example.org")
    assert (found.output_file, found.summary_file, found.run_token) == ("/o", "/s", "t0ken")
    assert (found.default_branch, found.pull_request_base) == ("main", "a" * 40)
    assert found.run_url == "https://ghe.example.org/org/stack/actions/runs/4711"
    assert [one.run_url for one in (replace(found, run_id=0), replace(found, repository=""))] == ["", ""]
    assert replace(found, server_url="javascript:x").run_url == ""
    queued = {"merge_group": {"base_sha": "b" * 40, "head_sha": "c" * 40}}
    assert replace(found, event=queued).pull_request_base == "b" * 40


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="cut"),
        pytest.param(b"[]", id="list"),
        pytest.param(b"null", id="null"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b"[" * 200_000, id="nested without end"),
        pytest.param(b'{"x": ' + b"9" * 5_000 + b"}", id="number of 5,000 digits"),
        pytest.param(b'{"repository": 1, "pull_request": []}', id="other types"),
        pytest.param(b'{"repository": {"default_branch": 1}, "pull_request": {"base": null}}', id="other types within"),
        pytest.param(b'{"repository": {}, "pull_request": {"base": {"sha": 7}}}', id="number as a commit"),
    ],
)
def test_a_malformed_event_counts_as_empty(content: bytes, tmp_path: Path) -> None:
    """An event that is not as it should be tells nothing, and stops nothing."""
    event = tmp_path / "event.json"
    event.write_bytes(content)
    found = read_context({"GITHUB_EVENT_PATH": str(event)})
    assert (found.default_branch, found.pull_request_base) == ("", "")


@pytest.mark.parametrize("path", ["", "/nowhere/event.json", "/", "a\0b"])
def test_an_event_that_cannot_be_read_counts_as_empty(path: str) -> None:
    """An event file that is not there tells nothing, and stops nothing."""
    assert read_context({"GITHUB_EVENT_PATH": path}).event == {}
