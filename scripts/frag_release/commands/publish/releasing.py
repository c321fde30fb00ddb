"""The release of a tag: a draft with its text and its `release.json`, which is published last.

A release that runs already gets a record of its current state (a baseline), so that a rollback to it is possible.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

from ...adapters.ports.publishing import AnnouncingForge, PublishingForge, Releases
from ...adapters.registry import RegistryClient
from ...dataclass import dataclass, replace
from ...domain.contents import Contents, gaps
from ...domain.evidence import Unknown
from ...domain.facts import ReleaseFacts
from ...domain.findings import Finding
from ...domain.release_record import ASSET, Release, baseline_in, with_baseline
from ...domain.reports import Action
from ...domain.reports.publish import PublishReport
from ...domain.review import Reviewed
from ...domain.rollback import as_rollback
from ...domain.rules import Occasion, judge
from ...errors import RefusedError
from ...inputs.settings.release import PublishSettings
from ...render.release_notes import release_body
from ..evidence.histories import with_changes
from ..journal import Journal
from ..session import Session, require
from ..stack import Stack

_GAPS = re.compile(r"<!-- frag-release-action: this text has gaps, and is mended while it is ([0-9a-f]{64}) -->")

_RUNS = "Only a warning, because this release runs already"
_NOTE = (
    f"{ASSET} is a baseline: it records the tag, the pair and the image as they are now, and no build has named that "
    "image. A rollback accepts it with a warning."
)

_PAUSE = 5.0
"""Seconds before a failed read is repeated, once."""


@dataclass(frozen=True)
class Text:
    """The text of a release in Markdown, and a sentence about each of its gaps."""

    body: str
    gaps: Sequence[str] = ()


def _digest(text: str) -> str:
    # A text saved in a browser has CRLF line ends, and GitHub trims it.
    return hashlib.sha256(text.replace("\r\n", "\n").strip().encode("utf-8", "replace")).hexdigest()


def _may_be_mended(body: str, tag: str) -> bool:
    """Whether a text is ours, has a gap, and has not been edited since."""
    ours, _, rest = body.replace("\r\n", "\n").partition("\n")
    line, _, text = rest.partition("\n")
    found = _GAPS.fullmatch(line)
    return ours == release_marker(tag) and found is not None and found[1] == _digest(text)


def release_marker(tag: str) -> str:
    """Return the line that marks a draft as ours. `tag` is a production tag, so it needs no escaping."""
    return f"<!-- frag-release-action: release notes of {tag} -->"


def public_release(releases: Releases, tag: str) -> tuple[Release, str] | None:
    """Return the public release of a tag, with a note if it has no evidence; None if there is no such release.

    A public release that was made by hand stays unchanged. Raises EvidenceError.
    """
    public = require(releases.public(tag), f"The release {tag}")
    if public is None:
        return None
    if public.has_whole(ASSET):
        return public, ""
    note = f"The release {public.tag} was already public and has no {ASSET}: it was probably made by hand."
    return public, f"{note} Without that file it cannot be the evidence of a rollback."


def as_bytes(document: Mapping[str, Any]) -> bytes:
    """Return the content of `release.json`."""
    return json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def public_url(releases: Releases, tag: str) -> str:
    """Return the URL of the tag's public release, empty if there is none; raises EvidenceError."""
    found = public_release(releases, tag)
    return found[0].url if found else ""


