"""The plan of `prepare`: what is shown to people and then carried out unchanged, and the target that they approve."""

from __future__ import annotations

import base64
import binascii
import datetime
import difflib
import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING
from urllib.parse import quote

from ..dataclass import dataclass
from .changes import History
from .components import Pin
from .evidence import OBJECT_ID, Answer
from .facts import NOT_ASKED
from .newest import Newest, doubts
from .refs import FIRST_YEAR, PARTS, TagFormat, wrong_v
from .release_record import lines_outside_fences
from .tickets import Ticket
from .versions import (
    ProductionTag,
    following,
    next_iteration,
    next_number,
    parse_production_tag,
    production_tags,
    same_number,
)

if TYPE_CHECKING:
    from .new_tags import NewTag


RELEASE_BRANCH = "release/"
TRAILER = "Stack-Tag"
TICKET_TRAILER = "Release-Ticket"
PLAN_TRAILER = "Plan"
PLAN_AGAIN = "Plan again, and have that plan approved."
COMMIT = " commit"
"""Suffix of the parts that hold a component's commit."""

_MARKER = re.compile(r"<!-- frag-release-action: release [^\s<>]+(?: [^\s<>=]+=[^\s<>=]*)+ -->")
_LINE = re.compile(r"(sha256:[0-9a-f]{64})\.([A-Za-z0-9_-]{1,32768})")
# Not `splitlines`, which also splits at characters that a comment may contain.
_NEWLINE = re.compile(r"\r\n?|\n")
_LONGEST_TITLE = 250
"""In characters; GitHub rejects a pull request title of more than 256."""
_BY_PART = f"Use {', '.join(PARTS)} in stack-tag for the next free one."
_SHORT = {"backend": "b/e", "frontend": "f/e"}


class Mode(str, Enum):
    """How the change reaches the stack branch."""

    PULL_REQUEST = "pull-request"
    COMMIT = "commit"


class ChoiceError(Exception):
    """The requested release is impossible. `remedy` is what to request instead."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message, self.remedy = message, remedy


@dataclass(frozen=True)
class Change:
    """One component's change: its pins before and after, and the commits between them.

    If `is_secret`, the commit messages must not be shown: readers of the text may lack access to the component.
    `commit` is where the tag is about to be created, empty if it exists.
    """

    before: Pin
    after: Pin
    history: Answer[History] = NOT_ASKED
    candidates: Answer[Newest] = NOT_ASKED
    is_secret: bool = False
    commit: str = ""

    @property
    def name(self) -> str:
        """The component's name."""
        return self.after.component.name

    @property
    def changed(self) -> bool:
        """Whether the value in the file changes."""
        return self.before.tag != self.after.tag


