"""A GitHub release, its `release.json`, which is later evidence, and our part of texts that people also edit."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from ..dataclass import dataclass
from .components import DIGEST
from .evidence import OBJECT_ID, Approval
from .findings import Finding, Status, had_passed
from .reports import SCHEMA

_T = TypeVar("_T")

MAX_BODY = 65_536
"""The longest body of an issue, a comment or a pull request that GitHub accepts, in characters."""

ASSET = "release.json"
"""Name of the release asset that contains the report."""

BASELINE = "baseline"
"""The `digest-source` of a record whose digest was not named by a build."""

MOST_TEXT = 125_000
"""The longest text of a release that GitHub accepts, in characters."""

_END = "<!-- frag-release-action: end of the part that is kept up to date -->"
_SPARE = 400
_LINE = re.compile(r"[^\r\n]+")  # texts edited in a browser have CRLF
_FENCE = re.compile(r" {0,3}(?P<fence>`{3,}(?=[^`]*$)|~{3,})(?P<info>.*)")
_TICKED = re.compile(r"[ \t]{0,3}[-*+][ \t]\[[xX]\][ \t]+(\S.*?)[ \t]*")
_OPEN = re.compile(r"- \[ \] (.+)")
_TICKET = re.compile(r"(?:[\w.-]+/[\w.-]+#[0-9]+|\[#[0-9]+\]\(\S+\))(?= |\Z)", re.A)
_RECORD = "record of"
_KEPT_LINES = 200
_KEPT_CHARACTERS = 300
_KEPT_TITLE = "### Ticked before"
_IN_TEXT = re.compile(r"```json\r?\n(\{.*\})\r?\n```")
_STATUSES = {status.value: status for status in Status}

Parts = tuple[str, str, str]
"""A body, split into the text before, in and after our part."""


@dataclass(frozen=True)
class KeptText:
    """Our part of a body, about one release. `marker` is the line that starts it; it names the release."""

    marker: str

    @classmethod
    def of(cls, what: str, repository: str, tag: str) -> KeptText:
        """Our part `what` about a release; a repository name and a production tag need no escaping."""
        return cls(f"<!-- frag-release-action: {what} {repository.lower()} {tag} -->")

    @classmethod
    def of_ticket(cls, repository: str, tag: str) -> KeptText:
        """Our part of a release's ticket."""
        return cls.of("ticket of", repository, tag)

    def is_in(self, body: str) -> bool:
        """Whether a body contains our part, or its start."""
        return self.marker in body and _spot(body, self.marker) is not None

    def written(self, body: str, compose: Callable[[int], str]) -> str | None:
        """Return `body` with our part replaced by what `compose` returns for a limit in bytes; boxes stay ticked.

        A body without our part is replaced as a whole. None if the line that ends our part is gone, or the text around
        it leaves no room.
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
        """Return the texts of the ticked boxes in our part."""
        parts = self.parts(body)
        return _ticked(parts[1]) if parts else []

    def replaced(self, body: str, text: str) -> str:
        """Return `body` with `text` in place of our part, or before the whole body if our part is not intact."""
        parts = self.parts(body)
        return f"{parts[0]}{text}{parts[2]}" if parts else f"{text}\n\n{body}"

    def between(self, before: str, text: str, after: str) -> str:
        """Return a body with our part, which contains `text`, between what others wrote."""
        return f"{before}{self.marker}\n{text}\n\n{_END}{after}"

    def parts(self, body: str) -> Parts | None:
        """Return the text before, in and after our part; None if the start or the end of our part is missing."""
        start = _spot(body, self.marker)
        end = _spot(body, _END, start.end()) if start else None
        if start is None or end is None:
            return None
        return body[: start.start()], body[start.end() : end.start()], body[end.end() :]


def name_in(body: str, what: str, repository: str, tag: str) -> str:
    """Return the repository's name in the line that starts our part `what`: another one if it was renamed since."""
    start, end = map(re.escape, KeptText.of(what, "\0", tag).marker.split("\0"))
    former = re.findall(rf"{start}([\w.-]+/[\w.-]+){end}", body)
    return next((name for name in (repository, *former) if KeptText.of(what, name, tag).is_in(body)), repository)