@dataclass(frozen=True)
class Releasing:
    """Makes the release of `tag`; what this run makes is in the journal.

    `text` is called only if its text is needed. `demand_tag` raises ExpectedError if the tag is gone: then nothing
    may be published. With `latest` GitHub shows it as the latest release.
    """

    releases: Releases
    tag: str
    text: Callable[[], Text]
    record: bytes
    demand_tag: Callable[[], None]
    journal: Journal
    latest: bool = True

    def run(self) -> tuple[Release, str]:
        """Return the public release, with a note if it differs from one that we would make."""
        before = public_release(self.releases, self.tag)
        if before:
            return self._mended(before[0]), before[1]
        draft = self._draft_of_ours() or self._draft()
        return self._publish(self._with_record(self._with_text(draft))), ""

    def _draft_of_ours(self) -> Release | None:
        """Return the draft that an earlier run left; a second draft, if it was not found, would do no harm."""
        drafts, marker = require(self.releases.drafts(self.tag), f"The drafts of {self.tag}"), release_marker(self.tag)
        ours = next((one for one in drafts.found if one.body.startswith(marker)), None)
        if ours is None and drafts.among:
            self.journal.note(
                f"Only the newest {drafts.among:,} releases were searched for drafts of {self.tag}, because GitHub "
                "does not reliably list more. If there is an older draft, delete it."
            )
        return ours

    @cached_property
    def _text(self) -> str:
        text, marker = self.text(), release_marker(self.tag)
        if not text.gaps:
            return f"{marker}\n{text.body}"
        self.journal.note(*text.gaps, f"The text of the release {self.tag} has this gap. Run this again to fill it.")
        line = f"<!-- frag-release-action: this text has gaps, and is mended while it is {_digest(text.body)} -->"
        return f"{marker}\n{line}\n{text.body}"

    def _mended(self, public: Release) -> Release:
        """Fill the gaps in the text of a public release of ours, which even an immutable release allows."""
        if not _may_be_mended(public.body, self.tag) or _may_be_mended(self._text, self.tag):
            return public
        return self.journal.write(
            f"Fill the gaps in the text of the release {self.tag}",
            lambda: self.releases.update(public, self.tag, self._text),
            lambda _: Action(f"Filled the gaps in the text of the release {self.tag}", public.url),
        )

    def _draft(self) -> Release:
        return self.journal.write(
            f"Create a draft of the release {self.tag}",
            lambda: self.releases.create_draft(self.tag, self.tag, self._text),
            lambda draft: Action(f"Created a draft of the release {self.tag}", draft.url, {"release-url": draft.url}),
        )

    def _with_text(self, draft: Release) -> Release:
        # GitHub trims texts.
        if draft.title == self.tag and draft.body.strip() == self._text.strip():
            return draft
        return self.journal.write(
            f"Update the text of the draft {self.tag}",
            lambda: self.releases.update(draft, self.tag, self._text),
            lambda _: Action(f"Updated the text of the draft {self.tag}", draft.url),
        )

    def _with_record(self, draft: Release) -> Release:
        """Add `release.json`; replace one of an earlier run, or of an upload that broke off."""
        digest = f"sha256:{hashlib.sha256(self.record).hexdigest()}"
        old = draft.asset(ASSET)
        if old and old.whole and old.digest == digest:
            return draft
        if old:
            self.releases.delete(draft, old)
        self.journal.write(
            f"Add {ASSET} to the draft {self.tag}",
            lambda: self.releases.upload(draft, ASSET, self.record),
            lambda _: Action(f"Added {ASSET}, the release's evidence, to the draft {self.tag}"),
        )
        return draft

    def _publish(self, draft: Release) -> Release:
        self.demand_tag()
        return self.journal.write(
            f"Publish the release {self.tag}",
            lambda: self.releases.publish(draft, self.latest),
            lambda public: Action(f"Published the release {self.tag}", public.url, {"release-url": public.url}),
        )


def is_latest(report: PublishReport) -> bool:
    """Whether no higher tag is known to be released."""
    stack = report.judged.facts.stack
    return stack is None or isinstance(stack.higher, Unknown) or not stack.higher


def judge_baseline(facts: ReleaseFacts) -> tuple[ReleaseFacts, list[Finding]]:
    """Judge a release that runs already: it is not built again, so findings about its components only warn."""
    stack = replace(facts.stack, rollback=True) if facts.stack else None
    facts = replace(facts, stack=stack)
    return facts, as_rollback(judge(Occasion.BASELINE, facts), _RUNS)