@dataclass(frozen=True)
class Plan:
    """The change of one file, based on `head` of `branch`, that makes the release `stack_tag` possible.

    `before` and `after` are the file's bytes, equal if the file already has the wanted pins. `ticket` is the one to
    comment on if the release has new tags. `approved` is the digest of the approval that is carried out. `committed`
    is the commit on the branch that already made this change, empty if there is none, or if that is released.
    `tagged` is the existing tag that the branch's newest commit was made for, if it made this change.
    """

    repository: str
    branch: str
    head: str
    file: str
    before: bytes
    after: bytes
    stack_tag: str
    mode: Mode
    changes: Sequence[Change] = ()
    new_tags: Sequence[NewTag] = ()
    ticket: Ticket | None = None
    approved: str = ""
    committed: str = ""
    tagged: str = ""

    @property
    def is_open(self) -> bool:
        """Whether anything is left to write or to publish."""
        return self.is_needed or bool(self.committed)

    @property
    def unmade(self) -> list[NewTag]:
        """The component tags that have to be created."""
        return [tag for tag in self.new_tags if not tag.is_there]

    @property
    def values(self) -> dict[str, str]:
        """The file's values after the change, by variable."""
        return {one.after.variable: one.after.tag for one in self.changes}

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to write."""
        return self.before != self.after and not self.committed

    @property
    def release_branch(self) -> str:
        """The head branch of the pull request."""
        return RELEASE_BRANCH + self.stack_tag

    @property
    def title(self) -> str:
        """The commit's subject, and the pull request's title."""
        uses = [f"{_SHORT.get(one.name, one.name)} {one.after.tag}" for one in self.changes]
        title = f"build: Use of {' '.join(uses)}"
        return title if len(title) <= _LONGEST_TITLE else f"build: Use of {len(uses)} components for {self.stack_tag}"

    @property
    def message(self) -> str:
        """The commit message; its trailers name the stack tag, the ticket and the approval."""
        ticket = f"{TICKET_TRAILER}: {self.ticket}\n" if self.ticket else ""
        approval = f"{PLAN_TRAILER}: {self.approved}\n" if self.approved else ""
        return f"{self.title}\n\n{TRAILER}: {self.stack_tag}\n{ticket}{approval}"

    @property
    def marker(self) -> str:
        """The line that marks a pull request as ours, for this tag and pair."""
        pair = " ".join(f"{_encoded(one.name)}={_encoded(one.after.tag)}" for one in self.changes)
        return f"<!-- frag-release-action: release {_encoded(self.stack_tag)} {pair} -->"

    @property
    def diff(self) -> str:
        """The change as a unified diff without context lines."""
        old, new = (_NEWLINE.split(text.decode("utf-8-sig", "replace")) for text in (self.before, self.after))
        lines = difflib.unified_diff(old, new, f"a/{self.file}", f"b/{self.file}", n=0, lineterm="")
        return "\n".join(lines)


def _encoded(text: str) -> str:
    """Percent-encode a name, so that it can neither end the comment nor imitate another pair."""
    return quote(text, safe="", errors="surrogatepass")


def marked_release(body: str) -> str | None:
    """Return the marker in a pull request's body, None if the pull request is not ours.

    People write around our part, so the marker may be on any line of its own. An indented, quoted or fenced one is an
    example. A body with two different markers counts as not ours.
    """
    lines = (_MARKER.fullmatch(line[0].rstrip(" \t")) for line in lines_outside_fences(body))
    found = {match.group() for match in lines if match}
    return found.pop() if len(found) == 1 else None


def choose_stack_tag(
    wanted: str,
    today: datetime.date,
    tags: Iterable[str],
    branches: Iterable[str],
    form: TagFormat,
    own: str = "",
    newest: str = "",
) -> ProductionTag:
    """Return the stack tag of the release: `wanted`, or the next iteration of this month.

    With a format of `N.N.N`, `wanted` may be a part of the number, which is raised above `newest`, the newest tag of
    the stack branch. `tags` and `branches` are the stack's; each branch `release/…` reserves a tag. `own` is the tag of
    a branch that an earlier run created for the same pair. A branch of exactly the `wanted` tag is accepted here: the
    code that writes to it checks its owner. Raises ChoiceError.
    """
    released = set(tags)
    reserved = {name[len(RELEASE_BRANCH) :] for name in branches if name.startswith(RELEASE_BRANCH)}
    mine = parse_production_tag(own, form)
    if mine and same_number(mine.text, released, form):
        mine = None
    if not form.by_month and wanted in ("", *PARTS):
        return _next_by_part(wanted, parse_production_tag(newest, form), released | (reserved - {own}), mine, form)
    next_free = next_iteration(today, released | reserved, form)
    if not wanted:
        return mine or _next_of_month(today, released, next_free, form)
    tag = _parsed(wanted, form)
    remedy = f"Leave stack-tag empty for the next free one, {next_free}."
    _demand_free(tag, released, reserved - {wanted, own}, remedy if form.by_month else _BY_PART)
    return tag


def _demand_free(tag: ProductionTag, released: set[str], reserved: set[str], remedy: str) -> None:
    twins = sorted(same_number(tag.text, released, tag.form))
    branched = [RELEASE_BRANCH + twin for twin in sorted(same_number(tag.text, reserved, tag.form))]
    for kind, found in (("tag", twins), ("branch", branched)):
        if found:
            what = f"The stack tag {tag} is taken: the stack has the {kind} {', '.join(found[:5])}."
            raise ChoiceError(what, remedy)


def _next_by_part(
    part: str, newest: ProductionTag | None, taken: set[str], mine: ProductionTag | None, form: TagFormat
) -> ProductionTag:
    """Return the next free tag for the requested part; if none was requested, reuse `mine`, an earlier run's tag."""
    candidates = candidates_above(newest, taken, form)
    if part:
        return _parsed(candidates[part], form)
    if mine:
        return mine
    raise ChoiceError(
        f"The input stack-tag is empty, and which number follows {newest or 'none'} has to be chosen by a person.",
        f"Set stack-tag to {either_part(candidates)}.",
    )


