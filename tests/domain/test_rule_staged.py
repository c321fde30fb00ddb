"""The rule `staged`: what goes to production was on staging, as the very same image, for long enough."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import pytest

from frag_release.domain.deployment_records import DEPLOY, Deployed, Filed, Record, Staging, Status
from frag_release.domain.environments import is_staging
from frag_release.domain.evidence import Image, Unknown
from frag_release.domain.facts import StackImageFacts
from frag_release.domain.findings import Status as Outcome
from frag_release.domain.rules.deployment import staged

TAG, STAGING = "2023.06.2", "awx/fragalysis-staging"


def at(minute: int, second: int = 0) -> datetime.datetime:
    """A minute of the morning of the release."""
    return datetime.datetime(2023, 6, 2, 10, minute, second, tzinfo=datetime.timezone.utc)


def record(number: int, minute: int, doubt: str = "", **more: Any) -> Record:
    """A record that was filed and told of success in one minute."""
    deployed, told = Deployed(more.pop("tag", TAG), "sha256:1"), (Status("success", "", at(minute, 30), 7),)
    unseen, where = more.pop("unseen", False), more.pop("environment", STAGING)
    return Record(Filed(number, "a" * 40, where, DEPLOY, False, at(minute), deployed, told), doubt, unseen)


def finding(*same: Record, others: Any = (), minutes: int = 30, now: int = 50, tagged: Any = ()) -> Any:
    """What the rule says at that minute, with `others` filed after."""
    image = StackImageFacts("docker.io/xchem/fragalysis-stack", TAG, image=Image("x", TAG, "sha256:1"))
    return staged.judge(replace(image, staging=Staging(minutes, at(now), same, others, tagged)))


def test_the_same_image_that_stayed_long_enough_passes() -> None:
    """From 10:00:30 to 10:30:30 are the thirty minutes; who replaced it later changes nothing."""
    assert (finding(record(1, 0)).status, finding(record(1, 0)).message) == (
        Outcome.PASS,
        "2023.06.2 has been on awx/fragalysis-staging as the same image since 10:00 UTC on 2023-06-02.",
    )
    assert finding(record(1, 0), others=[record(2, 31, tag="other")]).status is Outcome.PASS
    assert finding(record(1, 49), minutes=0).status is Outcome.PASS


def test_what_is_too_young_says_when_to_run_again() -> None:
    """Thirty minutes after 10:25:30, in full minutes."""
    young = finding(record(1, 25))
    assert young.status is Outcome.FAIL
    assert young.message.endswith("since 10:25 UTC on 2023-06-02, but must stay there for 30 minutes.")
    assert young.remedy == "Run this again at 10:56 UTC on 2023-06-02, or later."


def test_what_was_replaced_after_a_minute_is_refused() -> None:
    """By another image that is believed, in the same environment; deployed there again, the last stay counts."""
    other = record(2, 1, tag="master")
    replaced = finding(record(1, 0), others=[other])
    assert (replaced.status, "but master replaced it at 10:01 UTC" in replaced.message) == (Outcome.FAIL, True)
    assert finding(record(3, 5), record(1, 0), others=[other]).status is Outcome.PASS
    assert finding(record(3, 40), record(1, 0), others=[other]).status is Outcome.FAIL
    elsewhere = record(2, 1, tag="master", environment="stage-2")
    assert finding(record(1, 0), others=[elsewhere]).status is Outcome.PASS


def test_a_claimed_record_neither_permits_nor_refuses() -> None:
    """A forged one of this image is no proof, and a forged one after it only warns."""
    claimed = finding(record(1, 0, "its run was at mine"))
    assert (claimed.status, "is not believed: its run was at mine." in claimed.message) == (Outcome.FAIL, True)
    warned = finding(record(1, 0), others=[record(2, 1, "its run was at mine", tag="mine")])
    assert (warned.status, "A record of mine claims to have replaced it" in warned.message) == (Outcome.WARN, True)


def test_what_is_being_replaced_waits_for_the_end_of_that() -> None:
    """A later deployment whose run checks out and goes on may be there already; one that comes too late may not."""
    rolling = replace(record(2, 10, "its state is in_progress, not success", tag="master"), goes_on=True)
    found = finding(record(1, 0), others=[rolling])
    assert (found.status, found.remedy) == (Outcome.UNKNOWN, "Run this again when that deployment has ended.")
    assert "that master has not replaced 2023.06.2 on awx/fragalysis-staging: its deployment goes on" in found.message
    late = replace(rolling, filed=record(2, 31).filed)
    assert finding(record(1, 0), others=[late]).status is Outcome.PASS


@pytest.mark.parametrize(
    ("given", "status", "says"),
    [
        ({}, Outcome.FAIL, "No deployment record of an environment whose name contains `staging` has its digest."),
        ({"tagged": ["sha256:2"]}, Outcome.FAIL, "under this tag is another one, sha256:2."),
        ({"same": record(1, 0, "no", unseen=True)}, Outcome.UNKNOWN, "verify the record of 2023.06.2 on awx/f"),
        ({"same": record(1, 0), "others": [record(2, 1, "no", tag="m", unseen=True)]}, Outcome.UNKNOWN,
         "verify that m has not replaced 2023.06.2 on awx/fragalysis-staging: no."),
    ],
)  # fmt: skip
def test_no_proof_blocks(given: Any, status: Outcome, says: str) -> None:
    """Never there, there as another image under the same tag, and what could not be seen: that says to try again."""
    found = finding(*filter(None, [given.pop("same", None)]), **given)
    assert (found.status, says in found.message) == (status, True), found.message


def test_records_that_cannot_be_listed_are_unknown_and_a_rollback_is_not_asked() -> None:
    """The first is worth another run; the way back waits for nothing."""
    facts = StackImageFacts("x", TAG, staging=Unknown("GitHub answered 502"))
    assert staged.judge(facts).status is Outcome.UNKNOWN
    assert staged.judge(replace(facts, rollback=True)).status is Outcome.SKIPPED
    assert staged.judge(StackImageFacts("x", TAG)).status is Outcome.SKIPPED


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("awx/fragalysis-staging", True), ("Stage_2", True), ("awx/fragalysis-developer", False), ("qa", False),
     ("pre-production-staging", False), ("production", False), ("backstage", False)],
)  # fmt: skip
def test_only_a_name_that_says_so_is_staging(name: str, is_one: bool) -> None:
    """A developer's own stack proves nothing, and a name that speaks of production is production."""
    assert is_staging(name) is is_one