def lines_outside_fences(text: str) -> Iterator[re.Match[str]]:
    """Yield the non-empty lines of a Markdown text outside fenced blocks, without their line ends.

    An unclosed fence hides everything after it, as it does on the page (CommonMark 0.31, 4.5).
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
    """Return the first line from `start` on that is the marker; an indented, quoted or fenced one does not count."""
    lines = (line for line in lines_outside_fences(body) if line.start() >= start)
    return next((line for line in lines if line[0].rstrip(" \t") == marker), None)


def same_text(one: str, other: str) -> bool:
    """Whether two texts are equal, apart from line ends and what GitHub trims."""
    return one.replace("\r\n", "\n").strip() == other.replace("\r\n", "\n").strip()


def _ticked(text: str) -> list[str]:
    """Return the texts of the ticked boxes, each once."""
    found = [match[1] for match in map(_TICKED.fullmatch, re.split(r"\r?\n", text)) if match]
    return list(dict.fromkeys(each[:_KEPT_CHARACTERS] for each in found))[:_KEPT_LINES]


def _size_of(ticked: list[str]) -> int:
    return sum(len(f"- [x] {each}\n".encode("utf-8", "backslashreplace")) for each in ticked) + len(_KEPT_TITLE)


def _with_ticks(text: str, ticked: list[str]) -> str:
    """Tick the boxes that were ticked; those no longer listed are kept below, in case they return."""
    left = {_identity(each): each for each in ticked}
    lines = []
    for line in text.split("\n"):
        box = _OPEN.fullmatch(line)
        found = left.pop(_identity(box[1]), None) if box else None
        lines.append(f"- [x] {box[1]}" if box and found is not None else line)
    kept = [_KEPT_TITLE, "", *(f"- [x] {each}" for each in left.values())] if left else []
    return "\n".join([*lines, *(["", *kept] if kept else [])])


def _identity(item: str) -> str:
    """Return what identifies an item: the ticket that it starts with, because titles change; otherwise all of it.

    A step is no ticket, even if it starts with a `#`: an apostrophe is `&#39;`.
    """
    ticket = _TICKET.match(item)
    return ticket[0] if ticket else item[:_KEPT_CHARACTERS]


@dataclass(frozen=True)
class Asset:
    """A file of a release. `digest` (`sha256:…`) is empty if the forge returns none; `whole`: the upload completed."""

    id: int
    name: str
    digest: str
    whole: bool


@dataclass(frozen=True)
class Release:
    """A release, or a draft release, which is visible only with write access."""

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
        """Whether the file exists and its upload completed."""
        asset = self.asset(name)
        return asset is not None and asset.whole


@dataclass(frozen=True)
class Drafts:
    """The draft releases of a tag, oldest first; if only the newest releases were listed, `among` is their number."""

    found: Sequence[Release]
    among: int = 0


@dataclass(frozen=True)
class RecordedComponent:
    """A component as it was released; `digest` is empty if no image was looked up."""

    name: str
    repository: str
    tag: str
    namespace: str
    commit: str
    image: str
    digest: str


@dataclass(frozen=True)
class ReleaseRecord:
    """A release as it was published. `image` is the stack's `NAME:TAG`, `digest` is empty if it was unknown.

    `findings` are those with a known status.
    `frozen`: the release is immutable; otherwise anyone with write access can replace the file.
    `taken_back` is the tag that production went back to, by the release's text: empty if unknown, None if it stands.
    `configuration` is what the configuration file changed at that time, as JSON; empty if nothing.
    `is_baseline`: the digest was read from the registry later, and was not named by a build.
    `in_text`: the record is in the release's text, because an immutable release accepts no file.
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
        """Return the component of that name, None if the release had none."""
        return next((one for one in self.components if one.name == name), None)

    def ci_passed(self, name: str) -> bool:
        """Whether the CI of a component was found to have passed, rather than allowed or switched off."""
        return any(had_passed(one) for one in self.findings if one.key == f"pin-ci:{name}")


def still_mutable(record: ReleaseRecord) -> str:
    """Return a warning that a record can still be changed; empty if it cannot."""
    if record.frozen:
        return ""
    if record.in_text:
        return f"The record of {record.tag} is in the release's text, which anyone with write access can change."
    return (
        f"{ASSET} of {record.tag} can still be changed by anyone with write access; make releases immutable "
        "(Settings > General > Releases)."
    )


def with_baseline(body: str, repository: str, tag: str, content: bytes) -> str | None:
    """Return the text of an immutable release, which stays editable, with the folded record before it.

    None if it would be too long.
    """
    line = json.dumps(json.loads(content))  # on one line, in ASCII, so that nothing in it ends the block
    fold = f"<details><summary>The record of this release ({ASSET})</summary>\n\n```json\n{line}\n```\n\n</details>"
    made = KeptText.of(_RECORD, repository, tag).between("", fold, f"\n\n{body}" if body else "")
    return made if len(made) <= MOST_TEXT else None


def baseline_in(body: str, repository: str, tag: str) -> bytes | None:
    """Return the record in the text of a release, as bytes (empty if it is broken); None if there is none."""
    kept = KeptText.of(_RECORD, name_in(body, _RECORD, repository, tag), tag)
    if not kept.is_in(body):
        return None
    parts = kept.parts(body)
    found = _IN_TEXT.search(parts[1]) if parts else None
    return found[1].encode("utf-8", "backslashreplace") if found else b""


def parse_release_record(content: bytes) -> ReleaseRecord:
    """Parse the bytes of `release.json`; raises ValueError, with the reason, for anything else.

    The form of commits and digests is checked, so that comparisons with them are meaningful.
    """
    try:
        document = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError("it is not JSON") from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise ValueError(f"it is not a report of schema {SCHEMA}")
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
        raise ValueError("a component is not an object")
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
    """Yield the approvals; older records have none, and malformed ones are skipped because nothing depends on them."""
    for one in recorded if isinstance(recorded, list) else ():
        if isinstance(one, dict) and isinstance(one.get("by"), str):
            found = one.get("environments")
            names = found if isinstance(found, list) else []
            yield Approval(one["by"], [name for name in names if isinstance(name, str)])


def _finding(document: Any, tag: str) -> Finding | None:
    """Return a finding, None if its status is unknown."""
    if not isinstance(document, dict):
        raise ValueError("a finding is not an object")
    rule, subject, status = (_text(document, name) for name in ("rule", "subject", "status"))
    if status not in _STATUSES:
        return None
    demoted = document.get("demoted-from")
    before = _STATUSES.get(demoted) if isinstance(demoted, str) else None
    return Finding(
        rule=rule,
        subject=subject,
        tag=tag,
        status=_STATUSES[status],
        message=_text(document, "message", optional=True),
        demoted_from=before,
        url=_text(document, "url", optional=True),
        # A publication is judged in full, so only a person can have accepted a finding that blocks.
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