def candidates_above(newest: ProductionTag | None, taken: Collection[str], form: TagFormat) -> dict[str, str]:
    """Return the next free tag for each part. Raises ChoiceError if `newest` is numbered by month: it stays higher."""
    if newest and newest.year >= FIRST_YEAR:
        raise ChoiceError(
            f"The newest tag, {newest}, is numbered by month: as {form.shape} the next one would change the scheme.",
            f"Set tag-format to {form.prefix}YEAR.MONTH.ITERATION, or name the tag itself.",
        )
    return {part: next_number(part, newest, taken, form) for part in PARTS}


def either_part(candidates: Mapping[str, str]) -> str:
    """Return the parts, each with its tag, as text for people."""
    *first, last = (f"{part} ({tag})" for part, tag in candidates.items())
    return f"{', '.join(first)} or {last}"


def _next_of_month(today: datetime.date, tags: Iterable[str], next_free: str, form: TagFormat) -> ProductionTag:
    found = production_tags(tags, form=form)
    wrong = doubts((tag for tag in found if tag.month == (today.year, today.month)), today)
    if wrong:
        name, why = next(iter(wrong.items()))
        raise ChoiceError(
            f"The next tag of this month would be {next_free}, but {name} cannot be right: {why}.",
            f"Name the tag in stack-tag, or delete {name} if it was a mistake and never a release.",
        )
    return _parsed(next_free, form)


def may_change_scheme(names: Iterable[str], form: TagFormat) -> bool:
    """Whether a stack with these tags may number its releases in another scheme than YEAR.MONTH.ITERATION."""
    found = production_tags(names, form=form)
    return any(tag.year < FIRST_YEAR for tag in found) or not found


def require_same_scheme(tag: ProductionTag, newest: str) -> None:
    """Refuse a generated `tag` if the stack's `newest` one (empty: none) is of another scheme.

    Once it exists, every lower number is refused permanently. Raises ChoiceError.
    """
    before = parse_production_tag(newest, tag.form)
    if before is None and newest:
        raise ChoiceError(
            f"The newest tag of the stack is {newest}, which is not {tag.form.shape}, so the next one is unknown.",
            f"{wrong_v(newest, tag.form, 'tag-format')} Or name the tag in stack-tag, {tag.form.numbers}: {tag} would "
            "be the next by month.",
        )
    if before and before.year < FIRST_YEAR:
        raise ChoiceError(
            f"The newest tag of the stack is {before}, and by month the next would be {tag}: every tag below it, such "
            f"as {following(before)}, could never be released after it.",
            f"Name the tag in stack-tag: such as {following(before)}, or {tag} to number by month from now on. If the "
            f"stack's releases have version numbers, set tag-format to {tag.form.shape}.",
        )