@dataclass(frozen=True)
class Baseline:
    """Records the current state of the release that `stack-tag` names."""

    stack: Stack[PublishingForge]
    settings: PublishSettings
    registry: RegistryClient
    journal: Journal

    def review(self) -> Reviewed:
        """Return the tag with its commit; raises RefusedError if there is no such tag."""
        tag = self.settings.stack_tag
        commit = require(self.stack.forge.publisher(self.stack.name).tag(tag), f"The tag {tag}")
        if commit is None:
            raise RefusedError(
                f"{self.stack.name} has no tag {tag}, so it cannot be the release that runs today.",
                "Name the release that production runs in stack-tag.",
            )
        how = f"it runs already; its record was requested {self.stack.context.by_hand}"
        return Reviewed(tag, commit, how)

    def plan(self) -> list[str]:
        """Return the planned steps; raises RefusedError if the record in the release's text is broken."""
        public, tag = self._public(), self.settings.stack_tag
        if public and self._is_recorded(public):
            return []
        if public and public.immutable:
            return [f"Add {ASSET} to the text of the release {tag}, which is immutable"]
        return [f"Add {ASSET} to the release {tag}" if public else f"Publish the release {tag} with its {ASSET}"]

    def seen(self) -> dict[str, Any]:
        """Return the report's fields about the image; raises EvidenceError and RefusedError if it is not found."""
        name, tag = self.settings.stack_image, self.settings.stack_tag
        image = require(self.registry.images({(name, tag)})[name, tag], f"The image {name}:{tag}")
        if not image.digest:
            raise RefusedError(
                f"The registry has no image {name}:{tag}, so a rollback to the release {tag} is not possible.",
                "Name the release that runs today in stack-tag, and its image in stack-image.",
            )
        return {"image": f"{name}:{tag}", "digest": image.digest, "is_baseline": True}

    def write(self, document: Mapping[str, Any], text: Callable[[], Text], latest: bool) -> Release:
        """Add the record to the public release, which is made if there is none; an existing record is kept."""
        public, tag = self._public(), self.settings.stack_tag
        if public and self._is_recorded(public):
            self.journal.note(f"The release {tag} already has a {ASSET}, which stays unchanged.")
            return public
        self.journal.note(_NOTE)
        content = as_bytes(document)
        if public is None:
            still = partial(self._demand_tag, document["stack"]["commit"])
            return Releasing(self._releases, tag, text, content, still, self.journal, latest).run()[0]
        if public.immutable:
            return self._write_into_text(public, content)
        if broken := public.asset(ASSET):
            self._releases.delete(public, broken)
        self.journal.write(
            f"Add {ASSET} to the release {tag}",
            partial(self._releases.upload, public, ASSET, content),
            lambda _: Action(f"Added {ASSET} to the release {tag}", public.url),
        )
        return public

    def _write_into_text(self, public: Release, content: bytes) -> Release:
        """Add the record to the text of an immutable release, to which GitHub adds no more files."""
        body = with_baseline(public.body, self.stack.name, public.tag, content)
        if body is None:
            raise RefusedError(
                f"The release {public.tag} is immutable, so no {ASSET} can be added to it, and its text has no room "
                "for one.",
                "Shorten the text, then run this again. Until then a rollback to it is possible by hand only.",
            )
        return self.journal.write(
            f"Add {ASSET} to the text of the release {public.tag}",
            lambda: self._releases.update(public, public.title, body),
            lambda _: Action(f"Added {ASSET} to the text of the release {public.tag}, which is immutable", public.url),
        )

    def _is_recorded(self, public: Release) -> bool:
        """Whether the release has its record; raises RefusedError if the one in its text is broken."""
        if public.has_whole(ASSET):
            return True
        there = baseline_in(public.body, self.stack.name, public.tag)
        if there == b"":
            raise RefusedError(
                f"The text of the release {public.tag} contains a {ASSET} that was edited.",
                f"Remove it from the text, with the two lines around it, then run this again: {public.url}.",
            )
        return there is not None

    def _demand_tag(self, commit: str) -> None:
        if self.review().commit != commit:
            raise RefusedError(f"The tag {self.settings.stack_tag} was moved during this run.", "Run this again.")

    @property
    def _releases(self) -> Releases:
        return self.stack.forge.releases(self.stack.name)

    def _public(self) -> Release | None:
        tag = self.settings.stack_tag
        return require(self._releases.public(tag), f"The release {tag}")


@dataclass(frozen=True)
class ReleaseText:
    """Gathers the changes and renders them; `new_forge` is for a second look, because a forge caches.

    A failed read is repeated once. If it fails again, the text names the gap, and the release goes on.
    """

    session: Session[PublishSettings]
    forge: AnnouncingForge
    new_forge: Callable[[], AnnouncingForge]

    def body(self, report: PublishReport) -> Text:
        """Return the body of the release in Markdown."""
        contents = with_changes(
            self.forge, self._contents(report), report.judged.repository, self.session.context.server_url
        )
        if gaps(contents):
            self.session.clock.sleep(_PAUSE)
            contents = self._again(contents)
        missing = [f"{what} could not be read: {why.reason}." for what, why in gaps(contents)]
        return Text(release_body(contents, self.session.context.server_url), missing)

    def _again(self, contents: Contents) -> Contents:
        forge = self.new_forge()
        if isinstance(contents.previous, Unknown):
            stack = self.session.stack_on(forge)
            found = stack.tag_facts(contents.tag, stack.branches(), self.session.clock.now().date())
            contents = replace(contents, previous=found[1])
        return with_changes(forge, contents, contents.repository, self.session.context.server_url)

    def _contents(self, report: PublishReport) -> Contents:
        judged, progress = report.judged, report.progress
        return Contents(
            repository=judged.repository,
            tag=judged.tag,
            commit=judged.commit,
            components=judged.facts.components,
            previous=judged.facts.previous,
            tickets_from=self.session.settings.tickets_from,
            findings=judged.decision.findings,
            image=report.image.rpartition(":")[0],
            digest=report.digest,
            build=progress.build if progress else None,
            jobs=progress.jobs if progress else (),
            approvals=report.approvals,
        )
