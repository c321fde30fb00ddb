"""The time zone of prepare, also on a machine without the data of time zones."""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Iterator

import pytest

from frag_release.errors import UsageError
from frag_release.inputs.settings.prepare import read_prepare_settings
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
