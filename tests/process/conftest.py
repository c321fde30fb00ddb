"""What the tests of the example workflow share: its text, and a runner for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from process.bundle import bundle_action
from process.gates import ACTION, COMMIT, ROOT, SWITCHES
from process.releases import Releases, record_deployments
from world.act import Run, Runner
from world.events import Event, push_tag
from world.example import Example
from world.registry import Registry
from world.stand_ins import fixed_gate, stand_ins

GateRun = Callable[..., Run]


@pytest.fixture(scope="session")
def example_workflow() -> str:
    """The text of the example workflow, as users copy it."""
    return (ROOT / "examples" / "build-main.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def bundled_action(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The action with its dependencies beside it, as a published release has them."""
    return bundle_action(ROOT, tmp_path_factory.mktemp("action") / "frag-release-action")


@pytest.fixture
def releases(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    example: Example,
    example_workflow: str,
    bundled_action: Path,
    registry: Registry,
) -> Releases:
    """The worked example on the local forge, or on the GitHub emulator where the parameter is `github`."""
    forge = getattr(request, "param", "local")
    github = request.getfixturevalue("github") if forge == "github" else None
    return Releases(tmp_path / "runs", example_workflow, bundled_action, example, registry, github)


@pytest.fixture
def run_with_gate(tmp_path: Path, example_workflow: str) -> GateRun:
    """Run the example with a gate that gives fixed outputs, or that only records its inputs (None)."""

    def run(
        outputs: Mapping[str, str] | None,
        *,
        event: Event | None = None,
        switches: Mapping[str, str] = SWITCHES,
        change: Callable[[str], str] = str,
        exit_code: int = 0,
        seconds: int = 0,
        fails: tuple[str, ...] = (),
        interrupt_at: str | None = None,
        again: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
    ) -> Run:
        text = record_deployments(change(example_workflow))
        instead = {}
        if outputs is not None:
            gate = fixed_gate(tmp_path / "gate", outputs, exit_code=exit_code, seconds=seconds, again=again)
            instead[ACTION] = gate
        used = stand_ins(text, tmp_path / "stand-ins", calls=tmp_path / "calls", instead=instead, fails=fails)
        runner = Runner(tmp_path, used, secrets=secrets or {})
        return runner.run(
            text,
            event or push_tag("2023.06.2", COMMIT),
            variables=switches,
            interrupt_at=interrupt_at,
        )

    return run
