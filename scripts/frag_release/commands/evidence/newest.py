"""Looking for the newest production tag of a repository: among all its tags, from the highest down."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from ...adapters.ports.repository import Repository
from ...domain.evidence import Answer, Placement, Unknown, WrongKind
from ...domain.newest import Candidate, Newest, doubts, unformed
from ...domain.tag_format import DEFAULT_FORMAT, TagFormat
from ...domain.versions import production_tags

MOST_PLACED = 300
"""So many of the highest tags are looked at; if none of them is on a branch, no tag is called the newest."""

_NEXT = 40


def find_newest(
    repository: Repository,
    branches: Sequence[str],
    today: datetime.date,
    form: TagFormat = DEFAULT_FORMAT,
    format_input: str = "tag-format",
    at_first: int = 10,
) -> Answer[Newest]:
    """Return the highest production tags down to one that is on one of `branches`; `today` is the date there.

    `form` is that of the repository's tags, and `format_input` the input that says so.

    They are placed in three batches: `at_first` so many, most often the only ones.
    """
    names = repository.tags_starting([""])
    if isinstance(names, Unknown):
        return names
    tags = production_tags(names, form=form)
    wrong = doubts(tags, today)
    ordered = [tag.text for tag in reversed(tags)]
    waiting, found = [name for name in ordered if name not in wrong], list[Candidate]()
    for size in (at_first, _NEXT, MOST_PLACED - _NEXT - at_first):
        batch, waiting = waiting[:size], waiting[size:]
        found += _placed(repository, batch, branches)
        if not waiting or not all(one.eligible is False for one in found):
            break
    end = next((one.tag for one in found if one.eligible is True), "")
    doubtful = [Candidate(name, False, wrong[name]) for name in _above(end, ordered) if name in wrong]
    highest = next((tag for tag in reversed(tags) if tag.text not in wrong), None)
    return Newest(found, doubtful, len(waiting), unformed(names, highest, form), form, format_input)


def _above(end: str, ordered: Sequence[str]) -> Sequence[str]:
    return ordered[: ordered.index(end)] if end else ordered


def _placed(repository: Repository, tags: Sequence[str], branches: Sequence[str]) -> list[Candidate]:
    commits = repository.tags(tags)
    known = [commit for commit in commits.values() if isinstance(commit, str)]
    placements = repository.placements(known, branches) if known else {}
    return [Candidate(name, _eligible(commits[name], placements)) for name in tags]


def _eligible(commit: Answer[str | None], placements: Mapping[str, Answer[Placement]]) -> Answer[bool]:
    if not isinstance(commit, str):
        # A tag of something other than a commit is on no branch.
        return commit if isinstance(commit, Unknown) and not isinstance(commit, WrongKind) else False
    place = placements[commit]
    return place if isinstance(place, Unknown) else bool(place.branches)
