"""The way back: an older release that is deployed again without a build, and the mark on a release that was taken back.

The evidence is the older release's `release.json`. The mark, in the release's text, permits nothing.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence

from ..dataclass import dataclass, replace
from .components import Pin
from .facts import Released
from .findings import Finding, demoted
from .release_record import MOST_TEXT, KeptText, ReleaseRecord, name_in
from .rules.deployment import Expected
from .versions import parse_production_tag

ROLLBACK = "deploy:rollback"
"""The `task` of a rollback's deployment record."""

_TAKEN = "taken back,"
_RECORDED = "Only a warning, because release.json is the evidence of a rollback"
_TAKEN_BACK = re.compile(r"> ⚠️ Taken back to (v?[0-9.]+) at .*")
_AGAIN = re.compile(r"> Deployed again at .*")
_LOGIN = re.compile(r"[A-Za-z0-9_-]+(?:\[bot\])?")
_MOST_EVENTS = 20


@dataclass(frozen=True)
class Mark:
    """The part of a release's text that lists what happened to it, one event a line; the last line counts."""

    repository: str
    tag: str

    @property
    def kept(self) -> KeptText:
        """The part, with the lines that enclose it."""
        return KeptText.of(_TAKEN, self.repository, self.tag)

    def gone_back_to(self, body: str) -> str | None:
        """Return the tag that the release was taken back to; empty if our text was edited, None if it stands."""
        if not self.kept.is_in(body):
            return None
        for event in reversed(self.events(body)):
            if _AGAIN.fullmatch(event):
                return None
            if found := _TAKEN_BACK.fullmatch(event):
                return found[1]
        return ""

    def events(self, body: str) -> list[str]:
        """Return the lines of our part, oldest first."""
        parts = self.kept.parts(body)
        return [line for line in parts[1].splitlines() if line.strip(" >")] if parts else []

    def with_event(self, body: str, event: str) -> str | None:
        """Return `body` with an event added to our part, which is created at the top if it is missing.

        None if the line that ends our part is gone, or the text would be too long.
        """
        parts = self.kept.parts(body) if self.kept.is_in(body) else ("", "", f"\n\n{body}" if body else "")
        if parts is None:
            return None
        made = self.kept.between(parts[0], as_text([*self.events(body), event]), parts[2])
        return made if len(made) <= MOST_TEXT else None


def name_in_mark(body: str, repository: str, tag: str) -> str:
    """Return the repository's name in the mark of `tag`: another one if the repository was renamed since."""
    return name_in(body, _TAKEN, repository, tag)


def as_text(events: list[str]) -> str:
    """Return the newest events as paragraphs of a quotation."""
    return "\n>\n".join(events[-_MOST_EVENTS:])


def taken_back_event(to: str, now: datetime.datetime, actor: str) -> str:
    """Return the event of a release that was taken back; `now` is in UTC, `actor` empty if unknown."""
    return f"> ⚠️ Taken back to {to} at {_when(now, actor)}."


def deployed_again_event(now: datetime.datetime, actor: str) -> str:
    """Return the event of a taken-back release that was deployed again."""
    return f"> Deployed again at {_when(now, actor)}."


def left_by(released: Released, tag: str) -> str:
    """Return the release that production left for the older `tag`, even if it is noted already; empty if none."""
    running, target = (parse_production_tag(one, released.tag_format) for one in (released.running, tag))
    if running is None or target is None:
        return ""
    if running.version > target.version:
        return running.text
    return released.last_taken_back_to(tag) if running.text == tag else ""


def _when(now: datetime.datetime, actor: str) -> str:
    by = f" by {actor}" if _LOGIN.fullmatch(actor) else ""
    return f"{now:%H:%M} (UTC){by} on {now:%Y-%m-%d}"


class RecordError(ValueError):
    """`release.json` is incomplete for a deployment, or contradicts something."""


def expected_of(record: ReleaseRecord, given: Expected) -> Expected:
    """Return what must still be true of a release; raises RecordError if it is not recorded or an input differs."""
    if not record.digest:
        raise RecordError("it does not contain the digest of the stack's image")
    recorded = Expected(record.commit, record.digest, {one.name: one.digest for one in record.components})
    pairs = [
        ("expected-stack-commit", given.stack_commit, recorded.stack_commit),
        ("expected-stack-digest", given.stack_digest, recorded.stack_digest),
        *((f"expected-{name}-digest", text, recorded.digests.get(name, "")) for name, text in given.digests.items()),
    ]
    for name, typed, old in pairs:
        if typed and typed != old:
            raise RecordError(f"it contains {old or 'no value'}, but the input {name} is {typed}")
    return recorded


def image_of(record: ReleaseRecord) -> tuple[str, str]:
    """Return the name and tag of the recorded image; raises RecordError if it is not the release's.

    Its tag may lack the `v` of the release's: image-tag-format may have been another one then.
    """
    name, _, tag = record.image.rpartition(":")
    if not name or record.tag not in (tag, f"v{tag}"):
        raise RecordError(f"its image is {record.image!r}, but the release is {record.tag}")
    return name, tag


def check_pins(record: ReleaseRecord, pins: Sequence[Pin]) -> None:
    """Raise RecordError if the recorded pair differs from the workflow file at its commit, or the file was not read.

    A file that is missing or has no such pin contradicts nothing: that has its own finding.
    """
    for pin in pins:
        if pin.unread:
            raise RecordError(f"{pin.file} at its commit could not be read to compare the pair: {pin.unread.reason}")
        component = record.component(pin.component.name)
        if pin.in_file and (component is None or component.tag != pin.in_file.text):
            recorded = f"{pin.component.name} {component.tag}" if component else f"no {pin.component.name}"
            raise RecordError(f"it contains {recorded}, but {pin.file} at its commit has {pin.in_file.text!r}")


def as_rollback(findings: Sequence[Finding], why: str = _RECORDED) -> list[Finding]:
    """Return findings as they apply to a rollback, or to another release that is not built, for the reason `why`.

    Findings on components become warnings: what they check may have changed since, and nothing is built from it.
    Findings on the stack's own tag are unchanged.
    """
    return [one if one.subject == "stack" else _as_warning(one, why) for one in findings]


def _as_warning(finding: Finding, why: str) -> Finding:
    if not finding.status.blocks:
        return finding
    return replace(demoted(finding, why), remedy="Nothing to do for the rollback. Investigate it afterwards.")
