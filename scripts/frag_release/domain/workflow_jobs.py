"""Triggers and filter patterns of a workflow, and its jobs: what each needs, and whether it builds or deploys."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from enum import Enum

from ruamel.yaml.events import Event, MappingStartEvent, ScalarEvent, SequenceStartEvent

from ..dataclass import dataclass
from .conditions import Condition, read_condition, sole_expression
from .environments import is_production, names_production
from .evidence import Blob
from .workflow_file import WorkflowFileError, after, decode, mapping_at, parse_events, top_level
from .workflow_tree import GateStep, Node

_TOKEN = re.compile(
    r"(?P<deep>\*\*)(?![/*?+])"
    r"|(?P<wide>\*)(?![*?+])"
    r"|(?:\[(?P<set>(?:[A-Za-z0-9]-[A-Za-z0-9]|[A-Za-z0-9_.])+)\]|\\(?P<escaped>.)|(?P<plain>[^\\*?+\[\]!]))"
    r"(?P<times>[?+](?![?+]))?"
)
_RANGE = re.compile(r"(.)-(.)|(.)")
_ENDLESS = 1_000
_MOST_LETTERS = 100
_TAGS, _BRANCHES = ("tags", "tags-ignore"), ("branches", "branches-ignore")
_NULL = ("", "~", "null")
_MOST_PATTERNS = 100
_UPLOAD = "actions/upload-artifact@"
_NAME = "stack-image-"
_BUILDS_BY_ACTION = re.compile(r"build-push|/bake-action|buildah|kaniko|jib-|/ko-|build-and-push|docker-build")
_BUILDS_BY_COMMAND = re.compile(
    r"\b(docker|podman|nerdctl|buildah)\s+([a-z-]+\s+)?(build|bake|push|bud)\b|\bkaniko\b|\bcrane\s+(push|copy|append)\b"
    r"|\bdocker[- ]compose\b[^\n]{0,200}?\b(build|push)\b|\bskopeo\s+copy\b|\bmake\s+(build|push|image)\b"
)
_DEPLOYS_BY_ACTION = re.compile(r"deploy|awx|tower|helm|kubectl|kube-|k8s|argo-?cd|ansible|rollout|terraform|nomad")
_DEPLOYS_NOT = re.compile(r"setup-|-pages|lint")
_DEPLOYS_BY_COMMAND = re.compile(
    r"\bkubectl\s[^\n]{0,200}?\b(apply|create|patch|replace|rollout|set)\b|\bhelm\s[^\n]{0,200}?\b(upgrade|install)\b|\bansible-playbook\b"
    r"|\bargocd\s+app\b|\bterraform\s+apply\b|\bawx\s+(job|workflow)|\btower-cli\b|job_templates/|\bdocker\s+stack\b"
    r"|\bdocker\s+service\s+update\b"
)
_LOGIN = re.compile(r"secrets\s*(\.|\[\s*')\s*(awx|tower|controller|kube|k8s|argocd)", re.I)
_BUILD_WORDS = frozenset({"build", "builds", "push", "image", "images", "bake"})
_DEPLOY_WORDS = frozenset({"deploy", "deploys", "deployment", "rollout", "production", "prod", "live", "golive"})
_OTHER_WORDS = frozenset(
    {"notify", "slack", "announce", "report", "summary", "doctor", "audit", "docs", "test", "tests", "lint", "pages",
     "check", "gate", "plan", "tell"}
)  # fmt: skip
_MOST_JOBS = 1000
_PAGES = "github-pages"
_TEMPLATES = ("template", "awx-template", "job-template", "job_template", "namespace", "target")


@dataclass(frozen=True)
class _Part:
    """A run of `least` to `most` of the characters `chars` or, with `others`, of all except these.

    A pattern is matched part by part, with all positions where each may end, so that the time does not grow with the
    number of stars as in a backtracking regular expression.
    """

    chars: Set[str]
    least: int = 1
    most: int = 1
    others: bool = False

    def ends(self, name: str, start: int) -> range:
        """Return where a run that starts at `start` may end."""
        end = start
        while end < min(len(name), start + self.most) and self._means(name[end]):
            end += 1
        return range(start + self.least, end + 1)

    def _means(self, char: str) -> bool:
        return (char in self.chars) is not self.others


@dataclass(frozen=True)
class Pattern:
    """One filter pattern; `negative` if it starts with `!`."""

    parts: Sequence[_Part]
    negative: bool = False

    def means(self, name: str) -> bool:
        """Whether the pattern, without its `!`, matches a whole name."""
        places = {0}
        for part in self.parts:
            places = {end for place in places for end in part.ends(name, place)}
            if not places:
                return False
        return len(name) in places


def read_pattern(text: str) -> Pattern | None:
    """Read a pattern; None if GitHub's docs do not define its meaning."""
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
    """Whether a list of patterns includes a name: the last that matches decides."""
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
    """Return the characters of `[…]`."""
    ranges = [(first or one, last or one) for first, last, one in _RANGE.findall(text)]
    return frozenset(chr(code) for first, last in ranges for code in range(ord(first), ord(last) + 1))


