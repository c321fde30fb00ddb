"""New tags of components: which commit is tagged, what the tag is called, and what prevents it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Mapping, Sequence

from ..dataclass import dataclass, field
from .changes import History
from .components import Component, Pin, given_in
from .evidence import KEPT_DAYS, PUSH, Answer, Placement, Run, Unknown, WrongKind
from .facts import NOT_ASKED, ComponentFacts
from .newest import doubts, unformed
from .plan import ChoiceError, candidates_above, either_part
from .refs import BY_MONTH, FIRST_YEAR, PARTS, TagFormat, numbers_of, wrong_v
from .versions import ProductionTag, next_iteration, parse_production_tag, production_tags

NEW = "new"
_ASKED = re.compile(rf"(new|{'|'.join(PARTS)})(?:@([0-9a-f]{{7,40}}))?", re.I)
_LIKE = re.compile(rf"(?:new|{'|'.join(PARTS)})(?:@.*)?", re.I)


@dataclass(frozen=True)
class NewTag:
    """The tag of a component's production branch that is to be released, and whether it exists already.

    `head` is the head of `branch` as it was read; with `is_head` it is the commit. `runs` are the CI runs of an
    existing tag, `branch_runs` those of the commit on the branch (None: not looked up). `since` is the newest
    production tag, `history` the commits after it; `starts` are the files of the workflows that the push starts.
    With `is_secret` its commit messages must not be shown: not all readers may see them. With `is_default` the
    default branch is a production branch.
    """

    component: Component
    branch: str
    head: str
    commit: str
    tag: str
    is_there: bool = False
    placement: Placement = field(default_factory=lambda: Placement(frozenset()))
    subject: str = ""
    shadow: Answer[str | None] = NOT_ASKED
    runs: Answer[Sequence[Run]] | None = None
    branch_runs: Answer[Sequence[Run]] | None = None
    since: str = ""
    history: Answer[History] = NOT_ASKED
    starts: Answer[Sequence[str]] = NOT_ASKED
    is_head: bool = True
    is_secret: bool = False
    is_default: bool = True
    is_settled: bool = False

    @property
    def name(self) -> str:
        """The component's name."""
        return self.component.name

    @property
    def action(self) -> str:
        """The creation of the tag, for people."""
        return f"Tag {self.commit[:12]} of {self.component.repository} as {self.tag}"

    @property
    def waits_for_ci(self) -> bool:
        """Whether its CI has yet to be followed: the tag is to be created, or a run is missing or not over."""
        if self.is_settled or self.runs is None or isinstance(self.runs, Unknown):
            return not self.is_there
        own = _own(self.runs, self.commit)
        return not self.is_there or not own or not all(run.is_over for run in own)


def is_new(text: str) -> bool:
    """Whether the value of an input asks for a new tag, well-formed or not."""
    return _LIKE.fullmatch(text) is not None


def asked_part(text: str) -> str:
    """Return `patch`, `minor` or `major`, empty for `new` and for anything else."""
    found = _ASKED.fullmatch(text)
    return found[1].lower() if found and found[1].lower() != NEW else ""


def wanted_commit(text: str) -> str | None:
    """Return the start of the commit that `new@COMMIT` names, empty for `new` alone; None for anything else."""
    found = _ASKED.fullmatch(text)
    return (found[2] or "").lower() if found else None


def require_plausible(
    repository: str,
    names: Collection[str],
    today: datetime.date,
    form: TagFormat,
    format_input: str,
) -> None:
    """Refuse tags of this month or later that cannot be right: anyone with push access could choose the next number.

    A change of scheme is refused, too: after a tag by month, 1.4.3 could never be the newest. Raises ChoiceError.
    """
    tags = production_tags(names, form=form)
    _refuse_by_month(repository, tags, today, format_input)
    wrong = doubts(tags, today)
    for tag in tags:
        if tag.text in wrong and (not form.by_month or tag.month >= (today.year, today.month)):
            raise ChoiceError(
                f"The next tag of {repository} is not known: {tag} cannot be right ({wrong[tag.text]}).",
                f"Delete {tag} if it was a mistake and never a release; or tag by hand, and name that tag.",
            )
    highest = next((tag for tag in reversed(tags) if tag.text not in wrong), None)
    if other := _of_another_scheme(names, form, highest):
        right = wrong_v(other, form, format_input) or f"Set {format_input} to {form.shape} if that is its scheme."
        scheme = "by month" if form.by_month else f"of the form {form.shape}"
        raise ChoiceError(
            f"The newest tag of {repository} is {other}, so the next one {scheme} would be of another scheme.",
            f"{right} Or tag by hand, and name that tag.",
        )


def _refuse_by_month(repository: str, tags: Sequence[ProductionTag], today: datetime.date, format_input: str) -> None:
    numbered = [tag for tag in tags if not tag.form.by_month]
    named = [tag for tag in numbered if FIRST_YEAR <= tag.year <= today.year and 1 <= tag.month[1] <= 12]
    if named:
        newest, form = named[-1], named[-1].form
        raise ChoiceError(
            f"The newest tag of {repository}, {newest}, is numbered by month, and stays above any next {form.shape}.",
            f"Set {format_input} to {form.prefix}{BY_MONTH} if that is its scheme. If it numbers as {form.shape} from "
            f"now on, tag by hand, and name that tag. If {newest} was a mistake and never a release, delete it.",
        )


