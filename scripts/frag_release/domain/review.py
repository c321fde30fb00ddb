"""Decide whether a change of the pair was reviewed as a release, and as which one.

Most pushes to the stack branch leave the pair as it is. The evidence is the merge of a pull request that `prepare`
created, or the trailer of its commit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Union
from urllib.parse import unquote

from ..dataclass import dataclass
from .components import Pin
from .evidence import SUCCESS
from .plan import RELEASE_BRANCH, TRAILER, marked_release
from .refs import TagFormat, wrong_v
from .versions import parse_production_tag

_TRAILER_LIKE = re.compile(r"[A-Za-z0-9-]+:[ \t].*|-{3,}")
_MERGED = re.compile(r"Merge pull request #([0-9]{1,9}) from |.* \(#([0-9]{1,9})\)$", re.MULTILINE)
_MARKED = re.compile(r"<!-- frag-release-action: release (\S+) (.+) -->")


@dataclass(frozen=True)
class MergedRequest:
    """A merged pull request from a branch of the repository itself."""

    number: int
    url: str
    branch: str
    base: str
    body: str
    merge_commit: str


@dataclass(frozen=True)
class PairChange:
    """A commit on the stack branch, its message, and the pins before and after it."""

    commit: str
    message: str
    before: Sequence[Pin]
    after: Sequence[Pin]
    requests: Sequence[MergedRequest] = ()

    @property
    def changed(self) -> bool:
        """Whether the pair differs."""
        return not same_pair(self.before, self.after)


@dataclass(frozen=True)
class Reviewed:
    """The release that a change was reviewed as. `how` is a text for people, `url` its page if there is one."""

    tag: str
    commit: str
    how: str
    url: str = ""


@dataclass(frozen=True)
class NothingToPublish:
    """The change is not a release, which is not an error."""

    reason: str
    remedy: str = ""


@dataclass(frozen=True)
class Contradiction:
    """The evidence of the review is contradictory, so nothing may be published."""

    reason: str
    remedy: str


Review = Union[Reviewed, NothingToPublish, Contradiction]  # noqa: UP007 - the same in Python 3.10


@dataclass(frozen=True)
class EndedBuild:
    """A completed run, from the payload of the webhook event `workflow_run`; missing fields are empty.

    `repository` is where the workflow ran, `source` that of the built commit, which differs for a fork. `branch` is
    GitHub's `head_branch`: the name of the ref that was built, which may be a tag.
    """

    repository: str
    source: str
    file: str
    event: str
    conclusion: str
    branch: str
    commit: str

    @classmethod
    def of_event(cls, event: Mapping[str, Any], repository: str) -> EndedBuild:
        """Read the payload of an event of `repository`."""
        return cls(
            repository,
            _text(event, "workflow_run", "head_repository", "full_name"),
            _text(event, "workflow_run", "path").partition("@")[0],
            _text(event, "workflow_run", "event"),
            _text(event, "workflow_run", "conclusion"),
            _text(event, "workflow_run", "head_branch"),
            _text(event, "workflow_run", "head_sha"),
        )

    def wrong_for(self, repository: str, file: str, events: Sequence[str], form: TagFormat) -> str:
        """Return why the run leads to no release of `repository`, built by the workflow `file`; empty if it may."""
        if {self.repository.casefold(), self.source.casefold()} != {repository.casefold()}:
            return f"it is not a build of {repository} itself"
        if self.file != file:
            return f"it is a run of {self.file or 'an unknown workflow'}, not of {file}"
        if self.event not in events:
            return f"it was started by {self.event or 'an unknown event'}, not by the push of a tag"
        if parse_production_tag(self.branch, form) is None:
            return "it is not the build of a production tag"
        return "" if self.conclusion == SUCCESS else f"it ended as {self.conclusion or 'unknown'}"


def same_pair(one: Sequence[Pin], other: Sequence[Pin]) -> bool:
    """Whether two lists of pins have the same versions from the same namespaces."""
    return [pin.same_choice for pin in one] == [pin.same_choice for pin in other]


def named_request(message: str) -> int | None:
    """Return the number of the pull request in the subject of a merge or squash commit, as GitHub words it."""
    found = _MERGED.match(message)
    return int(found[1] or found[2]) if found else None


def released_as(message: str, owner: str, form: TagFormat) -> str:
    """Return the production tag that a commit releases, by its trailer or as the merge of `release/TAG` of `owner`.

    Empty if the message names none, or several.
    """
    merged = re.match(
        rf"Merge pull request #[0-9]{{1,9}} from {re.escape(owner)}/{RELEASE_BRANCH}(\S+)$", message, re.M
    )
    named = {*trailer_tags(message), *([merged[1]] if merged else [])}
    tag = parse_production_tag(named.pop(), form) if len(named) == 1 else None
    return tag.text if tag else ""


def trailer_tags(message: str) -> list[str]:
    """Return the tags in the trailers `Stack-Tag: TAG` at the end of a message."""
    return trailer_values(message, TRAILER)


def trailer_values(message: str, name: str) -> list[str]:
    """Return the values of the trailers `NAME: VALUE` at the end of a message (git-interpret-trailers), each once.

    A squash merge adds paragraphs of trailers, separated by a line of dashes, so all final paragraphs are read.
    """
    trailer = re.compile(rf"{name}:[ \t]*(\S+)[ \t]*", re.IGNORECASE)
    paragraphs = re.split(r"\n(?:[ \t]*\n)+", message.replace("\r\n", "\n").strip())
    found: list[str] = []
    for paragraph in reversed(paragraphs[1:]):  # the first is the subject, which is never a trailer
        lines = [line.strip() for line in paragraph.split("\n")]
        if not all(map(_TRAILER_LIKE.fullmatch, lines)):
            break
        found += [match[1] for match in map(trailer.fullmatch, lines) if match]
    return list(dict.fromkeys(found))


def review_of(change: PairChange, branch: str, form: TagFormat) -> Review:
    """Decide whether a change of the pair on `branch` is a release, and of which tag."""
    if not change.changed:
        return NothingToPublish(f"{change.commit[:12]} does not change the pair.")
    requests = [one for one in change.requests if _is_ours(one, change, branch)]
    merged = {pin.component.name: pin.tag for pin in change.after}
    wrong_pair = next((one for one in requests if _marked(one)[1] != merged), None)
    if wrong_pair:
        return Contradiction(
            f"Pull request #{wrong_pair.number} was created for another pair than the one that its merge "
            f"{change.commit[:12]} has in the workflow file.",
            "The merged pair is not the reviewed one. Prepare the release of the pair that you want; if that is the "
            "merged one, publish it by hand, with the tag in stack-tag.",
        )
    tags = list(dict.fromkeys([*trailer_tags(change.message), *(_marked(one)[0] for one in requests)]))
    if len(tags) > 1:
        return Contradiction(
            f"{change.commit[:12]} is marked as the release of {' and of '.join(tags)}.",
            "Publish it by hand, with the right tag in stack-tag.",
        )
    if not tags:
        reverts = " It reverts an earlier change." if change.message.startswith("Revert ") else ""
        return NothingToPublish(
            f"{change.commit[:12]} changes the pair, but it is not the merge of a pull request that prepare created, "
            f"and its message has no trailer {TRAILER}.{reverts}",
            "To release this pair, run prepare; or publish by hand, with the tag in stack-tag.",
        )
    return _reviewed(change, tags[0], requests, form)


def _text(event: object, *names: str) -> str:
    for name in names:
        event = event.get(name) if isinstance(event, Mapping) else None
    return event if isinstance(event, str) else ""


def _reviewed(change: PairChange, tag: str, requests: Sequence[MergedRequest], form: TagFormat) -> Review:
    if parse_production_tag(tag, form) is None:
        return Contradiction(
            f"{change.commit[:12]} names {tag[:100]!r} as its release, which is not a production tag.",
            wrong_v(tag, form, "tag-format") or f"Publish it by hand, with a tag of {form.numbers} in stack-tag.",
        )
    if requests:
        return Reviewed(tag, change.commit, f"the merge of pull request #{requests[0].number}", requests[0].url)
    return Reviewed(tag, change.commit, f"its trailer {TRAILER}")


def _is_ours(request: MergedRequest, change: PairChange, branch: str) -> bool:
    return (
        request.merge_commit == change.commit
        and request.base == branch
        and request.branch.startswith(RELEASE_BRANCH)
        and marked_release(request.body) is not None
        and _marked(request)[0] == request.branch[len(RELEASE_BRANCH) :]
    )


def _marked(request: MergedRequest) -> tuple[str, dict[str, str]]:
    """Return the tag and the pair in a pull request's marker, empty if it has none."""
    found = _MARKED.fullmatch(marked_release(request.body) or "")
    if found is None:
        return "", {}
    parts = (part.partition("=") for part in found[2].split(" "))
    return unquote(found[1]), {unquote(name): unquote(tag) for name, _, tag in parts}