@dataclass(frozen=True)
class Tags:
    """Which pushed tags start a workflow: those that `patterns` include or, if `ignored`, all others.

    `patterns` is None if their meaning to GitHub is unknown.
    """

    patterns: Sequence[Pattern] | None
    ignored: bool = False

    def start(self, tag: str) -> bool:
        """Whether the push of a tag is known to start it."""
        return self.patterns is not None and means(self.patterns, tag) is not self.ignored


EVERY_TAG, NO_TAG, UNKNOWN_TAGS = Tags((), ignored=True), Tags(()), Tags(None)


@dataclass(frozen=True)
class Triggers:
    """Whether a workflow can be dispatched, and which pushes of tags start it."""

    dispatch: bool
    tags: Tags


def read_triggers(blob: Blob) -> Triggers:
    """Read `on` of a workflow file; raises WorkflowFileError if it cannot be read.

    A `push` with only branches excludes tags, and path filters do not apply to tags (docs: "Workflow syntax for
    GitHub Actions", on.push).
    """
    events = parse_events(decode(blob))
    found = top_level(events).get("on")
    if found is None:
        raise WorkflowFileError("the file has no on:")
    names = _names(events, found[1])
    return Triggers("workflow_dispatch" in names, _tags(events, names["push"]) if "push" in names else NO_TAG)


def _names(events: list[Event], position: int) -> Mapping[str, int | None]:
    """Return each event that starts the workflow, with the position of its filters; None if it can have none."""
    event = events[position]
    if isinstance(event, MappingStartEvent):
        return {name: value for name, (_, value) in mapping_at(events, position, "on:").items()}
    if isinstance(event, SequenceStartEvent):
        return {_text(each): None for each in _items(events, position) if isinstance(each, ScalarEvent)}
    return {_text(event): None} if isinstance(event, ScalarEvent) else {}


def _items(events: list[Event], position: int) -> Iterator[Event]:
    """Yield the first event of each item of a sequence."""
    end, at = after(events, position) - 1, position + 1
    while at < end:
        yield events[at]
        at = after(events, at)


def _tags(events: list[Event], position: int | None) -> Tags:
    """Return which tags the filters of `push` include. GitHub does not accept both kinds of filter together."""
    event = events[position] if position is not None else None
    if event is None or (isinstance(event, ScalarEvent) and event.value in _NULL):
        return EVERY_TAG
    if position is None or not isinstance(event, MappingStartEvent):
        return UNKNOWN_TAGS
    filters = mapping_at(events, position, "push:")
    given = [name for name in _TAGS if name in filters]
    if len(given) == 1:
        return _filter(events, filters[given[0]][1], ignored=given[0] == "tags-ignore")
    if given or "<<" in filters:
        return UNKNOWN_TAGS
    return NO_TAG if set(_BRANCHES) & set(filters) else EVERY_TAG