def _of_another_scheme(names: Collection[str], form: TagFormat, highest: ProductionTag | None) -> str:
    """Return the newest tag if it is of another scheme than `form`, else empty; `highest` is the highest of `form`."""
    if highest and form.by_month and highest.year < FIRST_YEAR:
        return highest.text
    # With a number of its own scheme, a repository has given up its tags by month.
    given_up = highest is not None and not form.by_month
    return unformed([name for name in names if not (given_up and _is_by_month(name))], form, highest)


def _is_by_month(name: str) -> bool:
    numbers = numbers_of(name.lstrip("vV"), "")
    return numbers is not None and numbers[0] >= FIRST_YEAR


def next_tag(
    today: datetime.date,
    names: Collection[str],
    form: TagFormat,
    burned: Collection[str] = (),
    part: str = "",
    newest: str = "",
    name: str = "",
) -> str:
    """Return the next `YEAR.MONTH.ITERATION`, above all tags of the month on any branch.

    If the format is `N.N.N`, return the next `part` (`patch`, `minor` or `major`) above the `newest` tag of the
    production branch (empty: there is none). `name` is the component's. Raises ChoiceError if `part` is empty then.
    """
    if form.by_month:
        return next_iteration(today, [*names, *burned], form)
    candidates = candidates_above(parse_production_tag(newest, form), [*names, *burned], form)
    if part:
        return candidates[part]
    given = given_in(name, "tag")
    raise ChoiceError(
        f"The tag of {name} is to be new, but only people can decide the next number after {newest or 'none'}.",
        f"In {given}, give {either_part(candidates)} instead of new.",
    )


def tag_at(
    commit: str,
    commits: Mapping[str, Answer[str | None]],
    form: TagFormat,
    wrong: Collection[str] = (),
) -> Answer[str]:
    """Return the highest production tag at a commit, empty if there is none; tags that are `wrong` do not count.

    `Unknown` if a tag that may be it could not be looked up; a tag of something other than a commit does not count.
    """
    for tag in reversed(production_tags(commits, form=form)):
        found = commits[tag.text]
        if isinstance(found, Unknown) and not isinstance(found, WrongKind):
            return Unknown(f"it could not be determined where the tag {tag} points: {found.reason}", found.remedy)
        if found == commit and tag.text not in wrong:
            return tag.text
    return ""


def is_forgotten(
    tag: str,
    commit: str,
    runs: Answer[Sequence[Run]] | None,
    today: datetime.date,
    form: TagFormat,
) -> bool:
    """Whether GitHub no longer has the runs of a tag: then a new tag at the same commit is the remedy.

    A tag by month shows its age. A recent one without runs is not forgotten: none was ever started.
    """
    if not form.by_month or runs is None or isinstance(runs, Unknown) or _own(runs, commit):
        return False
    (parsed,) = production_tags([tag], form)
    year, month = parsed.month
    if not 1 <= month <= 12 or not 1 <= year <= today.year:
        return False
    after = datetime.date(year + month // 12, month % 12 + 1, 1)
    return (today - after).days > KEPT_DAYS


def _own(runs: Sequence[Run], commit: str) -> list[Run]:
    return [run for run in runs if run.head_sha == commit and run.event == PUSH]


def in_order(tags: Sequence[NewTag]) -> list[NewTag]:
    """Return the tags in the order to create them: first those that GitHub may refuse for a missing permission.

    If workflow files differ from the default branch's, it requires one that cannot be read from a token; a refusal
    of the first write leaves nothing written.
    """
    return sorted(tags, key=lambda tag: tag.is_default)


def planned_facts(pin: Pin, tag: NewTag) -> ComponentFacts:
    """Return the facts about a pin before its tag is created or built."""
    return ComponentFacts(
        pin, tag.commit, tag.shadow if not tag.is_there else None, tag.placement, previous=NOT_ASKED, is_planned=True
    )


def quiet(tags: Sequence[NewTag], made: Collection[str]) -> list[str]:
    """Return the names of the components whose production branch had nothing new to tag."""
    return [tag.name for tag in tags if tag.is_there and tag.name not in made]


def lacking(branch: str, production: str, history: Answer[History], repository: str, is_secret: bool) -> str:
    """Return a note on commits of a branch that are not on production, which people forget to advance; else empty."""
    missing = f"that {production} does not have"
    if isinstance(history, Unknown):
        return f"Could not determine whether {branch} of {repository} has commits {missing}: {history.reason}."
    if not history.added:
        return ""
    number = len(history.added)
    newest = "" if is_secret else f" The newest is {history.added[0].message.partition(chr(10))[0][:100]!r}."
    return f"{branch} of {repository} has {number} commit{'s' * (number > 1)} {missing}.{newest}"
