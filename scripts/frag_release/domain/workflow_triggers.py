"""What starts a workflow, as its file says under `on`, and which names of tags a filter pattern there means.

Source: GitHub's docs, "Workflow syntax for GitHub Actions", filter pattern cheat sheet. What it does not describe is
not read, so that nobody takes a guess for GitHub's answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from ruamel.yaml.events import Event, MappingStartEvent, ScalarEvent, SequenceStartEvent

from .evidence import Blob
from .workflow_file import WorkflowFileError, after, decode, mapping_at, parse_events, top_level

_TOKEN = re.compile(
    r"(?P<deep>\*\*)(?![/*?+])"
    r"|(?P<wide>\*)(?![*?+])"
    r"|(?:\[(?P<set>(?:[A-Za-z0-9]-[A-Za-z0-9]|[A-Za-z0-9_.])+)\]|\\(?P<escaped>.)|(?P<plain>[^\\*?+\[\]!]))"
    r"(?P<times>[?+](?![?+]))?"
)
_RANGE = re.compile(r"(.)-(.)|(.)")
_ENDLESS = 1_000
_MOST_LETTERS = 100


@dataclass(frozen=True)
class _Part:
    """A run of `least` to `most` characters; `chars` are those that are meant, or, where `others`, those that are not.

    A pattern is followed part by part through all places where it may stand: that takes no time that grows with
    its number of stars, as a regular expression would.
    """

    chars: Set[str]
    least: int = 1
    most: int = 1
    others: bool = False

    def ends(self, name: str, start: int) -> range:
        """Where the run may end that begins at `start`."""
        end = start
        while end < min(len(name), start + self.most) and self._means(name[end]):
            end += 1
        return range(start + self.least, end + 1)

    def _means(self, char: str) -> bool:
        return (char in self.chars) is not self.others


@dataclass(frozen=True)
class Pattern:
    """One filter pattern; `negative` is one that begins with `!`."""

    parts: Sequence[_Part]
    negative: bool = False

    def means(self, name: str) -> bool:
        """Whether the pattern, without its `!`, means the whole of a name."""
        places = {0}
        for part in self.parts:
            places = {end for place in places for end in part.ends(name, place)}
            if not places:
                return False
        return len(name) in places


def read_pattern(text: str) -> Pattern | None:
    """Read a pattern; None for one whose meaning GitHub's docs do not tell."""
    negative = text.startswith("!")
    rest, parts = text[negative:], []
    while rest and len(text) <= _MOST_LETTERS:
        token = _TOKEN.match(rest)
        if token is None:
            return None
        parts.append(_part(token))
        rest = rest[token.end() :]
    return Pattern(tuple(parts), negative) if parts and not rest else None


def means(patterns: Sequence[Pattern], name: str) -> bool:
    """Whether a list of patterns takes a name: of those that mean it, the last decides."""
    taken = False
    for pattern in patterns:
        if pattern.means(name):
            taken = not pattern.negative
    return taken


def _part(token: re.Match[str]) -> _Part:
    if token["deep"]:
        return _Part(frozenset(), 0, _ENDLESS, others=True)
    if token["wide"]:
        return _Part(frozenset("/"), 0, _ENDLESS, others=True)
    least, most = {"?": (0, 1), "+": (1, _ENDLESS)}.get(token["times"] or "", (1, 1))
    return _Part(_set(token["set"]) if token["set"] else frozenset(token["escaped"] or token["plain"]), least, most)


def _set(text: str) -> Set[str]:
    """The characters of `[…]`."""
    ranges = [(first or one, last or one) for first, last, one in _RANGE.findall(text)]
    return frozenset(chr(code) for first, last in ranges for code in range(ord(first), ord(last) + 1))


_TAGS, _BRANCHES = ("tags", "tags-ignore"), ("branches", "branches-ignore")
_NULL = ("", "~", "null")
_MOST_PATTERNS = 100


@dataclass(frozen=True)
class Tags:
    """Which pushed tags start a workflow: those that `patterns` take, or, where they are `ignored`, all others.

    `patterns` is None where what GitHub makes of them is not known.
    """

    patterns: Sequence[Pattern] | None
    ignored: bool = False

    def start(self, tag: str) -> bool:
        """Whether the push of a tag is known to start it."""
        return self.patterns is not None and means(self.patterns, tag) is not self.ignored


EVERY_TAG, NO_TAG, UNREAD_TAGS = Tags((), ignored=True), Tags(()), Tags(None)


@dataclass(frozen=True)
class Triggers:
    """Whether a workflow can be dispatched, and which pushes of tags start it."""

    dispatch: bool
    tags: Tags


def read_triggers(blob: Blob) -> Triggers:
    """Read `on` of a workflow file; raises WorkflowFileError where that cannot be done.

    A `push` that names branches alone leaves tags out, and paths are never looked at for a tag (docs: "Workflow
    syntax for GitHub Actions", on.push).
    """
    events = parse_events(decode(blob))
    found = top_level(events).get("on")
    if found is None:
        raise WorkflowFileError("the file has no on:")
    names = _names(events, found[1])
    return Triggers("workflow_dispatch" in names, _tags(events, names["push"]) if "push" in names else NO_TAG)


def _names(events: list[Event], position: int) -> Mapping[str, int | None]:
    """Return each event that starts the workflow, with the position of its filters where it may have some."""
    event = events[position]
    if isinstance(event, MappingStartEvent):
        return {name: value for name, (_, value) in mapping_at(events, position, "on:").items()}
    if isinstance(event, SequenceStartEvent):
        return {_text(each): None for each in _items(events, position) if isinstance(each, ScalarEvent)}
    return {_text(event): None} if isinstance(event, ScalarEvent) else {}


def _items(events: list[Event], position: int) -> Iterator[Event]:
    """The first event of each item of a sequence."""
    end, at = after(events, position) - 1, position + 1
    while at < end:
        yield events[at]
        at = after(events, at)


def _tags(events: list[Event], position: int | None) -> Tags:
    """Return which tags the filters of `push` let in; both kinds of filter together are none that GitHub takes."""
    event = events[position] if position is not None else None
    if event is None or (isinstance(event, ScalarEvent) and event.value in _NULL):
        return EVERY_TAG
    if position is None or not isinstance(event, MappingStartEvent):
        return UNREAD_TAGS
    filters = mapping_at(events, position, "push:")
    given = [name for name in _TAGS if name in filters]
    if len(given) == 1:
        return _filter(events, filters[given[0]][1], ignored=given[0] == "tags-ignore")
    if given or "<<" in filters:
        return UNREAD_TAGS
    return NO_TAG if set(_BRANCHES) & set(filters) else EVERY_TAG


def _filter(events: list[Event], position: int, *, ignored: bool) -> Tags:
    """Read the patterns of one filter: a text, or a list of texts."""
    event = events[position]
    items = list(_items(events, position)) if isinstance(event, SequenceStartEvent) else [event]
    if not 0 < len(items) <= _MOST_PATTERNS:
        return UNREAD_TAGS
    patterns = [read_pattern(_text(each)) if isinstance(each, ScalarEvent) else None for each in items]
    read = [each for each in patterns if each and not (ignored and each.negative)]
    return Tags(tuple(read), ignored) if len(read) == len(items) else UNREAD_TAGS


def _text(event: ScalarEvent) -> str:
    return str(event.value)
