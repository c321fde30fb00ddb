"""The release of a tag: a draft, its `release.json`, and last the moment it becomes public."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ...adapters.ports.publishing import Releases
from ...domain.release_record import ASSET
from ...domain.releases import Release
from ...domain.reports.report import Action
from ..answers import must
from ..journal import Journal

_GAPS = re.compile(r"<!-- frag-release-action: this text has gaps, and is mended while it is ([0-9a-f]{64}) -->")


@dataclass(frozen=True)
class Text:
    """The text of a release in Markdown, and a sentence about each of its gaps."""

    body: str
    gaps: Sequence[str] = ()


def _digest(text: str) -> str:
    # A text that is saved in a browser has other line ends, and GitHub trims.
    return hashlib.sha256(text.replace("\r\n", "\n").strip().encode("utf-8", "replace")).hexdigest()


def _may_be_mended(body: str, tag: str) -> bool:
    """Whether a text is ours, has a gap, and has not been touched by anybody since."""
    ours, _, rest = body.replace("\r\n", "\n").partition("\n")
    line, _, text = rest.partition("\n")
    found = _GAPS.fullmatch(line)
    return ours == release_marker(tag) and found is not None and found[1] == _digest(text)


def release_marker(tag: str) -> str:
    """Return the line by which a draft is known to be ours; a tag is a production tag, so it needs no escape."""
    return f"<!-- frag-release-action: release notes of {tag} -->"


def public_release(releases: Releases, tag: str) -> tuple[Release, str] | None:
    """Return the public release of a tag, and a note for people where it has no evidence; None without one.

    What is public stays as it is: a release that somebody made by hand is theirs. Raises EvidenceError.
    """
    public = must(releases.public(tag), f"The release {tag}")
    if public is None:
        return None
    if public.has_whole(ASSET):
        return public, ""
    note = f"The release {public.tag} was public already and has no {ASSET}: somebody made it by hand."
    return public, f"{note} Without that file it cannot be the evidence of a rollback."


def as_bytes(document: Mapping[str, Any]) -> bytes:
    """Return the content of `release.json`."""
    return json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def public_url(releases: Releases, tag: str) -> str:
    """Return the address of that release, empty without one; raises EvidenceError."""
    found = public_release(releases, tag)
    return found[0].url if found else ""


@dataclass(frozen=True)
class Releasing:
    """Makes the release of `tag`; what this run makes is in the journal.

    `text` is asked for its text where that is needed. `demand_tag` raises ExpectedError where the tag is gone: then
    nothing may be published.
    """

    releases: Releases
    tag: str
    text: Callable[[], Text]
    record: bytes
    demand_tag: Callable[[], None]
    journal: Journal

    def run(self) -> tuple[Release, str]:
        """Return the public release, and a note for people where it is not as we would make it."""
        before = public_release(self.releases, self.tag)
        if before:
            return self._mended(before[0]), before[1]
        draft = self._draft_of_ours() or self._draft()
        return self._publish(self._with_record(self._with_text(draft))), ""

    def _draft_of_ours(self) -> Release | None:
        """Return the draft that an earlier run left; another beside one that was not found would do no harm."""
        drafts, marker = must(self.releases.drafts(self.tag), f"The drafts of {self.tag}"), release_marker(self.tag)
        ours = next((one for one in drafts.found if one.body.startswith(marker)), None)
        if ours is None and drafts.among:
            self.journal.note(
                f"Drafts of {self.tag} were looked for among the newest {drafts.among:,} releases, for GitHub lists no "
                "more for sure. If there is an older one, delete it."
            )
        return ours

    @cached_property
    def _text(self) -> str:
        text, marker = self.text(), release_marker(self.tag)
        if not text.gaps:
            return f"{marker}\n{text.body}"
        self.journal.note(*text.gaps, f"The text of the release {self.tag} has that gap. Run this again to mend it.")
        line = f"<!-- frag-release-action: this text has gaps, and is mended while it is {_digest(text.body)} -->"
        return f"{marker}\n{line}\n{text.body}"

    def _mended(self, public: Release) -> Release:
        """Fill the gaps in the text of a public release of ours, which even an immutable one allows."""
        if not _may_be_mended(public.body, self.tag) or _may_be_mended(self._text, self.tag):
            return public
        return self.journal.write(
            f"Mend the text of the release {self.tag}",
            lambda: self.releases.update(public, self.tag, self._text),
            lambda _: Action(f"Mended the text of the release {self.tag}, which had a gap", public.url),
        )

    def _draft(self) -> Release:
        return self.journal.write(
            f"Make a draft of the release {self.tag}",
            lambda: self.releases.create_draft(self.tag, self.tag, self._text),
            lambda draft: Action(f"Made a draft of the release {self.tag}", draft.url, {"release-url": draft.url}),
        )

    def _with_text(self, draft: Release) -> Release:
        # GitHub trims texts.
        if draft.title == self.tag and draft.body.strip() == self._text.strip():
            return draft
        return self.journal.write(
            f"Bring the text of the draft {self.tag} up to date",
            lambda: self.releases.update(draft, self.tag, self._text),
            lambda _: Action(f"Brought the text of the draft {self.tag} up to date", draft.url),
        )

    def _with_record(self, draft: Release) -> Release:
        """Add `release.json`; one of an earlier run, or that broke off on its way, is replaced."""
        digest = f"sha256:{hashlib.sha256(self.record).hexdigest()}"
        old = draft.asset(ASSET)
        if old and old.whole and old.digest == digest:
            return draft
        if old:
            self.releases.delete(draft, old)
        self.journal.write(
            f"Add {ASSET} to the draft {self.tag}",
            lambda: self.releases.upload(draft, ASSET, self.record),
            lambda _: Action(f"Added {ASSET}, the evidence for later, to the draft {self.tag}"),
        )
        return draft

    def _publish(self, draft: Release) -> Release:
        self.demand_tag()
        return self.journal.write(
            f"Publish the release {self.tag}",
            lambda: self.releases.publish(draft),
            lambda public: Action(f"Published the release {self.tag}", public.url, {"release-url": public.url}),
        )
