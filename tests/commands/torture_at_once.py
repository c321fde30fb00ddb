"""Twenty pairs of simultaneous runs of `announce`, and of `deploy`: one ticket, one card, one job that stays.

Every second pair meets at its write; of the others chance decides what each of the two sees. `make torture` runs it and
prints how many tickets and jobs were made.
"""

from __future__ import annotations

import pytest

from commands.at_once import announced, apart, demand_one_job, demand_one_ticket, deployed
from commands.conftest import World
from commands.deployment import Deployment
from commands.desk import FULL, Desk
from commands.signals import Record

PAIRS = range(20)


@pytest.mark.parametrize("seed", PAIRS)
def test_two_announcements(unseeded: World, record_property: Record, seed: int) -> None:
    """Whatever they see of each other, one ticket is open, it has the one card, and a third run writes nothing."""
    desk = Desk.of(unseeded)
    desk.board.takes_all = True
    record_property("pair", ["announce", demand_one_ticket(desk, announced(desk, FULL, apart(seed)))])


@pytest.mark.parametrize("seed", PAIRS)
def test_two_deployments(ready: Deployment, record_property: Record, seed: int) -> None:
    """Whatever they see of each other, one job runs, both runs follow it, and no job is cancelled that has begun."""
    record_property("pair", ["deploy", demand_one_job(ready, deployed(ready, apart(seed)))])
