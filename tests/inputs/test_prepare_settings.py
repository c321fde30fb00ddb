"""The time zone of prepare, also on a machine without the data of time zones."""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Iterator

import pytest

from frag_release.domain.new_tags import next_tag
from frag_release.domain.refs import DEFAULT_FORMAT
from frag_release.errors import UsageError
from frag_release.inputs.settings.release import read_prepare_settings
from inputs.inputs_given import context, values

NIGHT = datetime.datetime(2026, 8, 31, 23, 30, tzinfo=datetime.timezone.utc)


@pytest.fixture
def without_data() -> Iterator[None]:
    """A machine as a slim image makes it."""
    path = zoneinfo.TZPATH
    zoneinfo.ZoneInfo.clear_cache()
    zoneinfo.reset_tzpath(to=[])
    yield
    zoneinfo.reset_tzpath(to=path)


def month(name: str) -> int:
    """The month that the last night of August is of, in a time zone."""
    given = {"timezone": name} if name else {}
    return NIGHT.astimezone(read_prepare_settings(values(command="prepare", **given), context()).timezone).month


@pytest.mark.usefixtures("without_data")
@pytest.mark.parametrize("name", ["", "UTC", "Etc/UTC"])
def test_the_default_needs_no_data(name: str) -> None:
    """UTC is known everywhere, so a run that names no other zone starts on any machine."""
    assert month(name) == 8


@pytest.mark.usefixtures("without_data")
@pytest.mark.parametrize("name", ["Europe/London", "Europe/Londn"])
def test_missing_data_is_told_as_missing_data(name: str) -> None:
    """Without any data no name can be judged: the remedy is to install it, not another name."""
    with pytest.raises(UsageError) as error:
        month(name)
    assert error.value.remedy == "This machine has no time-zone data: install tzdata, or use UTC."


@pytest.mark.skipif(not zoneinfo.available_timezones(), reason="this machine has no time-zone data")
@pytest.mark.parametrize("name", ["Europe/Londn", "Europe", "../etc/passwd", "/etc/passwd"])
def test_a_name_that_is_none_is_told_as_such(name: str) -> None:
    """Where there is data, what is not found is a wrong name; in London that night September has begun."""
    assert month("Europe/London") == 9
    with pytest.raises(UsageError, match="timezone") as error:
        month(name)
    assert error.value.remedy == "Use a name such as Europe/London or UTC."


@pytest.mark.skipif(not zoneinfo.available_timezones(), reason="this machine has no time-zone data")
@pytest.mark.parametrize(("name", "tag"), [
    ("", "2026.12.4"),
    ("America/New_York", "2026.12.4"),
    ("Europe/Berlin", "2027.01.1"),
])  # fmt: skip
def test_the_year_of_a_new_tag_is_that_of_the_zone(name: str, tag: str) -> None:
    """On New Year's Eve at 23:30 UTC it is next year in Berlin, whose first tag is of January."""
    given = {"timezone": name} if name else {}
    zone = read_prepare_settings(values(command="prepare", **given), context()).timezone
    eve = datetime.datetime(2026, 12, 31, 23, 30, tzinfo=datetime.timezone.utc)
    assert next_tag(eve.astimezone(zone).date(), ["2026.12.3"], DEFAULT_FORMAT) == tag


@pytest.mark.parametrize("given", ["component-token", "token"])
def test_the_workflows_own_token_tags_no_component(given: str) -> None:
    """Its tags start nothing, so it is refused by name, in whichever input it is; a dry run only looks."""
    asked = {"command": "prepare", "backend_tag": "new", given.replace("-", "_"): "ghs_own"}
    with pytest.raises(UsageError, match=f"workflow's own token \\(GITHUB_TOKEN\\) in {given}"):
        read_prepare_settings(values(**asked), context(run_token="ghs_own"))
    assert read_prepare_settings(values(**asked, dry_run="true"), context(run_token="ghs_own")).tags_with_own_token