def _parsed(text: str, form: TagFormat) -> ProductionTag:
    tag = parse_production_tag(text, form)
    if tag is None:
        if form.by_month and text in PARTS:
            raise ChoiceError(
                f"stack-tag cannot be {text}: that is for tags of the form N.N.N, and tag-format is {form.name}.",
                "Leave stack-tag empty for the next free one, or set tag-format.",
            )
        leave = "leave stack-tag empty for the next free one" if form.by_month else f"one of {', '.join(PARTS)}"
        usual = f"Use {form.numbers}, such as {form.like()}, or {leave}."
        raise ChoiceError(
            f"{text[:100]!r} is not a production tag, so it could never be deployed.",
            f"{usual} {wrong_v(text, form, 'tag-format')}".rstrip(),
        )
    return tag


@dataclass(frozen=True)
class Approval:
    """An approved target: its parts by the names that people see. `digest` covers all of them."""

    digest: str
    target: Mapping[str, str]

    @property
    def head(self) -> str:
        """The head of the stack branch that the plan was based on."""
        return self.target.get("head", "")

    @property
    def stack_tag(self) -> str:
        """The tag of the release."""
        return self.target.get("stack tag", "")

    def tag_of(self, component: str) -> str:
        """The tag of a component, which may not exist yet."""
        return self.target.get(f"{component} tag", "")

    def commit_of(self, component: str) -> str:
        """The commit of that tag."""
        return self.target.get(f"{component}{COMMIT}", "")


def target_of(plan: Plan, commits: Mapping[str, str], inputs: Mapping[str, str]) -> dict[str, str]:
    """Return everything that an approval covers, each part by its name.

    `commits` are the commits of the components' tags, `inputs` the texts of the inputs that affect the result.
    """
    target = {
        "stack": plan.repository,
        "branch": plan.branch,
        "head": plan.head,
        "file": plan.file,
        "stack tag": plan.stack_tag,
        "ticket": str(plan.ticket or ""),
    }
    for change in plan.changes:
        name, pin = change.name, change.after
        target |= {
            f"{name} repository": pin.component.repository,
            f"{name}{COMMIT}": commits.get(name, ""),
            f"{name} tag": pin.tag,
            f"{name} namespace": pin.namespace,
            f"{name} kept": str(not change.changed).lower(),
        }
    return target | {f"input {name}": text for name, text in inputs.items()}


def written(target: Mapping[str, str]) -> str:
    """Return a target as one line: the SHA-256 of its canonical JSON, a dot, and that JSON in base64url (RFC 4648)."""
    canonical = json.dumps(target, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")
    digest, encoded = hashlib.sha256(canonical).hexdigest(), base64.urlsafe_b64encode(canonical).decode("ascii")
    return f"sha256:{digest}.{encoded.rstrip('=')}"


def read_approval(text: str) -> Approval | None:
    """Parse the line that `written` returns; None for anything else, such as an edited or truncated line."""
    found = _LINE.fullmatch(text)
    if found is None:
        return None
    try:
        target = json.loads(base64.urlsafe_b64decode(found[2] + "=" * (-len(found[2]) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    is_target = isinstance(target, dict) and all(isinstance(part, str) for part in target.values())
    return Approval(found[1], target) if is_target and written(target) == text else None


def differences(approved: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return a text for each part of a target that differs from the approved one."""
    names = [*now, *(name for name in approved if name not in now)]
    return [
        f"{name[:60]} is {_shown(now.get(name))}, and was {_shown(approved.get(name))} when approved"
        for name in names
        if now.get(name) != approved.get(name)
    ]


def title_of(plan: Plan, commits: Mapping[str, str]) -> str:
    """Return the release as one line: its tag, and each component with its tag and seven digits of its commit."""
    pair = (f"{one.name} {one.after.tag} ({commits.get(one.name, '')[:7]})" for one in plan.changes)
    return f"{plan.stack_tag}: {', '.join(pair)}"


def _shown(value: str | None) -> str:
    if not value:
        return "empty" if value == "" else "missing"
    return value[:12] if OBJECT_ID.fullmatch(value) else repr(value if len(value) <= 80 else f"{value[:80]}…")
