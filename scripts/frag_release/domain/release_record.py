"""A release beside its tag: its `release.json`, evidence for later, and our part of texts that people share."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from ..dataclass import dataclass
from .evidence import OBJECT_ID, Approval
from .findings import Finding, Status, had_passed
from .images import DIGEST
from .reports import SCHEMA

_T = TypeVar("_T")

MAX_BODY = 65_536
"""Most characters that GitHub takes for the body of an issue, a comment or a pull request."""

ASSET = "release.json"
"""Name of the release's asset that holds the report."""

BASELINE = "baseline"
"""What a record has as `digest-source` whose digest no build has named."""

MOST_TEXT = 125_000
"""Most characters that GitHub takes for the text of a release."""

_END = "<!-- frag-release-action: end of the part that is kept up to date -->"
_SPARE = 400
_LINE = re.compile(r"[^\r\n]+")  # texts that were edited in a browser have CRLF
_FENCE = re.compile(r" {0,3}(?P<fence>`{3,}(?=[^`]*$)|~{3,})(?P<info>.*)")
_TICKED = re.compile(r"[ \t]{0,3}[-*+][ \t]\[[xX]\][ \t]+(\S.*?)[ \t]*")
_OPEN = re.compile(r"- \[ \] (.+)")
_KEPT_LINES = 200
_KEPT_CHARACTERS = 300
_KEPT_TITLE = "### Ticked before"
_IN_TEXT = re.compile(r"```json\r?\n(\{.*\})\r?\n```")
_STATUSES = {status.value: status for status in Status}

Parts = tuple[str, str, str]
"""A body: what is before our part, what is in it, and what is after it."""


@dataclass(frozen=True)
class KeptText:
    """The text about one release. `marker` is the line that starts it, naming the release so that no other is taken."""

    marker: str

    @classmethod
    def of_ticket(cls, repository: str, tag: str) -> KeptText:
        """The text of a release's ticket; a repository's name and a production tag need no escape."""
        return cls(f"<!-- frag-release-action: ticket of {repository.lower()} {tag} -->")

    def is_in(self, body: str) -> bool:
        """Whether a body has our part, or the start of it."""
        return self.marker in body and _spot(body, self.marker) is not None

    def written(self, body: str, compose: Callable[[int], str]) -> str | None:
        """Return `body` with our part as `compose` makes it, in at most so many bytes; boxes stay ticked.

        A body without our part becomes that. None where nobody can tell what of it is ours (the line that
        ends our part is gone), or where what is around leaves no room.
        """
        parts = self.parts(body) if self.is_in(body) else ("", "", "")
        if parts is None:
            return None
        before, inside, after = parts
        ticked = _ticked(inside)
        room = MAX_BODY - len(before) - len(after) - len(self.marker) - len(_END) - _SPARE
        text = compose(room - _size_of(ticked)).strip("\n")
        made = self.between(before, _with_ticks(text, ticked), after)
        return made if len(made) <= MAX_BODY else None

    def ticked(self, body: str) -> list[str]:
        """Return the texts of the boxes of our part that are ticked."""
        parts = self.parts(body)
        return _ticked(parts[1]) if parts else []

    def replaced(self, body: str, text: str) -> str:
        """Return `body` with `text` in place of our part; before all of it where nobody can tell what of it is ours."""
        parts = self.parts(body)
        return f"{parts[0]}{text}{parts[2]}" if parts else f"{text}\n\n{body}"

    def between(self, before: str, text: str, after: str) -> str:
        """Return a body with our part, of this text, between what others wrote."""
        return f"{before}{self.marker}\n{text}\n\n{_END}{after}"

    def parts(self, body: str) -> Parts | None:
        """Return what is before, in and after our part; None if the body has no whole one."""
        start = _spot(body, self.marker)
        end = _spot(body, _END, start.end()) if start else None
        if start is None or end is None:
            return None
        return body[: start.start()], body[start.end() : end.start()], body[end.end() :]


def lines_in_the_open(text: str) -> Iterator[re.Match[str]]:
    """Yield the lines of a Markdown text that are in no fenced block and not empty, without how they end.

    A fence that is never closed hides all that follows, as it does on the page (CommonMark 0.31, 4.5).
    """
    fence = ""
    for line in _LINE.finditer(text):
        found = _FENCE.fullmatch(line[0])
        if fence:
            closes = found and found["fence"].startswith(fence) and not found["info"].strip()
            fence = "" if closes else fence
        elif found:
            fence = found["fence"]
        else:
            yield line


