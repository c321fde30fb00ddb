"""Every command, at every request, with every fault, once and for good. `make torture` runs it, in parts if asked to.

One case again: FAULTS_ONLY='gate .* HEAD .* 401 . once'.
"""

from __future__ import annotations

from dataclasses import asdict

import pytest

from commands.faults import Tally, Torture, is_mine
from commands.scenarios import READERS, WRITERS
from commands.signals import Record
from world.fault_proxy import FAULTS, Stranger


@pytest.mark.parametrize("name", [*WRITERS, *READERS])
@pytest.mark.parametrize("fault", FAULTS)
def test_every_request_with_a_fault(
    request: pytest.FixtureRequest, record_property: Record, stranger: Stranger, name: str, fault: str
) -> None:
    """No promise is broken wherever it strikes, and a run without faults makes the rest."""
    torture, tally = Torture(name, request, stranger), Tally()
    cases = torture.cases(fault)
    tally.of = len(cases)
    try:
        torture.run(filter(is_mine, cases), tally)
    finally:
        record_property("faults", [name, asdict(tally)])
    assert tally.broken == []
