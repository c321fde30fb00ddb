"""Some of the faults that servers can have, at some of the requests of each command; `torture_faults.py` has all."""

from __future__ import annotations

import random

import pytest

from commands.faults import Tally, Torture
from commands.scenarios import READERS, WRITERS
from world.fault_proxy import FAULTS, Stranger


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", [*WRITERS, *READERS])
def test_some_requests_with_faults(request: pytest.FixtureRequest, stranger: Stranger, name: str) -> None:
    """What the seed chose breaks no promise, and a run without faults makes the rest."""
    torture, tally = Torture(name, request, stranger), Tally()
    cases = [case for fault in FAULTS for case in torture.cases(fault)]
    torture.run(random.Random(f"21 {name}").sample(cases, 2), tally)
    assert (tally.ran, tally.broken) == (2, [])