def _spot(body: str, marker: str, start: int = 0) -> re.Match[str] | None:
    """Return the first line, from `start` on, that is the marker; one that is indented, quoted or fenced is none."""
    lines = (line for line in lines_in_the_open(body) if line.start() >= start)
    return next((line for line in lines if line[0].rstrip(" \t") == marker), None)


def same_text(one: str, other: str) -> bool:
    """Whether two texts differ in nothing but how lines end and what GitHub trims."""
    return _trimmed(one) == _trimmed(other)


def _trimmed(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _ticked(text: str) -> list[str]:
    """Return the texts of the boxes that are ticked, each once."""
    found = [match[1] for match in map(_TICKED.fullmatch, re.split(r"\r?\n", text)) if match]
    return list(dict.fromkeys(each[:_KEPT_CHARACTERS] for each in found))[:_KEPT_LINES]


def _size_of(ticked: list[str]) -> int:
    return sum(len(f"- [x] {each}\n".encode("utf-8", "backslashreplace")) for each in ticked) + len(_KEPT_TITLE)


def _with_ticks(text: str, ticked: list[str]) -> str:
    """Tick what was ticked; what is no longer listed is kept below, so that it can come back."""
    left = {_identity(each): each for each in ticked}
    lines = []
    for line in text.split("\n"):
        box = _OPEN.fullmatch(line)
        found = left.pop(_identity(box[1]), None) if box else None
        lines.append(f"- [x] {box[1]}" if box and found is not None else line)
    kept = [_KEPT_TITLE, "", *(f"- [x] {each}" for each in left.values())] if left else []
    return "\n".join([*lines, *(["", *kept] if kept else [])])


def _identity(item: str) -> str:
    """Return what an item is about: the ticket that it starts with, whose title may change, else all of it."""
    first = item.partition(" ")[0]
    return first if "#" in first else item


@dataclass(frozen=True)
class Asset:
    """A file of a release. `digest` (`sha256:…`) is empty where the forge does not tell; `whole`: it has arrived."""

    id: int
    name: str
    digest: str
    whole: bool


@dataclass(frozen=True)
class Release:
    """A release, or a draft of one, which only those see who may write."""

    id: int
    tag: str
    title: str
    body: str
    url: str
    draft: bool
    immutable: bool
    upload_url: str
    assets: Sequence[Asset] = ()

    def asset(self, name: str) -> Asset | None:
        """Return a file by its name."""
        return next((one for one in self.assets if one.name == name), None)

    def has_whole(self, name: str) -> bool:
        """Whether the file is there, and was not broken off on its way."""
        asset = self.asset(name)
        return asset is not None and asset.whole


@dataclass(frozen=True)
class Drafts:
    """The drafts of a tag, oldest first; where the list of releases was cut, `among` how many of the newest."""

    found: Sequence[Release]
    among: int = 0


@dataclass(frozen=True)
class RecordedComponent:
    """A component as it was released; `digest` is empty where no image was looked up."""

    name: str
    repository: str
    tag: str
    namespace: str
    commit: str
    image: str
    digest: str


@dataclass(frozen=True)
class ReleaseRecord:
    """A release as it was published. `image` is `NAME:TAG` of the stack, `digest` empty where it was not known.

    `findings` are those whose status is one of ours.
    `frozen` says that the release is immutable: else whoever may write to the repository can replace the file.
    `taken_back` is what production went back to from it, by the release's text: empty if not known, None if it stands.
    `configuration` is what the configuration file of then said, as JSON; empty if it changed nothing.
    `is_baseline` says that the digest was seen in the registry later, and is not what a build said that it pushed.
    `in_text` says that it stands in the release's text, which takes it where an immutable release takes no file.
    """

    repository: str
    tag: str
    commit: str
    image: str
    digest: str
    components: Sequence[RecordedComponent]
    findings: Sequence[Finding] = ()
    frozen: bool = False
    taken_back: str | None = None
    is_baseline: bool = False
    in_text: bool = False
    approvals: Sequence[Approval] = ()
    configuration: bytes = b""

    def component(self, name: str) -> RecordedComponent | None:
        """Return a component by its name, None where the release had none."""
        return next((one for one in self.components if one.name == name), None)

    def ci_passed(self, name: str) -> bool:
        """Whether the CI of a component was found to have passed, and not merely allowed or switched off."""
        return any(had_passed(one) for one in self.findings if one.key == f"pin-ci:{name}")


def still_mutable(record: ReleaseRecord) -> str:
    """Say that a record can still be changed; empty where it cannot."""
    if record.frozen:
        return ""
    if record.in_text:
        return f"The record of {record.tag} stands in the release's text, which anyone with write access can change."
    return (
        f"{ASSET} of {record.tag} can still be changed by anyone with write access; make releases immutable "
        "(Settings > General > Releases)."
    )


def with_baseline(body: str, repository: str, tag: str, content: bytes) -> str | None:
    """Return the text of an immutable release with its record before it, folded; None if there is no room.

    The text is what can still be changed of such a release.
    """
    line = json.dumps(json.loads(content))  # on one line, in ASCII: nothing in it ends the block
    fold = f"<details><summary>The record of this release ({ASSET})</summary>\n\n```json\n{line}\n```\n\n</details>"
    made = _in_text(repository, tag).between("", fold, f"\n\n{body}" if body else "")
    return made if len(made) <= MOST_TEXT else None


def baseline_in(body: str, repository: str, tag: str) -> bytes | None:
    """Return the record that the text of a release holds, as bytes (empty if it is broken); None if it has none."""
    kept = _in_text(repository, tag)
    if not kept.is_in(body):
        return None
    parts = kept.parts(body)
    found = _IN_TEXT.search(parts[1]) if parts else None
    return found[1].encode("utf-8", "backslashreplace") if found else b""


def _in_text(repository: str, tag: str) -> KeptText:
    return KeptText(f"<!-- frag-release-action: record of {repository.lower()} {tag} -->")


def parse_release_record(content: bytes) -> ReleaseRecord:
    """Read the bytes of `release.json`; raises ValueError, saying what is wrong, for anything else.

    Commits and digests are checked for their form, so that what is compared with them means something.
    """
    try:
        document = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError("it is not JSON") from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise ValueError(f"it is no report of schema {SCHEMA}")
    stack = _of_kind(document, "stack", dict)
    findings = _of_kind(document, "findings", list)
    return ReleaseRecord(
        repository=_text(stack, "repository"),
        tag=_text(stack, "tag"),
        commit=_matching(stack, "commit", OBJECT_ID),
        image=_text(stack, "image"),
        digest=_matching(stack, "digest", DIGEST, optional=True),
        components=tuple(_component(one) for one in _of_kind(document, "components", list)),
        findings=tuple(found for one in findings if (found := _finding(one, _text(stack, "tag")))),
        is_baseline=stack.get("digest-source") == BASELINE,
        approvals=tuple(_approvals(document.get("approved-by"))),
        configuration=json.dumps(found).encode() if (found := document.get("configuration")) else b"",
    )


def _component(document: Any) -> RecordedComponent:
    if not isinstance(document, dict):
        raise ValueError("a component is no object")
    return RecordedComponent(
        name=_text(document, "name"),
        repository=_text(document, "repository"),
        tag=_text(document, "tag"),
        namespace=_text(document, "namespace", optional=True),
        commit=_matching(document, "commit", OBJECT_ID),
        image=_text(document, "image", optional=True),
        digest=_matching(document, "digest", DIGEST, optional=True),
    )


def _approvals(recorded: Any) -> Iterator[Approval]:
    """Yield the approvals; records of before have none, and nothing hangs on one that is malformed."""
    for one in recorded if isinstance(recorded, list) else ():
        if isinstance(one, dict) and isinstance(one.get("by"), str):
            found = one.get("environments")
            names = found if isinstance(found, list) else []
            yield Approval(one["by"], [name for name in names if isinstance(name, str)])


def _finding(document: Any, tag: str) -> Finding | None:
    """Return a finding, None where its status is none of ours."""
    if not isinstance(document, dict):
        raise ValueError("a finding is no object")
    rule, subject, status = (_text(document, name) for name in ("rule", "subject", "status"))
    if status not in _STATUSES:
        return None
    told = document.get("demoted-from")
    before = _STATUSES.get(told) if isinstance(told, str) else None
    return Finding(
        rule=rule,
        subject=subject,
        tag=tag,
        status=_STATUSES[status],
        message=_text(document, "message", optional=True),
        demoted_from=before,
        url=_text(document, "url", optional=True),
        # What is published is judged in full, so only a person can have let pass what blocks.
        allowed=before is not None and before.blocks,
    )


def _of_kind(document: Mapping[str, Any], name: str, kind: type[_T]) -> _T:
    found = document.get(name)
    if not isinstance(found, kind):
        raise ValueError(f"it has no {name}")
    return found


def _text(document: Mapping[str, Any], name: str, *, optional: bool = False) -> str:
    found = document.get(name)
    if found is None and optional:
        return ""
    if not isinstance(found, str) or not found:
        raise ValueError(f"it has no {name}")
    return found


def _matching(document: Mapping[str, Any], name: str, form: re.Pattern[str], *, optional: bool = False) -> str:
    found = _text(document, name, optional=optional)
    if found and not form.fullmatch(found):
        raise ValueError(f"its {name} is malformed")
    return found