def _filter(events: list[Event], position: int, *, ignored: bool) -> Tags:
    """Read the patterns of one filter: a text, or a list of texts."""
    event = events[position]
    items = list(_items(events, position)) if isinstance(event, SequenceStartEvent) else [event]
    if not 0 < len(items) <= _MOST_PATTERNS:
        return UNKNOWN_TAGS
    patterns = [read_pattern(_text(each)) if isinstance(each, ScalarEvent) else None for each in items]
    read = [each for each in patterns if each and not (ignored and each.negative)]
    return Tags(tuple(read), ignored) if len(read) == len(items) else UNKNOWN_TAGS


def _text(event: ScalarEvent) -> str:
    return str(event.value)


class Upload(Enum):
    """Whether a build reports its pushed image: in this file, nowhere, or perhaps in another file that it uses."""

    HERE = "here"
    NOWHERE = "nowhere"
    PERHAPS_ELSEWHERE = "perhaps elsewhere"


def read_upload(blob: Blob) -> Upload:
    """Look for the upload and the artifact's name; raises WorkflowFileError if the file cannot be read."""
    events = parse_events(decode(blob))
    used = [name.casefold() for name in _used(events)]
    named = any(_NAME in str(event.value) for event in events if isinstance(event, ScalarEvent))
    if named and any(name.startswith(_UPLOAD) for name in used):
        return Upload.HERE
    # A reusable workflow, or an action of the repository's own, may do it.
    elsewhere = any(name.startswith("./") or "/.github/workflows/" in name for name in used)
    return Upload.PERHAPS_ELSEWHERE if elsewhere else Upload.NOWHERE


def _used(events: list[Event]) -> Iterator[str]:
    """Yield the value of every `uses`."""
    for key, value in itertools.pairwise(events):
        if isinstance(key, ScalarEvent) and isinstance(value, ScalarEvent) and key.value == "uses":
            yield str(value.value)


class Goal(Enum):
    """Where a job deploys to."""

    NOWHERE = "nowhere"
    PRODUCTION = "production"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, eq=False)
class Job:
    """A job; `name` is its key under `jobs:`, `needs` are names in lower case. `line` counts from 1.

    `deploying` are its steps that deploy. With `is_called` it calls a workflow in another file.
    """

    name: str
    line: int
    node: Node
    needs: frozenset[str]
    condition: Condition
    environment: str
    goal: Goal
    builds: bool
    deploying: Sequence[Node]
    is_called: bool

    @property
    def steps(self) -> Sequence[Node]:
        """Its steps; empty if it calls another workflow."""
        return self.node.items_of("steps")


def read_jobs(root: Node, own_steps: Sequence[GateStep], environment: str) -> Mapping[str, Job]:
    """Return the jobs, keyed by their names in lower case. `environment` is production's, if known.

    Raises WorkflowFileError if there are more than GitHub would run.
    """
    jobs, own = root.entries_of("jobs"), {id(one.step): one for one in own_steps}
    if len(jobs) > _MOST_JOBS:
        raise WorkflowFileError(f"it has more than {_MOST_JOBS:,} jobs")
    found = [_job(name.text or "", name.line, node, own, environment) for name, node in jobs]
    return {one.name.lower(): one for one in found}


def text_of(node: Node | None, name: str) -> str:
    """Return the text under a key, empty if there is none."""
    child = node.child(name) if node else None
    return (child.text or "") if child else ""


def is_failure_ignored(node: Node) -> bool | None:
    """Whether a job or step is `continue-on-error`; None if that is neither true nor false, as an expression."""
    value = text_of(node, "continue-on-error").strip()
    value = (sole_expression(value) or value).strip().lower()
    return {"": False, "false": False, "true": True}.get(value)


