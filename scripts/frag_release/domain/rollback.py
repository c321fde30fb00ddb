"""An older release, deployed again without being built: its `release.json` speaks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .components import Pin
from .expectations import Expected
from .findings import Finding, demoted
from .release_record import ReleaseRecord

_RECORDED = "Only a warning, for release.json is the evidence of a rollback"


class RecordError(ValueError):
    """What `release.json` says is not enough to deploy that release again, or contradicts something."""


def expected_of(record: ReleaseRecord, given: Expected) -> Expected:
    """Return what a release must still be; raises RecordError where the record lacks it or inputs say otherwise."""
    if not record.digest:
        raise RecordError("it does not hold the digest of the stack's image")
    recorded = Expected(record.commit, record.digest, {one.name: one.digest for one in record.components})
    pairs = [("expected-stack-commit", given.stack_commit, recorded.stack_commit)]
    pairs += [("expected-stack-digest", given.stack_digest, recorded.stack_digest)]
    pairs += [
        (f"expected-{name}-digest", digest, recorded.digests.get(name, "")) for name, digest in given.digests.items()
    ]
    for name, typed, old in pairs:
        if typed and typed != old:
            raise RecordError(f"it says {old or 'nothing'} where the input {name} says {typed}")
    return recorded


def image_of(record: ReleaseRecord) -> tuple[str, str]:
    """Return name and tag of the recorded image; raises RecordError where it is not the release's.

    Whether its tag has the `v` of the release's is as it was then, whatever image-tag-format says now.
    """
    name, _, tag = record.image.rpartition(":")
    if not name or record.tag not in (tag, f"v{tag}"):
        raise RecordError(f"its image is {record.image!r}, and the release is {record.tag}")
    return name, tag


def check_pins(record: ReleaseRecord, pins: Sequence[Pin]) -> None:
    """Raise RecordError where the recorded pair is not, or cannot be seen to be, the workflow file's at its commit.

    A file that is there no more, or that reads otherwise, contradicts nothing: it has its own finding.
    """
    for pin in pins:
        if pin.unread:
            raise RecordError(f"{pin.file} at its commit could not be read to compare the pair: {pin.unread.reason}")
        component = record.component(pin.component.name)
        if pin.in_file and (component is None or component.tag != pin.in_file.text):
            says = f"{pin.component.name} {component.tag}" if component else f"no {pin.component.name}"
            raise RecordError(f"it says {says}, and {pin.file} at its commit {pin.in_file.text!r}")


def as_rollback(findings: Sequence[Finding], why: str = _RECORDED) -> list[Finding]:
    """Return what findings mean for a rollback, or for another release that is not built; `why` says why.

    Those on components warn, for what they look at may be gone or may have changed since, and nothing is built
    of it. Those on the stack's own tag stand.
    """
    return [one if one.subject == "stack" else _as_warning(one, why) for one in findings]


def _as_warning(finding: Finding, why: str) -> Finding:
    if not finding.status.blocks:
        return finding
    return replace(demoted(finding, why), remedy="Nothing to do for the rollback. Look at it by day.")