def _job(name: str, line: int, node: Node, own: Mapping[int, GateStep], environment: str) -> Job:
    where = _environment(node)
    deploying = [step for step in node.items_of("steps") if _deploys(step, own.get(id(step)))]
    words = _words(f"{name} {text_of(node, 'name')}")
    called = text_of(node, "uses")
    deploys = bool(deploying) or _deploys_by_name(words, where, environment) or _deploys_by_call(node, called)
    deploys = deploys and where.lower() != _PAGES
    targets = list(_given(deploying or [node], _TEMPLATES))
    place = where or next(_given(deploying, ("environment",)), "")
    return Job(
        name,
        line,
        node,
        _needs(node.child("needs")),
        read_condition(text_of(node, "if")),
        where,
        _goal((name, text_of(node, "name")), targets, place) if deploys else Goal.NOWHERE,
        _builds(node, words, called) and not (deploys and not _builds_by_step(node)),
        deploying,
        bool(called),
    )


def _needs(node: Node | None) -> frozenset[str]:
    named = [node.text or "", *((item.text or "") for item in node.items)] if node else []
    return frozenset(name.strip().lower() for name in named if name.strip())


def _environment(node: Node) -> str:
    child = node.child("environment")
    return ((child.text if child.text is not None else text_of(child, "name")) or "").strip() if child else ""


def _words(text: str) -> frozenset[str]:
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return frozenset(re.findall(r"[^\W\d_]+", apart.casefold()))


def _place(uses: str) -> str:
    return uses.partition("@")[0].lower()


def _deploys(step: Node, own: GateStep | None) -> bool:
    """Whether a step deploys: this action by its command, others by their names, commands or logins."""
    if own:
        return own.command.lower() == "deploy" or "${{" in own.command
    place = _place(text_of(step, "uses"))
    by_action = bool(_DEPLOYS_BY_ACTION.search(place)) and not _DEPLOYS_NOT.search(place)
    given = [value.text or "" for _, value in (*step.entries_of("with"), *step.entries_of("env"))]
    by_command = bool(_DEPLOYS_BY_COMMAND.search(text_of(step, "run")))
    return by_action or by_command or any(_LOGIN.search(text) for text in given)


def _deploys_by_name(words: frozenset[str], where: str, environment: str) -> bool:
    if where and (where.lower() == environment.lower() or "${{" in where or names_production(where)):
        return True
    return bool(words & _DEPLOY_WORDS) and not words & _OTHER_WORDS


def _deploys_by_call(node: Node, called: str) -> bool:
    """Whether a job that calls another workflow may deploy there: by its name, or because it passes secrets."""
    words = _words(_place(called).rpartition("/")[2])
    return bool(called) and (bool(words & _DEPLOY_WORDS) or (bool(node.child("secrets")) and not words & _BUILD_WORDS))


def _given(nodes: Sequence[Node], names: Sequence[str]) -> Iterator[str]:
    """Yield the literal values of some inputs."""
    for key, value in [entry for node in nodes for entry in node.entries_of("with")]:
        if (key.text or "").lower() in names and "${{" not in (value.text or ""):
            yield value.text or ""


def _goal(names: Sequence[str], targets: Sequence[str], where: str) -> Goal:
    """Return where a job deploys to, production if its names do not show it."""
    if any(names_production(title) for title in (*names, *targets)):
        return Goal.PRODUCTION
    # `test` in the name of a job that deploys is what it does, not a place.
    places = [" ".join(_words(name) - {"test", "testing"}) for name in names]
    if any(title and not is_production(title) for title in (*places, *targets)):
        return Goal.ELSEWHERE
    return Goal.ELSEWHERE if where and "${{" not in where and not is_production(where) else Goal.PRODUCTION


def _builds(node: Node, words: frozenset[str], called: str) -> bool:
    words |= _words(_place(called).rpartition("/")[2])
    return _builds_by_step(node) or (bool(words & _BUILD_WORDS) and not words & _OTHER_WORDS)


def _builds_by_step(node: Node) -> bool:
    for step in node.items_of("steps"):
        place = _place(text_of(step, "uses"))
        if _BUILDS_BY_ACTION.search(place) or _BUILDS_BY_COMMAND.search(text_of(step, "run")):
            return True
    return False
